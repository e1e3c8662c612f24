"""Margin, diversity and random: who is asked first."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import PluginError
from pipeline.plugins.query_strategies.diversity import Diversity
from pipeline.plugins.query_strategies.margin import Margin
from pipeline.plugins.query_strategies.random import Random
from tests.contracts.sounds import unit_rows


def test_margin_asks_the_undecided_first() -> None:
    probabilities = np.array([[0.9, 0.05, 0.05], [0.4, 0.4, 0.2], [0.5, 0.3, 0.2]], dtype=np.float32)
    vectors = unit_rows(3, 4, seed=0)
    rng = np.random.default_rng(0)
    scores = Margin().score(vectors, probabilities=probabilities, labelled=vectors[:0], rng=rng)
    assert scores == pytest.approx([0.15, 1.0, 0.8], abs=1e-6)


def test_margin_without_probabilities_is_refused_in_words() -> None:
    vectors = unit_rows(3, 4, seed=0)
    with pytest.raises(PluginError, match="probabilities"):
        Margin().score(vectors, probabilities=None, labelled=vectors[:0], rng=np.random.default_rng(0))


def test_diversity_scores_the_distance_to_the_nearest_labelled_clip() -> None:
    vectors = np.eye(3, dtype=np.float32)
    labelled = np.array([[1, 0, 0], [0.6, 0.8, 0]], dtype=np.float32)
    rng = np.random.default_rng(0)
    scores = Diversity().score(vectors, probabilities=None, labelled=labelled, rng=rng)
    assert scores == pytest.approx([0, 0.2, 1], abs=1e-6)


def test_diversity_begins_with_one_of_each_heap_when_nothing_is_labelled() -> None:
    heap = np.repeat(np.arange(4), (30, 3, 10, 1))
    vectors = unit_rows(4, 16, seed=1)[heap] + 0.01 * unit_rows(44, 16, seed=2)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rng = np.random.default_rng(0)
    scores = Diversity().score(vectors, probabilities=None, labelled=vectors[:0], rng=rng)
    assert set(heap[np.argsort(-scores)[:4]]) == {0, 1, 2, 3}


def test_random_follows_the_generator_it_is_given() -> None:
    vectors = unit_rows(20, 4, seed=0)
    scores = [
        Random().score(vectors, probabilities=None, labelled=vectors[:0], rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])
