"""Selections: named sets of clips with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.catalog import columns
from pipeline.catalog.rows import scalar
from pipeline.core.errors import CatalogError
from pipeline.core.plugin_spec import PluginSpec

MAX_NAME_CHARS = 200


@dataclass(frozen=True, kw_only=True)
class SelectionRow:
    """A selection as a list shows it."""

    selection_id: int
    name: str
    n_clips: int
    author: str
    created_at: datetime


def save_selection(
    conn: Connection[TupleRow],
    project_id: int,
    name: str,
    *,
    spec: PluginSpec,
    picks: Sequence[tuple[int, str]],
    operation_id: int,
) -> int:
    """The new selection's id: clip ids with reasons, best first. One of the same name is replaced.

    Raises CatalogError for a name that nobody could read.
    """
    if not 0 < len(name.strip()) <= MAX_NAME_CHARS or not name.isprintable():
        raise CatalogError("a selection cannot have this name", which=repr(name[:40]), expected="up to 200 characters")
    conn.execute("DELETE FROM selection WHERE project_id = %s AND name = %s", (project_id, name))
    selection_id = int(
        scalar(
            conn.execute(
                """
                INSERT INTO selection (project_id, name, spec, operation_id) VALUES (%s, %s, %s, %s)
                RETURNING selection_id
                """,
                (project_id, name, Jsonb(spec.to_json()), operation_id),
            )
        )
    )
    for at in range(0, len(picks), columns.CHUNK_N):
        chunk = picks[at : at + columns.CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO selection_item (selection_id, clip_id, project_id, position, reason)
            SELECT %(selection_id)s, x.clip_id, %(project_id)s, x.position, x.reason
            FROM unnest(%(clip_id)s::bigint[], %(position)s::bigint[], %(reason)s::text[]) x (clip_id, position, reason)
            """,
            {
                "selection_id": selection_id,
                "project_id": project_id,
                "clip_id": columns.ints([clip_id for clip_id, _ in chunk]),
                "position": columns.ints(range(at, at + len(chunk))),
                "reason": columns.texts([reason for _, reason in chunk]),
            },
        )
    return selection_id


def list_selections(conn: Connection[TupleRow], project_id: int) -> list[SelectionRow]:
    """The project's selections, newest first."""
    with conn.cursor(row_factory=class_row(SelectionRow)) as cursor:
        return cursor.execute(
            """
            SELECT s.selection_id, s.name, coalesce(sum(t.n), 0)::bigint AS n_clips, s.author, s.created_at
            FROM selection s LEFT JOIN tally t ON t.project_id = s.project_id AND t.facet = 'selection'
              AND t.key = s.selection_id::text
            WHERE s.project_id = %s GROUP BY s.selection_id ORDER BY s.selection_id DESC
            """,
            (project_id,),
        ).fetchall()


def selected_clips(conn: Connection[TupleRow], project_id: int, name: str) -> list[int]:
    """The clip ids of a selection, best first; empty if there is none of this name."""
    rows = conn.execute(
        """
        SELECT i.clip_id FROM selection_item i JOIN selection s USING (selection_id)
        WHERE s.project_id = %s AND s.name = %s ORDER BY i.position
        """,
        (project_id, name),
    )
    return [row[0] for row in rows]
