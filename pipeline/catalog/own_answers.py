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


@dataclass(frozen=True, kw_only=True)
class OwnStanding:
    """How often this person said what others said who were asked the same, and how often they met the gold.

    ``n_agreed`` of ``n_compared`` clips: where several others answered it is the share of them. ``n_days``: so many
    days in a row they have answered, today or yesterday the last.
    """

    n_compared: int
    n_agreed: float
    n_gold: int
    n_gold_met: int
    n_days: int


def own_standing(conn: Connection[TupleRow], project_id: int) -> OwnStanding:
    """The standing of the person of this connection, who learns nothing of any single clip or person by it."""
    with conn.cursor(row_factory=class_row(OwnStanding)) as cursor:
        found = cursor.execute(
            """
            WITH days AS (
              SELECT DISTINCT a.created_at::date AS day FROM annotation a
              WHERE a.project_id = %(project_id)s AND a.author = session_user AND a.source = 'human'
            ), runs AS (
              -- Days in a row have the same distance to their rank.
              SELECT max(day) AS last, count(*) AS n FROM (
                SELECT day, day - (row_number() OVER (ORDER BY day))::int AS run FROM days) ranked
              GROUP BY run
            )
            SELECT s.n_compared, s.n_agreed, s.n_gold, s.n_gold_met,
              coalesce((SELECT n FROM runs WHERE last >= current_date - 1 ORDER BY last DESC LIMIT 1), 0) AS n_days
            FROM my_standing(%(project_id)s) s
            """,
            {"project_id": project_id},
        ).fetchone()
    return found or OwnStanding(n_compared=0, n_agreed=0.0, n_gold=0, n_gold_met=0, n_days=0)


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
