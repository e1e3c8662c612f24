"""Random: an even draw, the honest baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Float32, Pick


@dataclass(frozen=True, kw_only=True)
class Random:
    """Clips drawn evenly, none twice."""

    def select(self, vectors: Float32, budget: int, *, preselected: Sequence[int], seed: int) -> list[Pick]:
        """At most ``budget`` of the n clips, in the order drawn."""
        free = np.setdiff1d(np.arange(len(vectors)), np.asarray(preselected, np.int64))
        drawn = np.random.default_rng(seed).permutation(free)[: max(budget, 0)]
        return [Pick(index=int(index), reason="drawn at random") for index in drawn]
