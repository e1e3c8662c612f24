"""What a person said, for that person: their own answers, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.core.types import Answer

AnswerKey = tuple[datetime, UUID]
"""Where a page of answers goes on: time and id of the last one."""


@dataclass(frozen=True, kw_only=True)
class OwnAnswer:
    """One answer that stands (was not taken back or given anew)."""

    annotation_id: UUID
    clip_id: int
    answer: Answer
    label: str | None
    duration_s: float
    created_at: datetime


def list_own_answers(
    conn: Connection[TupleRow], project_id: int, *, before: AnswerKey | None = None, limit: int = 20
) -> list[OwnAnswer]:
    """The answers of the person of this connection, older than ``before``."""
    before_at, before_id = before or (None, None)
    with conn.cursor(row_factory=class_row(OwnAnswer)) as cursor:
        return cursor.execute(
            """
            SELECT a.annotation_id, a.clip_id, a.answer, l.name AS label, c.duration_s, a.created_at
            FROM current_annotation a JOIN clip c USING (clip_id) LEFT JOIN label l ON l.label_id = a.label_id
            WHERE a.project_id = %(project_id)s AND a.author = session_user AND a.source = 'human'
              AND (%(before_at)s::timestamptz IS NULL
                OR a.created_at <= %(before_at)s AND (a.created_at, a.annotation_id) < (%(before_at)s, %(before_id)s))
            ORDER BY a.created_at DESC, a.annotation_id DESC LIMIT %(limit)s
            """,
            {"project_id": project_id, "before_at": before_at, "before_id": before_id, "limit": limit},
        ).fetchall()


def own_answer_ids(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, UUID]:
    """The answer of the person of this connection that stands about each of these clips, where there is one."""
    rows = conn.execute(
        """
        SELECT a.clip_id, a.annotation_id FROM current_annotation a
        WHERE a.project_id = %s AND a.clip_id = ANY(%s) AND a.author = session_user AND a.source = 'human'
        """,
        (project_id, list(clip_ids)),
    )
    return {row[0]: row[1] for row in rows}
