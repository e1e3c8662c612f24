"""Projects: where everything belongs, with its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from psycopg import Connection
from psycopg.errors import CheckViolation
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from pipeline.core.errors import CatalogError, NotFound
from pipeline.core.permissions import Duty
from pipeline.core.settings import Recipe, recipe_from

_LOCK_CLASS = 0x0EA3  # names our advisory locks among those of operations and of other programs


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
            do="make it by `earmark init`",
        )
    return project


def create_project(conn: Connection[TupleRow], name: str, recipe: Recipe) -> Project:
    """The new project, or the one that stands under this name already, unchanged.

    Raises CatalogError for a name that a project cannot have.
    """
    try:
        conn.execute(
            "INSERT INTO project (name, recipe) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
            (name, Jsonb(recipe.to_json())),
        )
    except CheckViolation as error:
        raise CatalogError(
            "a project cannot have this name",
            which=repr(name),
            expected="a letter or digit, then letters, digits, blank, dot, dash and underscore, 63 at most",
        ) from error
    return get_project(conn, name)


def lock_project(conn: Connection[TupleRow], project_id: int) -> None:
    """Wait until no other run is committing in this project, and keep others waiting until this transaction ends.

    First in a transaction it rules out deadlocks between runs. People who answer meanwhile do not wait.
    """
    # Not a lock on the project's row: every answer would wait for it by its foreign key.
    conn.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", (_LOCK_CLASS, project_id))


def set_recipe(conn: Connection[TupleRow], project_id: int, recipe: Recipe) -> None:
    """Change how the project works from now on."""
    conn.execute("UPDATE project SET recipe = %s WHERE project_id = %s", (Jsonb(recipe.to_json()), project_id))


def set_truth_uri(conn: Connection[TupleRow], project_id: int, truth_uri: str) -> None:
    """Note where the planted truth of a demo corpus lies."""
    conn.execute("UPDATE project SET truth_uri = %s WHERE project_id = %s", (truth_uri, project_id))


def duty_of(conn: Connection[TupleRow], project_id: int) -> Duty | None:
    """What the person of this connection may do in the project; its database's owner is its admin."""
    row = conn.execute(
        """
        SELECT CASE WHEN pg_catalog.pg_has_role(session_user, d.datdba, 'MEMBER') THEN 'admin' ELSE m.duty END
        FROM pg_catalog.pg_database d
        LEFT JOIN member m ON m.project_id = %s AND m.person = session_user
        WHERE d.datname = current_database()
        """,
        (project_id,),
    ).fetchone()
    return None if row is None else cast(Duty | None, row[0])
