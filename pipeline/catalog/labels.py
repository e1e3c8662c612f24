"""The label set of a project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.core.errors import CatalogError

MAX_LABEL_CHARS = 255


@dataclass(frozen=True, kw_only=True)
class Label:
    """One word of the label set; ``position`` counts from 0 and gives the key."""

    label_id: int
    name: str
    position: int


def objection_to(name: str) -> str | None:
    """Why a label cannot have this name, None if it can: it is shown on a key, and becomes a folder."""
    if not name.strip():
        return "nothing to read"
    if len(name) > MAX_LABEL_CHARS:
        return f"{len(name):,} characters, {MAX_LABEL_CHARS} at most"
    if not name.isprintable():
        return "a line break, tab or other character that no screen shows"
    return None


def list_labels(conn: Connection[TupleRow], project_id: int) -> list[Label]:
    """The label set in order."""
    with conn.cursor(row_factory=class_row(Label)) as cursor:
        return cursor.execute(
            "SELECT label_id, name, position FROM label WHERE project_id = %s ORDER BY position, label_id",
            (project_id,),
        ).fetchall()


def add_labels(conn: Connection[TupleRow], project_id: int, names: Iterable[str]) -> dict[str, int]:
    """Every label's id by name, after adding those that are new at the end, in the order given.

    Raises CatalogError for a name that cannot be a label.
    """
    for name in dict.fromkeys(names):
        if (objection := objection_to(name)) is not None:
            raise CatalogError("this cannot be a label", which=repr(name[:40]), got=objection)
        conn.execute(
            """
            INSERT INTO label (project_id, name, position)
            SELECT %(project_id)s, %(name)s, (SELECT count(*) FROM label WHERE project_id = %(project_id)s)
            ON CONFLICT (project_id, name) DO NOTHING
            """,
            {"project_id": project_id, "name": name},
        )
    return {label.name: label.label_id for label in list_labels(conn, project_id)}
