"""What the model of the queue says of clips that it has not learned: now, and after each part of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32
from pipeline.training.folds import stratified_folds
from pipeline.training.linear_head import LinearHead, fit_linear_head

Indices = NDArray[np.int64]

_N_FOLDS, _N_FOLDS_OF_CURVE = 10, 4
_TAUGHT_N, _TAUGHT_N_OF_CURVE = 3_000, 1_500
"""So many clips teach at most: more would cost much and change little."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The likeliest label of each clip, int64 (n,) into ``labels``, and its chance, float32 (n,)."""

    labels: tuple[str, ...]
    guesses: Indices
    scores: Float32

    def words(self) -> list[str]:
        """The labels guessed."""
        return [self.labels[guess] for guess in self.guesses.tolist()]


def judge(vectors: Float32, taught: Sequence[int], labels: Sequence[str], *, seed: int) -> Judged | None:
    """Every clip of ``vectors`` float32 (n, d) judged by a linear head that has not learned it; None with one label.

    ``taught``: the rows that have a label, ``labels`` theirs. Those are judged out of fold, the others by the head of
    all. Of more than _TAUGHT_N a part teaches, drawn by ``seed``.
    """
    rows, words = _at_most(taught, labels, _TAUGHT_N, seed)
    head = fit_linear_head(vectors[rows], words, seed=seed)
    if head is None:
        return None
    chances = head.probabilities(vectors)
    names = {name: place for place, name in enumerate(head.labels)}
    for fold in _folds(words, _N_FOLDS, seed):
        part = _without(vectors, rows, words, fold, seed)
        chances[rows[fold]] = 0
        if part is not None:
            columns: Indices = np.array([names[name] for name in part.labels], dtype=np.int64)
            chances[rows[fold][:, np.newaxis], columns] = part.probabilities(vectors[rows[fold]])
    guesses = chances.argmax(axis=1).astype(np.int64)
    return Judged(labels=head.labels, guesses=guesses, scores=chances[np.arange(len(chances)), guesses])


def right_by_size(
    vectors: Float32,
    taught: Sequence[int],
    labels: Sequence[str],
    *,
    drawn: Sequence[int],
    truths: Sequence[str | None],
    sizes: Sequence[int],
    seed: int,
) -> NDArray[np.bool_]:
    """About which of the rows ``drawn`` a head is right that the first so many of ``taught`` taught, without that row.

    bool (len(sizes), len(drawn)); ``truths`` are the labels of the rows drawn, None for one that no label fits. Of more
    than _TAUGHT_N_OF_CURVE a part teaches.
    """
    is_right = np.zeros((len(sizes), len(drawn)), dtype=np.bool_)
    asked: Indices = np.array(drawn, dtype=np.int64)
    parts = np.random.default_rng(seed).permutation(len(asked)) % _N_FOLDS_OF_CURVE
    for at, size in enumerate(sizes):
        rows, words = _at_most(taught[:size], labels[:size], _TAUGHT_N_OF_CURVE, seed)
        for part in range(_N_FOLDS_OF_CURVE):
            held = np.flatnonzero(parts == part)
            head = _without(vectors, rows, words, np.isin(rows, asked[held]), seed)
            if head is None or not len(held):
                continue
            guesses = head.probabilities(vectors[asked[held]]).argmax(axis=1)
            is_right[at, held] = [
                head.labels[guess] == truths[i] for guess, i in zip(guesses.tolist(), held.tolist(), strict=True)
            ]
    return is_right


def _at_most(taught: Sequence[int], labels: Sequence[str], n: int, seed: int) -> tuple[Indices, list[str]]:
    rows: Indices = np.array(taught, dtype=np.int64)
    if len(rows) <= n:
        return rows, list(labels)
    kept: list[int] = np.sort(np.random.default_rng(seed).choice(len(rows), n, replace=False)).tolist()
    return rows[kept], [labels[i] for i in kept]


def _folds(words: Sequence[str], n_folds: int, seed: int) -> list[NDArray[np.bool_]]:
    """Which clips each fold holds out: labels spread evenly."""
    given = np.unique(np.array(words, dtype=np.str_), return_inverse=True)[1].astype(np.int64).reshape(len(words))
    folds = stratified_folds(given, np.arange(len(words)), n_folds=n_folds, seed=seed)
    return [folds == fold for fold in range(int(folds.max(initial=-1)) + 1)]


def _without(
    vectors: Float32, rows: Indices, words: Sequence[str], is_out: NDArray[np.bool_], seed: int
) -> LinearHead | None:
    """The head of all rows but these."""
    kept = np.flatnonzero(~is_out)
    return fit_linear_head(vectors[rows[kept]], [words[i] for i in kept.tolist()], seed=seed) if len(kept) else None
