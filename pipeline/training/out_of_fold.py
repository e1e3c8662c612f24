"""What the other clips say of each clip's label: the chance of each label, learned without the clip itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.core.types import Float32
from pipeline.training.folds import groups_to_hold_out, stratified_folds
from pipeline.training.logistic_votes import logistic_votes
from pipeline.training.neighbour_votes import neighbour_votes
from pipeline.training.ridge_votes import LEAST_CHANCE, ridge_votes

_N_FOLDS = 10
_FEW_CLIPS_N = 1_000
"""Up to so many clips a second linear model has a say: one alone errs by chance, and the second costs little."""


@dataclass(frozen=True, kw_only=True)
class OutOfFold:
    """The chance of each label, float32 (n, k), rows summing to 1, columns as in ``labels`` (sorted).

    ``given`` int64 (n,): the column of the label that each clip has. ``is_judged`` bool (n,): False where no other clip
    has that label, so that nothing can speak for it. ``neighbour_share``: how much of the chances is the neighbours'
    word, the rest is the linear models'.
    """

    labels: tuple[str, ...]
    given: NDArray[np.int64]
    probabilities: Float32
    is_judged: NDArray[np.bool_]
    neighbour_share: float


def out_of_fold(
    vectors: Float32, labels: Sequence[str], *, groups: Sequence[str] | None = None, seed: int
) -> OutOfFold | None:
    """Each clip judged by the others: linear models and the neighbours, mixed; None with fewer than two labels.

    ``vectors`` float32 (n, d), rows of unit length. Clips with the same entry of ``groups`` never speak for each
    other. The two are mixed as the given labels are likeliest. The same clips and seed, the same chances.
    """
    distinct, given = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    given = given.astype(np.int64).reshape(len(labels))
    if len(distinct) < 2:
        return None
    n_labels = len(distinct)
    held_out = groups_to_hold_out(given, groups)
    folds = stratified_folds(given, held_out, n_folds=_N_FOLDS, seed=seed)
    # Matrices this small are many times slower on several BLAS threads than on one.
    with threadpool_limits(1, user_api="blas"):
        linear = ridge_votes(vectors, given, folds, n_labels=n_labels)
        if len(given) <= _FEW_CLIPS_N:
            logistic = logistic_votes(vectors, given, folds, n_labels=n_labels)
            linear = ((linear + logistic) / 2).astype(np.float32)
        near = neighbour_votes(vectors, given, held_out, n_labels=n_labels)
    is_judged = np.bincount(given, minlength=n_labels)[given] > 1
    rows = np.flatnonzero(is_judged)
    share = _best_share(linear[rows, given[rows]], near[rows, given[rows]])
    return OutOfFold(
        labels=tuple(distinct.tolist()),
        given=given,
        probabilities=((1 - share) * linear + share * near).astype(np.float32),
        is_judged=is_judged,
        neighbour_share=share,
    )


def _best_share(linear: Float32, near: Float32) -> float:
    """The neighbours' share, in tenths, by which the chances (m,) of the given labels are likeliest."""
    shares = [tenth / 10 for tenth in range(11)]
    return max(shares, key=lambda t: float(np.log(np.maximum((1 - t) * linear + t * near, LEAST_CHANCE)).sum()))
