"""Failures: the items that a stage could not finish, each with its reason, until a later run can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog import columns
from pipeline.core.types import Failure


@dataclass(frozen=True, kw_only=True)
class FailureRow:
    """One open failure as a screen shows it."""

    failure_id: int
    stage: str
    item: str
    error: str
    message: str
    n_attempts: int
    created_at: datetime


def save_failures(
    conn: Connection[TupleRow], project_id: int, stage: str, failures: Iterable[Failure], *, operation_id: int
) -> None:
    """Keep each failure; one that is open already counts another attempt and takes the new reason."""
    # One statement may touch a row once: the last word about an item counts.
    last = list({failure.item: failure for failure in failures}.values())
    if not last:
        return
    columns.execute(
        conn,
        """
        INSERT INTO failure (project_id, operation_id, stage, item, error, message)
        SELECT %(project_id)s, %(operation_id)s, %(stage)s, x.item, x.error, x.message
        FROM unnest(%(item)s::text[], %(error)s::text[], %(message)s::text[]) x (item, error, message)
        ON CONFLICT (project_id, stage, item) WHERE resolved_at IS NULL
          DO UPDATE SET n_attempts = failure.n_attempts + 1, operation_id = excluded.operation_id,
            error = excluded.error, message = excluded.message
        """,
        {
            "project_id": project_id,
            "operation_id": operation_id,
            "stage": stage,
            "item": columns.texts([f.item for f in last]),
            "error": columns.texts([f.error for f in last]),
            "message": columns.texts([_storable(f.message) for f in last]),
        },
    )


def resolve_failures(conn: Connection[TupleRow], project_id: int, stage: str, items: Iterable[str]) -> None:
    """Close the failures of items that are done now (or gone)."""
    conn.execute(
        """
        UPDATE failure SET resolved_at = clock_timestamp()
        WHERE project_id = %s AND stage = %s AND resolved_at IS NULL AND item = ANY(%s)
        """,
        (project_id, stage, list(items)),
    )


def open_items(conn: Connection[TupleRow], project_id: int, stage: str) -> set[str]:
    """The items of a stage that stand as failed."""
    rows = conn.execute(
        "SELECT item FROM failure WHERE project_id = %s AND stage = %s AND resolved_at IS NULL", (project_id, stage)
    )
    return {row[0] for row in rows}


def page_failures(
    conn: Connection[TupleRow], project_id: int, *, after_id: int = 0, limit: int = 50
) -> list[FailureRow]:
    """The open failures after an id, by id; files that never claimed to be sound come with error NotSound."""
    with conn.cursor(row_factory=class_row(FailureRow)) as cursor:
        return cursor.execute(
            """
            SELECT failure_id, stage, item, error, message, n_attempts, created_at FROM failure
            WHERE project_id = %s AND resolved_at IS NULL AND failure_id > %s ORDER BY failure_id LIMIT %s
            """,
            (project_id, after_id, limit),
        ).fetchall()


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL and lone surrogates (of non-UTF-8 names)."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
