"""What every query strategy promises."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known
from tests.contracts.sounds import unit_rows


@pytest.fixture(params=registry.names("query_strategy"))
def strategy(request: pytest.FixtureRequest) -> Any:
    return registry.create("query_strategy", PluginSpec(name=request.param))


@pytest.mark.parametrize("n", [0, 1, 2, 300])
@pytest.mark.parametrize("n_labelled", [0, 1, 40])
@pytest.mark.parametrize("n_labels", [1, 2, 10])
def test_scores_are_finite_float32_one_a_clip(strategy: Any, n: int, n_labelled: int, n_labels: int) -> None:
    scores = _score(strategy, unit_rows(n, 8, seed=1), unit_rows(n_labelled, 8, seed=2), n_labels)
    assert scores.shape == (n,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_same_generator_gives_same_scores(strategy: Any) -> None:
    vectors, labelled = unit_rows(100, 8, seed=1), unit_rows(5, 8, seed=2)
    first, second = (_score(strategy, vectors, labelled, 4) for _ in range(2))
    assert np.array_equal(first, second)


def test_without_probabilities_it_scores_or_has_said_that_it_needs_them(strategy: Any) -> None:
    assert isinstance(strategy.needs_probabilities, bool)
    if not strategy.needs_probabilities:
        vectors = unit_rows(10, 8, seed=1)
        rng = np.random.default_rng(0)
        scores = strategy.score(vectors, Known(labelled=vectors[:0]), rng=rng)
        assert np.isfinite(scores).all() and scores.shape == (10,)


def test_clips_that_are_all_alike_are_scored_without_complaint(strategy: Any) -> None:
    vectors = np.repeat(unit_rows(1, 8, seed=1), 10, axis=0)
    assert np.isfinite(_score(strategy, vectors, vectors[:0], 3)).all()
    assert np.isfinite(_score(strategy, vectors, vectors[:3], 3)).all()


def test_it_asks_for_no_ensemble_or_for_one_of_at_least_two(strategy: Any) -> None:
    assert strategy.n_heads == 0 or strategy.n_heads >= 2


def test_what_explains_its_questions_is_known(strategy: Any) -> None:
    assert strategy.explains and set(strategy.explains) <= set(get_args(Fact))


def test_its_reason_is_words_for_the_person_asked(strategy: Any) -> None:
    assert " " in strategy.reason and strategy.reason[0].islower()


def _score(strategy: Any, vectors: Float32, labelled: Float32, n_labels: int) -> Float32:
    rng = np.random.default_rng(7)
    labels = tuple(f"label {k}" for k in range(n_labels))
    heads = rng.dirichlet(np.ones(n_labels), size=(3, len(vectors))).astype(np.float32)
    known = Known(
        labels=labels,
        probabilities=heads[0],
        opinions=heads,
        labelled=labelled,
        answers=tuple(labels[i % n_labels] for i in range(len(labelled))),
    )
    return strategy.score(vectors, known, rng=rng)
