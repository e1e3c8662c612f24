"""Query strategy entropy: first what the model knows least about, over all labels (Shannon, 1948)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Float32
from pipeline.plugins.query_strategies import doubt
from pipeline.plugins.query_strategies.base import Fact, Known


@dataclass(frozen=True, kw_only=True)
class Entropy:
    """Asks about the clips over whose labels the model's belief is spread most evenly."""

    needs_probabilities: ClassVar[bool] = True
    reason: ClassVar[str] = "where the model's belief is spread over many labels"
    explains: ClassVar[tuple[Fact, ...]] = ("wavering", "guess")
    n_heads: ClassVar[int] = 0

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Entropy in nats, float32 (n,) in [0, ln k]. Raises PluginError without probabilities."""
        return doubt.entropy(doubt.demand(known.probabilities, strategy="entropy", what="a model's probabilities"))
