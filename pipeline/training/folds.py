"""Folds for judging clips by what was learned without them: labels spread evenly, groups kept whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def groups_to_hold_out(given: Indices, keys: Sequence[str] | None) -> Indices:
    """The group int64 (n,) of each clip: those with one key are together, each clip is alone without ``keys``.

    ``given`` int64 (n,): the label's number. A label whose clips all share one key is taken apart clip by clip, since
    nothing would be left to know it by.
    """
    n = len(given)
    if keys is None:
        return np.arange(n)
    groups = np.unique(np.asarray(keys, dtype=np.str_), return_inverse=True)[1].astype(np.int64).reshape(n)
    order = np.lexsort((groups, given))
    is_new = np.ones(n, dtype=bool)
    is_new[1:] = (np.diff(given[order]) != 0) | (np.diff(groups[order]) != 0)
    n_groups_of_label = np.bincount(given[order][is_new], minlength=int(given.max(initial=-1)) + 1)
    is_lone = n_groups_of_label[given] < 2
    groups[is_lone] = n + np.flatnonzero(is_lone)
    return np.unique(groups, return_inverse=True)[1].astype(np.int64).reshape(n)


def stratified_folds(given: Indices, groups: Indices, *, n_folds: int, seed: int) -> Indices:
    """The fold int64 (n,) of each clip, at most ``n_folds`` of them; a group is in one fold.

    Groups go, largest first and equals in an order drawn by ``seed``, to the fold that lacks their labels most.
    """
    n_groups = int(groups.max(initial=-1)) + 1
    n_folds = max(1, min(n_folds, n_groups))
    n_labels = int(given.max(initial=-1)) + 1
    shares = 1 / np.maximum(np.bincount(given, minlength=n_labels), 1)
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups, minlength=n_groups))[:-1])
    order = np.random.default_rng(seed).permutation(n_groups)
    order = order[np.argsort([-len(members[group]) for group in order], kind="stable")]
    held = np.zeros((n_folds, n_labels))
    sizes = np.zeros(n_folds)
    folds = np.zeros(len(given), dtype=np.int64)
    for group in order:
        rows = members[group]
        labels, counts = np.unique(given[rows], return_counts=True)
        weights = counts * shares[labels]
        crowding = held[:, labels] @ weights
        # Of folds that hold as much of these labels, the smallest.
        fold = int(np.lexsort((sizes, np.round(crowding, 12)))[0])
        held[fold, labels] += weights
        sizes[fold] += len(rows)
        folds[rows] = fold
    return folds
