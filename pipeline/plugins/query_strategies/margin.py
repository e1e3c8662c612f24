"""Query strategy margin: first what the model cannot decide (Scheffer et al., 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known
from pipeline.plugins.query_strategies.doubt import closeness, demand


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Asks about the clips whose two likeliest labels are nearly as likely."""

    needs_probabilities: ClassVar[bool] = True
    reason: ClassVar[str] = "where the model wavers between two labels"
    explains: ClassVar[tuple[Fact, ...]] = ("wavering", "guess")
    n_heads: ClassVar[int] = 0

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """1 - (p1 - p2), float32 (n,) in [0, 1]: 1 undecided, 0 certain. Raises PluginError without probabilities."""
        return closeness(demand(known.probabilities, strategy="margin", what="a model's probabilities"))
