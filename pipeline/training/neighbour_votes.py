"""What a clip's neighbours say of it: their labels, the nearer the weightier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32
from pipeline.training.ridge_votes import LEAST_CHANCE

Indices = NDArray[np.int64]

_MOST_NEIGHBOURS = 50
_WAYS: tuple[tuple[int, float | None], ...] = ((5, None), (10, None), (20, 0.1), (20, 0.05), (50, 0.05))
"""How many neighbours, and over which fall of the cosine a vote's weight falls by e; None: all weigh the same."""
_DOUBT = 0.5
"""Of a vote, shared by all labels."""
_BLOCK_VALUES_N = 8_000_000


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Of each clip the nearest of other groups, nearest first: rows int64 (n, m), cosines float32 (n, m).

    Where there are fewer than m of them the cosine is -inf.
    """

    rows: Indices
    cosines: Float32


def nearest_of_others(vectors: Float32, groups: Indices, *, n_most: int = _MOST_NEIGHBOURS) -> Neighbours:
    """The neighbours by cosine, exact; a clip of the same group is none. ``vectors`` float32 (n, d) of unit length.

    Work is n x n x d, block by block; beside the result it holds some 32 MB.
    """
    n = len(vectors)
    m = min(n_most, max(0, n - 1))
    rows, cosines = np.zeros((n, m), dtype=np.int64), np.full((n, m), -np.inf, dtype=np.float32)
    size = max(1, _BLOCK_VALUES_N // max(1, n))
    for at in range(0, n if m else 0, size):
        block = slice(at, at + size)
        likeness = vectors[block] @ vectors.T
        likeness[groups[block, np.newaxis] == groups[np.newaxis, :]] = -np.inf
        best = np.argpartition(likeness, n - m, axis=1)[:, n - m :]
        theirs = np.take_along_axis(likeness, best, axis=1)
        order = np.lexsort((best, -theirs), axis=1)
        rows[block] = np.take_along_axis(best, order, axis=1)
        cosines[block] = np.take_along_axis(theirs, order, axis=1)
    return Neighbours(rows=rows, cosines=cosines)


def neighbour_votes(vectors: Float32, given: Indices, groups: Indices, *, n_labels: int) -> Float32:
    """The chance of each label float32 (n, k) by the labels of the nearest clips of other groups; rows sum to 1.

    How many of them vote, and how fast a vote loses weight with distance, is what makes the given labels likeliest.
    """
    near = nearest_of_others(vectors, groups)
    theirs = given[near.rows]
    is_same = theirs == given[:, np.newaxis]

    def likelihood(way: tuple[int, float | None]) -> float:
        weights = _weights(near, way)
        chances = (np.where(is_same, weights, 0).sum(axis=1) + _DOUBT / n_labels) / (weights.sum(axis=1) + _DOUBT)
        return float(np.log(np.maximum(chances, LEAST_CHANCE)).sum())

    weights = _weights(near, max(_WAYS, key=likelihood))
    votes = np.full((len(vectors), n_labels), _DOUBT / n_labels, dtype=np.float32)
    for rank in range(weights.shape[1]):
        votes[np.arange(len(votes)), theirs[:, rank]] += weights[:, rank]
    return votes / votes.sum(axis=1, keepdims=True)


def _weights(near: Neighbours, way: tuple[int, float | None]) -> Float32:
    """The weight of each neighbour's vote, float32 (n, m)."""
    n_voters, fall = way
    is_voter = np.isfinite(near.cosines) & (np.arange(near.cosines.shape[1]) < n_voters)
    if fall is None:
        return is_voter.astype(np.float32)
    drop = np.where(is_voter, near.cosines - near.cosines[:, :1], 0)
    return np.where(is_voter, np.exp(drop / fall), 0).astype(np.float32)
