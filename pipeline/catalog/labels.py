"""The label set of a project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row


@dataclass(frozen=True, kw_only=True)
class Label:
    """One word of the label set; ``position`` counts from 0 and gives the key."""

    label_id: int
    name: str
    position: int


def list_labels(conn: Connection[TupleRow], project_id: int) -> list[Label]:
    """The label set in order."""
    with conn.cursor(row_factory=class_row(Label)) as cursor:
        return cursor.execute(
            "SELECT label_id, name, position FROM label WHERE project_id = %s ORDER BY position, label_id",
            (project_id,),
        ).fetchall()


def add_labels(conn: Connection[TupleRow], project_id: int, names: Iterable[str]) -> dict[str, int]:
    """Every label's id by name, after adding those that are new at the end, in the order given."""
    for name in dict.fromkeys(names):
        conn.execute(
            """
            INSERT INTO label (project_id, name, position)
            SELECT %(project_id)s, %(name)s, (SELECT count(*) FROM label WHERE project_id = %(project_id)s)
            ON CONFLICT (project_id, name) DO NOTHING
            """,
            {"project_id": project_id, "name": name},
        )
    return {label.name: label.label_id for label in list_labels(conn, project_id)}
