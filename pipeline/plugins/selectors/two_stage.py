"""Large pools in parts: clips that lie together, and how many of each part go on to the second stage."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

_N_PROJECTED = 16
_BATCH_N = 4_096


def partition(vectors: Float32, *, clips_per_part: int, seed: int) -> list[NDArray[np.int64]]:
    """The row numbers of ``vectors`` float32 (n, d) in parts of rows that lie together; every row in one.

    Mini-batch k-means (Sculley 2010) on a random projection to 16 dimensions: neighbours need only mostly stay
    together. Parts have ``clips_per_part`` rows on average.
    """
    n_parts = math.ceil(len(vectors) / clips_per_part)
    if n_parts < 2:
        return [np.arange(len(vectors))]
    from sklearn.cluster import MiniBatchKMeans

    rng = np.random.default_rng(seed)
    n_dims = vectors.shape[1]
    projected = vectors @ rng.standard_normal((n_dims, min(n_dims, _N_PROJECTED)), dtype=np.float32)
    clusters = MiniBatchKMeans(n_parts, batch_size=_BATCH_N, n_init="auto", max_iter=20, random_state=seed)
    part_of = np.asarray(clusters.fit_predict(projected))
    order = np.argsort(part_of, kind="stable")
    cuts = np.flatnonzero(np.diff(part_of[order])) + 1
    return [rows.astype(np.int64) for rows in np.split(order, cuts)]


def quotas(sizes: Sequence[int], n_wanted: int, *, surplus: float) -> list[int]:
    """How many of each part go on: in proportion to its size, ``surplus`` times what is wanted, at least one."""
    total = max(1, sum(sizes))
    return [min(size, max(1, math.ceil(surplus * n_wanted * size / total))) if size else 0 for size in sizes]
