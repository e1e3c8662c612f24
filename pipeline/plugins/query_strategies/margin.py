"""Margin: ask where the model hesitates between two labels.

Scheffer, Decomain, Wrobel: Active Hidden Markov Models for Information Extraction (2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32


@dataclass(frozen=True, kw_only=True)
class Margin:
    """One minus the distance between the two likeliest labels."""

    needs_probabilities: ClassVar[bool] = True
    reason: ClassVar[str] = "the model hesitates between two labels"

    def score(
        self,
        vectors: Float32,
        *,
        probabilities: Float32 | None,
        labelled: Float32,
        rng: np.random.Generator,
    ) -> Float32:
        """Scores float32 (n,) in [0, 1]. Raises PluginError without probabilities of two labels or more."""
        if probabilities is None or probabilities.shape[1] < 2:
            raise PluginError("margin needs probabilities of two labels or more", do="use diversity until there are")
        best = np.partition(probabilities, -2, axis=1)[:, -2:]
        return (1 - (best[:, 1] - best[:, 0])).astype(np.float32)
