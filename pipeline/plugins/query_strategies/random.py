"""Random: every clip as likely as any other, the honest baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Float32


@dataclass(frozen=True, kw_only=True)
class Random:
    """Scores drawn evenly."""

    needs_probabilities: ClassVar[bool] = False
    reason: ClassVar[str] = "drawn at random"

    def score(
        self,
        vectors: Float32,
        *,
        probabilities: Float32 | None,
        labelled: Float32,
        rng: np.random.Generator,
    ) -> Float32:
        """Scores float32 (n,) in [0, 1)."""
        return rng.random(len(vectors), dtype=np.float32)
