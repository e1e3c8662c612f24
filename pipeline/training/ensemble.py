"""A small ensemble of linear heads, each of which weighs the labelled clips in its own way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.types import Float32
from pipeline.training.linear_head import LinearHead, fit_linear_head


def fit_ensemble(vectors: Float32, labels: Sequence[str], *, n_heads: int, seed: int) -> tuple[LinearHead, ...]:
    """So many heads fitted to vectors float32 (n, d) and their labels; none while there are fewer than two labels.

    Each weighs the clips by draws from the exponential distribution (the Bayesian bootstrap; Rubin, 1981), so that
    unlike with draws of clips no head misses a rare label, and all have the same columns.
    """
    rng = np.random.default_rng(seed)
    heads = [
        fit_linear_head(vectors, labels, seed=seed, weights=rng.exponential(size=len(labels))) for _ in range(n_heads)
    ]
    return tuple(head for head in heads if head is not None)


def opinions(heads: Sequence[LinearHead], vectors: Float32) -> Float32:
    """What each head believes of vectors float32 (n, d): float32 (h, n, k)."""
    return np.stack([head.probabilities(vectors) for head in heads])
