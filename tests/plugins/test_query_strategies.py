"""The query strategies: who is asked first."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.core import registry
from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Known
from pipeline.plugins.query_strategies.diversity import Diversity
from pipeline.plugins.query_strategies.ensemble import Ensemble
from pipeline.plugins.query_strategies.entropy import Entropy
from pipeline.plugins.query_strategies.margin import Margin
from pipeline.plugins.query_strategies.more_like import MoreLike
from pipeline.plugins.query_strategies.random import Random
from pipeline.plugins.query_strategies.typicality_then_margin import TypicalityThenMargin
from tests.contracts.sounds import unit_rows


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def heaps(sizes: tuple[int, ...], *, seed: int = 1) -> tuple[Float32, NDArray[np.int64]]:
    """Rows of unit length in so many heaps, and the heap of each."""
    heap = np.repeat(np.arange(len(sizes)), sizes)
    vectors = unit_rows(len(sizes), 16, seed=seed)[heap] + 0.01 * unit_rows(len(heap), 16, seed=seed + 1)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), heap


def test_margin_asks_the_undecided_first() -> None:
    probabilities = np.array([[0.9, 0.05, 0.05], [0.4, 0.4, 0.2], [0.5, 0.3, 0.2]], dtype=np.float32)
    scores = Margin().score(unit_rows(3, 4, seed=0), Known(probabilities=probabilities), rng=rng())
    assert scores == pytest.approx([0.15, 1.0, 0.8], abs=1e-6)


def test_entropy_counts_every_label_where_margin_counts_two() -> None:
    probabilities = np.array([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [1, 0, 0]], dtype=np.float32)
    known = Known(probabilities=probabilities)
    scores = Entropy().score(unit_rows(3, 4, seed=0), known, rng=rng())
    assert scores == pytest.approx([0.6931, 1.0889, 0], abs=1e-3)
    assert np.argmax(Margin().score(unit_rows(3, 4, seed=0), known, rng=rng())) == 0


def test_ensemble_asks_where_heads_disagree_and_not_where_all_waver() -> None:
    torn = [[0.99, 0.01], [0.01, 0.99]]
    opinions = np.array([[[0.5, 0.5], row, [0.9, 0.1]] for row in torn], dtype=np.float32)
    scores = Ensemble().score(unit_rows(3, 4, seed=0), Known(opinions=opinions), rng=rng())
    assert scores == pytest.approx([0, 0.637, 0], abs=1e-3)


@pytest.mark.parametrize("strategy", [Margin(), Entropy(), Ensemble()])
def test_strategy_without_a_models_opinion_is_refused_in_words(strategy: Margin | Entropy | Ensemble) -> None:
    with pytest.raises(PluginError, match="label two clips differently"):
        strategy.score(unit_rows(3, 4, seed=0), Known(), rng=rng())


def test_diversity_scores_the_distance_to_the_nearest_labelled_clip() -> None:
    labelled = np.array([[1, 0, 0], [0.6, 0.8, 0]], dtype=np.float32)
    scores = Diversity().score(np.eye(3, dtype=np.float32), Known(labelled=labelled), rng=rng())
    assert scores == pytest.approx([0, 0.2, 1], abs=1e-6)


def test_diversity_begins_with_one_of_each_heap_when_nothing_is_labelled() -> None:
    vectors, heap = heaps((30, 3, 10, 1))
    scores = Diversity().score(vectors, Known(), rng=rng())
    assert set(heap[np.argsort(-scores)[:4]]) == {0, 1, 2, 3}


def test_random_follows_the_generator_it_is_given() -> None:
    scores = [Random().score(unit_rows(20, 4, seed=0), Known(), rng=rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


def test_typicality_asks_one_of_each_heap_the_largest_first() -> None:
    vectors, heap = heaps((30, 60, 10))
    scores = TypicalityThenMargin(n_start=3).score(vectors, Known(), rng=rng())
    assert heap[np.argsort(-scores)[:3]].tolist() == [1, 0, 2]


def test_typicality_leaves_a_heap_that_has_a_label_for_last() -> None:
    vectors, heap = heaps((30, 60, 10))
    first = int(np.flatnonzero(heap == 1)[0])
    rest = np.delete(np.arange(100), first)
    known = Known(labelled=vectors[[first]], answers=("a",))
    scores = TypicalityThenMargin(n_start=3).score(vectors[rest], known, rng=rng())
    assert heap[rest][np.argsort(-scores)[:3]].tolist() == [0, 2, 1]


def test_typical_clip_is_no_stray_of_its_heap() -> None:
    vectors, _ = heaps((50,))
    stray = vectors[:1] + 0.5 * unit_rows(1, 16, seed=9)
    vectors = np.concatenate((vectors, stray / np.linalg.norm(stray))).astype(np.float32)
    assert np.argmin(TypicalityThenMargin(n_start=2).score(vectors, Known(), rng=rng())[:50]) < 50
    scores = TypicalityThenMargin(n_start=50).score(vectors[-6:], Known(), rng=rng())
    assert np.isfinite(scores).all()


def test_after_the_start_the_margin_leads_and_likes_are_not_asked_together() -> None:
    vectors, heap = heaps((5, 5, 5))
    undecided = np.array([0.5] * 5 + [0.52] * 5 + [0.9] * 5, dtype=np.float32)
    known = Known(
        labels=("a", "b"),
        probabilities=np.stack((undecided, 1 - undecided), axis=1),
        labelled=vectors[:2],
        answers=("a", "b"),
    )
    scores = TypicalityThenMargin(n_start=2).score(vectors, known, rng=rng())
    assert heap[np.argsort(-scores)[:2]].tolist() == [0, 1]


def test_more_like_asks_first_what_sounds_like_the_label_named_or_the_rarest() -> None:
    vectors, heap = heaps((20, 20, 20))
    known = Known(labelled=vectors[[0, 1, 20]], answers=("often", "often", "rare"))
    by_name = MoreLike(label="often").score(vectors, known, rng=rng())
    by_rarity = MoreLike().score(vectors, known, rng=rng())
    assert set(heap[np.argsort(-by_name)[:20]]) == {0}
    assert set(heap[np.argsort(-by_rarity)[:20]]) == {1}


def test_more_like_believes_the_model_where_it_knows_the_label() -> None:
    vectors, heap = heaps((20, 20))
    likely = np.where(heap == 1, 0.99, 0.01).astype(np.float32)
    known = Known(
        labels=("a", "b"),
        probabilities=np.stack((likely, 1 - likely), axis=1),
        labelled=np.concatenate((vectors[:1] + vectors[20:21], vectors[:1])),
        answers=("a", "b"),
    )
    assert set(heap[np.argsort(-MoreLike(label="a").score(vectors, known, rng=rng()))[:20]]) == {1}


def test_label_that_looks_like_a_number_on_the_command_line_is_a_label() -> None:
    assert registry.create("query_strategy", PluginSpec.parse("more_like:label=7")) == MoreLike(label="7")


@pytest.mark.parametrize("spec", ["ensemble:n_heads=1", "typicality_then_margin:n_start=1", "more_like:label=[1]"])
def test_parameter_out_of_range_is_refused(spec: str) -> None:
    with pytest.raises(PluginError):
        registry.create("query_strategy", PluginSpec.parse(spec))
