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
_STEEPEST = 2.0
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
    sizes: Sequence[int], is_right: NDArray[np.bool_], *, n_more: int, seed: int
) -> LearningCurve | None:
    """The curve of a model that was taught by the first ``sizes[i]`` answers; None with less than three sizes or clips.

    ``is_right`` bool (len(sizes), n): about which of the n clips drawn by lot each was right. The share that is wrong
    is taken to fall as a power of the number of answers (Hestness et al. 2017; Figueroa et al. 2012). The gain's
    interval comes from weighing the clips anew, and leaves room for a fall that few clips hide.
    """
    if len(sizes) < 3 or is_right.shape[1] < 3:
        return None
    n = is_right.shape[1]
    wrong = (~is_right).astype(np.float64)
    points = [_point(size, int(row.sum()), n) for size, row in zip(sizes, is_right, strict=True)]
    value = _gain(sizes, wrong.sum(axis=1)[np.newaxis], n, n_more)[0]
    rng = np.random.default_rng(seed)
    # Weights of the Bayesian bootstrap (Rubin 1981) never leave a clip out altogether, as few wrong ones need it.
    weights = rng.dirichlet(np.ones(n), _N_RESAMPLED) * n
    gains = _gain(sizes, weights @ wrong.T, n, n_more)
    low, high = np.quantile(gains, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    # Few clips hide a fall: what may be wrong at most could fall as one over the number of answers.
    unseen = (1 - points[-1].low) * (1 - sizes[-1] / (sizes[-1] + n_more))
    return LearningCurve(
        points=points, n_more=n_more, gain=Estimate(value=float(value), low=low, high=max(high, min(unseen, 1.0)))
    )


def _point(size: int, n_right: int, n: int) -> CurvePoint:
    low, high = share_interval(n_right, n)
    return CurvePoint(n_answers=size, share_right=n_right / n, low=low, high=high)


def _gain(sizes: Sequence[int], n_wrong: Float64, n: int, n_more: int) -> Float64:
    """The fall of the wrong share expected by a power law, float64 (r,), for each row of ``n_wrong`` float64 (r, s)."""
    xs = np.log(np.asarray(sizes, dtype=np.float64))
    shares = (n_wrong + 0.5) / (n + 1)
    ys = np.log(shares)
    # The scatter of a count's logarithm is one over the count.
    weights = n_wrong + 0.5
    weights = weights / weights.sum(axis=1, keepdims=True)
    x_mean = (weights * xs).sum(axis=1, keepdims=True)
    y_mean = (weights * ys).sum(axis=1, keepdims=True)
    spread = (weights * (xs - x_mean) ** 2).sum(axis=1)
    fall = -(weights * (xs - x_mean) * (ys - y_mean)).sum(axis=1) / np.maximum(spread, 1e-12)
    fall = np.clip(fall, 0.0, _STEEPEST)
    now = np.exp(y_mean[:, 0] - fall * (xs[-1] - x_mean[:, 0]))
    later = np.exp(y_mean[:, 0] - fall * (np.log(sizes[-1] + n_more) - x_mean[:, 0]))
    return now - later
