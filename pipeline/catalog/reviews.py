"""The review queue: what waits for an answer, in order, each clip held by one person at a time.

An answer takes its clip off the queue by a trigger of the database; people change nothing here themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog import columns
from pipeline.catalog.projects import lock_project
from pipeline.catalog.rows import scalar

CLAIM_MINUTES = 30
EVERYBODY = 32_767
"""As ``n_wanted``: a clip that every person is asked about once."""


@dataclass(frozen=True, kw_only=True)
class QueueEntry:
    """One clip to put into the queue; the order of the entries is the order of the queue.

    ``n_wanted`` people are asked about it, one after the other, and only the first sees a proposal.
    """

    clip_id: int
    reason: str
    proposed_label_id: int | None = None
    proposed_confidence: float | None = None
    n_wanted: int = 1


@dataclass(frozen=True, kw_only=True)
class WaitingLabel:
    """For how many clips that a person may be asked about this label is proposed, and how surely on the average."""

    label_id: int
    label: str
    n: int
    mean_confidence: float


@dataclass(frozen=True, kw_only=True)
class ClaimedClip:
    """One clip that this person holds, as the deck shows it."""

    clip_id: int
    recording_name: str
    start_s: float
    duration_s: float
    rate_hz: int
    reason: str
    proposed_label: str | None
    proposed_confidence: float | None


def candidates(conn: Connection[TupleRow], project_id: int) -> list[int]:
    """The clips that wait for a person: active, not redundant, without a person's answer, or disputed."""
    rows = conn.execute(
        """
        SELECT c.clip_id FROM clip c LEFT JOIN consensus s USING (clip_id)
        WHERE c.project_id = %s AND c.is_active AND NOT c.is_redundant
          AND (coalesce(s.is_disputed, false) OR NOT EXISTS (
            SELECT FROM current_annotation a
            WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id AND a.source = 'human'))
        ORDER BY c.clip_id
        """,
        (project_id,),
    )
    return [row[0] for row in rows]


def replace_queue(
    conn: Connection[TupleRow], project_id: int, entries: Sequence[QueueEntry], *, operation_id: int
) -> None:
    """Put these clips, in this order, in place of what waited; what people hold just now stays theirs."""
    lock_project(conn, project_id)
    conn.execute(
        """
        DELETE FROM review WHERE project_id = %s
          AND (claimed_until IS NULL OR claimed_until < clock_timestamp() OR state = 'answered')
          AND (state = 'open' OR clip_id = ANY(%s) AND (
            -- Not what was answered while the queue was thought out: nobody is asked that again.
            EXISTS (SELECT FROM consensus s WHERE s.clip_id = review.clip_id AND s.is_disputed)
            OR NOT EXISTS (SELECT FROM current_annotation a WHERE a.project_id = review.project_id
              AND a.clip_id = review.clip_id AND a.source = 'human')))
        """,
        (project_id, [entry.clip_id for entry in entries]),
    )
    for at in range(0, len(entries), columns.CHUNK_N):
        chunk = entries[at : at + columns.CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO review
              (project_id, operation_id, clip_id, position, reason, proposed_label_id, proposed_confidence)
            SELECT %(project_id)s, %(operation_id)s, x.*
            FROM unnest(%(clip_id)s::bigint[], %(position)s::bigint[], %(reason)s::text[], %(label_id)s::bigint[],
              %(confidence)s::float8[]) x
            ON CONFLICT (project_id, clip_id) DO UPDATE SET position = excluded.position
            """,
            {
                "project_id": project_id,
                "operation_id": operation_id,
                "clip_id": columns.ints([e.clip_id for e in chunk]),
                "position": columns.ints(range(at, at + len(chunk))),
                "reason": columns.texts([e.reason for e in chunk]),
                "label_id": columns.ints([e.proposed_label_id for e in chunk]),
                "confidence": columns.floats([e.proposed_confidence for e in chunk]),
            },
        )


def claim(
    conn: Connection[TupleRow], project_id: int, n: int, *, have: Sequence[int] = (), label_id: int | None = None
) -> list[ClaimedClip]:
    """At most n clips for this person to answer next, in order of the queue, and nobody else's until the claim ends.

    With ``label_id`` only clips for which a model proposes this label, the surest first.
    What the person holds already comes first (a tab that was closed and opened again), except ``have``, which
    the screen shows already. Clips of a person who went away are free again after CLAIM_MINUTES.
    """
    with conn.cursor(row_factory=class_row(ClaimedClip)) as cursor:
        return cursor.execute(
            "SELECT * FROM claim_reviews(%s, %s, %s::bigint[], %s, %s)",
            (project_id, n, list(have), CLAIM_MINUTES, label_id),
        ).fetchall()


def release_claims(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> int:
    """Count of these clips that this person held, and now holds no longer."""
    return scalar(conn.execute("SELECT release_claims(%s, %s::bigint[])", (project_id, list(clip_ids))))


def waiting_by_proposal(conn: Connection[TupleRow], project_id: int) -> list[WaitingLabel]:
    """The labels that a model proposes for clips that wait for this person, the most frequent first."""
    with conn.cursor(row_factory=class_row(WaitingLabel)) as cursor:
        return cursor.execute("SELECT * FROM waiting_by_proposal(%s)", (project_id,)).fetchall()


def skip(conn: Connection[TupleRow], project_id: int, clip_id: int) -> None:
    """Leave a clip to others: this person is not asked about it again, and no longer holds it."""
    conn.execute("SELECT skip_review(%s, %s)", (project_id, clip_id))


def count_open(conn: Connection[TupleRow], project_id: int) -> int:
    """How many clips wait in the queue for this person. Raises psycopg's InsufficientPrivilege without a duty."""
    return scalar(conn.execute("SELECT count_waiting(%s)", (project_id,)))
