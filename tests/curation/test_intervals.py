"""Intervals hold the truth at least as often as they say, whatever the truth is."""

from __future__ import annotations

from math import comb

import pytest

from pipeline.curation.intervals import count_interval, share_at_least, share_interval


def test_the_share_interval_is_that_of_clopper_and_pearson() -> None:
    # 3 of 50: quantiles .05 of Beta(3, 48) and .95 of Beta(4, 47), by scipy's beta.ppf.
    assert share_interval(3, 50) == pytest.approx((0.0165519, 0.1478372), abs=1e-6)
    assert share_interval(47, 50) == pytest.approx((0.8521628, 0.9834481), abs=1e-6)


def test_nothing_drawn_says_nothing() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)
    assert share_at_least(0, 0) == 0.0
    assert count_interval(0, 0, 10) == (0, 10)


def test_without_a_miss_the_bound_is_the_root_of_the_doubt() -> None:
    assert share_at_least(22, 22) == pytest.approx(0.1 ** (1 / 22), abs=1e-9)
    assert share_at_least(0, 22) == 0.0


@pytest.mark.parametrize("n_drawn", [1, 7, 20, 29, 30])
def test_the_count_interval_holds_every_truth_nine_times_of_ten(n_drawn: int) -> None:
    n_all = 30
    for truth in range(n_all + 1):
        held = 0.0
        for hits in range(max(0, n_drawn - (n_all - truth)), min(truth, n_drawn) + 1):
            low, high = count_interval(hits, n_drawn, n_all)
            chance = comb(truth, hits) * comb(n_all - truth, n_drawn - hits) / comb(n_all, n_drawn)
            held += chance * (low <= truth <= high)
        assert held >= 0.9


def test_all_drawn_leaves_no_doubt_and_what_is_known_cuts_the_interval() -> None:
    assert count_interval(4, 30, 30) == (4, 4)
    low, high = count_interval(1, 10, 100)
    assert count_interval(1, 10, 100, least=low + 2, most=high - 2) == (low + 2, high - 2)
    assert count_interval(0, 50, 100, least=40, most=45) == (40, 40)
