"""Picture: how the project's spectrograms are drawn from now on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.catalog.projects import Project, get_project, set_recipe
from pipeline.core.picture import PictureRecipe, picture_from
from pipeline.workflows.operation import Conn, operation


def set_picture(conn: Conn, project: Project, changes: Mapping[str, Any]) -> PictureRecipe:
    """The project's picture after these fields of it are changed; all that are not named stay.

    Annotations keep the hash of the picture by which their clip was seen, so that a change is no secret.
    Raises NotPermitted, SettingsError for a picture that cannot be drawn: then nothing is changed.
    """
    asked = _changed(get_project(conn, project.name), changes)
    with operation(conn, project, "picture", {"picture": asked.to_json()}) as run:
        with run.transaction():
            # As it stands now: somebody may have changed another part of the recipe meanwhile.
            latest = get_project(conn, project.name)
            picture = _changed(latest, changes)
            set_recipe(conn, project.project_id, replace(latest.recipe, picture=picture))
        run.n_done = 1
        run.n_unchanged = int(picture == latest.recipe.picture)
        run.detail |= {"hash": picture.hash}
    return picture


def _changed(project: Project, changes: Mapping[str, Any]) -> PictureRecipe:
    before = project.recipe.picture.to_json()
    picture = picture_from(before | dict(changes), which=f"project {project.name}")
    picture.demand_rate(project.recipe.audio_format.rate_hz)
    return picture
