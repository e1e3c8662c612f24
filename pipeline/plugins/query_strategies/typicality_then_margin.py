"""Query strategy typicality_then_margin: at first what stands for many, then where the model wavers, no two alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known
from pipeline.plugins.query_strategies.doubt import closeness
from pipeline.plugins.query_strategies.typical import typical_first

_N_POOL, _N_APART = 2_000, 100


@dataclass(frozen=True, kw_only=True)
class TypicalityThenMargin:
    """Asks about the most typical clip of each of ``n_start`` heaps until so many clips have a label.

    While little is labelled a model wavers about nearly all and its doubt says little; what stands for many teaches
    it most. Then the margin leads, and of clips that are alike only one is among the next asked.
    """

    n_start: int = 40
    needs_probabilities: ClassVar[bool] = False
    reason: ClassVar[str] = "what stands for many, then where the model wavers"
    explains: ClassVar[tuple[Fact, ...]] = ("wavering", "unlike", "guess")
    n_heads: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if not 2 <= self.n_start <= 1_000:
            raise PluginError("n_start out of range", expected="2 to 1000", got=self.n_start)

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Scores float32 (n,) in [0, 2]: above 1 what is asked next, in its order."""
        if known.probabilities is None or len(known.labelled) < self.n_start:
            return typical_first(vectors, known.labelled, n_heaps=self.n_start, rng=rng)
        return _apart(vectors, closeness(known.probabilities))


def _apart(vectors: Float32, doubt: Float32) -> Float32:
    """The doubts, float32 (n,), but above 1 for the first picked greedily by doubt times distance to those picked.

    Distances count by the median distance of the pool, so that encoders whose vectors all lie near each other serve
    as well; what is that far from all picked is as good as anything.
    """
    scores = doubt.copy()
    pool = np.argsort(-doubt, kind="stable")[:_N_POOL]
    if len(pool) < 3:
        return scores
    theirs = vectors[pool]
    some = theirs[:: max(1, len(theirs) // 200)]
    usual = float(np.median(1 - (some @ some.T)[np.triu_indices(len(some), 1)]))
    novelty = np.ones(len(pool), dtype=np.float32)
    is_left = np.ones(len(pool), dtype=bool)
    n_apart = min(_N_APART, len(pool))
    for turn in range(n_apart):
        best = int(np.where(is_left, doubt[pool] * novelty, -1).argmax())
        is_left[best] = False
        scores[pool[best]] = 2 - turn / n_apart
        if usual > 0:
            novelty = np.minimum(novelty, np.clip((1 - theirs @ theirs[best]) / usual, 0, 1))
    return scores
