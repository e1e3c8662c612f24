"""What every selector promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from tests.contracts.sounds import unit_rows


@pytest.fixture(params=registry.names("selector"))
def selector(request: pytest.FixtureRequest) -> Any:
    return registry.create("selector", PluginSpec(name=request.param))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("budget", [0, 1, 3, 1_000])
def test_picks_are_distinct_and_spend_the_budget(selector: Any, n: int, budget: int) -> None:
    picks = selector.select(unit_rows(n, 8, seed=1), budget, preselected=[], seed=0)
    indices = [pick.index for pick in picks]
    assert len(set(indices)) == len(indices) == min(n, budget)
    assert set(indices) <= set(range(n))
    assert all(type(pick.index) is int and pick.reason for pick in picks)


def test_preselected_are_never_picked_again(selector: Any) -> None:
    vectors = unit_rows(20, 8, seed=1)
    picks = selector.select(vectors, 100, preselected=[3, 7, 3], seed=0)
    assert sorted(pick.index for pick in picks) == [i for i in range(20) if i not in (3, 7)]
    assert selector.select(vectors, 5, preselected=range(20), seed=0) == []


def test_same_seed_gives_same_picks(selector: Any) -> None:
    vectors = unit_rows(200, 8, seed=1)
    first, second = (selector.select(vectors, 20, preselected=[5], seed=3) for _ in range(2))
    assert first == second


def test_another_seed_gives_other_picks(selector: Any) -> None:
    vectors = unit_rows(200, 8, seed=1)
    first, second = (selector.select(vectors, 5, preselected=[], seed=seed) for seed in (1, 2))
    assert [pick.index for pick in first] != [pick.index for pick in second]


def test_clips_that_are_all_alike_are_selected_without_complaint(selector: Any) -> None:
    vectors = np.repeat(unit_rows(1, 8, seed=1), 10, axis=0)
    assert len(selector.select(vectors, 4, preselected=[2], seed=0)) == 4
