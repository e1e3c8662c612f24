"""The recipe of the project's spectrograms: what can be drawn, and the hash that says what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.core.errors import SettingsError
from pipeline.core.picture import PictureRecipe, picture_from
from pipeline.core.settings import DEFAULT_RECIPE, load_recipe, recipe_from


def test_picture_survives_the_way_through_json() -> None:
    picture = PictureRecipe(scale="log", fmin_hz=50, fmax_hz=4000, pcen=True, colours="grey")
    assert picture_from(picture.to_json(), which="test") == picture


def test_file_of_every_project_holds_the_usual_picture() -> None:
    assert load_recipe(DEFAULT_RECIPE).picture == PictureRecipe()


def test_recipe_of_an_older_project_gets_the_usual_picture() -> None:
    assert recipe_from({}, which="test").picture == PictureRecipe()


def test_equal_pictures_have_one_hash_and_every_field_changes_it() -> None:
    usual = PictureRecipe()
    assert usual.hash == PictureRecipe(window_ms=30, range_db=80).hash
    assert len(usual.hash) == 16 and int(usual.hash, 16) >= 0
    others = [
        replace(usual, window_ms=20.0),
        replace(usual, overlap=0.5),
        replace(usual, scale="linear"),
        replace(usual, fmin_hz=50.0),
        replace(usual, fmax_hz=4000.0),
        replace(usual, n_bands=64),
        replace(usual, pcen=True),
        replace(usual, range_db=60.0),
        replace(usual, colours="viridis"),
    ]
    assert len({usual.hash, *(other.hash for other in others)}) == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_ms": 0},
        {"window_ms": "30"},
        {"window_ms": float("nan")},
        {"overlap": 1.0},
        {"scale": "bark"},
        {"scale": "log"},
        {"fmin_hz": -1},
        {"fmin_hz": 8000},
        {"fmin_hz": 500, "fmax_hz": 400},
        {"fmax_hz": True},
        {"n_bands": 4},
        {"n_bands": 32.5},
        {"pcen": "yes"},
        {"range_db": 0},
        {"colours": "jet"},
        {"color": "grey"},
        [],
        "mel",
    ],
)
def test_picture_that_cannot_be_drawn_is_refused_with_a_sentence(wrong: object) -> None:
    with pytest.raises(SettingsError) as refused:
        recipe_from({"picture": wrong}, which="test")
    assert "picture" in str(refused.value) or "log scale" in str(refused.value)
