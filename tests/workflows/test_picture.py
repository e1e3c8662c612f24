"""Picture: a researcher changes how spectrograms are drawn; it is logged, and the rest of the recipe stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from pipeline.catalog.projects import Project, get_project, set_recipe
from pipeline.core.errors import NotPermitted, SettingsError
from pipeline.core.picture import PictureRecipe
from pipeline.core.plugin_spec import PluginSpec
from pipeline.workflows.picture import set_picture
from tests.people import logged_in

Conn = psycopg.Connection[Any]


def test_change_is_kept_and_logged_and_leaves_the_rest(conn: Conn, project: Project) -> None:
    elsewhere = replace(project.recipe, segmenter=PluginSpec(name="fixed"))
    set_recipe(conn, project.project_id, elsewhere)  # since the project was read
    picture = set_picture(conn, project, {"scale": "linear", "fmin_hz": 200.0})
    assert picture == PictureRecipe(scale="linear", fmin_hz=200)
    assert get_project(conn, project.name).recipe == replace(elsewhere, picture=picture)
    assert set_picture(conn, project, {"colours": "grey"}) == replace(picture, colours="grey")
    rows = conn.execute(
        """
        SELECT o.action, e.status, o.spec->'picture'->>'scale'
        FROM operation o JOIN operation_outcome e USING (operation_id)
        """
    )
    assert rows.fetchall() == [("picture", "done", "linear")] * 2


@pytest.mark.parametrize("wrong", [{"scale": "log"}, {"fmin_hz": 9000.0}, {"contrast": 2}])
def test_picture_that_shows_nothing_changes_nothing(conn: Conn, project: Project, wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        set_picture(conn, project, wrong)
    assert get_project(conn, project.name).recipe.picture == PictureRecipe()


def test_annotator_and_reviewer_may_not_change_it(conn: Conn, empty_database: str, project: Project) -> None:
    for duty in ("annotator", "reviewer"):
        with logged_in(conn, empty_database, project.project_id, duty) as theirs, pytest.raises(NotPermitted):
            set_picture(theirs, get_project(theirs, project.name), {"pcen": True})
    with logged_in(conn, empty_database, project.project_id, "researcher") as theirs:
        assert set_picture(theirs, get_project(theirs, project.name), {"pcen": True}).pcen
