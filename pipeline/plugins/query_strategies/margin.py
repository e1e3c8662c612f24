"""Query strategy margin: first what the model cannot decide (Scheffer et al., 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Asks about the clips whose two likeliest labels are nearly as likely."""

    needs_probabilities: ClassVar[bool] = True
    reason: ClassVar[str] = "the model wavers between two labels"

    def score(
        self, vectors: Float32, *, probabilities: Float32 | None, labelled: Float32, rng: np.random.Generator
    ) -> Float32:
        """1 - (p1 - p2), float32 (n,) in [0, 1]: 1 undecided, 0 certain. Raises PluginError without probabilities."""
        if probabilities is None:
            raise PluginError(
                "margin needs a model's probabilities", got="none", do="label two clips differently, or use diversity"
            )
        if probabilities.shape[1] < 2:
            return np.zeros(len(probabilities), dtype=np.float32)
        two = np.partition(probabilities, -2, axis=1)[:, -2:]
        return np.clip(1 - (two[:, 1] - two[:, 0]), 0, 1).astype(np.float32)
