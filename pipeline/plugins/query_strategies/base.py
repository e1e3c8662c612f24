"""What a query strategy is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import numpy as np

from pipeline.core.types import Float32

Fact = Literal["lot", "wavering", "unlike", "guess"]
"""What a question can be explained by: drawn by lot, the model wavers, unlike anything labelled, the model's guess."""


def _nothing() -> Float32:
    return np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before n clips are asked about.

    ``probabilities`` float32 (n, k), rows summing to 1, columns as in ``labels``; None while no model can be fitted.
    ``opinions`` float32 (h, n, k): the same from each head of an ensemble, where the strategy wants one.
    ``labelled`` float32 (m, d), rows of unit length, are clips that have a label: ``answers`` of them, maybe none.
    """

    labels: tuple[str, ...] = ()
    probabilities: Float32 | None = None
    opinions: Float32 | None = None
    labelled: Float32 = field(default_factory=_nothing)
    answers: tuple[str, ...] = ()


class QueryStrategy(Protocol):
    """Says which clips to ask a person about first."""

    needs_probabilities: ClassVar[bool]
    """Whether ``score`` needs a model's opinion; without labels there is none."""
    reason: ClassVar[str]
    """What it asks about first, in words for a person."""
    explains: ClassVar[tuple[Fact, ...]]
    """Why a clip is asked: the first of these that is true of it."""

    @property
    def n_heads(self) -> int:
        """How many heads of an ensemble it wants to hear; 0 for none."""
        ...

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Scores float32 (n,), finite, high = ask first, for n clips without an answer.

        ``vectors`` float32 (n, d), rows of unit length. Raises PluginError for what it needs and is not known.
        """
        ...
