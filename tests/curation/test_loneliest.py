"""Loneliest: exactly the rows whose nearest neighbour is farthest."""

from __future__ import annotations

import numpy as np
import pytest

from bench.near_pairs import made_vectors
from pipeline.curation.loneliest import loneliest


@pytest.mark.parametrize("is_plain", [False, True])
def test_loneliest_are_those_of_brute_force(is_plain: bool) -> None:
    vectors = made_vectors(5_000, seed=1, is_plain=is_plain)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest = cosines.max(axis=1)
    found = loneliest(vectors, 30)
    assert [index for index, _ in found] == np.argsort(nearest, kind="stable")[:30].tolist()
    assert np.allclose([cosine for _, cosine in found], np.sort(nearest)[:30], atol=1e-6)


def test_what_is_far_from_all_others_comes_first() -> None:
    crowd = np.tile(np.array([1, 0, 0], np.float32), (2_000, 1))
    found = loneliest(np.concatenate([crowd, [[0, 1, 0]], [[-1, 0, 0]]]).astype(np.float32), 3)
    assert [index for index, _ in found[:2]] == [2_000, 2_001]
    assert [round(cosine, 3) for _, cosine in found] == [0, 0, 1]


@pytest.mark.parametrize(("n_rows", "n", "n_found"), [(0, 5, 0), (1, 5, 1), (3, 0, 0), (3, 5, 3)])
def test_hardly_any_clip_gives_hardly_any(n_rows: int, n: int, n_found: int) -> None:
    assert len(loneliest(made_vectors(n_rows, seed=2), n)) == n_found
