"""What is left is estimated from the lot alone; what was chosen for its doubt does not colour it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation.lot import audit_order
from pipeline.curation.stopping import Drawn, Estimate, expected_share, share_right_left, take_slice, wrong_left
from pipeline.curation.stopping_words import advise, percent


def test_the_lot_is_the_same_for_ever_and_new_clips_find_places_among_the_old() -> None:
    order = audit_order(7, range(100))
    assert sorted(order) == list(range(100)) and order == audit_order(7, reversed(range(100)))
    assert [clip_id for clip_id in audit_order(7, range(150)) if clip_id < 100] == order
    assert audit_order(8, range(100)) != order and audit_order(7, range(100), salt="overlap") != order


def test_every_clip_is_as_likely_to_come_first() -> None:
    firsts = np.bincount([audit_order(project_id, range(5))[0] for project_id in range(2_000)], minlength=5)
    # Five standard deviations of a count of 400.
    assert firsts.min() > 310 and firsts.max() < 490


def test_the_slice_ends_before_the_first_clip_that_nobody_was_asked_about() -> None:
    taken = take_slice([5, 3, 9, 1, 4, 2], {5, 9, 4, 2}, {3})
    assert (taken.clip_ids, taken.passed_over) == ([5, 9], [3])
    assert take_slice([5, 3], set(), set()).clip_ids == []


@pytest.mark.parametrize("share_wrong", [0.0, 0.03, 0.2])
def test_the_interval_of_what_is_wrong_holds_the_truth_though_the_wrong_were_sought(share_wrong: float) -> None:
    n, held = 400, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        is_wrong = rng.random(n) < share_wrong
        # Of those answered by choice most are wrong ones, as a good search finds them.
        chosen = set(np.argsort(-(is_wrong * 0.3 + rng.random(n)))[:80].tolist())
        order = rng.permutation(n).tolist()
        asked = chosen | set([i for i in order if i not in chosen][:40])
        lot = take_slice(order, asked, set()).clip_ids
        left = wrong_left(
            Drawn(
                n_all=n,
                n_known=len(asked),
                n_wrong_known=int(is_wrong[sorted(asked)].sum()),
                n_drawn=len(lot),
                n_wrong_drawn=int(is_wrong[lot].sum()),
            )
        )
        truth = int(is_wrong.sum() - is_wrong[sorted(asked)].sum())
        held += left.low <= truth <= left.high
        assert left.low <= left.value <= left.high
    assert held >= 180


def test_a_pool_that_is_answered_leaves_nothing_wrong() -> None:
    known = Drawn(n_all=50, n_known=50, n_wrong_known=4, n_drawn=50, n_wrong_drawn=4)
    assert wrong_left(known) == Estimate(value=0, low=0, high=0) and share_right_left(known) is None


def test_nothing_drawn_promises_nothing() -> None:
    nothing = share_right_left(Drawn(n_all=100, n_known=0, n_wrong_known=0, n_drawn=0, n_wrong_drawn=0))
    assert nothing is not None and (nothing.low, nothing.high) == (0.0, 1.0)


def test_the_likeliest_share_never_leaves_the_interval_of_the_lot() -> None:
    drawn = Drawn(n_all=1_000, n_known=200, n_wrong_known=30, n_drawn=60, n_wrong_drawn=9)
    low, high = share_right_left(drawn, expected=0.0), share_right_left(drawn, expected=1.0)
    assert low is not None and high is not None
    assert low.value == low.low and high.value == high.high and (low.low, low.high) == (high.low, high.high)


def test_scores_of_doubtful_clips_that_were_chosen_do_not_darken_the_sure_rest() -> None:
    scores = np.concatenate([np.linspace(0.3, 0.6, 80), np.linspace(0.95, 1, 40)]).astype(np.float32)
    is_right = np.array([True, False] * 40 + [True] * 40)
    share = expected_share(scores, is_right, np.full(100, 0.99, dtype=np.float32))
    assert share is not None and share > 0.95
    assert expected_share(scores[:0], is_right[:0], scores) is None


def test_advice_waits_for_the_lot_and_says_how_many_are_missing() -> None:
    few = Drawn(n_all=500, n_known=100, n_wrong_known=5, n_drawn=6, n_wrong_drawn=0)
    advice = advise(few, share_right_left(few), None, is_of_model=True, n_more=100)
    assert not advice.can_stop and "6 have an answer, and 20 are needed" in advice.sentence


def test_advice_is_to_stop_once_the_low_end_reaches_the_goal() -> None:
    gain = Estimate(value=0.002, low=0.0, high=0.006)
    good = Drawn(n_all=900, n_known=300, n_wrong_known=2, n_drawn=80, n_wrong_drawn=0)
    advice = advise(good, share_right_left(good), gain, is_of_model=True, n_more=100)
    assert advice.can_stop and "You can stop: even the low end is at 95 %" in advice.sentence
    assert "Another 100 answers would bring about +0.2 points (0.0–0.6)." in advice.sentence
    bad = Drawn(n_all=900, n_known=300, n_wrong_known=60, n_drawn=80, n_wrong_drawn=16)
    assert not advise(bad, share_right_left(bad), gain, is_of_model=True, n_more=100).can_stop


def test_a_share_is_never_shown_as_all_while_there_is_doubt() -> None:
    assert percent(Estimate(value=0.998, low=0.96, high=1.0)) == "99.8 % (96–100)"
    assert percent(Estimate(value=0.9999, low=0.992, high=1.0)) == "99.9 % (99.2–100)"
    assert percent(Estimate(value=0.931, low=0.894, high=0.962)) == "93 % (89–96)"
