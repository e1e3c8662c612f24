"""Which clips are unlike anything: those whose nearest neighbour is farthest."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.core.types import Float32

_CELL_N = 1_000
_BLOCK_N = 256


def loneliest(vectors: Float32, n: int, *, seed: int = 0) -> list[tuple[int, float]]:
    """Index and largest cosine to any other row, of the ``n`` rows where that is smallest, the smallest first. Exact.

    ``vectors`` float32 (rows, d), rows of unit length; one row alone is like nothing, cosine -1. The nearest row
    of the same cell is a lower bound; rows are compared with all others in the order of their bounds, until the
    bounds are above the ``n``-th smallest cosine known.
    """
    if len(vectors) == 0 or n < 1:
        return []
    with threadpool_limits(limits=1, user_api="blas"):
        bounds = _bounds(vectors, np.random.default_rng(seed))
        order = np.argsort(bounds, kind="stable")
        known: list[tuple[float, int]] = []
        for at in range(0, len(order), _BLOCK_N):
            rows = order[at : at + _BLOCK_N]
            if len(known) >= n and float(bounds[rows[0]]) > known[n - 1][0]:
                break
            nearest = _nearest(vectors, rows)
            known = sorted([*known, *zip(nearest.tolist(), rows.tolist(), strict=True)])[:n]
    return [(index, cosine) for cosine, index in known]


def _bounds(vectors: Float32, rng: np.random.Generator) -> Float32:
    """The cosine of each row's nearest of its cell, -1 for a row alone in it: float32 (rows,)."""
    n_cells = max(1, len(vectors) // _CELL_N)
    centres = vectors[rng.choice(len(vectors), n_cells, replace=False)]
    cells = np.concatenate(
        [(vectors[at : at + 4096] @ centres.T).argmax(axis=1) for at in range(0, len(vectors), 4096)]
    )
    order = np.argsort(cells, kind="stable")
    bounds = np.full(len(vectors), -1, np.float32)
    for members in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1):
        theirs = vectors[members]
        for at in range(0, len(members), 1024):
            part = members[at : at + 1024]
            cosines = vectors[part] @ theirs.T
            cosines[np.arange(len(part)), np.arange(at, at + len(part))] = -1
            bounds[part] = cosines.max(axis=1)
    return bounds


def _nearest(vectors: Float32, rows: np.ndarray) -> Float32:
    """The largest cosine of each of the rows to any other."""
    best = np.full(len(rows), -1, np.float32)
    asked = vectors[rows]
    for at in range(0, len(vectors), 16_384):
        cosines = asked @ vectors[at : at + 16_384].T
        here = np.flatnonzero((rows >= at) & (rows < at + 16_384))
        cosines[here, rows[here] - at] = -1
        best = np.maximum(best, cosines.max(axis=1))
    return np.clip(best, -1, 1)
