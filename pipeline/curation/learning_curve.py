"""How a model became better as answers came, and what the next answers should bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.curation.intervals import LEVEL, share_interval
from pipeline.curation.stopping import Estimate

Float64 = NDArray[np.float64]

_N_RESAMPLED = 500
_STEEPEST, _USUAL_FALL = 2.0, 1.0
_SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """After ``n_answers`` the model was right about this share of the clips drawn by lot, learning none of them."""

    n_answers: int
    share_right: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """The points so far, and by how much the share that is right should rise with the next ``n_more`` answers."""

    points: list[CurvePoint]
    n_more: int
    gain: Estimate


def curve_sizes(n_answers: int, *, least: int = 10) -> list[int]:
    """After how many answers the model is looked at: eighths of them all, none below ``least``."""
    return sorted({size for share in _SHARES if (size := round(share * n_answers)) >= least})


def learning_curve(
    sizes: Sequence[int], is_right: NDArray[np.bool_], *, wrong_now: Estimate, n_more: int, seed: int
) -> LearningCurve | None:
    """The curve of a model that was taught by the first ``sizes[i]`` answers; None with less than three sizes or clips.

    ``is_right`` bool (len(sizes), n): about which of the n clips drawn by lot each was right. ``wrong_now``: the share
    of the whole pool that is wrong now. It is taken to fall as a power of the number of answers (Hestness et al. 2017;
    Figueroa et al. 2012), whose exponent is fitted; its spread comes from weighing the clips anew. That it falls as
    one over the answers is never ruled out, since few clips hide a fall.
    """
    if len(sizes) < 3 or is_right.shape[1] < 3:
        return None
    n = is_right.shape[1]
    wrong = (~is_right).astype(np.float64)
    points = [_point(size, int(row.sum()), n) for size, row in zip(sizes, is_right, strict=True)]
    fall = float(_falls(sizes, wrong.sum(axis=1)[np.newaxis], n)[0])
    # Weights of the Bayesian bootstrap (Rubin 1981) never leave a clip out altogether, as few wrong ones need it.
    weights = np.random.default_rng(seed).dirichlet(np.ones(n), _N_RESAMPLED) * n
    low, high = np.quantile(_falls(sizes, weights @ wrong.T, n), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()

    def gain(wrong_share: float, exponent: float) -> float:
        return wrong_share * (1 - (sizes[-1] / (sizes[-1] + n_more)) ** exponent)

    return LearningCurve(
        points=points,
        n_more=n_more,
        gain=Estimate(
            value=gain(wrong_now.value, fall),
            low=gain(wrong_now.low, low),
            high=gain(wrong_now.high, max(high, _USUAL_FALL)),
        ),
    )


def _point(size: int, n_right: int, n: int) -> CurvePoint:
    low, high = share_interval(n_right, n)
    return CurvePoint(n_answers=size, share_right=n_right / n, low=low, high=high)


def _falls(sizes: Sequence[int], n_wrong: Float64, n: int) -> Float64:
    """The exponents with which the wrong share falls, float64 (r,), for each row of ``n_wrong`` float64 (r, s)."""
    xs = np.log(np.asarray(sizes, dtype=np.float64))
    ys = np.log((n_wrong + 0.5) / (n + 1))
    # The scatter of a count's logarithm is one over the count.
    weights = n_wrong + 0.5
    weights = weights / weights.sum(axis=1, keepdims=True)
    x_off = xs - (weights * xs).sum(axis=1, keepdims=True)
    y_off = ys - (weights * ys).sum(axis=1, keepdims=True)
    falls = -(weights * x_off * y_off).sum(axis=1) / np.maximum((weights * x_off**2).sum(axis=1), 1e-12)
    return np.clip(falls, 0.0, _STEEPEST)
