"""Strategies: each does what its word says, alone and together, in one stage and in two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32, Pick
from pipeline.plugins.selectors.base import Column
from pipeline.plugins.selectors.strategies import Strategies
from pipeline.plugins.selectors.two_stage import partition, quotas
from tests.contracts.sounds import unit_rows

N = 400
DIVERSITY = {"strategy": "DIVERSITY"}


def texts(values: list[str | None]) -> Column:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def choose(*strategies: dict[str, Any], n: int = 30, vectors: Float32 | None = None, **given: Any) -> list[Pick]:
    plugin = Strategies(strategies=strategies, **given.pop("params", {}))
    pool = unit_rows(N, 16, seed=1) if vectors is None else vectors
    return plugin.select(pool, n, **{"preselected": [], "seed": 0, **given})


def rows(picks: list[Pick]) -> list[int]:
    return [pick.index for pick in picks]


def test_diversity_takes_one_of_each_heap_first() -> None:
    heaps = np.repeat(np.eye(5, 16, dtype=np.float32), (40, 1, 2, 20, 5), axis=0)
    assert sorted(np.argmax(heaps[rows(choose(DIVERSITY, n=5, vectors=heaps))], axis=1)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("place", [1, 5, 29])
def test_reason_of_diversity_states_the_true_distance(place: int) -> None:
    vectors = unit_rows(N, 16, seed=1)
    picks = choose(DIVERSITY, vectors=vectors, preselected=[3, 4])
    before = [3, 4, *rows(picks)[:place]]
    assert f"distance {1 - (vectors[rows(picks)[place]] @ vectors[before].T).max():.2f} " in picks[place].reason


@pytest.mark.parametrize("params", [{}, {"one_stage_up_to_pairs": 0, "clips_per_part": 50}])
@pytest.mark.parametrize("beside", [[], [{"strategy": "WEIGHTS", "input": "x", "strength": 5.0}]])
def test_no_two_picks_are_nearer_than_the_minimum_distance(
    beside: list[dict[str, Any]], params: dict[str, Any]
) -> None:
    vectors = np.repeat(unit_rows(100, 16, seed=1), 4, axis=0)
    columns = {"x": np.random.default_rng(0).random(N)}
    strategies = [{**DIVERSITY, "minimum_distance": 0.01}, *beside]
    picks = choose(*strategies, n=N, vectors=vectors, columns=columns, preselected=[8], params=params)
    assert sorted({row // 4 for row in rows(picks)}) == [n for n in range(100) if n != 2]
    assert len(picks) == 99


def test_typicality_prefers_the_middle_of_the_heap() -> None:
    rng = np.random.default_rng(0)
    heap = np.eye(1, 16) + rng.normal(scale=0.02, size=(200, 16))
    vectors = np.concatenate((heap, rng.normal(size=(200, 16)))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    picks = choose({"strategy": "TYPICALITY"}, vectors=vectors)
    assert max(rows(picks)) < 200
    assert all("more typical than" in pick.reason for pick in picks)


def test_similarity_takes_what_is_most_like_the_examples() -> None:
    vectors = unit_rows(N, 16, seed=1)
    examples = vectors[[11, 222]]
    picks = choose({"strategy": "SIMILARITY"}, vectors=vectors, examples=[examples], n=10)
    nearest = (vectors @ examples.T).max(axis=1)
    assert set(rows(picks)) == set(np.argsort(-nearest)[:10].tolist())
    assert picks[0].reason.startswith("likeness to the examples 1, more than")


@pytest.mark.parametrize(("prefer", "sign"), [("high", -1), ("low", 1)])
def test_weights_take_the_highest_or_lowest_and_what_has_no_value_last(prefer: str, sign: int) -> None:
    values = np.random.default_rng(0).normal(size=N)
    values[:5] = np.nan
    picks = choose({"strategy": "WEIGHTS", "input": "snr_db", "prefer": prefer}, columns={"snr_db": values}, n=N)
    assert rows(picks)[: N - 5] == np.argsort(sign * values)[: N - 5].tolist()
    assert picks[0].reason.startswith(f"snr_db {values[picks[0].index]:.3g}, ")
    assert picks[-1].reason == "no snr_db"


def test_threshold_lets_only_through_what_lies_within_and_has_a_value() -> None:
    values = np.linspace(0, 1, N)
    values[250] = np.nan
    bounds = {"strategy": "THRESHOLD", "input": "x", "at_least": values[200], "at_most": values[299]}
    picks = choose(DIVERSITY, bounds, columns={"x": values}, n=N)
    assert sorted(rows(picks)) == [row for row in range(200, 300) if row != 250]
    who = texts(["george", "jackson", None, "theo"] * 100)
    one_of = {"strategy": "THRESHOLD", "input": "who", "one_of": ["george", "theo"]}
    assert {who[row] for row in rows(choose(DIVERSITY, one_of, columns={"who": who}, n=N))} == {"george", "theo"}


def test_nothing_within_bounds_gives_no_picks() -> None:
    bounds = {"strategy": "THRESHOLD", "input": "x", "at_least": 2.0}
    assert choose(DIVERSITY, bounds, columns={"x": np.zeros(N)}) == []


@pytest.mark.parametrize("params", [{}, {"one_stage_up_to_pairs": 0, "clips_per_part": 50}])
def test_balance_meets_its_target_as_far_as_clips_reach(params: dict[str, Any]) -> None:
    labels = texts(["a"] * 320 + ["b"] * 60 + ["c"] * 20)
    uniform = {"strategy": "BALANCE", "input": "label"}
    picks = choose(uniform, n=45, columns={"label": labels}, params=params)
    assert [sum(labels[row] == value for row in rows(picks)) for value in "abc"] == [15, 15, 15]
    target = {**uniform, "target": {"a": 0.2, "b": 0.8}}
    picks = choose(target, n=50, columns={"label": labels}, params=params)
    assert [sum(labels[row] == value for row in rows(picks)) for value in "abc"] == [10, 40, 0]
    assert "towards 80 %" in next(pick.reason for pick in picks if labels[pick.index] == "b")


def test_balance_of_a_measured_column_spreads_over_its_range() -> None:
    values = np.random.default_rng(0).exponential(size=N)
    picks = choose({"strategy": "BALANCE", "input": "x"}, columns={"x": values}, n=50)
    low, high = np.percentile(values, [5, 95])
    stretches = np.clip((values[rows(picks)] - low) / (high - low) * 10, 0, 9).astype(int)
    assert np.bincount(stretches, minlength=10).tolist() == [5] * 10


def test_balance_neither_seeks_nor_shuns_clips_without_a_value() -> None:
    labels = texts(["a"] * 100 + ["b"] * 100 + [None] * 200)
    picks = choose(DIVERSITY, {"strategy": "BALANCE", "input": "label"}, columns={"label": labels}, n=100)
    n_none = sum(labels[row] is None for row in rows(picks))
    assert 20 <= n_none <= 80


def test_preselected_count_towards_the_balance() -> None:
    labels = texts(["a"] * 200 + ["b"] * 200)
    picks = choose({"strategy": "BALANCE", "input": "label"}, columns={"label": labels}, preselected=range(10), n=10)
    assert all(labels[row] == "b" for row in rows(picks))


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"strategy": "WEIGHTS", "input": "nope"}, "no such column"),
        ({"strategy": "WEIGHTS", "input": "label"}, "no numbers"),
        ({"strategy": "THRESHOLD", "input": "label", "at_least": 1}, "no numbers"),
        ({"strategy": "BALANCE", "input": "empty"}, "nothing to balance"),
        ({"strategy": "BALANCE", "input": "label", "target": {"zebra": 1.0}}, "nothing to balance"),
    ],
)
def test_unfit_column_is_refused_by_name(strategy: dict[str, Any], words: str) -> None:
    columns = {"label": texts(["a"] * N), "empty": texts([None] * N)}
    with pytest.raises(PluginError, match=words):
        choose(strategy, columns=columns)


@pytest.mark.parametrize(
    "params", [{"surplus": 0.5}, {"clips_per_part": 1}, {"strategies": [{"strategy": "LUCK"}]}, {"strategies": [{}]}]
)
def test_plugin_refuses_what_it_cannot_carry_out(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"surplus|clips_per_part|strategy"):
        Strategies(**params)


def test_similarity_without_examples_is_refused() -> None:
    with pytest.raises(PluginError, match="needs examples"):
        choose({"strategy": "SIMILARITY"})


def test_more_budget_goes_on_where_less_ended() -> None:
    columns = {"label": texts(["a", "b", "b", "b"] * 100), "x": np.random.default_rng(0).random(N)}
    together = [DIVERSITY, {"strategy": "BALANCE", "input": "label"}, {"strategy": "WEIGHTS", "input": "x"}]
    few, many = (rows(choose(*together, n=n, columns=columns)) for n in (20, 60))
    assert many[:20] == few


def test_parts_hold_every_clip_once_and_neighbours_together() -> None:
    centres = unit_rows(6, 32, seed=1)
    heap = np.repeat(np.arange(6), 1_000)
    vectors = (centres[heap] + 0.05 * unit_rows(6_000, 32, seed=2)).astype(np.float32)
    parts = partition(vectors, clips_per_part=2_000, seed=0)
    assert sorted(np.concatenate(parts).tolist()) == list(range(6_000))
    assert len(parts) == 3
    assert sum(len(np.unique(heap[part])) for part in parts) <= 8
    assert all((a == b).all() for a, b in zip(parts, partition(vectors, clips_per_part=2_000, seed=0), strict=True))


def test_each_part_gives_its_share_and_no_more_than_it_has() -> None:
    assert quotas([100, 300, 0, 1], 40, surplus=2.0) == [20, 60, 0, 1]
    assert sum(quotas([5, 5], 100, surplus=2.0)) == 10


def test_two_stages_cover_the_pool_nearly_as_well_as_one() -> None:
    rng = np.random.default_rng(0)
    centres = unit_rows(60, 32, seed=1)
    vectors = (centres[rng.integers(60, size=8_000)] + 0.6 * unit_rows(8_000, 32, seed=2)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    far = [
        (1 - (vectors @ vectors[rows(choose(DIVERSITY, n=200, vectors=vectors, params=params))].T).max(axis=1)).mean()
        for params in ({}, {"one_stage_up_to_pairs": 0, "clips_per_part": 1_000})
    ]
    assert far[1] == pytest.approx(far[0], rel=0.05)
