"""Query strategy random: no clip before another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known


@dataclass(frozen=True, kw_only=True)
class Random:
    """Asks by lot, so that what is labelled stands for the whole."""

    needs_probabilities: ClassVar[bool] = False
    reason: ClassVar[str] = "drawn by lot"
    explains: ClassVar[tuple[Fact, ...]] = ("lot",)
    n_heads: ClassVar[int] = 0

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Uniform scores float32 (n,) in [0, 1)."""
        return rng.random(len(vectors), dtype=np.float32)
