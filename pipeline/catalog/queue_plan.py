"""The queue's plan: how a project's questions are kept in order while people answer, and whose answers are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.catalog.rows import scalar
from pipeline.core.types import Vote

_SITTING_LOCK = 0x0EAB  # an advisory lock of ours, beside those of operations, projects, jobs and workers


@dataclass(frozen=True, kw_only=True)
class QueuePlan:
    """How the queue of a project was built and whether it is ranked anew while people answer.

    ``audit_share`` of the questions are drawn by lot; ``n_people`` people are asked about ``overlap_share`` of the
    clips. ``ranked_at``: answers until then have had their say in the order; None before the first new ranking.
    """

    project_id: int
    strategy: Mapping[str, Any]
    selection: str | None
    is_live: bool
    audit_share: float
    overlap_share: float
    n_people: int
    ranked_at: datetime | None
    operation_id: int
    author: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class DuePlan:
    """A project whose queue is to be ranked anew, by name, and by whom."""

    project_id: int
    project: str
    author: str


def save_plan(
    conn: Connection[TupleRow],
    project_id: int,
    *,
    strategy: Mapping[str, Any],
    selection: str | None,
    is_live: bool,
    audit_share: float,
    overlap_share: float,
    n_people: int,
    operation_id: int,
) -> None:
    """Let this be the plan of the project's queue, by who is logged in."""
    conn.execute("DELETE FROM queue_plan WHERE project_id = %s", (project_id,))
    conn.execute(
        """
        INSERT INTO queue_plan
          (project_id, strategy, selection, is_live, audit_share, overlap_share, n_people, operation_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (project_id, Jsonb(dict(strategy)), selection, is_live, audit_share, overlap_share, n_people, operation_id),
    )


def read_plan(conn: Connection[TupleRow], project_id: int) -> QueuePlan | None:
    """The plan of the latest queue, None before the first (and for who may not build one)."""
    with conn.cursor(row_factory=class_row(QueuePlan)) as cursor:
        return cursor.execute(
            """
            SELECT project_id, strategy, selection, is_live, audit_share, overlap_share, n_people, ranked_at,
              operation_id, author, created_at
            FROM queue_plan WHERE project_id = %s
            """,
            (project_id,),
        ).fetchone()


def note_ranked(conn: Connection[TupleRow], project_id: int, *, at: datetime) -> None:
    """Note that answers until then have had their say."""
    conn.execute("UPDATE queue_plan SET ranked_at = %s WHERE project_id = %s", (at, project_id))


def end_live(conn: Connection[TupleRow], project_id: int) -> None:
    """Let the queue stay as it is until it is built anew."""
    conn.execute("UPDATE queue_plan SET is_live = false WHERE project_id = %s", (project_id,))


def due_plans(conn: Connection[TupleRow], *, n_new: int) -> list[DuePlan]:
    """The live plans of all projects since whose latest ranking people have given at least ``n_new`` answers."""
    with conn.cursor(row_factory=class_row(DuePlan)) as cursor:
        return cursor.execute(
            """
            SELECT p.project_id, r.name AS project, p.author
            FROM queue_plan p JOIN project r USING (project_id)
            WHERE p.is_live AND %(n_new)s <= (SELECT count(*) FROM (
              SELECT FROM annotation a
              WHERE a.project_id = p.project_id AND a.source = 'human'
                AND a.created_at > coalesce(p.ranked_at, p.created_at) LIMIT %(n_new)s) newest)
            ORDER BY p.project_id
            """,
            {"n_new": n_new},
        ).fetchall()


def clock(conn: Connection[TupleRow]) -> datetime:
    """The database's time, by which answers are stamped."""
    return scalar(conn.execute("SELECT clock_timestamp()"))


def newly_answered(conn: Connection[TupleRow], project_id: int, *, since: datetime) -> list[int]:
    """The clips that a person has said something about after that moment, taken back or not."""
    rows = conn.execute(
        """
        SELECT DISTINCT clip_id FROM annotation
        WHERE project_id = %s AND source = 'human' AND created_at > %s ORDER BY clip_id
        """,
        (project_id, since),
    )
    return [row[0] for row in rows]


def read_votes_on(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, list[Vote]]:
    """The current annotations of these clips, oldest first; a clip without one is not in it."""
    rows = conn.execute(
        """
        SELECT a.clip_id, a.source, a.author, a.answer, l.name, a.confidence, a.settles
        FROM current_annotation a LEFT JOIN label l USING (label_id)
        WHERE a.project_id = %s AND a.clip_id = ANY(%s) ORDER BY a.clip_id, a.created_at
        """,
        (project_id, list(clip_ids)),
    )
    votes: dict[int, list[Vote]] = {}
    for clip_id, source, author, answer, label, confidence, settles in rows:
        vote = Vote(source=source, author=author, answer=answer, label=label, confidence=confidence, settles=settles)
        votes.setdefault(clip_id, []).append(vote)
    return votes


def gold_clips(conn: Connection[TupleRow], project_id: int) -> list[int]:
    """The clips whose answer a reviewer has made certain, by the latest word on each."""
    rows = conn.execute(
        """
        SELECT clip_id FROM (
          SELECT DISTINCT ON (clip_id) clip_id, is_gold FROM gold WHERE project_id = %s
          ORDER BY clip_id, created_at DESC) latest
        WHERE is_gold ORDER BY clip_id
        """,
        (project_id,),
    )
    return [row[0] for row in rows]


def hold_sitting(conn: Connection[TupleRow], project_id: int) -> bool:
    """Whether this connection is now the one that ranks the project's queue, until it is closed."""
    return scalar(conn.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", (_SITTING_LOCK, project_id)))
