"""Diversity: the clips that cover the sound best, chosen by lightly-mundig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from lightly_mundig import Selection

from pipeline.core.types import Float32, Pick


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Each pick is far from all before it; with ``min_distance`` the choice ends when none is farther than that."""

    strength: float = 1.0
    min_distance: float | None = None

    def __post_init__(self) -> None:
        if self.strength <= 0:
            raise ValueError(f"strength: expected more than 0, got {self.strength}")
        if self.min_distance is not None and self.min_distance < 0:
            raise ValueError(f"min_distance: expected 0 or more, got {self.min_distance}")

    def select(self, vectors: Float32, budget: int, *, preselected: Sequence[int], seed: int) -> list[Pick]:
        """At most ``budget`` picks, best first; the method draws nothing, so that the seed changes nothing."""
        taken = sorted(set(preselected))
        n_wanted = min(max(budget, 0), len(vectors) - len(taken))
        if n_wanted <= 0:
            return []
        selection = Selection()
        selection.add_diversifying_strategy(
            vectors.tolist(), self.strength, stopping_condition_minimum_distance=self.min_distance
        )
        chosen = selection.run_selection(taken, len(vectors), len(taken) + n_wanted)
        fresh = [int(index) for index in chosen if index not in set(taken)][:n_wanted]
        return _with_reasons(vectors, taken, fresh)


def _with_reasons(vectors: Float32, taken: Sequence[int], fresh: Sequence[int]) -> list[Pick]:
    picks: list[Pick] = []
    nearest = np.full(len(vectors), np.inf, np.float32)
    for index in taken:
        nearest = np.minimum(nearest, 1 - vectors @ vectors[index])
    for index in fresh:
        distance = float(nearest[index])
        reason = "the first one" if np.isinf(distance) else f"{max(distance, 0):.2f} from the nearest one chosen before"
        picks.append(Pick(index=index, reason=reason))
        nearest = np.minimum(nearest, 1 - vectors @ vectors[index])
    return picks
