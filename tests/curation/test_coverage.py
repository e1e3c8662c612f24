"""The coverage curve states the true distances."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation import coverage
from pipeline.curation.coverage import coverage_curve, gain
from tests.contracts.sounds import unit_rows


@pytest.mark.parametrize("block_values_n", [7, 1_000, 10_000_000])
def test_curve_is_the_distance_to_the_nearest_pick(block_values_n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "_BLOCK_VALUES_N", block_values_n)
    vectors, picks = unit_rows(200, 8, seed=1), [5, 150, 7, 80, 3]
    curve = coverage_curve(vectors, picks)
    assert [point.n_picks for point in curve] == [1, 2, 3, 4, 5]
    for point in curve:
        nearest = 1 - (vectors @ vectors[picks[: point.n_picks]].T).max(axis=1)
        assert point.mean == pytest.approx(nearest.mean(), abs=1e-5)
        assert point.p95 == pytest.approx(np.percentile(nearest, 95), abs=1e-5)


def test_curve_never_rises_and_ends_at_zero_with_every_clip_picked() -> None:
    vectors = unit_rows(300, 8, seed=1)
    curve = coverage_curve(vectors, range(300), also=[123])
    means = [point.mean for point in curve]
    assert means == sorted(means, reverse=True)
    assert means[-1] == pytest.approx(0, abs=1e-6)
    assert len(curve) <= 41 and 123 in [point.n_picks for point in curve]


def test_without_clips_or_picks_there_is_no_curve() -> None:
    assert coverage_curve(unit_rows(0, 8, seed=1), []) == []
    assert coverage_curve(unit_rows(3, 8, seed=1), [], also=[1]) == []
    (point,) = coverage_curve(unit_rows(1, 8, seed=1), [0])
    assert point.n_picks == 1


def test_gain_is_what_the_picks_beyond_bring() -> None:
    vectors = np.eye(4, dtype=np.float32)
    curve = coverage_curve(vectors, [0, 1, 2], also=[2])
    assert gain(curve, 2) == pytest.approx(0.5)
    assert gain(curve, 3) is None
    assert gain([], 2) is None
