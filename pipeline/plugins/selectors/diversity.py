"""Selector diversity: clips that are unlike each other, by lightly's selection (lightly_mundig)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from lightly_mundig import Selection  # pyright: ignore[reportAttributeAccessIssue]

from pipeline.core.types import Float32, Pick


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Chooses, one after the other, the clip that is least like all chosen before it.

    ``min_distance`` (cosine distance, 0 the same, 1 unrelated) ends the selection early, when all
    that is left is nearer than that to something chosen; None spends the whole budget. The seed
    decides the first pick of an empty selection and ties. Time grows with the square of the clips:
    10 % of 10,000 takes about a second, of 100,000 more than a minute.
    """

    min_distance: float | None = None

    def __post_init__(self) -> None:
        if self.min_distance is not None and not 0 < self.min_distance <= 2:
            raise ValueError(f"min_distance is above 0 and up to 2, or None, not {self.min_distance}")

    def select(self, vectors: Float32, budget: int, *, preselected: Sequence[int], seed: int) -> list[Pick]:
        """At most ``budget`` picks, the most unlike first, each with its distance to what was chosen before it."""
        chosen = sorted(set(preselected))
        n_wanted = min(budget, len(vectors) - len(chosen))
        if n_wanted <= 0:
            return []
        order = np.random.default_rng(seed).permutation(len(vectors))
        place_of = np.argsort(order)
        # Rows of unit length: the euclidean distance that mundig measures is sqrt(2 x cosine distance).
        stop = None if self.min_distance is None else math.sqrt(2 * self.min_distance)
        selection = Selection()
        selection.add_diversifying_strategy(vectors[order], 1.0, stop)
        places = selection.run_selection([int(place_of[i]) for i in chosen], len(vectors), len(chosen) + n_wanted)
        picked = [int(order[place]) for place in places[len(chosen) :]]
        return _with_reasons(vectors, chosen, picked)


def _with_reasons(vectors: Float32, chosen: list[int], picked: list[int]) -> list[Pick]:
    """The picks in order, each with its cosine distance to the nearest clip chosen before it."""
    nearest = np.full(len(picked), -np.inf, dtype=np.float32)
    if chosen:
        nearest = (vectors[picked] @ vectors[chosen].T).max(axis=1)
    picks: list[Pick] = []
    for place, index in enumerate(picked):
        if np.isinf(nearest[place]):
            reason = "where the selection starts"
        else:
            n_before = len(chosen) + place
            before = "one" if n_before == 1 else str(n_before)
            reason = f"unlike the {before} chosen before it: distance {max(0.0, 1 - nearest[place]):.2f} to the nearest"
        picks.append(Pick(index=index, reason=reason))
        nearest = np.maximum(nearest, vectors[picked] @ vectors[index])
    return picks
