"""Diversity: ask about what is least like anything that has been answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Float32


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """The order of farthest-first traversal, begun from what is labelled.

    Gonzalez: Clustering to minimize the maximum intercluster distance (1985). The first ``n_spread`` clips
    are spread out one by one; the rest follows by its distance to all of these.
    """

    n_spread: int = 500

    needs_probabilities: ClassVar[bool] = False
    reason: ClassVar[str] = "unlike anything answered so far"

    def __post_init__(self) -> None:
        if self.n_spread < 1:
            raise ValueError(f"n_spread: expected 1 or more, got {self.n_spread}")

    def score(
        self,
        vectors: Float32,
        *,
        probabilities: Float32 | None,
        labelled: Float32,
        rng: np.random.Generator,
    ) -> Float32:
        """Scores float32 (n,): above 1 for the clips that are spread out, the first highest; the rest in [0, 1]."""
        n = len(vectors)
        scores = np.zeros(n, np.float32)
        if n == 0:
            return scores
        # With nothing labelled the walk begins at the clip nearest to the middle: the most ordinary one.
        seeds = labelled if len(labelled) else np.zeros((0, vectors.shape[1]), np.float32)
        nearest = np.full(n, 2.0, np.float32) if len(seeds) == 0 else _distance_to_nearest(vectors, seeds)
        first = int(np.argmax(vectors @ vectors.mean(axis=0))) if len(seeds) == 0 else int(np.argmax(nearest))
        n_spread = min(n, self.n_spread)
        is_spread = np.zeros(n, bool)
        for rank in range(n_spread):
            index = first if rank == 0 else int(np.argmax(np.where(is_spread, -1.0, nearest)))
            is_spread[index] = True
            scores[index] = 2.0 - rank / n_spread
            nearest = np.minimum(nearest, 1 - vectors @ vectors[index])
        rest = ~is_spread
        scores[rest] = np.clip(nearest[rest] / 2, 0, 1)
        return scores


def _distance_to_nearest(vectors: Float32, seeds: Float32) -> Float32:
    nearest = np.full(len(vectors), 2.0, np.float32)
    for start in range(0, len(seeds), 1_024):
        nearest = np.minimum(nearest, 1 - (vectors @ seeds[start : start + 1_024].T).max(axis=1))
    return nearest
