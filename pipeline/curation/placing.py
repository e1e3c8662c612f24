"""Where new clips go on a map that stands: among those that they are most alike, and nobody else moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

N_NEIGHBOURS = 3
JITTER = 0.004
_NEW_BLOCK, _OLD_BLOCK = 1_024, 8_192
_NEAREST_SQUARED = 1e-6  # nearer than half precision tells


def places_among(vectors: Float32, placed: Float32, places: Float32, *, seed: int) -> Float32:
    """Places float32 (m, 2) in [-1, 1] for new ``vectors`` float32 (m, d), beside the ``placed`` float32 (n, d).

    Rows are of unit length; ``places`` float32 (n, 2), n at least 1. Each goes to the mean place of its three nearest,
    weighted by the inverse square of their distance, so that a copy lies beside its original (Shepard, A
    two-dimensional interpolation function for irregularly-spaced data, 1968), and by at most ``JITTER`` aside, so that
    copies do not hide each other. The work is m times n, the memory that of a block. The same input and seed, the same
    places. Raises ValueError if nothing is placed yet.
    """
    if len(placed) == 0 or len(placed) != len(places):
        raise ValueError(f"{len(places)} places for {len(placed)} clips")
    found = np.zeros((len(vectors), 2), np.float64)
    for start in range(0, len(vectors), _NEW_BLOCK):
        asked = vectors[start : start + _NEW_BLOCK]
        cosines, rows = _nearest(asked, placed)
        weights = 1 / np.maximum(2 - 2 * cosines.astype(np.float64), _NEAREST_SQUARED)
        weights /= weights.sum(axis=1, keepdims=True)
        found[start : start + len(asked)] = (places[rows] * weights[:, :, np.newaxis]).sum(axis=1)
    # By what is placed already: two copies that come one after the other must not be put aside alike.
    rng = np.random.default_rng((seed, len(placed)))
    angles, lengths = 2 * np.pi * rng.random(len(found)), JITTER * np.sqrt(rng.random(len(found)))
    found += np.stack([np.cos(angles), np.sin(angles)], axis=1) * lengths[:, np.newaxis]
    # Folded at the edge, not cut off there: what is cut off would lie on one line.
    return np.where(np.abs(found) > 1, np.sign(found) * 2 - found, found).astype(np.float32)


def _nearest(asked: Float32, placed: Float32) -> tuple[Float32, NDArray[np.int64]]:
    """Cosines float32 and row numbers int64, both (m, k), of the k placed ones nearest to each of the asked."""
    best = np.zeros((len(asked), 0), np.float32)
    rows = np.zeros((len(asked), 0), np.int64)
    for start in range(0, len(placed), _OLD_BLOCK):
        cosines = asked @ placed[start : start + _OLD_BLOCK].T
        here = _largest(cosines)
        best, rows = np.hstack([best, np.take_along_axis(cosines, here, axis=1)]), np.hstack([rows, here + start])
        of_all = _largest(best)
        best, rows = np.take_along_axis(best, of_all, axis=1), np.take_along_axis(rows, of_all, axis=1)
    return best, rows


def _largest(values: Float32) -> NDArray[np.int64]:
    """Where the largest of each row stand, (m, k); all of a row that has no more."""
    n = values.shape[1]
    if n <= N_NEIGHBOURS:
        return np.broadcast_to(np.arange(n), values.shape)
    return np.argpartition(values, n - N_NEIGHBOURS, axis=1)[:, n - N_NEIGHBOURS :]
