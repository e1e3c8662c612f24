"""A linear head on embeddings: the model that orders the queue and proposes labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

_REGULARISATION = 0.3


@dataclass(frozen=True, kw_only=True)
class LinearHead:
    """Multinomial logistic regression: ``weights`` float32 (d, k) and ``bias`` float32 (k,), labels sorted."""

    labels: tuple[str, ...]
    weights: Float32
    bias: Float32

    def probabilities(self, vectors: Float32) -> Float32:
        """The chance of each label, float32 (n, k), rows summing to 1, columns as in ``labels``."""
        logits = vectors @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def fit_linear_head(
    vectors: Float32, labels: Sequence[str], *, seed: int, weights: NDArray[np.float64] | None = None
) -> LinearHead | None:
    """The head fitted to vectors float32 (n, d) and their labels; None while there are fewer than two labels.

    ``weights`` float64 (n,), above 0, say how much each clip counts; all alike without.

    Vectors are centred and scaled as a whole for the fit, so that an encoder's own weighting of its
    dimensions holds; both are folded into the weights.
    """
    distinct = tuple(sorted(set(labels)))
    if len(distinct) < 2:
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    scale = max(float(np.sqrt(np.mean(np.square(centred)))), 1e-6)
    model = LogisticRegression(C=_REGULARISATION, max_iter=500, random_state=seed)
    # Matrices this small are a hundred times slower on several BLAS threads than on one.
    with threadpool_limits(1), warnings.catch_warnings():
        # At first there is hardly more than one clip a label.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(centred / scale, np.searchsorted(distinct, labels), sample_weight=weights)
    coefficients = np.asarray(model.coef_, dtype=np.float64)
    intercepts = np.asarray(model.intercept_, dtype=np.float64)
    if len(distinct) == 2:
        # For two labels sklearn gives the second's row only; the first's is zero.
        coefficients = np.vstack((np.zeros_like(coefficients), coefficients))
        intercepts = np.concatenate(([0.0], intercepts))
    slopes = (coefficients / scale).T
    return LinearHead(
        labels=distinct,
        weights=slopes.astype(np.float32),
        bias=(intercepts - mean @ slopes).astype(np.float32),
    )
