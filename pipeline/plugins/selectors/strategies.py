"""Selector strategies: what a list of strategies asks for together, by lightly's selection (lightly_mundig)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lightly_mundig import Selection  # pyright: ignore[reportAttributeAccessIssue]
from numpy.typing import NDArray

from pipeline.core.types import Float32, Pick
from pipeline.plugins.selectors.base import Column
from pipeline.plugins.selectors.strategies_terms import Terms, reasons, terms_of
from pipeline.plugins.selectors.two_stage import partition, quotas

NAMES = ("DIVERSITY", "TYPICALITY", "SIMILARITY", "WEIGHTS", "THRESHOLD", "BALANCE")
_NO_EXAMPLES: tuple[Float32, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Strategies:
    """Chooses clips, one after the other, that do best by all strategies together, each with its strength.

    ``strategies`` are JSON objects: ``strategy`` (DIVERSITY, TYPICALITY, SIMILARITY, WEIGHTS, THRESHOLD, BALANCE),
    ``input`` (embeddings, or a column) and their parameters, as config/selection.yaml explains them. Time grows
    with clips times picks: above ``one_stage_up_to_pairs`` of them (about 7 s at d 128) the pool is parted
    (``clips_per_part`` that lie together), each part gives ``surplus`` times its share, and the picks are chosen from
    what the parts gave.
    """

    strategies: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [{"strategy": "DIVERSITY"}], hash=False)
    one_stage_up_to_pairs: int = 100_000_000
    clips_per_part: int = 2_500
    surplus: float = 2.0

    def __post_init__(self) -> None:
        for one in self.strategies:
            if one.get("strategy") not in NAMES:
                raise ValueError(f"a strategy is one of {', '.join(NAMES)}, not {one.get('strategy')}")
            if one["strategy"] in ("WEIGHTS", "THRESHOLD", "BALANCE") and not one.get("input"):
                raise ValueError(f"{one['strategy']} needs a column as its input")
        if self.one_stage_up_to_pairs < 0:
            raise ValueError(f"one_stage_up_to_pairs is 0 or more, not {self.one_stage_up_to_pairs}")
        if not 2 <= self.clips_per_part <= 1_000_000:
            raise ValueError(f"clips_per_part is 2 to 1000000, not {self.clips_per_part}")
        if not 1 <= self.surplus <= 100:
            raise ValueError(f"surplus is 1 to 100, not {self.surplus}")

    def select(
        self,
        vectors: Float32,
        budget: int,
        *,
        preselected: Sequence[int],
        seed: int,
        columns: Mapping[str, Column] | None = None,
        examples: Sequence[Float32] = _NO_EXAMPLES,
    ) -> list[Pick]:
        """At most ``budget`` picks that the thresholds let through, best first, each with its reason.

        Fewer when a minimum distance leaves no more. Raises PluginError for a column that is missing or unfit.
        """
        chosen = sorted(set(preselected))
        n_free = len(vectors) - len(chosen)
        if min(budget, n_free) <= 0:
            return []
        is_large = len(vectors) * (len(chosen) + budget) > self.one_stage_up_to_pairs
        parts = [np.arange(len(vectors))]
        if is_large:
            parts = partition(vectors, clips_per_part=self.clips_per_part, seed=seed)
        terms = terms_of(self.strategies, vectors, parts=parts, columns=columns or {}, examples=examples)
        is_free = terms.is_allowed.copy()
        is_free[chosen] = False
        if is_large:
            is_free = self._survivors(vectors, terms, parts, is_free, chosen, budget, seed)
        picked = _choose(vectors, terms, np.flatnonzero(is_free), chosen, budget, seed)
        why = reasons(terms, vectors, chosen, picked)
        return [Pick(index=row, reason=reason) for row, reason in zip(picked, why, strict=True)]

    def _survivors(
        self,
        vectors: Float32,
        terms: Terms,
        parts: Sequence[NDArray[np.int64]],
        is_free: NDArray[np.bool_],
        chosen: Sequence[int],
        budget: int,
        seed: int,
    ) -> NDArray[np.bool_]:
        """Which clips the first stage lets through: bool (n,)."""
        free = [rows[is_free[rows]] for rows in parts]
        goes_on = np.zeros(len(vectors), dtype=bool)
        for rows, part, n in zip(
            free, parts, quotas([len(rows) for rows in free], budget, surplus=self.surplus), strict=True
        ):
            here = np.intersect1d(part, np.asarray(chosen, dtype=np.int64)).tolist()
            goes_on[_choose(vectors, terms, rows, here, n, seed)] = True
        return goes_on


def _choose(
    vectors: Float32, terms: Terms, free: NDArray[np.int64], chosen: Sequence[int], budget: int, seed: int
) -> list[int]:
    """At most ``budget`` of the rows ``free``, best first, no two nearer than the minimum distance."""
    if terms.min_distance is None or not (terms.weights or terms.shares):
        return _run(vectors, terms, free, chosen, budget, seed)
    # mundig ends at the first clip that is too near; here another strategy may have brought it forward while clips
    # far enough are left. So: run without, pass over what is too near, leave out all that is, and go on.
    most_alike = 1 - terms.min_distance
    free = _far_enough(vectors, free, chosen, most_alike)
    picked: list[int] = []
    while len(free) and len(picked) < budget:
        batch = _run(vectors, terms, free, [*chosen, *picked], budget - len(picked), seed)
        new: list[int] = []
        taken = np.empty((len(batch), vectors.shape[1]), dtype=np.float32)
        for row in batch:
            if not new or float((taken[: len(new)] @ vectors[row]).max()) <= most_alike:
                taken[len(new)] = vectors[row]
                new.append(row)
        picked += new
        free = _far_enough(vectors, np.setdiff1d(free, new), new, most_alike)
    return picked


def _run(
    vectors: Float32, terms: Terms, free: NDArray[np.int64], chosen: Sequence[int], budget: int, seed: int
) -> list[int]:
    """One run of mundig over ``free`` and what is ``chosen``; the seed decides the first pick and ties."""
    n_wanted = min(budget, len(free))
    if n_wanted <= 0:
        return []
    rows = np.random.default_rng(seed).permutation(np.concatenate((free, np.asarray(chosen, dtype=np.int64))))
    place_of = {row: place for place, row in enumerate(rows.tolist())}
    selection = Selection()
    # Rows of unit length: the euclidean distance that mundig measures is sqrt(2 x cosine distance).
    stop = None if terms.min_distance is None else math.sqrt(2 * terms.min_distance)
    is_alone = not (terms.weights or terms.shares)
    for strength in terms.diversities:
        selection.add_diversifying_strategy(vectors[rows], strength, stop if is_alone else None)
    for weight in terms.weights:
        selection.add_weighting_strategy(weight.values[rows], weight.strength)
    for shares in terms.shares:
        selection.add_balancing_strategy(shares.of_clip[rows], shares.target.tolist(), shares.strength)
    places = selection.run_selection([place_of[row] for row in chosen], len(rows), len(chosen) + n_wanted)
    return rows[places[len(chosen) :]].tolist()


def _far_enough(
    vectors: Float32, free: NDArray[np.int64], chosen: Sequence[int], most_alike: float
) -> NDArray[np.int64]:
    """Those of ``free`` that are near none of ``chosen``."""
    for first in range(0, len(chosen), 512):
        free = free[(vectors[free] @ vectors[list(chosen[first : first + 512])].T).max(axis=1) <= most_alike]
    return free
