"""Diversity and random: what they choose and say."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.plugins.selectors.diversity import Diversity
from pipeline.plugins.selectors.random import Random
from tests.contracts.sounds import unit_rows


def test_diversity_takes_one_of_each_heap_before_a_second_of_any() -> None:
    vectors = np.repeat(unit_rows(5, 16, seed=1), (40, 1, 2, 20, 5), axis=0) + 0.01 * unit_rows(68, 16, seed=2)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    heap = np.repeat(np.arange(5), (40, 1, 2, 20, 5))
    picks = Diversity().select(vectors.astype(np.float32), 5, preselected=[], seed=0)
    assert sorted(heap[pick.index] for pick in picks) == [0, 1, 2, 3, 4]


def test_diversity_complements_what_is_preselected() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2]]
    (pick, *_) = Diversity().select(vectors, 1, preselected=[0, 2], seed=0)
    assert pick.index == 4
    assert pick.reason == "unlike the 2 chosen before it: distance 1.00 to the nearest"


def test_diversity_stops_when_all_that_is_left_is_too_near() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 1, 2]]
    picks = Diversity(min_distance=0.5).select(vectors, 6, preselected=[], seed=0)
    assert len(picks) == 3


@pytest.mark.parametrize("place", range(1, 6))
def test_diversity_reasons_state_the_true_distance(place: int) -> None:
    vectors = unit_rows(50, 8, seed=1)
    picks = Diversity().select(vectors, 6, preselected=[], seed=0)
    before = [pick.index for pick in picks[:place]]
    distance = 1 - (vectors[picks[place].index] @ vectors[before].T).max()
    assert f"distance {distance:.2f}" in picks[place].reason


def test_random_gives_every_clip_its_chance() -> None:
    vectors = unit_rows(10, 4, seed=0)
    drawn = [Random().select(vectors, 1, preselected=[0], seed=seed)[0].index for seed in range(300)]
    assert set(drawn) == set(range(1, 10))
