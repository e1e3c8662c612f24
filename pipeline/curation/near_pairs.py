"""Which clips sound alike: all pairs of embeddings above a cosine, exactly or nearly all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.core.errors import SettingsError
from pipeline.core.types import Float32

Indices = NDArray[np.int64]
OnTiles = Callable[[int, int], None]
"""Told how many tiles of how many are done; what it raises ends the search."""

_N_HEAD = 31  # and one column for the tail: the matrix products run in multiples of 16
_ROUNDING = 1e-5  # more than float32 loses in a product of unit vectors
_N_VALUES_AT_ONCE = 4_000_000
_DENSE_SHARE = 1 / 64
_N_SAMPLED_PER_CELL = 64
_N_ROUNDS = 8


@dataclass(frozen=True, kw_only=True)
class NearPairs:
    """Pairs of rows, first < second, sorted by both: int64 (m,), int64 (m,), float32 (m,)."""

    first: Indices
    second: Indices
    cosine: Float32

    def __len__(self) -> int:
        return len(self.first)


def exact_pairs(
    vectors: Float32,
    min_cosine: float,
    *,
    n_workers: int = 1,
    max_pairs: int = 20_000_000,
    on_progress: OnTiles | None = None,
    tile_n: int = 1024,
) -> NearPairs:
    """All pairs of the unit vectors float32 (n, d) whose cosine is ``min_cosine`` or more.

    An orthonormal turn by the eigenvectors of the second moments puts what varies most in front. By
    Cauchy and Schwarz no cosine exceeds head·head + |tail||tail|, one product of 32 columns; what the bound
    cannot rule out is computed in full. The rows lie in the order of a k-d tree over the heads, so that tiles
    whose boxes are farther apart than such a pair can be are left out. Beside the vectors it holds 32
    columns of float32 and one tile a worker. Raises SettingsError for vectors that are not of unit
    length, and for more than ``max_pairs`` pairs.
    """
    _check(vectors, min_cosine)
    heads, order = _ordered_heads(vectors, tile_n)
    bounds = list(range(0, len(vectors), tile_n))
    tiles = _tiles(heads, bounds, tile_n, reach=float(np.sqrt(max(0.0, 2 - 2 * min_cosine)) + _ROUNDING))

    def search(row: int) -> Found:
        found = [
            _in_tile(vectors, heads, order, rows=(row, row + tile_n), columns=(at, at + tile_n), min_cosine=min_cosine)
            for at in tiles[row]
        ]
        return _joined(found)

    return _gathered(search, bounds, n_workers, max_pairs, on_progress)


def probed_pairs(
    vectors: Float32,
    min_cosine: float,
    *,
    n_probes: int = 4,
    n_cells: int | None = None,
    seed: int = 0,
    n_workers: int = 1,
    max_pairs: int = 20_000_000,
    on_progress: OnTiles | None = None,
) -> NearPairs:
    """Nearly all such pairs of unit vectors float32 (n, d), in a fraction of the time; none that is not one.

    An inverted file (Jégou, Douze, Schmid 2011, without the codes): the rows lie in cells of spherical k-means,
    twice the root of n of them unless ``n_cells`` says otherwise; each row is compared with those of
    its ``n_probes`` nearest cells. Raises SettingsError like ``exact_pairs``.
    """
    _check(vectors, min_cosine)
    if n_probes < 1:
        raise SettingsError("n_probes out of range", expected="1 or more", got=n_probes)
    n = len(vectors)
    n_cells = min(max(1, n), n_cells or max(1, round(2 * np.sqrt(n))))
    with threadpool_limits(limits=n_workers, user_api="blas"):
        centres = _cell_centres(vectors, n_cells, np.random.default_rng(seed))
        probes = _probes(vectors, centres, min(n_probes, n_cells))
    residents = _by_cell(probes[:, 0], np.arange(n), n_cells)
    visitors = _by_cell(probes[:, 1:].ravel(), np.repeat(np.arange(n), probes.shape[1] - 1), n_cells)

    def search(cell: int) -> Found:
        here = residents[cell]
        found = [_among(vectors, here, here, min_cosine), _among(vectors, here, visitors[cell], min_cosine)]
        return _joined(found)

    return _gathered(search, range(n_cells), n_workers, max_pairs, on_progress)


Found = tuple[Indices, Indices, Float32]
"""Firsts, seconds and cosines, in any order."""


def _check(vectors: Float32, min_cosine: float) -> None:
    if not 0 < min_cosine <= 1:
        raise SettingsError("min_cosine out of range", expected="above 0, at most 1", got=min_cosine)
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    if len(norms) and not bool(np.all(np.abs(norms - 1) < 1e-3)):
        raise SettingsError("vectors are not of unit length", got=f"norms {norms.min():.3f} to {norms.max():.3f}")


def _ordered_heads(vectors: Float32, leaf_n: int) -> tuple[Float32, Indices]:
    """Heads with the norm of their tails as last column, float32 (n, at most 32), and which row each is of."""
    n, d = vectors.shape
    if n == 0:
        return np.empty((0, 1), np.float32), np.empty(0, np.int64)
    moments = sum(block.T.astype(np.float64) @ block for block in _blocks(vectors))
    turn = np.linalg.eigh(moments)[1][:, ::-1][:, : min(_N_HEAD, d)].astype(np.float32)
    heads = np.empty((n, turn.shape[1] + 1), np.float32)
    at = 0
    for block in _blocks(vectors):
        head = block @ turn
        tail = np.einsum("ij,ij->i", block, block) - np.einsum("ij,ij->i", head, head)
        heads[at : at + len(block), :-1] = head
        heads[at : at + len(block), -1] = np.sqrt(np.maximum(tail, 0))
        at += len(block)
    order = _tree_order(heads, leaf_n)
    return np.ascontiguousarray(heads[order]), order


def _blocks(vectors: Float32) -> Iterator[Float32]:
    size = max(1, _N_VALUES_AT_ONCE // max(1, vectors.shape[1]))
    for at in range(0, len(vectors), size):
        yield vectors[at : at + size]


def _tree_order(heads: Float32, leaf_n: int) -> Indices:
    """The rows, leaf by leaf of a k-d tree that splits the widest column; all leaves but the last are full."""
    order = np.arange(len(heads))
    pending = [(0, len(heads))]
    while pending:
        start, stop = pending.pop()
        if stop - start <= leaf_n:
            continue
        rows = order[start:stop]
        values = heads[rows]
        widest = int(np.argmax(values.std(axis=0)))
        n_left = leaf_n * max(1, (stop - start) // leaf_n // 2)
        order[start:stop] = rows[np.argpartition(values[:, widest], n_left)]
        pending += [(start, start + n_left), (start + n_left, stop)]
    return order


def _tiles(heads: Float32, bounds: list[int], tile_n: int, *, reach: float) -> dict[int, list[int]]:
    """For each row of tiles, by its first row, the tiles from the diagonal on that lie within reach."""
    if not bounds:
        return {}
    low = np.array([heads[at : at + tile_n].min(axis=0) for at in bounds])
    high = np.array([heads[at : at + tile_n].max(axis=0) for at in bounds])
    tiles: dict[int, list[int]] = {}
    for i, at in enumerate(bounds):
        gap = np.maximum(0, np.maximum(low[i:] - high[i], low[i] - high[i:]))
        near = np.einsum("ij,ij->i", gap, gap) <= reach**2
        tiles[at] = [bounds[i + int(j)] for j in np.flatnonzero(near)]
    return tiles


def _in_tile(
    vectors: Float32,
    heads: Float32,
    order: Indices,
    *,
    rows: tuple[int, int],
    columns: tuple[int, int],
    min_cosine: float,
) -> Found:
    upper = heads[slice(*rows)] @ heads[slice(*columns)].T
    # Most tiles hold nothing, and a maximum is the cheapest way to know.
    if float(upper.max()) < min_cosine - _ROUNDING:
        return _joined([])
    may_be = upper >= min_cosine - _ROUNDING
    of_rows, of_columns = order[slice(*rows)], order[slice(*columns)]
    if np.count_nonzero(may_be) > _DENSE_SHARE * upper.size:
        # Where the bound rules out little, the whole product costs less than its many parts.
        whole = vectors[of_rows] @ vectors[of_columns].T
        first, second = np.nonzero(whole >= min_cosine)
        cosines = whole[first, second]
    else:
        first, second = np.divmod(np.flatnonzero(may_be), upper.shape[1])
        cosines = _cosines(vectors, of_rows[first], of_columns[second])
    is_near = cosines >= min_cosine
    if rows == columns:
        is_near &= first < second
    return of_rows[first[is_near]], of_columns[second[is_near]], cosines[is_near]


def _cosines(vectors: Float32, first: Indices, second: Indices) -> Float32:
    """The cosine of each pair, so many at once as fit in a cache."""
    cosines = np.empty(len(first), np.float32)
    size = max(1, _N_VALUES_AT_ONCE // 16 // max(1, vectors.shape[1]))
    for at in range(0, len(first), size):
        part = slice(at, at + size)
        cosines[part] = np.einsum("ij,ij->i", vectors[first[part]], vectors[second[part]])
    return cosines


def _cell_centres(vectors: Float32, n_cells: int, rng: np.random.Generator) -> Float32:
    """Unit centres float32 (n_cells, d) of spherical k-means (Dhillon and Modha 2001) over a sample."""
    n_sampled = min(len(vectors), n_cells * _N_SAMPLED_PER_CELL)
    sample = vectors[np.sort(rng.choice(len(vectors), n_sampled, replace=False))]
    centres = sample[rng.choice(n_sampled, n_cells, replace=False)].copy() if n_sampled else sample
    for _ in range(_N_ROUNDS):
        nearest = _probes(sample, centres, 1)[:, 0]
        by_cell = np.argsort(nearest, kind="stable")
        occupied, starts = np.unique(nearest[by_cell], return_index=True)
        sums = np.add.reduceat(sample[by_cell], starts) if len(starts) else sample
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[occupied] = np.where(norms > 0, sums / np.maximum(norms, 1e-12), centres[occupied])
    return centres


def _probes(vectors: Float32, centres: Float32, n_probes: int) -> NDArray[np.int32]:
    """The nearest cells of each row, nearest first: int32 (n, n_probes)."""
    probes = np.empty((len(vectors), n_probes), np.int32)
    size = max(1, _N_VALUES_AT_ONCE // max(1, len(centres)))
    for at in range(0, len(vectors), size):
        cosines = vectors[at : at + size] @ centres.T
        rows = np.arange(len(cosines))
        for rank in range(n_probes):  # a few passes of maxima cost less than a partition
            best = cosines.argmax(axis=1)
            probes[at : at + size, rank] = best
            cosines[rows, best] = -2
    return probes


def _by_cell(cells: NDArray[np.int32], rows: Indices, n_cells: int) -> list[Indices]:
    """The rows of each cell."""
    order = np.argsort(cells, kind="stable")
    return np.split(rows[order], np.searchsorted(cells[order], np.arange(1, n_cells)))


def _among(vectors: Float32, here: Indices, others: Indices, min_cosine: float) -> Found:
    """Pairs of a row here and one of the others."""
    size = max(1, _N_VALUES_AT_ONCE // 4 // max(1, len(others)))
    found: list[Found] = []
    theirs = vectors[others]
    for at in range(0, len(here) if len(others) else 0, size):
        cosines = vectors[here[at : at + size]] @ theirs.T
        first, second = np.nonzero(cosines >= min_cosine)
        found.append((here[at + first], others[second], cosines[first, second]))
    firsts, seconds, cosines = _joined(found)
    # A pair may turn up from both its cells, and among residents from both sides.
    is_ordered = firsts < seconds if here is others else firsts != seconds
    return firsts[is_ordered], seconds[is_ordered], cosines[is_ordered]


def _gathered(
    search: Callable[[int], Found], items: Iterable[int], n_workers: int, max_pairs: int, on_progress: OnTiles | None
) -> NearPairs:
    """What search finds for all items, by threads: numpy leaves Python to the others while it computes."""
    items = list(items)
    found: list[Found] = []
    n_found = 0
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(n_workers) as pool:
        for n_done, part in enumerate(_in_turn(pool, search, items, n_workers), start=1):
            n_found += len(part[0])
            if n_found > 2 * max_pairs:
                raise SettingsError(
                    "more pairs than are kept",
                    expected=f"at most {max_pairs:,}",
                    do="ask for a higher cosine, or take out duplicates first",
                )
            if len(part[0]):
                found.append(part)
            if on_progress is not None:
                on_progress(n_done, len(items))
    first, second, cosine = _joined(found)
    first, second = np.minimum(first, second), np.maximum(first, second)
    order = np.lexsort((second, first))
    first, second, cosine = first[order], second[order], cosine[order]
    is_new = np.ones(len(first), bool)
    is_new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return NearPairs(first=first[is_new], second=second[is_new], cosine=cosine[is_new])


def _in_turn(
    pool: ThreadPoolExecutor, search: Callable[[int], Found], items: list[int], n_workers: int
) -> Iterator[Found]:
    """The results in order, only a few asked for ahead, so that whoever stops waits for little."""
    waiting = iter(items)
    running: list[Future[Found]] = [pool.submit(search, item) for item in islice(waiting, 2 * n_workers)]
    try:
        while running:
            done = running.pop(0).result()
            running += [pool.submit(search, item) for item in islice(waiting, 1)]
            yield done
    finally:
        for future in running:
            future.cancel()


def _joined(found: list[Found]) -> Found:
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    firsts, seconds, cosines = zip(*found, strict=True)
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(cosines)
