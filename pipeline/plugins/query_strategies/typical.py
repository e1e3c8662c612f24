"""Which clips stand for many others: the most typical of each heap, heaps without an answer first.

After TypiClust (Hacohen, Dekel, Weinshall: Active learning on a budget, ICML 2022).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

_N_FITTED = 10_000
_N_ROUNDS = 12
_N_COMPARED = 1_000
_N_NEIGHBOURS = 20


def typical_first(vectors: Float32, labelled: Float32, *, n_heaps: int, rng: np.random.Generator) -> Float32:
    """Scores float32 (n,) in [0, 2]: above 1 each heap's most typical clip, the heaps in turn; else its typicality.

    ``vectors`` float32 (n, d) and ``labelled`` float32 (m, d), rows of unit length, are heaped together. Heaps with
    the fewest labelled clips come first, of those the largest.
    """
    n = len(vectors)
    if n == 0:
        return np.zeros(0, dtype=np.float32)
    centres = _centres(vectors, labelled, n_heaps=n_heaps, rng=rng)
    heap_of = _nearest(vectors, centres)
    n_labelled = (
        np.bincount(_nearest(labelled, centres), minlength=len(centres))
        if len(labelled)
        else np.zeros(len(centres), dtype=np.int64)
    )
    sizes = np.bincount(heap_of, minlength=len(centres))
    scores = np.zeros(n, dtype=np.float32)
    turns = [heap for heap in np.lexsort((-sizes, n_labelled)).tolist() if sizes[heap] > 0]
    for turn, heap in enumerate(turns):
        members = np.flatnonzero(heap_of == heap)
        typicality = _typicality(vectors[members], centres[heap])
        scores[members] = typicality
        scores[members[int(typicality.argmax())]] = 2 - turn / len(turns)
    return scores


def _centres(vectors: Float32, labelled: Float32, *, n_heaps: int, rng: np.random.Generator) -> Float32:
    """Spherical k-means, begun by k-means++, on some of the rows: float32 (at most n_heaps, d) of unit length."""
    rows = vectors if len(labelled) == 0 else np.concatenate((labelled, vectors))
    if len(rows) > _N_FITTED:
        rows = rows[np.sort(rng.choice(len(rows), _N_FITTED, replace=False))]
    picked = [int(rng.integers(len(rows)))]
    distance = np.clip(1 - rows @ rows[picked[0]], 0, 2).astype(np.float64)
    while len(picked) < min(n_heaps, len(rows)) and distance.sum() > 0:
        picked.append(int(rng.choice(len(rows), p=distance / distance.sum())))
        distance = np.minimum(distance, np.clip(1 - rows @ rows[picked[-1]], 0, 2))
    centres = rows[picked]
    for _ in range(_N_ROUNDS):
        heap_of = _nearest(rows, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, heap_of, rows)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(norms > 0, sums / np.where(norms > 0, norms, 1), centres).astype(np.float32)
    return centres


def _nearest(rows: Float32, centres: Float32) -> NDArray[np.int64]:
    return (rows @ centres.T).argmax(axis=1)


def _typicality(members: Float32, centre: Float32) -> Float32:
    """How near each is to its nearest fellows, float32 (n,) in [0, 1]; 0 for those far from the centre of a heap."""
    order = np.argsort(-(members @ centre), kind="stable")[:_N_COMPARED]
    typicality = np.zeros(len(members), dtype=np.float32)
    if len(order) == 1:
        return typicality
    cosines = members[order] @ members[order].T
    np.fill_diagonal(cosines, -1)
    n = min(_N_NEIGHBOURS, len(order) - 1)
    near = np.partition(cosines, -n, axis=1)[:, -n:].mean(axis=1)
    typicality[order] = np.clip((1 + near) / 2, 0, 1)
    return typicality
