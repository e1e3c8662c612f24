"""The curve says what more answers bring: much while it falls steeply, little once it is flat."""

from __future__ import annotations

import numpy as np

from pipeline.curation.learning_curve import curve_sizes, learning_curve
from pipeline.curation.stopping import Estimate

A_TENTH = Estimate(value=0.1, low=0.05, high=0.2)


def made(fall: float, *, n: int = 400, n_answers: int = 400, level: float = 3.0) -> tuple[list[int], object]:
    """Sizes, and about which of n clips the model is right whose wrong share is level * answers ** -fall."""
    sizes = curve_sizes(n_answers)
    places = (np.arange(n) + 0.5) / n
    return sizes, np.array([places > level * size**-fall for size in sizes])


def test_the_gain_of_a_power_law_is_found() -> None:
    sizes, is_right = made(0.6)
    now = 3 * 400**-0.6
    wrong_now = Estimate(value=now, low=0.8 * now, high=1.2 * now)
    curve = learning_curve(sizes, np.asarray(is_right, dtype=np.bool_), wrong_now=wrong_now, n_more=100, seed=0)
    truth = 3 * 400**-0.6 - 3 * 500**-0.6
    assert curve is not None and abs(curve.gain.value - truth) < 0.005
    assert curve.gain.low <= truth <= curve.gain.high


def test_a_flat_curve_promises_little() -> None:
    sizes, is_right = made(0.0, level=0.1)
    curve = learning_curve(sizes, np.asarray(is_right, dtype=np.bool_), wrong_now=A_TENTH, n_more=100, seed=0)
    assert curve is not None and curve.gain.value < 0.001
    assert [point.share_right for point in curve.points] == [0.9] * len(sizes)


def test_few_clips_without_a_mistake_still_leave_room_for_a_gain() -> None:
    sizes = curve_sizes(100)
    curve = learning_curve(sizes, np.ones((len(sizes), 12), dtype=np.bool_), wrong_now=A_TENTH, n_more=100, seed=0)
    assert curve is not None and curve.gain.value < 0.01
    assert abs(curve.gain.high - 0.2 / 2) < 1e-9  # as one over the answers, of what may be wrong at most


def test_too_few_answers_or_clips_make_no_curve() -> None:
    assert learning_curve([10, 20], np.ones((2, 50), dtype=np.bool_), wrong_now=A_TENTH, n_more=100, seed=0) is None
    assert learning_curve([10, 20, 30], np.ones((3, 2), dtype=np.bool_), wrong_now=A_TENTH, n_more=100, seed=0) is None
    assert curve_sizes(7) == [] and curve_sizes(80)[-1] == 80
