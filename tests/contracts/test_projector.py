"""What every projector promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from tests.contracts.sounds import unit_rows


@pytest.fixture(params=registry.names("projector"))
def projector(request: pytest.FixtureRequest) -> Any:
    return registry.create("projector", PluginSpec(name=request.param))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 60])
def test_places_are_finite_and_on_the_map(projector: Any, n: int) -> None:
    places = projector.project(unit_rows(n, 16, seed=1), seed=0)
    assert places.shape == (n, 2)
    assert places.dtype == np.float32
    assert np.isfinite(places).all() and (np.abs(places) <= 1).all()


def test_same_seed_gives_same_map_to_the_bit(projector: Any) -> None:
    vectors = unit_rows(150, 16, seed=1)
    assert np.array_equal(projector.project(vectors, seed=3), projector.project(vectors, seed=3))


def test_clips_that_are_all_alike_are_placed_without_complaint(projector: Any) -> None:
    vectors = np.repeat(unit_rows(1, 16, seed=1), 12, axis=0)
    assert np.isfinite(projector.project(vectors, seed=0)).all()


def test_two_heaps_stay_apart(projector: Any) -> None:
    centres = unit_rows(2, 16, seed=5)
    vectors = np.repeat(centres, 40, axis=0) + 0.05 * unit_rows(80, 16, seed=6)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    places = projector.project(vectors, seed=0)
    middles = places[:40].mean(axis=0), places[40:].mean(axis=0)
    spread = max(
        np.linalg.norm(places[:40] - middles[0], axis=1).max(), np.linalg.norm(places[40:] - middles[1], axis=1).max()
    )
    assert np.linalg.norm(middles[0] - middles[1]) > spread
