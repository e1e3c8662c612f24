"""What the stop estimate reads: when people answered and how, whom they skipped, and the estimate made last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row


@dataclass(frozen=True, kw_only=True)
class AnsweredClip:
    """A clip that people have answered: the first time, and whether in a grid, where the surest come together."""

    clip_id: int
    answered_at: datetime
    is_from_grid: bool


@dataclass(frozen=True, kw_only=True)
class MadeEstimate:
    """The latest estimate as its run left it, and how many answers came since."""

    detail: Mapping[str, Any]
    made_at: datetime
    n_answers_since: int


def answered_clips(conn: Connection[TupleRow], project_id: int) -> list[AnsweredClip]:
    """The clips with an answer that stands, in the order in which people first answered them."""
    with conn.cursor(row_factory=class_row(AnsweredClip)) as cursor:
        return cursor.execute(
            """
            SELECT a.clip_id, min(a.created_at) AS answered_at,
              (array_agg(coalesce(a.screen, '') ORDER BY a.created_at))[1] = 'grid' AS is_from_grid
            FROM annotation a
            WHERE a.project_id = %s AND a.source = 'human' AND a.answer <> 'withdrawn'
              AND EXISTS (SELECT FROM current_annotation s WHERE s.project_id = a.project_id
                AND s.clip_id = a.clip_id AND s.source = 'human')
            GROUP BY a.clip_id ORDER BY min(a.created_at), a.clip_id
            """,
            (project_id,),
        ).fetchall()


def skipped_clips(conn: Connection[TupleRow], project_id: int) -> set[int]:
    """The clips that somebody skipped and nobody has answered."""
    rows = conn.execute(
        "SELECT clip_id FROM review WHERE project_id = %s AND skipped_by <> '{}' AND answered_by = '{}'", (project_id,)
    )
    return {row[0] for row in rows}


def latest_estimate(conn: Connection[TupleRow], project_id: int) -> MadeEstimate | None:
    """The estimate made last, None before the first."""
    with conn.cursor(row_factory=class_row(MadeEstimate)) as cursor:
        return cursor.execute(
            """
            SELECT x.detail -> 'report' AS detail, o.created_at AS made_at,
              (SELECT count(*) FROM annotation a WHERE a.project_id = o.project_id AND a.source = 'human'
                AND a.created_at > o.created_at) AS n_answers_since
            FROM operation o JOIN operation_outcome x USING (operation_id)
            WHERE o.project_id = %s AND o.action = 'quality' AND x.status = 'done'
            ORDER BY o.operation_id DESC LIMIT 1
            """,
            (project_id,),
        ).fetchone()


def count_answers(conn: Connection[TupleRow], project_id: int) -> int:
    """How many clips have an answer of a person that stands."""
    row = conn.execute(
        "SELECT count(DISTINCT clip_id) FROM current_annotation WHERE project_id = %s AND source = 'human'",
        (project_id,),
    ).fetchone()
    return 0 if row is None else row[0]
