"""Placing: a copy lies beside its original, no two points are one, and the same input gives the same places."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pipeline.core.types import Float32
from pipeline.curation import placing
from pipeline.curation.placing import JITTER, places_among
from tests.contracts.sounds import unit_rows


def made_map(n: int, *, seed: int) -> tuple[Float32, Float32]:
    """Vectors (n, 16) and places (n, 2) that have nothing to do with each other."""
    return unit_rows(n, 16, seed=seed), np.random.default_rng(seed).uniform(-1, 1, (n, 2)).astype(np.float32)


def test_copy_lies_beside_its_original_and_not_upon_it() -> None:
    placed, places = made_map(300, seed=1)
    found = places_among(placed[40:60], placed, places, seed=0)
    aside = np.linalg.norm(found - places[40:60], axis=1)
    assert found.dtype == np.float32
    assert (aside > 0).all() and (aside < 2 * JITTER).all()


def test_copy_in_half_precision_lies_beside_its_original_too() -> None:
    placed, places = made_map(300, seed=1)
    found = places_among(placed[40:60].astype(np.float16).astype(np.float32), placed, places, seed=0)
    assert np.linalg.norm(found - places[40:60], axis=1).max() < 2 * JITTER


def test_copies_of_one_clip_never_hide_each_other_also_when_they_come_one_by_one() -> None:
    placed, places = made_map(50, seed=2)
    at_once = places_among(np.repeat(placed[:1], 200, axis=0), placed, places, seed=0)
    assert len(np.unique(at_once, axis=0)) == 200
    copy = placed[:1]
    for _ in range(30):
        places = np.concatenate([places, places_among(copy, placed, places, seed=0)])
        placed = np.concatenate([placed, copy])
    assert len(np.unique(places, axis=0)) == 80


def test_new_clip_goes_where_its_like_are() -> None:
    heaps = unit_rows(2, 16, seed=5)
    placed = np.repeat(heaps, 40, axis=0) + 0.05 * unit_rows(80, 16, seed=6)
    placed = (placed / np.linalg.norm(placed, axis=1, keepdims=True)).astype(np.float32)
    rng = np.random.default_rng(0)
    places = np.repeat([[-0.7, 0.0], [0.7, 0.0]], 40, axis=0) + rng.uniform(-0.2, 0.2, (80, 2))
    found = places_among(heaps, placed, places.astype(np.float32), seed=0)
    assert found[0, 0] < -0.4 and found[1, 0] > 0.4


def test_places_stay_on_the_map_also_at_its_edge() -> None:
    placed, _ = made_map(200, seed=3)
    corner = np.ones((200, 2), np.float32)
    found = places_among(placed, placed, corner, seed=0)
    assert np.abs(found).max() <= 1
    assert len(np.unique(found, axis=0)) == 200


def test_same_input_and_seed_give_the_same_places_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    placed, places = made_map(500, seed=4)
    asked = unit_rows(100, 16, seed=9)
    whole = places_among(asked, placed, places, seed=3)
    assert np.array_equal(whole, places_among(asked, placed, places, seed=3))
    assert not np.array_equal(whole, places_among(asked, placed, places, seed=4))
    monkeypatch.setattr(placing, "_OLD_BLOCK", 64)
    monkeypatch.setattr(placing, "_NEW_BLOCK", 7)
    assert np.allclose(whole, places_among(asked, placed, places, seed=3), atol=1e-5)


@pytest.mark.parametrize("n_placed", [1, 2, 3, 4])
def test_few_placed_ones_are_enough(n_placed: int) -> None:
    placed, places = made_map(n_placed, seed=6)
    found = places_among(unit_rows(5, 16, seed=7), placed, places, seed=0)
    assert found.shape == (5, 2) and np.isfinite(found).all() and (np.abs(found) <= 1).all()


def test_no_new_clips_get_no_places() -> None:
    placed, places = made_map(5, seed=6)
    assert places_among(placed[:0], placed, places, seed=0).shape == (0, 2)


def test_empty_map_is_refused() -> None:
    placed, places = made_map(5, seed=6)
    with pytest.raises(ValueError, match="0 places"):
        places_among(placed, placed[:0], places[:0], seed=0)


def test_memory_is_that_of_a_block_not_of_all_pairs() -> None:
    placed, places = made_map(30_000, seed=8)
    asked = unit_rows(6_000, 16, seed=9)
    tracemalloc.start()
    try:
        places_among(asked, placed, places, seed=0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 300e6 < asked.shape[0] * len(placed) * 4
