"""The review queue: what waits for an answer, in order, each clip held by one person at a time.

An answer takes its clip off the queue by a trigger of the database; people change nothing here themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class OpenReview(NamedTuple):
    """One clip that waits and that nobody holds: how many have answered it, and what is proposed now."""

    clip_id: int
    n_answered: int
    n_wanted: int
    proposed_label_id: int | None
    proposed_confidence: float | None


def candidates(conn: Connection[TupleRow], project_id: int) -> list[int]:
    """The clips that wait for a person: active, not redundant, without a person's answer, short of people, or disputed.

    A gold clip that somebody has answered is none: it waits for people to come, and nothing is left to be found out.
    """
    rows = conn.execute(
        """
        SELECT c.clip_id FROM clip c LEFT JOIN consensus s USING (clip_id)
        LEFT JOIN review v ON v.project_id = c.project_id AND v.clip_id = c.clip_id AND v.state = 'open'
        WHERE c.project_id = %s AND c.is_active AND NOT c.is_redundant
          AND (coalesce(s.is_disputed, false) OR cardinality(v.answered_by) < v.n_wanted AND v.n_wanted < %s
            OR NOT EXISTS (
              SELECT FROM current_annotation a
              WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id AND a.source = 'human'))
        ORDER BY c.clip_id
        """,
        (project_id, EVERYBODY),
    )
    return [row[0] for row in rows]


def replace_queue(
    conn: Connection[TupleRow], project_id: int, entries: Sequence[QueueEntry], *, operation_id: int
) -> None:
    """Put these clips, in this order, in place of what waited; what people hold just now stays theirs.

    What as many people as wanted have answered while the queue was thought out, or a reviewer has settled, is left
    out: nobody is asked that again.
    """
    lock_project(conn, project_id)
    conn.execute(
        """
        DELETE FROM review WHERE project_id = %s AND state = 'open'
          AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        """,
        (project_id,),
    )
    for at in range(0, len(entries), columns.CHUNK_N):
        chunk = entries[at : at + columns.CHUNK_N]
        asked = {
            "project_id": project_id,
            "operation_id": operation_id,
            "clip_id": columns.ints([e.clip_id for e in chunk]),
            "position": columns.ints(range(at, at + len(chunk))),
            "reason": columns.texts([e.reason for e in chunk]),
            "label_id": columns.ints([e.proposed_label_id for e in chunk]),
            "confidence": columns.floats([e.proposed_confidence for e in chunk]),
            "n_wanted": columns.ints([e.n_wanted for e in chunk]),
        }
        columns.execute(
            conn,
            """
            DELETE FROM review v USING (
              SELECT x.clip_id, x.n_wanted, count(DISTINCT a.author) AS n_answered, bool_or(a.settles) AS is_settled
              FROM unnest(%(clip_id)s::bigint[], %(n_wanted)s::bigint[]) x (clip_id, n_wanted)
              LEFT JOIN current_annotation a
                ON a.project_id = %(project_id)s AND a.clip_id = x.clip_id AND a.source = 'human'
              GROUP BY x.clip_id, x.n_wanted) e
            WHERE v.project_id = %(project_id)s AND v.clip_id = e.clip_id AND v.state = 'answered'
              AND e.n_answered < e.n_wanted AND e.is_settled IS NOT TRUE
            """,
            {name: asked[name] for name in ("project_id", "clip_id", "n_wanted")},
        )
        columns.execute(
            conn,
            """
            INSERT INTO review (project_id, operation_id, clip_id, position, reason, proposed_label_id,
              proposed_confidence, n_wanted, answered_by)
            SELECT %(project_id)s, %(operation_id)s, x.clip_id, x.position, x.reason, x.label_id, x.confidence,
              x.n_wanted, coalesce(said.people, '{}')
            FROM unnest(%(clip_id)s::bigint[], %(position)s::bigint[], %(reason)s::text[], %(label_id)s::bigint[],
              %(confidence)s::float8[], %(n_wanted)s::bigint[])
              x (clip_id, position, reason, label_id, confidence, n_wanted)
            LEFT JOIN (
              SELECT a.clip_id, array_agg(DISTINCT a.author) AS people, bool_or(a.settles) AS is_settled
              FROM current_annotation a WHERE a.project_id = %(project_id)s AND a.source = 'human' GROUP BY a.clip_id
            ) said USING (clip_id)
            WHERE said.is_settled IS NOT TRUE AND cardinality(coalesce(said.people, '{}')) < x.n_wanted
            ON CONFLICT (project_id, clip_id) DO UPDATE SET position = excluded.position,
              n_wanted = CASE WHEN review.state = 'open' THEN excluded.n_wanted ELSE review.n_wanted END
            """,
            asked,
        )


def read_open(conn: Connection[TupleRow], project_id: int) -> list[OpenReview]:
    """What waits and nobody holds, in the order of the queue."""
    rows = conn.execute(
        """
        SELECT clip_id, cardinality(answered_by), n_wanted, proposed_label_id, proposed_confidence FROM review
        WHERE project_id = %s AND state = 'open' AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        ORDER BY position, review_id
        """,
        (project_id,),
    )
    return [OpenReview._make(row) for row in rows]


def put_in_front(conn: Connection[TupleRow], project_id: int, entries: Sequence[QueueEntry]) -> int:
    """Count of these clips that are now asked next, in this order; the rest of the queue follows as it was.

    What somebody answers or takes just now is left alone, what people hold stays before all else.
    ``n_wanted`` is not changed, nor are reason and proposal of a clip that somebody has answered.
    """
    lock_project(conn, project_id)
    n_moved = columns.execute(
        conn,
        """
        WITH front AS (
          SELECT min(position) AS first FROM review WHERE project_id = %(project_id)s AND state = 'open'
        ), free AS (
          SELECT v.review_id, x.* FROM unnest(%(clip_id)s::bigint[], %(place)s::bigint[], %(reason)s::text[],
            %(label_id)s::bigint[], %(confidence)s::float8[]) x (clip_id, place, new_reason, label_id, confidence)
          JOIN review v ON v.project_id = %(project_id)s AND v.clip_id = x.clip_id
          WHERE v.state = 'open' AND (v.claimed_until IS NULL OR v.claimed_until < clock_timestamp())
          FOR UPDATE OF v SKIP LOCKED
        )
        UPDATE review v SET position = front.first - %(n)s + free.place,
          reason = CASE WHEN v.answered_by = '{}' THEN free.new_reason ELSE v.reason END,
          proposed_label_id = CASE WHEN v.answered_by = '{}' THEN free.label_id ELSE v.proposed_label_id END,
          proposed_confidence = CASE WHEN v.answered_by = '{}' THEN free.confidence ELSE v.proposed_confidence END
        FROM free, front WHERE v.review_id = free.review_id
        """,
        {
            "project_id": project_id,
            "n": len(entries),
            "clip_id": columns.ints([e.clip_id for e in entries]),
            "place": columns.ints(range(len(entries))),
            "reason": columns.texts([e.reason for e in entries]),
            "label_id": columns.ints([e.proposed_label_id for e in entries]),
            "confidence": columns.floats([e.proposed_confidence for e in entries]),
        },
    ).rowcount
    conn.execute(
        """
        WITH held AS (
          SELECT review_id, row_number() OVER (ORDER BY position, review_id) AS place FROM review
          WHERE project_id = %(project_id)s AND state = 'open' AND claimed_until >= clock_timestamp()
        ), free AS (
          SELECT v.review_id FROM review v JOIN held USING (review_id) FOR UPDATE OF v SKIP LOCKED
        ), front AS (
          SELECT min(position) AS first FROM review WHERE project_id = %(project_id)s AND state = 'open'
        )
        UPDATE review v SET position = front.first - (SELECT count(*) FROM held) - 1 + held.place
        FROM free JOIN held USING (review_id), front
        WHERE v.review_id = free.review_id AND v.state = 'open'
        """,
        {"project_id": project_id},
    )
    return n_moved


def renew_proposals(conn: Connection[TupleRow], project_id: int, proposals: Sequence[tuple[int, int, float]]) -> None:
    """Let the model propose otherwise for clips that nobody holds or has answered: clip, label and confidence each."""
    columns.execute(
        conn,
        """
        WITH free AS (
          SELECT v.review_id, x.label_id, x.confidence
          FROM unnest(%(clip_id)s::bigint[], %(label_id)s::bigint[], %(confidence)s::float8[])
            x (clip_id, label_id, confidence)
          JOIN review v ON v.project_id = %(project_id)s AND v.clip_id = x.clip_id
          WHERE v.state = 'open' AND v.answered_by = '{}'
            AND (v.claimed_until IS NULL OR v.claimed_until < clock_timestamp())
          FOR UPDATE OF v SKIP LOCKED
        )
        UPDATE review v SET proposed_label_id = free.label_id, proposed_confidence = free.confidence
        FROM free WHERE v.review_id = free.review_id
        """,
        {
            "project_id": project_id,
            "clip_id": columns.ints([clip_id for clip_id, _, _ in proposals]),
            "label_id": columns.ints([label_id for _, label_id, _ in proposals]),
            "confidence": columns.floats([confidence for _, _, confidence in proposals]),
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
