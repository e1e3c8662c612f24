"""When people can stop: what the answers drawn by lot say of the clips that nobody has answered. Pure numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32
from pipeline.curation.intervals import LEVEL, count_interval
from pipeline.curation.lot import audit_order

_LEAST_IN_BIN, _MOST_BINS = 25, 8

__all__ = [
    "Drawn",
    "Estimate",
    "Slice",
    "audit_order",
    "expected_share",
    "share_right_left",
    "share_wrong",
    "take_slice",
    "wrong_left",
]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number that nobody can know for sure: the likeliest value, and from where to where it lies (90 %)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What the lot has brought so far: the clips before the first that nobody was asked about.

    ``clip_ids`` have an answer that judges; ``passed_over`` were asked about and cannot be judged (skipped, unsure, bad
    audio, disputed).
    """

    clip_ids: list[int]
    passed_over: list[int]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Counts of a pool of ``n_all`` clips, of which ``n_known`` are judged, ``n_wrong_known`` of them wrong.

    Of those judged ``n_drawn`` were drawn by lot, ``n_wrong_drawn`` of them wrong; the others were chosen, which says
    nothing of the rest but counts as known.
    """

    n_all: int
    n_known: int
    n_wrong_known: int
    n_drawn: int
    n_wrong_drawn: int

    @property
    def n_left(self) -> int:
        """How many nobody has judged."""
        return self.n_all - self.n_known


def take_slice(order: Sequence[int], judged: Collection[int], passed_over: Collection[int]) -> Slice:
    """The beginning of the lot, as far as everybody in it was asked.

    Clips that were answered for another reason are among them as often as among all. To end before the first
    clip without an answer, and not after the last one with one, keeps it so (Haldane 1945, inverse sampling).
    """
    drawn: list[int] = []
    passed: list[int] = []
    for clip_id in order:
        if clip_id in judged:
            drawn.append(clip_id)
        elif clip_id in passed_over:
            passed.append(clip_id)
        else:
            break
    return Slice(clip_ids=drawn, passed_over=passed)


def wrong_left(drawn: Drawn, *, expected: float | None = None, level: float = LEVEL) -> Estimate:
    """How many of the clips that nobody has judged are wrong.

    The wrong ones of the whole pool are estimated from those drawn by lot, exactly (hypergeometric, so that a pool that
    is nearly drawn leaves little doubt), and those that are known are taken off: so what was chosen because it
    looked wrong neither raises nor lowers the estimate. The interval rests on the lot alone. The value is the likeliest
    share of right ones by what else is known, if ``expected`` (see ``expected_share``), as far as the interval
    allows; else the mean of what is possible by Jeffreys' prior.
    """
    low, high = count_interval(
        drawn.n_wrong_drawn,
        drawn.n_drawn,
        drawn.n_all,
        least=drawn.n_wrong_known,
        most=drawn.n_wrong_known + drawn.n_left,
        level=level,
    )
    low, high = low - drawn.n_wrong_known, high - drawn.n_wrong_known
    mean = _mean_count(drawn) - drawn.n_wrong_known
    value = mean if expected is None else (1 - expected) * drawn.n_left
    return Estimate(value=min(max(value, low), high), low=low, high=high)


def share_right_left(drawn: Drawn, *, expected: float | None = None, level: float = LEVEL) -> Estimate | None:
    """Which share of the clips that nobody has judged is right; None where nothing is left. As ``wrong_left``."""
    if drawn.n_left == 0:
        return None
    wrong = wrong_left(drawn, expected=expected, level=level)
    n = drawn.n_left
    return Estimate(value=1 - wrong.value / n, low=1 - wrong.high / n, high=1 - wrong.low / n)


def share_wrong(drawn: Drawn, *, expected: float | None = None, level: float = LEVEL) -> Estimate | None:
    """Which share of the whole pool is wrong, what is known and what is left; None of an empty pool."""
    if drawn.n_all == 0:
        return None
    left = wrong_left(drawn, expected=expected, level=level)
    value, low, high = ((drawn.n_wrong_known + n) / drawn.n_all for n in (left.value, left.low, left.high))
    return Estimate(value=value, low=low, high=high)


def expected_share(scores: Float32, is_right: NDArray[np.bool_], left_scores: Float32) -> float | None:
    """Which share of the clips left is right if a guess of a score is right as often among them as among those judged.

    ``scores`` float32 (n,) and ``is_right`` bool (n,) of the judged clips, none of which the model had learned,
    ``left_scores`` (m,). Clips that were chosen by their score tell as much of it as those drawn by lot. None without
    clips. Compared in classes of score with as many judged clips in each.
    """
    if not len(scores) or not len(left_scores):
        return None
    n_bins = min(max(1, len(scores) // _LEAST_IN_BIN), _MOST_BINS)
    edges = np.unique(np.quantile(scores, np.arange(1, n_bins) / n_bins))
    places, left_places = (
        np.searchsorted(edges, scores, side="right"),
        np.searchsorted(edges, left_scores, side="right"),
    )
    n = np.bincount(places, minlength=len(edges) + 1)
    n_right = np.bincount(places, weights=is_right, minlength=len(edges) + 1)
    return float(((n_right + 0.5) / (n + 1))[left_places].mean())


def _mean_count(drawn: Drawn) -> float:
    """The mean of the count of wrong ones among all, given what was drawn and what is known."""
    counts = np.arange(drawn.n_wrong_known, drawn.n_wrong_known + drawn.n_left + 1)
    right = drawn.n_all - counts
    steps = np.arange(1, drawn.n_all + 1)
    # lnGamma(x + 1/2), up to a constant, and ln(x!): prior times chance is a quotient of these for wrong and right.
    halves, wholes = (np.concatenate(([0.0], np.cumsum(np.log(steps - part)))) for part in (0.5, 0.0))
    weights = halves[counts] - wholes[counts - drawn.n_wrong_drawn]
    weights += halves[right] - wholes[right - (drawn.n_drawn - drawn.n_wrong_drawn)]
    chances = np.exp(weights - weights.max())
    return float((chances * counts).sum() / chances.sum())
