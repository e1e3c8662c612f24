"""Query strategy ensemble: first where heads that learned the same disagree (BALD; Houlsby et al., 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known
from pipeline.plugins.query_strategies.doubt import demand, entropy


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Asks about the clips whose answer would tell the heads apart.

    A clip about which every head is undecided in the same way (two labels in one sound) is not asked first, unlike
    with margin: no answer would change that.
    """

    n_heads: int = 7
    needs_probabilities: ClassVar[bool] = True
    reason: ClassVar[str] = "where models that learned the same disagree"
    explains: ClassVar[tuple[Fact, ...]] = ("wavering", "guess")

    def __post_init__(self) -> None:
        if not 2 <= self.n_heads <= 50:
            raise PluginError("n_heads out of range", expected="2 to 50", got=self.n_heads)

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Entropy of the mean opinion less the mean entropy of the opinions, in nats: float32 (n,) in [0, ln k].

        Raises PluginError without opinions.
        """
        opinions = demand(known.opinions, strategy="ensemble", what="the opinions of several heads")
        told = entropy(opinions.mean(axis=0)) - entropy(opinions).mean(axis=0)
        return np.maximum(told, 0).astype(np.float32)
