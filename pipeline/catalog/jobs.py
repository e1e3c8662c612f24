"""Durable jobs: command lines that were asked for, how far they are, and which worker is alive.

Our own rows say what people see. What waits to be carried is procrastinate's, in a schema of its own in the same
database, so that both are written in one transaction. Who carries a job holds an advisory lock on it: a killed worker
loses it at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.catalog.rows import scalar
from pipeline.core.errors import NotFound

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

QUEUE_SCHEMA = "procrastinate"
STALE_HEARTBEAT_S = 45
_JOB_LOCK, _WORKER_LOCK = 0x0EA7, 0x0EA8  # name our advisory locks, beside those of operations and projects
_CARRIER, _HELPER = 1, 2  # every worker; the one that starts by itself


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job as screens and workers see it. ``results`` has one JSON object for each verb that is done."""

    job_id: int
    project_id: int
    project: str
    verbs: Sequence[Sequence[str]]
    source_id: int | None
    queue_id: int | None
    state: JobState
    is_cancel_asked: bool
    n_verbs_done: int
    n_attempts: int
    results: Sequence[Mapping[str, Any]]
    message: str | None
    worker: str | None
    retry_at: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    author: str
    created_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether something is still to come of it."""
        return self.state in ("waiting", "running")


_SELECT = """
    SELECT j.job_id, j.project_id, p.name AS project, j.verbs, j.source_id, j.queue_id, j.state, j.is_cancel_asked,
      j.n_verbs_done, j.n_attempts, j.results, j.message, j.worker, j.retry_at, j.began_at, j.ended_at, j.author,
      j.created_at
    FROM job j JOIN project p USING (project_id)
"""


def add_job(
    conn: Connection[TupleRow], project_id: int, verbs: Sequence[Sequence[str]], *, source_id: int | None
) -> int:
    """A new waiting job's id; its author is who is logged in."""
    return scalar(
        conn.execute(
            "INSERT INTO job (project_id, verbs, source_id) VALUES (%s, %s, %s) RETURNING job_id",
            (project_id, Jsonb([list(words) for words in verbs]), source_id),
        )
    )


def queue_job(conn: Connection[TupleRow], job_id: int, *, queue: str, task: str) -> None:
    """Hand a new job of this person to procrastinate."""
    conn.execute("SELECT queue_job(%s, %s, %s)", (job_id, queue, task))


def get_job(conn: Connection[TupleRow], job_id: int, *, project_id: int | None = None) -> Job:
    """The job of this number, in this project if one is named. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        job = cursor.execute(
            _SELECT + " WHERE j.job_id = %(job_id)s AND (%(project_id)s::int IS NULL OR j.project_id = %(project_id)s)",
            {"job_id": job_id, "project_id": project_id},
        ).fetchone()
    if job is None:
        raise NotFound("no such job in this project", which=job_id)
    return job


def list_jobs(conn: Connection[TupleRow], project_id: int, *, limit: int = 20) -> list[Job]:
    """The latest jobs, newest first."""
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute(
            _SELECT + " WHERE j.project_id = %s ORDER BY j.job_id DESC LIMIT %s", (project_id, limit)
        ).fetchall()


def begin_job(conn: Connection[TupleRow], job_id: int, *, worker: str) -> bool:
    """Write an open job that nobody asked to cancel as running; False if there is none (any more)."""
    return (
        conn.execute(
            """
            UPDATE job SET state = 'running', worker = %s, n_attempts = n_attempts + 1, retry_at = NULL, message = NULL,
              began_at = coalesce(began_at, clock_timestamp())
            WHERE job_id = %s AND state IN ('waiting', 'running') AND NOT is_cancel_asked
            """,
            (worker, job_id),
        ).rowcount
        > 0
    )


def note_verb_done(conn: Connection[TupleRow], job_id: int, result: Mapping[str, Any]) -> None:
    """Count one more verb of the job as done, with what it said."""
    conn.execute(
        "UPDATE job SET n_verbs_done = n_verbs_done + 1, results = results || %s WHERE job_id = %s",
        (Jsonb([dict(result)]), job_id),
    )


def put_back(conn: Connection[TupleRow], job_id: int, *, message: str, retry_at: datetime | None) -> None:
    """Let a running job wait for another try."""
    conn.execute(
        "UPDATE job SET state = 'waiting', message = %s, retry_at = %s WHERE job_id = %s AND state = 'running'",
        (message, retry_at, job_id),
    )


def end_job(conn: Connection[TupleRow], job_id: int, *, state: JobState, message: str | None) -> None:
    """Write the end of a job that is still open."""
    conn.execute(
        """
        UPDATE job SET state = %s, message = %s, retry_at = NULL, ended_at = clock_timestamp()
        WHERE job_id = %s AND state IN ('waiting', 'running')
        """,
        (state, message, job_id),
    )


def ask_cancel(conn: Connection[TupleRow], job_id: int) -> None:
    """Cancel a waiting job at once; ask a running one, and what runs for it, to stop at its next commit."""
    conn.execute(
        """
        UPDATE job SET is_cancel_asked = true,
          state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END,
          message = CASE state WHEN 'waiting' THEN 'cancelled before it began' ELSE message END,
          ended_at = CASE state WHEN 'waiting' THEN clock_timestamp() ELSE ended_at END,
          retry_at = NULL
        WHERE job_id = %s AND state IN ('waiting', 'running')
        """,
        (job_id,),
    )
    stop_operations(conn, job_id)


def stop_operations(conn: Connection[TupleRow], job_id: int) -> None:
    """Ask every run of this job to stop at its next commit."""
    conn.execute(
        """
        UPDATE progress SET is_cancel_asked = true
        WHERE NOT is_cancel_asked AND operation_id IN (SELECT operation_id FROM operation WHERE job_id = %s)
        """,
        (job_id,),
    )


def is_cancel_asked(conn: Connection[TupleRow], job_id: int) -> bool:
    """Whether a person asked to stop this job."""
    return scalar(conn.execute("SELECT is_cancel_asked FROM job WHERE job_id = %s", (job_id,)))


def count_open(conn: Connection[TupleRow]) -> int:
    """How many jobs of all projects wait or run."""
    return scalar(conn.execute("SELECT count(*) FROM job WHERE state IN ('waiting', 'running')"))


def hold_job(conn: Connection[TupleRow], job_id: int) -> bool:
    """Whether this connection is now the one that carries the job, until it is closed."""
    return scalar(conn.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", (_JOB_LOCK, job_id % 2**31)))


def hold_worker(conn: Connection[TupleRow], *, is_helper: bool) -> bool:
    """Say on this connection that a worker is alive; a helper gets False if another helper is."""
    if is_helper and not scalar(conn.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", (_WORKER_LOCK, _HELPER))):
        return False
    conn.execute("SELECT pg_advisory_lock_shared(%s::int, %s::int)", (_WORKER_LOCK, _CARRIER))
    return True


def release_worker(conn: Connection[TupleRow]) -> None:
    """Take back what ``hold_worker`` said."""
    conn.execute("SELECT pg_advisory_unlock_all()")


def has_worker(conn: Connection[TupleRow]) -> bool:
    """Whether any worker of this database is alive."""
    return scalar(
        conn.execute(
            """
            SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            """,
            (_WORKER_LOCK, _CARRIER),
        )
    )


def list_orphans(conn: Connection[TupleRow]) -> list[tuple[int, int]]:
    """Job and queue number of open jobs that nobody carries though somebody began to; held until the commit."""
    rows = conn.execute(
        """
        SELECT j.job_id, j.queue_id FROM job j
        JOIN procrastinate.procrastinate_jobs q ON q.id = j.queue_id
        LEFT JOIN procrastinate.procrastinate_workers w ON w.id = q.worker_id
        WHERE j.state IN ('waiting', 'running') AND q.status IN ('doing', 'failed')
          AND (j.state = 'running' OR q.status = 'failed' OR w.id IS NULL
            OR w.last_heartbeat < clock_timestamp() - make_interval(secs => %s))
        """,
        (STALE_HEARTBEAT_S,),
    ).fetchall()
    return [
        (job_id, queue_id)
        for job_id, queue_id in rows
        if scalar(conn.execute("SELECT pg_try_advisory_xact_lock(%s::int, %s::int)", (_JOB_LOCK, job_id % 2**31)))
    ]


def queue_again(conn: Connection[TupleRow], job_id: int, queue_id: int, *, message: str) -> None:
    """Let a job whose worker died wait for another, as procrastinate does with one that is stalled."""
    with queue_in_sight(conn):
        conn.execute("SELECT procrastinate_retry_job_v2(%s, clock_timestamp(), NULL, NULL, NULL)", (queue_id,))
    conn.execute("UPDATE job SET state = 'waiting', message = %s, retry_at = NULL WHERE job_id = %s", (message, job_id))


def queue_in_sight(conn: Connection[TupleRow]) -> _QueueInSight:
    """A block within a transaction in which this connection finds procrastinate's tables and functions."""
    return _QueueInSight(conn)


class _QueueInSight:
    def __init__(self, conn: Connection[TupleRow]) -> None:
        self._conn = conn

    def __enter__(self) -> None:
        self._set(f"{QUEUE_SCHEMA},pg_temp")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:  # else the transaction is rolled back, and the setting with it
            self._set("public,pg_temp")

    def _set(self, path: str) -> None:
        self._conn.execute("SELECT set_config('search_path', %s, true)", (path,))


def has_queue(conn: Connection[TupleRow]) -> bool:
    """Whether procrastinate's tables stand."""
    return scalar(
        conn.execute(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = %s)",
            (QUEUE_SCHEMA, "procrastinate_jobs"),
        )
    )


def make_queue(conn: Connection[TupleRow], schema_sql: bytes) -> None:
    """Make procrastinate's tables, in a transaction of the caller; people reach them by ``queue_job`` only."""
    conn.execute("CREATE SCHEMA IF NOT EXISTS procrastinate")
    with queue_in_sight(conn):
        conn.execute(schema_sql)
    conn.execute("REVOKE ALL ON SCHEMA procrastinate FROM PUBLIC")
