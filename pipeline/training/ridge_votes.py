"""What a linear model says of clips that it has not learned: least squares on the labels, out of fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

Float64 = NDArray[np.float64]
Indices = NDArray[np.int64]

LEAST_CHANCE = 1e-3
"""Below this a chance counts as this: wrong labels, which nothing can foretell, must not decide between settings."""
_PENALTIES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
"""As shares of the sum of squares of all embeddings."""
_SHARPNESSES = tuple(2.0 ** (step / 2) for step in range(2, 13))
_BLOCK_N = 2_048


@dataclass(frozen=True, kw_only=True)
class _Fold:
    """What is left after one fold is held out: its rows, and the others' moments turned to their main axes.

    ``axes`` float64 (d, d), ``spreads`` (d,), ``pull`` (d, k): the labels' moments along the axes.
    """

    rows: Indices
    mean: Float64
    prior: Float64
    axes: Float64
    spreads: Float64
    pull: Float64


def ridge_votes(vectors: Float32, given: Indices, folds: Indices, *, n_labels: int) -> Float32:
    """The chance of each label float32 (n, k), for each clip by a model of the other folds; rows sum to 1.

    ``vectors`` float32 (n, d), ``given`` and ``folds`` int64 (n,). Least squares on the labels as 0 and 1 (Hoerl and
    Kennard 1970), then a softmax; wrong labels pull it less than they pull a logistic regression. Penalty and sharpness
    of the softmax are those by which the given labels are likeliest, out of fold. Memory: vectors, result and d x d.
    """
    likelihoods = np.zeros((len(_PENALTIES), len(_SHARPNESSES)))
    for fold in _folds(vectors, given, folds, n_labels):
        for rows, turned in _blocks(vectors, fold):
            for p, penalty in enumerate(_PENALTIES):
                scores = _scores(fold, turned, penalty)
                for s, sharpness in enumerate(_SHARPNESSES):
                    chances = _softmax(scores * sharpness)[np.arange(len(rows)), given[rows]]
                    likelihoods[p, s] += np.log(np.maximum(chances, LEAST_CHANCE)).sum()
    p, s = np.unravel_index(int(likelihoods.argmax()), likelihoods.shape)
    votes = np.empty((len(vectors), n_labels), dtype=np.float32)
    for fold in _folds(vectors, given, folds, n_labels):
        for rows, turned in _blocks(vectors, fold):
            votes[rows] = _softmax(_scores(fold, turned, _PENALTIES[p]) * _SHARPNESSES[s])
    return votes


def _folds(vectors: Float32, given: Indices, folds: Indices, n_labels: int) -> Iterator[_Fold]:
    """Each fold in turn; what the others hold is the whole less the fold."""
    whole = _moments(vectors, given, np.arange(len(vectors)), n_labels)
    for number in range(int(folds.max(initial=-1)) + 1):
        rows = np.flatnonzero(folds == number)
        squares, sums, counts = (a - b for a, b in zip(whole, _moments(vectors, given, rows, n_labels), strict=True))
        n = max(1, len(vectors) - len(rows))
        mean, prior = sums.sum(axis=1) / n, counts / n
        spreads, axes = np.linalg.eigh(squares - n * np.outer(mean, mean))
        pull = axes.T @ (sums - n * np.outer(mean, prior))
        yield _Fold(rows=rows, mean=mean, prior=prior, axes=axes, spreads=np.maximum(spreads, 0), pull=pull)


def _moments(vectors: Float32, given: Indices, rows: Indices, n_labels: int) -> tuple[Float64, Float64, Float64]:
    """Of some rows the squares (d, d), the sums for each label (d, k) and the counts (k,)."""
    d = vectors.shape[1]
    squares, sums = np.zeros((d, d)), np.zeros((n_labels, d))
    for at in range(0, len(rows), _BLOCK_N):
        part = rows[at : at + _BLOCK_N]
        block = vectors[part].astype(np.float64)
        squares += block.T @ block
        order = np.argsort(given[part], kind="stable")
        labels, starts = np.unique(given[part][order], return_index=True)
        sums[labels] += np.add.reduceat(block[order], starts, axis=0)
    return squares, sums.T, np.bincount(given[rows], minlength=n_labels).astype(np.float64)


def _blocks(vectors: Float32, fold: _Fold) -> Iterator[tuple[Indices, Float64]]:
    """Some of the fold's rows at a time, with their embeddings along the axes."""
    for at in range(0, len(fold.rows), _BLOCK_N):
        rows = fold.rows[at : at + _BLOCK_N]
        yield rows, (vectors[rows] - fold.mean) @ fold.axes


def _scores(fold: _Fold, turned: Float64, penalty: float) -> Float64:
    weight = max(penalty * float(fold.spreads.sum()), 1e-12)
    return turned @ (fold.pull / (fold.spreads + weight)[:, np.newaxis]) + fold.prior


def _softmax(scores: Float64) -> Float64:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
