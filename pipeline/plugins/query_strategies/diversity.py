"""Query strategy diversity: first what is least like anything labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known

_BLOCK_VALUES = 16_000_000
_N_CENTRES = 256


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Asks about the clips farthest from all labelled ones; needs no model, so it serves from the first answer on.

    While nothing is labelled, clips far from each other come first (farthest-first traversal;
    Gonzalez, 1985), beginning with the one nearest to the middle.
    """

    needs_probabilities: ClassVar[bool] = False
    reason: ClassVar[str] = "what is unlike anything labelled so far"
    explains: ClassVar[tuple[Fact, ...]] = ("unlike", "guess")
    n_heads: ClassVar[int] = 0

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Cosine distances to the nearest labelled clip, float32 (n,) in [0, 2]; all in [0, 3] if none is labelled."""
        if len(vectors) == 0:
            return np.zeros(0, dtype=np.float32)
        labelled = known.labelled
        if len(labelled) == 0:
            return _farthest_first(vectors)
        n_block = max(1, _BLOCK_VALUES // len(labelled))
        blocks = [
            (vectors[start : start + n_block] @ labelled.T).max(axis=1) for start in range(0, len(vectors), n_block)
        ]
        return np.clip(1 - np.concatenate(blocks), 0, 2).astype(np.float32)


def _farthest_first(vectors: Float32) -> Float32:
    """Scores above 2 for the first centres of the traversal, in their order; else the distance to the nearest."""
    middle = vectors.mean(axis=0)
    nearest = np.clip(1 - vectors @ vectors[int(np.argmax(vectors @ middle))], 0, 2)
    centres = [int(np.argmax(vectors @ middle))]
    while len(centres) < min(_N_CENTRES, len(vectors)) and nearest.max() > 0:
        centres.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.clip(1 - vectors @ vectors[centres[-1]], 0, 2))
    scores = nearest.astype(np.float32)
    scores[centres] = np.linspace(3, 2, len(centres), endpoint=False, dtype=np.float32)
    return scores
