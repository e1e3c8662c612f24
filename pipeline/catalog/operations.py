"""The operation log: what ran for whom, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.catalog.rows import scalar
from pipeline.core.types import Outcome

Status = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class OperationState:
    """One run as a screen shows it. ``n_total`` is None while the work is still being counted."""

    operation_id: int
    action: str
    spec: Mapping[str, Any]
    author: str
    began_at: datetime
    status: Status
    stage: str | None
    n_done: int
    n_failed: int
    n_total: int | None
    stage_began_at: datetime | None
    updated_at: datetime | None
    message: str | None


def begin(conn: Connection[TupleRow], project_id: int, action: str, spec: Mapping[str, Any]) -> int:
    """A new operation's id. This connection holds its lock until ``end``: a dead process is seen by the lost lock.

    It belongs to the job that ``carry_for`` named on this connection, if any.
    """
    operation_id = scalar(
        conn.execute(
            """
            INSERT INTO operation (project_id, action, spec, job_id)
            VALUES (%s, %s, %s, nullif(current_setting('earmark.job_id', true), '')::bigint) RETURNING operation_id
            """,
            (project_id, action, Jsonb(dict(spec))),
        )
    )
    conn.execute("SELECT hold_run(%s)", (operation_id,))
    conn.execute(
        "INSERT INTO progress (operation_id, project_id, stage, n_done, n_failed) VALUES (%s, %s, 'starting', 0, 0)",
        (operation_id, project_id),
    )
    return operation_id


def carry_for(conn: Connection[TupleRow], job_id: int) -> None:
    """Let all operations that begin on this connection belong to this job."""
    conn.execute("SELECT set_config('earmark.job_id', %s, false)", (str(job_id),))


def end(
    conn: Connection[TupleRow],
    project_id: int,
    operation_id: int,
    *,
    status: Status,
    outcome: Outcome,
    message: str | None,
) -> None:
    """Write the outcome, once and for ever, and give the lock back."""
    conn.execute(
        """
        INSERT INTO operation_outcome
          (operation_id, project_id, status, n_input, n_done, n_unchanged, n_failed, detail, message)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            operation_id,
            project_id,
            status,
            outcome.n_input,
            outcome.n_done,
            outcome.n_unchanged,
            len(outcome.failed),
            Jsonb(outcome.detail),
            message,
        ),
    )
    conn.execute("SELECT release_run(%s)", (operation_id,))


def report_progress(
    conn: Connection[TupleRow], operation_id: int, *, stage: str, n_done: int, n_failed: int, n_total: int | None
) -> bool:
    """Write how far the run is; True if a person has asked to stop it."""
    row = conn.execute(
        """
        UPDATE progress SET stage = %(stage)s, n_done = %(n_done)s, n_failed = %(n_failed)s, n_total = %(n_total)s,
          updated_at = clock_timestamp(),
          stage_began_at = CASE WHEN stage = %(stage)s THEN stage_began_at ELSE clock_timestamp() END
        WHERE operation_id = %(operation_id)s
        RETURNING is_cancel_asked
        """,
        {
            "stage": stage,
            "n_done": n_done,
            "n_failed": n_failed,
            "n_total": n_total,
            "operation_id": operation_id,
        },
    ).fetchone()
    return bool(row and row[0])


def ask_cancel(conn: Connection[TupleRow], project_id: int, operation_id: int) -> None:
    """Ask a running operation to stop at its next commit."""
    conn.execute(
        "UPDATE progress SET is_cancel_asked = true WHERE project_id = %s AND operation_id = %s",
        (project_id, operation_id),
    )


def sweep_dead(conn: Connection[TupleRow], project_id: int) -> int:
    """Count of runs now written as failed because the process that ran them is gone."""
    return scalar(conn.execute("SELECT sweep_dead(%s)", (project_id,)))


def list_operations(conn: Connection[TupleRow], project_id: int, *, limit: int = 20) -> list[OperationState]:
    """The latest runs, newest first."""
    with conn.cursor(row_factory=class_row(OperationState)) as cursor:
        return cursor.execute(
            """
            SELECT o.operation_id, o.action, o.spec, o.author, o.created_at AS began_at,
              coalesce(x.status, 'running') AS status, p.stage,
              coalesce(x.n_done, p.n_done, 0) AS n_done, coalesce(x.n_failed, p.n_failed, 0) AS n_failed,
              coalesce(x.n_input, p.n_total) AS n_total, p.stage_began_at,
              coalesce(x.created_at, p.updated_at) AS updated_at, x.message
            FROM operation o
            LEFT JOIN progress p USING (operation_id)
            LEFT JOIN operation_outcome x USING (operation_id)
            WHERE o.project_id = %s ORDER BY o.operation_id DESC LIMIT %s
            """,
            (project_id, limit),
        ).fetchall()
