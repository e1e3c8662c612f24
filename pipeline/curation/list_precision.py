"""How right a list of suspects has been so far, and how many wrong labels are to be expected in what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.verdicts import Verdict

Float64 = NDArray[np.float64]

WRONG: frozenset[Verdict] = frozenset({"relabelled", "none_of_these", "bad_audio"})
_Z_90 = 1.6449
_PRIOR_MEAN, _PRIOR_SD = np.array([0.0, 1.0]), np.array([1.5, 0.5])
_N_STEPS, _N_DRAWS = 25, 2_000


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Of ``n_heard`` suspects with a clear verdict ``n_wrong`` were wrong; ``n_unsure`` stayed unclear.

    ``low`` and ``high`` hold the share with 90 % certainty; ``share`` is None until one was heard.
    """

    n_heard: int
    n_wrong: int
    n_unsure: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How many wrong labels are expected, and between which numbers they lie with 90 % certainty."""

    n: float
    low: int
    high: int


def precision_so_far(verdicts: Sequence[Verdict]) -> Precision:
    """The share of wrong labels among the suspects heard, with Wilson's interval (1927)."""
    n_wrong = sum(verdict in WRONG for verdict in verdicts)
    n_unsure = sum(verdict == "unsure" for verdict in verdicts)
    n = len(verdicts) - n_unsure
    if n == 0:
        return Precision(n_heard=0, n_wrong=0, n_unsure=n_unsure, share=None, low=0.0, high=1.0)
    share, square = n_wrong / n, _Z_90**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z_90 / (1 + square / n) * float(np.sqrt(share * (1 - share) / n + square / (4 * n * n)))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Precision(n_heard=n, n_wrong=n_wrong, n_unsure=n_unsure, share=share, low=low, high=high)


def expected_wrong(heard: Sequence[tuple[float, bool]], rest: Sequence[float]) -> Expected:
    """How many of the suspects with the scores ``rest`` are wrong, by the score and verdict of those ``heard``.

    The list is heard from its top, so that the share found so far says too much about what follows. A logistic curve
    over the score says less: before anything is heard it takes the score at its word, as the chance of the suggested
    label against the given one, and each verdict bends it. The interval comes from the curve's own uncertainty
    (Laplace's approximation) and from chance.
    """
    if not rest:
        return Expected(n=0.0, low=0, high=0)
    features = _features([score for score, _ in heard])
    is_wrong = np.array([wrong for _, wrong in heard], dtype=np.float64)
    curve = _PRIOR_MEAN.copy()
    for _ in range(_N_STEPS):
        chances = _chances(features @ curve)
        slope = features.T @ (is_wrong - chances) - (curve - _PRIOR_MEAN) / _PRIOR_SD**2
        step = np.linalg.solve(_bend(features, chances), slope)
        curve += step / max(1.0, float(np.abs(step).max()))
    spread = np.linalg.inv(_bend(features, _chances(features @ curve)))
    rng = np.random.default_rng(0)
    curves = rng.multivariate_normal(curve, spread, size=_N_DRAWS)
    chances = _chances(curves @ _features(rest).T)
    counts = (rng.random(chances.shape) < chances).sum(axis=1)
    low, high = np.quantile(counts, [0.05, 0.95])
    return Expected(n=float(chances.sum(axis=1).mean()), low=int(low), high=int(np.ceil(high)))


def _features(scores: Sequence[float]) -> Float64:
    """float64 (n, 2): one, and the log odds that the score claims."""
    claimed = np.clip((1 + np.asarray(scores, dtype=np.float64)) / 2, 0.02, 0.98)
    return np.stack([np.ones(len(claimed)), np.log(claimed / (1 - claimed))], axis=1)


def _chances(odds: Float64) -> Float64:
    return 1 / (1 + np.exp(-odds))


def _bend(features: Float64, chances: Float64) -> Float64:
    """The curvature (2, 2) of the log posterior, its sign turned."""
    weights = (chances * (1 - chances))[:, np.newaxis]
    return features.T @ (features * weights) + np.diag(1 / _PRIOR_SD**2)
