"""Which clips may be wrongly labelled: those for which the others say another label rather than the given one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

Indices = NDArray[np.int64]

_N_NEAREST = 10
_BLOCK_VALUES_N = 8_000_000


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """One clip whose label is in doubt, by its index in what was given, with what to hear beside it.

    ``score`` in [-1, 1] is the chance of the suggested label less that of the given one: above 0 the other clips say
    another label. ``nearest_given`` and ``nearest_suggested`` are the nearest clips of the two labels, clips
    that are no suspects themselves if there are any; None if no other clip has that label. Of the ``n_near`` nearest
    clips so many have the given and the suggested label. ``reason`` says it in words.
    """

    index: int
    score: float
    given: str
    suggested: str
    given_probability: float
    suggested_probability: float
    nearest_given: int | None
    nearest_suggested: int | None
    n_near: int
    n_near_given: int
    n_near_suggested: int

    @property
    def reason(self) -> str:
        """The evidence as one sentence."""
        return (
            f"labelled {self.given}, sounds like {self.suggested}: {100 * self.suggested_probability:.0f} % against "
            f"{100 * self.given_probability:.0f} %; of the {self.n_near} nearest clips {self.n_near_suggested} are "
            f"{self.suggested}, {self.n_near_given} {self.given}"
        )


def margins(probabilities: Float32, given: Indices) -> tuple[Float32, Indices]:
    """Of each clip the score float32 (n,) and the likeliest label but the given one, int64 (n,).

    ``probabilities`` float32 (n, k), k at least 2, learned without the clip itself; ``given`` int64 (n,) its column.
    Turned around and halved the score is the normalised margin of Northcutt, Jiang, Chuang (2021): the same order.
    """
    rows = np.arange(len(given))
    others = probabilities.copy()
    others[rows, given] = -np.inf
    suggested = others.argmax(axis=1).astype(np.int64)
    return probabilities[rows, suggested] - probabilities[rows, given], suggested


def rank_suspects(
    probabilities: Float32,
    given: Indices,
    labels: Sequence[str],
    vectors: Float32,
    *,
    n_most: int,
    groups: Sequence[str] | None = None,
    may_ask: NDArray[np.bool_] | None = None,
    min_score: float = 0.0,
) -> list[Suspect]:
    """At most ``n_most`` suspects with a score above ``min_score``, the most suspicious first.

    ``probabilities`` float32 (n, k), columns as ``labels``; ``given`` int64 (n,); ``vectors`` float32 (n, d), rows of
    unit length. A clip with False in ``may_ask`` bool (n,) is none, but speaks for others. Clips with the same
    entry of ``groups`` are not heard beside each other while there are others. Memory: a block of suspects x n.
    """
    if len(labels) < 2 or not len(given):
        return []
    scores, suggested = margins(probabilities, given)
    is_asked = scores > min_score
    if may_ask is not None:
        is_asked &= may_ask
    rows = np.flatnonzero(is_asked)
    chosen = rows[np.argsort(-scores[rows], kind="stable")][:n_most]
    group_of = np.arange(len(given)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    is_trusted = scores <= 0
    size = max(1, _BLOCK_VALUES_N // len(given))
    suspects: list[Suspect] = []
    for at in range(0, len(chosen), size):
        part = chosen[at : at + size]
        for index, cosines in zip(part.tolist(), vectors[part] @ vectors.T, strict=True):
            is_other = group_of != group_of[index]
            here, there = int(given[index]), int(suggested[index])
            near = _nearest(cosines, is_other, _N_NEAREST)
            suspects.append(
                Suspect(
                    index=index,
                    score=float(scores[index]),
                    given=labels[here],
                    suggested=labels[there],
                    given_probability=float(probabilities[index, here]),
                    suggested_probability=float(probabilities[index, there]),
                    nearest_given=_example(cosines, given == here, is_other, is_trusted, but=index),
                    nearest_suggested=_example(cosines, given == there, is_other, is_trusted, but=index),
                    n_near=len(near),
                    n_near_given=int((given[near] == here).sum()),
                    n_near_suggested=int((given[near] == there).sum()),
                )
            )
    return suspects


def _nearest(cosines: Float32, is_candidate: NDArray[np.bool_], n: int) -> Indices:
    """The rows of the ``n`` nearest candidates."""
    rows = np.flatnonzero(is_candidate)
    if len(rows) > n:
        rows = rows[np.argpartition(-cosines[rows], n - 1)[:n]]
    return rows[np.argsort(-cosines[rows], kind="stable")]


def _example(
    cosines: Float32,
    has_label: NDArray[np.bool_],
    is_other: NDArray[np.bool_],
    is_trusted: NDArray[np.bool_],
    *,
    but: int,
) -> int | None:
    """The nearest clip of a label: of another group and no suspect if there is one, else any."""
    is_there = has_label.copy()
    is_there[but] = False
    for wanted in (is_there & is_other & is_trusted, is_there & is_other, is_there):
        if len(found := _nearest(cosines, wanted, 1)):
            return int(found[0])
    return None
