"""Projects: where everything belongs, with its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from psycopg import Connection
from psycopg.errors import CheckViolation, InsufficientPrivilege, UniqueViolation
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from pipeline.core.errors import CatalogError, NotFound, NotPermitted
from pipeline.core.permissions import Duty
from pipeline.core.settings import Recipe, recipe_from


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project and how it works."""

    project_id: int
    name: str
    recipe: Recipe
    truth_uri: str | None


def find_project(conn: Connection[TupleRow], name: str) -> Project | None:
    """The project of that name, None if there is none (or none that this person may see)."""
    row = conn.execute("SELECT project_id, name, recipe, truth_uri FROM project WHERE name = %s", (name,)).fetchone()
    if row is None:
        return None
    return Project(
        project_id=row[0], name=row[1], recipe=recipe_from(row[2], which=f"project {row[1]}"), truth_uri=row[3]
    )


def get_project(conn: Connection[TupleRow], name: str) -> Project:
    """The project of that name. Raises NotFound, naming those there are."""
    project = find_project(conn, name)
    if project is None:
        names = [row[0] for row in conn.execute("SELECT name FROM project ORDER BY name")]
        raise NotFound(
            "no project of this name",
            which=name,
            expected=f"one of {', '.join(names)}" if names else "a project",
            do="name one by --project, or make it by `earmark init`",
        )
    return project


def list_project_names(conn: Connection[TupleRow]) -> dict[int, str]:
    """The projects that this person may see, by name: id and name."""
    return {row[0]: row[1] for row in conn.execute("SELECT project_id, name FROM project ORDER BY name")}


def create_project(conn: Connection[TupleRow], name: str, recipe: Recipe) -> Project:
    """The new project, or the one that stands under this name already, unchanged.

    Raises CatalogError for a name that a project cannot have, NotPermitted for who is no lab admin.
    """
    found = find_project(conn, name)
    if found is not None:
        return found
    try:
        with conn.transaction():
            conn.execute("SELECT add_project(%s, %s)", (name, Jsonb(recipe.to_json())))
    except UniqueViolation:
        pass  # somebody was faster, or it is one that this person may not see: get_project tells
    except CheckViolation as error:
        raise CatalogError(
            "a project cannot have this name",
            which=repr(name),
            expected="a letter or digit, then letters, digits, blank, dot, dash and underscore, 63 at most",
        ) from error
    except InsufficientPrivilege as error:
        raise NotPermitted(
            f"{conn.info.user} has no project of this name, and may not make one",
            which=name,
            expected="a project that is shared with this person, or the rights of a lab admin",
            do="ask a lab admin: earmark project grant",
        ) from error
    return get_project(conn, name)


def lock_project(conn: Connection[TupleRow], project_id: int) -> None:
    """Wait until no other run is committing in this project, and keep others waiting until this transaction ends.

    First in a transaction it rules out deadlocks between runs. People who answer meanwhile do not wait.
    """
    # Not a lock on the project's row: every answer would wait for it by its foreign key.
    conn.execute("SELECT lock_project(%s)", (project_id,))


def set_recipe(conn: Connection[TupleRow], project_id: int, recipe: Recipe) -> None:
    """Change how the project works from now on."""
    conn.execute("UPDATE project SET recipe = %s WHERE project_id = %s", (Jsonb(recipe.to_json()), project_id))


def set_truth_uri(conn: Connection[TupleRow], project_id: int, truth_uri: str) -> None:
    """Note where the planted truth of a demo corpus lies."""
    conn.execute("UPDATE project SET truth_uri = %s WHERE project_id = %s", (truth_uri, project_id))


def duty_of(conn: Connection[TupleRow], project_id: int) -> Duty | None:
    """What the person of this connection may do in the project; a lab admin and the database's owner are its admin.

    A login that no duty was ever given to may not even ask, and has none.
    """
    try:
        with conn.transaction():
            row = conn.execute("SELECT my_duty(%s)", (project_id,)).fetchone()
    except InsufficientPrivilege:
        return None
    return None if row is None else cast(Duty | None, row[0])
