"""Selector random: the yardstick that every other selector must beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Float32, Pick


@dataclass(frozen=True, kw_only=True)
class Random:
    """Chooses by lot, every clip with the same chance."""

    def select(self, vectors: Float32, budget: int, *, preselected: Sequence[int], seed: int) -> list[Pick]:
        """At most ``budget`` picks in the order of the lot, none of ``preselected``."""
        free = np.setdiff1d(np.arange(len(vectors)), np.array(preselected, dtype=np.int64))
        drawn = np.random.default_rng(seed).permutation(free)[: max(0, budget)]
        return [Pick(index=index, reason=f"drawn by lot, seed {seed}") for index in drawn.tolist()]
