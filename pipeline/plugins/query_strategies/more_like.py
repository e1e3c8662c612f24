"""Query strategy more_like: first what sounds like one label, to collect more of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32
from pipeline.plugins.query_strategies.base import Fact, Known

_N_NEAREST = 3
_BLOCK_VALUES = 16_000_000


@dataclass(frozen=True, kw_only=True)
class MoreLike:
    """Asks about the clips that are probably ``label``: by the model if it knows the label, else by the nearest.

    Without a name it takes the label that the fewest clips have, so that the rarest grows. Where no clip has the
    label yet, those unlike anything labelled come first.
    """

    label: str | None = None
    needs_probabilities: ClassVar[bool] = False
    reason: ClassVar[str] = "what sounds like one label"
    explains: ClassVar[tuple[Fact, ...]] = ("guess",)
    n_heads: ClassVar[int] = 0

    def __post_init__(self) -> None:
        given = cast(object, self.label)
        if given is None:
            return
        if not isinstance(given, str | int) or isinstance(given, bool):
            raise PluginError("label must be a word", got=repr(given))
        # On the command line the label 7 looks like a number.
        object.__setattr__(self, "label", str(given))

    def score(self, vectors: Float32, known: Known, *, rng: np.random.Generator) -> Float32:
        """Probability of the label plus the cosine to its nearest clips, float32 (n,) in [-1, 2]."""
        label = _rarest(known.answers) if self.label is None else self.label
        is_like = np.array([answer == label for answer in known.answers], dtype=bool)
        if len(vectors) == 0 or len(known.labelled) == 0:
            return np.zeros(len(vectors), dtype=np.float32)
        if not is_like.any():
            return (1 - _nearness(vectors, known.labelled, n_nearest=1)).astype(np.float32)
        near = _nearness(vectors, known.labelled[is_like], n_nearest=_N_NEAREST)
        if known.probabilities is None or label not in known.labels:
            return near
        return (known.probabilities[:, known.labels.index(label)] + near).astype(np.float32)


def _rarest(answers: tuple[str, ...]) -> str:
    return min(sorted(set(answers)), key=answers.count, default="")


def _nearness(vectors: Float32, examples: Float32, *, n_nearest: int) -> Float32:
    """The mean cosine to the nearest examples, float32 (n,)."""
    n = min(n_nearest, len(examples))
    n_block = max(1, _BLOCK_VALUES // len(examples))
    blocks = [
        np.partition(vectors[at : at + n_block] @ examples.T, -n, axis=1)[:, -n:].mean(axis=1)
        for at in range(0, len(vectors), n_block)
    ]
    return np.clip(np.concatenate(blocks), -1, 1).astype(np.float32)
