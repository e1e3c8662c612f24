"""The operation log for people who look back: a page at a time, by who, what, when and outcome, and what lies under it.

Everything pages by key, so that a long history costs no more than a short one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.failures import FailureRow
from pipeline.catalog.operations import Status
from pipeline.core.errors import NotFound

_N_LATEST = 1000


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One operation: who, what, when, how far or what came of it.

    ``n_total`` is None while a run still counts its work. ``stages_s`` is how long each stage took, in order, empty
    for a run that did not live to tell. ``ended_at`` is None while it runs.
    """

    operation_id: int
    action: str
    spec: Mapping[str, Any]
    author: str
    began_at: datetime
    ended_at: datetime | None
    job_id: int | None
    status: Status
    stage: str | None
    n_total: int | None
    n_done: int
    n_unchanged: int
    n_failed: int
    detail: Mapping[str, Any]
    stages_s: Sequence[tuple[str, float]]
    message: str | None
    updated_at: datetime | None

    @property
    def duration_s(self) -> float | None:
        """How long it took, None while it runs."""
        return None if self.ended_at is None else (self.ended_at - self.began_at).total_seconds()


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """Which operations are wanted; None is all. ``verb`` also finds the parts of one: queue is queue.build.

    From ``since`` (included) to ``until`` (excluded), by the time at which they began.
    """

    author: str | None = None
    verb: str | None = None
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LogChoices:
    """Who ran what of late: what a person may filter by."""

    authors: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProblemRow:
    """A problem that a run found. A page goes on after ``recording_id`` and ``problem_id``."""

    problem_id: int
    recording_id: int
    recording: str
    clip_id: int | None
    kind: str
    message: str
    fix: str | None


_SELECT = """
    SELECT o.operation_id, o.action, o.spec, o.author, o.created_at AS began_at, x.created_at AS ended_at, o.job_id,
      coalesce(x.status, 'running') AS status, p.stage, coalesce(x.n_input, p.n_total) AS n_total,
      coalesce(x.n_done, p.n_done, 0) AS n_done, coalesce(x.n_unchanged, 0) AS n_unchanged,
      coalesce(x.n_failed, p.n_failed, 0) AS n_failed,
      coalesce(x.detail, '{}') - ARRAY['stages_s', 'coverage', 'report'] AS detail,
      coalesce(x.detail -> 'stages_s', '[]') AS stages_s, x.message, coalesce(x.created_at, p.updated_at) AS updated_at
    FROM operation o LEFT JOIN progress p USING (operation_id) LEFT JOIN operation_outcome x USING (operation_id)
"""


def list_entries(
    conn: Connection[TupleRow],
    project_id: int,
    wanted: LogFilter | None = None,
    *,
    before_id: int | None = None,
    limit: int = 50,
) -> list[LogEntry]:
    """The operations wanted, newest first, older than ``before_id``."""
    wanted = wanted or LogFilter()
    with conn.cursor(row_factory=class_row(LogEntry)) as cursor:
        return cursor.execute(
            _SELECT
            + """
            WHERE o.project_id = %(project_id)s
              AND (%(before_id)s::bigint IS NULL OR o.operation_id < %(before_id)s)
              AND (%(author)s::text IS NULL OR o.author = %(author)s)
              AND (%(verb)s::text IS NULL OR %(verb)s IN (o.action, split_part(o.action, '.', 1)))
              AND (%(status)s::text IS NULL OR coalesce(x.status, 'running') = %(status)s)
              AND (%(since)s::timestamptz IS NULL OR o.created_at >= %(since)s)
              AND (%(until)s::timestamptz IS NULL OR o.created_at < %(until)s)
            ORDER BY o.operation_id DESC LIMIT %(limit)s
            """,
            {
                "project_id": project_id,
                "before_id": before_id,
                "author": wanted.author,
                "verb": wanted.verb,
                "status": wanted.status,
                "since": wanted.since,
                "until": wanted.until,
                "limit": limit,
            },
        ).fetchall()


def get_entry(conn: Connection[TupleRow], project_id: int, operation_id: int) -> LogEntry:
    """One operation of the project. Raises NotFound."""
    with conn.cursor(row_factory=class_row(LogEntry)) as cursor:
        entry = cursor.execute(
            _SELECT + " WHERE o.project_id = %s AND o.operation_id = %s", (project_id, operation_id)
        ).fetchone()
    if entry is None:
        raise NotFound("no such operation in this project", which=operation_id, do="see earmark log")
    return entry


def find_running(conn: Connection[TupleRow], project_id: int) -> LogEntry | None:
    """The operation that began last of those that run, among the latest thousand: so an idle log is not read whole."""
    with conn.cursor(row_factory=class_row(LogEntry)) as cursor:
        return cursor.execute(
            _SELECT
            + """
            JOIN (SELECT operation_id FROM operation WHERE project_id = %s ORDER BY operation_id DESC LIMIT %s) latest
              USING (operation_id)
            WHERE x.operation_id IS NULL ORDER BY o.operation_id DESC LIMIT 1
            """,
            (project_id, _N_LATEST),
        ).fetchone()


def list_of_job(conn: Connection[TupleRow], project_id: int, job_id: int, *, limit: int = 20) -> list[LogEntry]:
    """The latest operations of one job, oldest first: its verbs, and each once more for every try."""
    with conn.cursor(row_factory=class_row(LogEntry)) as cursor:
        found = cursor.execute(
            _SELECT + " WHERE o.project_id = %s AND o.job_id = %s ORDER BY o.operation_id DESC LIMIT %s",
            (project_id, job_id, limit),
        ).fetchall()
    return found[::-1]


def read_choices(conn: Connection[TupleRow], project_id: int) -> LogChoices:
    """Who ran what in the project's latest operations."""
    row = conn.execute(
        """
        SELECT array_agg(DISTINCT author ORDER BY author), array_agg(DISTINCT action ORDER BY action)
        FROM (SELECT author, action FROM operation WHERE project_id = %s ORDER BY operation_id DESC LIMIT %s) latest
        """,
        (project_id, _N_LATEST),
    ).fetchone()
    authors, actions = row or (None, None)
    return LogChoices(authors=tuple(authors or ()), actions=tuple(actions or ()))


def page_failures_of(
    conn: Connection[TupleRow], project_id: int, operation_id: int, *, after_id: int = 0, limit: int = 50
) -> list[FailureRow]:
    """The failures whose latest try was this operation, by id; an item that failed again stands under that run."""
    with conn.cursor(row_factory=class_row(FailureRow)) as cursor:
        return cursor.execute(
            """
            SELECT failure_id, stage, item, error, message, n_attempts, created_at FROM failure
            WHERE project_id = %s AND operation_id = %s AND failure_id > %s ORDER BY failure_id LIMIT %s
            """,
            (project_id, operation_id, after_id, limit),
        ).fetchall()


def page_problems_of(
    conn: Connection[TupleRow],
    project_id: int,
    operation_id: int,
    *,
    after: tuple[int, int] = (0, 0),
    limit: int = 50,
) -> list[ProblemRow]:
    """The problems of the recordings that this run brought in and of the clips that it cut, by recording."""
    with conn.cursor(row_factory=class_row(ProblemRow)) as cursor:
        return cursor.execute(
            """
            SELECT * FROM (
              (SELECT p.problem_id, p.recording_id, r.name AS recording, p.clip_id, p.kind, p.message, p.fix
               FROM recording r JOIN problem p USING (recording_id)
               WHERE r.project_id = %(project_id)s AND r.operation_id = %(operation_id)s AND p.clip_id IS NULL
                 AND (r.recording_id, p.problem_id) > (%(recording_id)s, %(problem_id)s)
                 AND r.recording_id >= %(recording_id)s
               ORDER BY r.recording_id, p.problem_id LIMIT %(limit)s)
              UNION ALL
              (SELECT p.problem_id, p.recording_id, r.name AS recording, p.clip_id, p.kind, p.message, p.fix
               FROM cut k JOIN recording r USING (recording_id) JOIN problem p USING (recording_id)
               JOIN clip c ON c.clip_id = p.clip_id AND c.cut_id = k.cut_id
               WHERE k.project_id = %(project_id)s AND k.operation_id = %(operation_id)s
                 AND (k.recording_id, p.problem_id) > (%(recording_id)s, %(problem_id)s)
                 AND k.recording_id >= %(recording_id)s
               ORDER BY k.recording_id, p.problem_id LIMIT %(limit)s)
            ) found ORDER BY recording_id, problem_id LIMIT %(limit)s
            """,
            {
                "project_id": project_id,
                "operation_id": operation_id,
                "recording_id": after[0],
                "problem_id": after[1],
                "limit": limit,
            },
        ).fetchall()
