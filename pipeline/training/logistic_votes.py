"""What a logistic regression says of clips that it has not learned, out of fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32
from pipeline.training.ridge_votes import LEAST_CHANCE

_STRENGTHS = (0.003, 0.03, 0.3)
"""The weight of the clips against that of the penalty."""


def logistic_votes(vectors: Float32, given: NDArray[np.int64], folds: NDArray[np.int64], *, n_labels: int) -> Float32:
    """The chance of each label float32 (n, k), for each clip by a model of the other folds; rows sum to 1.

    ``vectors`` float32 (n, d), ``given`` and ``folds`` int64 (n,). Its penalty is the one by which the given labels are
    likeliest, out of fold. A label that the other folds lack has no chance.
    """
    rows = np.arange(len(given))

    def likelihood(votes: Float32) -> float:
        return float(np.log(np.maximum(votes[rows, given], LEAST_CHANCE)).sum())

    return max((_votes(vectors, given, folds, n_labels, strength) for strength in _STRENGTHS), key=likelihood)


def _votes(
    vectors: Float32, given: NDArray[np.int64], folds: NDArray[np.int64], n_labels: int, strength: float
) -> Float32:
    from sklearn.linear_model import LogisticRegression

    votes = np.zeros((len(given), n_labels), dtype=np.float32)
    for fold in range(int(folds.max(initial=-1)) + 1):
        is_out = folds == fold
        known = np.unique(given[~is_out])
        if len(known) < 2:
            votes[np.ix_(is_out, known)] = 1
            continue
        mean = vectors[~is_out].mean(axis=0, dtype=np.float64)
        centred = vectors[~is_out] - mean
        scale = max(float(np.sqrt(np.mean(np.square(centred)))), 1e-6)
        model = LogisticRegression(C=strength, max_iter=500)
        model.fit(centred / scale, given[~is_out])
        votes[np.ix_(is_out, known)] = model.predict_proba((vectors[is_out] - mean) / scale)
    return votes
