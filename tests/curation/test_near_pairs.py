"""Near pairs: none missed and none invented by the exact way, hardly any missed by the probing one."""

from __future__ import annotations

import numpy as np
import pytest

from bench.near_pairs import made_vectors, recall
from pipeline.core.errors import Cancelled, SettingsError
from pipeline.core.types import Float32
from pipeline.curation.near_pairs import NearPairs, exact_pairs, probed_pairs


def brute_force(vectors: Float32, min_cosine: float) -> set[tuple[int, int]]:
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    first, second = np.nonzero(np.triu(cosines >= min_cosine, 1))
    return set(zip(first.tolist(), second.tolist(), strict=True))


def assert_exact(found: NearPairs, vectors: Float32, min_cosine: float) -> None:
    """All that surely are pairs, none that surely is not: float32 cannot tell what lies on the threshold itself."""
    assert brute_force(vectors, min_cosine + 1e-6) <= as_set(found) <= brute_force(vectors, min_cosine - 1e-6)


def as_set(pairs: NearPairs) -> set[tuple[int, int]]:
    found = list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert all(first < second for first, second in found)
    return set(found)


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize("min_cosine", [0.5, 0.9, 0.98, 0.999])
def test_exact_pairs_are_those_of_brute_force(is_plain: bool, min_cosine: float) -> None:
    vectors = made_vectors(3_000, seed=1, is_plain=is_plain)
    found = exact_pairs(vectors, min_cosine, tile_n=128)
    assert_exact(found, vectors, min_cosine)
    true = np.einsum("ij,ij->i", vectors[found.first], vectors[found.second])
    assert np.allclose(found.cosine, true, atol=1e-6)


def test_vectors_in_a_narrow_cone_where_the_bound_rules_out_nothing_lose_no_pair() -> None:
    vectors = made_vectors(1_000, seed=12, is_plain=True)
    vectors[:, 0] += 4
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert_exact(exact_pairs(vectors, 0.95, tile_n=128), vectors, 0.95)


def test_all_pairs_of_clips_that_are_all_alike_are_found() -> None:
    vectors = np.tile(made_vectors(1, seed=2), (300, 1))
    assert len(exact_pairs(vectors, 0.999, tile_n=64)) == len(probed_pairs(vectors, 0.999)) == 300 * 299 // 2


@pytest.mark.parametrize("n_dims", [1, 2, 31, 32, 33])
def test_vectors_with_few_dimensions_lose_no_pair(n_dims: int) -> None:
    vectors = np.random.default_rng(3).standard_normal((400, n_dims)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert_exact(exact_pairs(vectors, 0.7, tile_n=64), vectors, 0.7)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_clip_gives_hardly_any_pair(n: int) -> None:
    vectors = np.tile(made_vectors(1, seed=4), (n, 1))
    assert len(exact_pairs(vectors, 0.98)) == len(probed_pairs(vectors, 0.98)) == (n == 2)


def test_more_workers_find_the_same() -> None:
    vectors = made_vectors(3_000, seed=5)
    alone, together = exact_pairs(vectors, 0.95, tile_n=256), exact_pairs(vectors, 0.95, n_workers=2, tile_n=256)
    assert np.array_equal(alone.first, together.first) and np.array_equal(alone.second, together.second)


@pytest.mark.parametrize("is_plain", [False, True])
def test_probing_invents_nothing_and_misses_hardly_any(is_plain: bool) -> None:
    vectors = made_vectors(20_000, seed=6, is_plain=is_plain)
    truth, found = exact_pairs(vectors, 0.98), probed_pairs(vectors, 0.98)
    assert as_set(found) <= as_set(truth)
    assert len(truth) > 100 and recall(found, truth) >= 0.99


def test_probing_with_the_same_seed_finds_the_same() -> None:
    vectors = made_vectors(3_000, seed=7)
    first, second = (probed_pairs(vectors, 0.8, n_probes=1, seed=8) for _ in range(2))
    assert np.array_equal(first.first, second.first) and np.array_equal(first.second, second.second)


def test_probing_every_cell_is_exact() -> None:
    vectors = made_vectors(1_000, seed=9)
    assert_exact(probed_pairs(vectors, 0.7, n_cells=10, n_probes=10), vectors, 0.7)


def test_too_many_pairs_are_refused_before_memory_ends() -> None:
    vectors = np.tile(made_vectors(1, seed=10), (300, 1))
    with pytest.raises(SettingsError, match="more pairs than are kept"):
        exact_pairs(vectors, 0.9, max_pairs=1_000, tile_n=64)


def test_vectors_that_are_not_of_unit_length_are_refused() -> None:
    with pytest.raises(SettingsError, match="unit length"):
        exact_pairs(np.full((3, 4), 0.9, np.float32), 0.9)


@pytest.mark.parametrize("min_cosine", [0.0, -0.5, 1.1])
def test_cosine_out_of_range_is_refused(min_cosine: float) -> None:
    with pytest.raises(SettingsError, match="min_cosine"):
        probed_pairs(made_vectors(10, seed=0), min_cosine)


def test_progress_is_told_to_the_end_and_may_stop_the_search() -> None:
    vectors = made_vectors(1_000, seed=11)
    told: list[tuple[int, int]] = []
    exact_pairs(vectors, 0.9, tile_n=100, on_progress=lambda n_done, n_total: told.append((n_done, n_total)))
    assert told == [(i, 10) for i in range(1, 11)]

    def stop(n_done: int, n_total: int) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        exact_pairs(vectors, 0.9, tile_n=100, on_progress=stop)
