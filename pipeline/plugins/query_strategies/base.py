"""What a query strategy is."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np

from pipeline.core.types import Float32


class QueryStrategy(Protocol):
    """Says which clips to ask a person about first."""

    needs_probabilities: ClassVar[bool]
    """Whether ``score`` needs a model's opinion; without labels there is none."""
    reason: ClassVar[str]
    """Why a clip is asked, in words for the person who is asked."""

    def score(
        self,
        vectors: Float32,
        *,
        probabilities: Float32 | None,
        labelled: Float32,
        rng: np.random.Generator,
    ) -> Float32:
        """Scores float32 (n,), finite, high = ask first, for the n clips without an answer.

        ``vectors`` float32 (n, d) and ``labelled`` float32 (m, d), m maybe 0, rows of unit length;
        ``probabilities`` float32 (n, k), rows summing to 1, or None when no model can be fitted yet.
        """
        ...
