"""What a list of suspects is said to hold is about what it holds, also further down than was heard."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation.list_precision import expected_wrong, precision_so_far


def test_precision_counts_clear_verdicts_with_an_interval_around_their_share() -> None:
    found = precision_so_far(["relabelled"] * 15 + ["none_of_these", "bad_audio"] + ["confirmed"] * 3 + ["unsure"] * 2)
    assert (found.n_heard, found.n_wrong, found.n_unsure, found.share) == (20, 17, 2, pytest.approx(0.85))
    # Wilson's interval of 17 of 20 at 90 %.
    assert (found.low, found.high) == (pytest.approx(0.678, abs=0.001), pytest.approx(0.938, abs=0.001))


def test_nothing_heard_says_nothing() -> None:
    found = precision_so_far([])
    assert (found.n_heard, found.share, found.low, found.high) == (0, None, 0.0, 1.0)
    assert precision_so_far(["unsure"]).share is None


def test_all_and_none_wrong_stay_within_bounds() -> None:
    assert precision_so_far(["relabelled"] * 5).high == 1.0
    assert precision_so_far(["confirmed"] * 5).low == 0.0


def test_nothing_left_holds_nothing() -> None:
    assert expected_wrong([(0.9, True)], []).n == 0


def test_before_anything_is_heard_the_score_is_taken_at_its_word() -> None:
    even = expected_wrong([], [0.0] * 100)
    assert even.n == pytest.approx(50, abs=3)
    assert even.low < 25 and even.high > 75, "nothing is known yet"
    assert expected_wrong([], [0.9] * 100).n > 70


def test_verdicts_bend_the_expectation_and_narrow_it() -> None:
    rest = [0.5] * 100
    doubtful = expected_wrong([(0.6, False)] * 30, rest)
    sure = expected_wrong([(0.6, True)] * 30, rest)
    assert doubtful.high < 40 < 60 < sure.low
    blank = expected_wrong([], rest)
    assert doubtful.high - doubtful.low < blank.high - blank.low


def test_share_of_the_top_is_not_promised_of_the_rest() -> None:
    heard = [(0.9, True)] * 20
    rest = list(np.linspace(0.4, 0.0, 100))
    assert expected_wrong(heard, rest).n < 85


def test_interval_holds_the_truth_in_most_made_lists() -> None:
    n_held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        scores = np.sort(rng.uniform(0, 1, 150))[::-1]
        odds = rng.normal(-0.5, 1.0) + rng.normal(1.0, 0.4) * np.log((1 + scores) / (1 - scores + 1e-3))
        is_wrong = rng.random(150) < 1 / (1 + np.exp(-odds))
        heard = list(zip(scores[:40].tolist(), is_wrong[:40].tolist(), strict=True))
        found = expected_wrong(heard, scores[40:].tolist())
        n_held += found.low <= is_wrong[40:].sum() <= found.high
    assert n_held >= 85


def test_same_verdicts_say_the_same() -> None:
    heard = [(0.8, True), (0.3, False)]
    assert expected_wrong(heard, [0.2, 0.1]) == expected_wrong(heard, [0.2, 0.1])
