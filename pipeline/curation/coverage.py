"""How well the first k picks stand for all clips: what one sees when asking whether another 100 would add anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Float32

_BLOCK_VALUES_N = 16_000_000
_N_STEPS = 40


@dataclass(frozen=True, kw_only=True)
class CoveragePoint:
    """With the first ``n_picks``: how far clips are from the nearest pick (cosine distance, 0 the same).

    ``mean`` over all clips; 95 % of the clips are nearer than ``p95``.
    """

    n_picks: int
    mean: float
    p95: float


def coverage_curve(vectors: Float32, picks: Sequence[int], *, also: Sequence[int] = ()) -> list[CoveragePoint]:
    """One point a step: how well the first so many of ``picks`` (row numbers, best first) cover all n clips.

    ``vectors`` float32 (n, d), rows of unit length. About 40 steps, dense where the curve bends, and those of
    ``also`` from 1 to the number of picks. Empty without clips or picks. Work is n x picks x d, memory n x steps.
    """
    if not len(vectors) or not len(picks):
        return []
    at = np.array(sorted({*_steps(len(picks)), *(n for n in also if 1 <= n <= len(picks))}))
    chosen = vectors[np.asarray(picks[: at[-1]], dtype=np.int64)]
    starts = np.concatenate(([0], at[:-1]))
    distances = np.empty((len(at), len(vectors)), dtype=np.float32)
    block_n = max(1, _BLOCK_VALUES_N // len(chosen))
    for first in range(0, len(vectors), block_n):
        likeness = vectors[first : first + block_n] @ chosen.T
        nearest = np.maximum.accumulate(np.maximum.reduceat(likeness, starts, axis=1), axis=1)
        distances[:, first : first + block_n] = np.maximum(0, 1 - nearest.T)
    means, p95s = distances.mean(axis=1, dtype=np.float64), np.percentile(distances, 95, axis=1)
    return [
        CoveragePoint(n_picks=n, mean=round(mean, 6), p95=round(p95, 6))
        for n, mean, p95 in zip(at.tolist(), means.tolist(), p95s.tolist(), strict=True)
    ]


def gain(curve: Sequence[CoveragePoint], n_picks: int) -> float | None:
    """By which share of the mean distance the picks after the first ``n_picks`` bring the clips nearer; None if none.

    0.1: what comes after them takes a tenth of the distance that they leave.
    """
    here = next((point for point in curve if point.n_picks == n_picks), None)
    if here is None or curve[-1].n_picks <= n_picks:
        return None
    return 0.0 if here.mean == 0 else 1 - curve[-1].mean / here.mean


def _steps(n_picks: int) -> list[int]:
    """From the first pick to the last, growing by a constant factor: distances fall like a power of the picks."""
    return np.round(np.geomspace(1, n_picks, _N_STEPS)).astype(np.int64).tolist()
