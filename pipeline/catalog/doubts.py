"""Clips in doubt: what must be known before a label is doubted, and the three lists that a reviewer settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.core.types import Vote


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a clip comes from."""

    clip_id: int
    recording_id: int
    source_group: str | None


@dataclass(frozen=True, kw_only=True)
class DoubtCounts:
    """How many clips wait for a verdict in each list, and when mislabels were looked for last (None: never)."""

    n_suspects: int
    n_flagged: int
    n_disputed: int
    searched_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """What is shown of a clip."""

    clip_id: int
    recording_name: str
    start_s: float
    duration_s: float
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the latest search for mislabels says of a clip; see ``NewSuspect``."""

    clip_id: int
    score: float
    given: str
    suggested: str
    given_probability: float
    suggested_probability: float
    nearest_given: int | None
    nearest_suggested: int | None
    n_near: int
    n_near_given: int
    n_near_suggested: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """A clip that people flagged, by whom, and when last."""

    clip_id: int
    people: list[str]
    raised_at: datetime


_SETTLED: LiteralString = """
    SELECT v.clip_id, max(v.created_at) AS settled_at FROM verdict v
    WHERE v.project_id = %(project_id)s AND v.verdict <> 'withdrawn'
      AND NOT EXISTS (SELECT FROM verdict w WHERE w.supersedes = v.verdict_id)
    GROUP BY v.clip_id
"""
_SUSPECTS = """
    SELECT s.clip_id, s.position FROM suspect s JOIN clip c USING (clip_id)
    WHERE s.project_id = %(project_id)s AND c.is_active AND NOT c.is_redundant
      AND NOT EXISTS (SELECT FROM settled x WHERE x.clip_id = s.clip_id)
      -- Whose label was changed since is no longer in doubt for the reason given.
      AND NOT EXISTS (SELECT FROM current_annotation a
        WHERE a.project_id = s.project_id AND a.clip_id = s.clip_id AND a.source = 'human'
          AND a.created_at > s.created_at AND a.label_id IS DISTINCT FROM s.given_label_id)
"""
_FLAGGED = """
    SELECT f.clip_id, array_agg(f.author ORDER BY f.created_at) AS people, max(f.created_at) AS raised_at FROM (
      SELECT DISTINCT ON (f.clip_id, f.author) f.clip_id, f.author, f.is_raised, f.created_at FROM flag f
      WHERE f.project_id = %(project_id)s ORDER BY f.clip_id, f.author, f.created_at DESC) f
    JOIN clip c USING (clip_id) LEFT JOIN settled x USING (clip_id)
    WHERE f.is_raised AND c.is_active AND (x.settled_at IS NULL OR f.created_at > x.settled_at)
    GROUP BY f.clip_id
"""
# As curation/consensus.py has it: two answers have as many votes, or fewer than half of the people agree.
_DISPUTED = """
    SELECT k.clip_id, max(k.answered_at) AS answered_at FROM (
      SELECT a.clip_id, count(*) AS n, max(a.created_at) AS answered_at FROM current_annotation a
      WHERE a.project_id = %(project_id)s AND a.source = 'human'
      GROUP BY a.clip_id, a.answer, ARRAY(SELECT x FROM unnest(a.label_id || a.also_label_ids) x ORDER BY x)) k
    JOIN clip c USING (clip_id)
    WHERE c.is_active AND NOT c.is_redundant AND NOT EXISTS (SELECT FROM settled x WHERE x.clip_id = k.clip_id)
      AND NOT EXISTS (SELECT FROM current_annotation a WHERE a.project_id = c.project_id AND a.clip_id = k.clip_id
                      AND a.settles)
    GROUP BY k.clip_id
    HAVING count(*) > 1
      AND (2 * max(k.n) < sum(k.n) OR (array_agg(k.n ORDER BY k.n DESC))[1] = (array_agg(k.n ORDER BY k.n DESC))[2])
"""


def count_doubts(conn: Connection[TupleRow], project_id: int) -> DoubtCounts:
    """The lengths of the three lists."""
    statement = f"""
        WITH settled AS ({_SETTLED})
        SELECT (SELECT count(*) FROM ({_SUSPECTS}) s) AS n_suspects, (SELECT count(*) FROM ({_FLAGGED}) f) AS n_flagged,
          (SELECT count(*) FROM ({_DISPUTED}) d) AS n_disputed,
          (SELECT max(x.created_at) FROM operation o JOIN operation_outcome x USING (operation_id)
           WHERE o.project_id = %(project_id)s AND o.action = 'mislabels' AND x.status = 'done') AS searched_at
    """
    with conn.cursor(row_factory=class_row(DoubtCounts)) as cursor:
        row = cursor.execute(statement, {"project_id": project_id}).fetchone()
    return row or DoubtCounts(n_suspects=0, n_flagged=0, n_disputed=0, searched_at=None)


def list_suspects(
    conn: Connection[TupleRow], project_id: int, *, have: Sequence[int] = (), limit: int | None = None
) -> list[int]:
    """The suspects without a verdict, the most suspicious first, but those in ``have``."""
    statement = f"WITH settled AS ({_SETTLED}) SELECT clip_id FROM ({_SUSPECTS}) s WHERE clip_id <> ALL(%(have)s)"
    return _ids(conn, f"{statement} ORDER BY position", project_id, have, limit)


def list_disputed(
    conn: Connection[TupleRow], project_id: int, *, have: Sequence[int] = (), limit: int | None = None
) -> list[int]:
    """The clips on which people disagree, the latest first, but those in ``have``."""
    statement = f"WITH settled AS ({_SETTLED}) SELECT clip_id FROM ({_DISPUTED}) d WHERE clip_id <> ALL(%(have)s)"
    return _ids(conn, f"{statement} ORDER BY answered_at DESC, clip_id", project_id, have, limit)


def list_flagged(
    conn: Connection[TupleRow], project_id: int, *, have: Sequence[int] = (), limit: int | None = None
) -> list[Flagged]:
    """The clips with a flag that was raised since the latest verdict on them, the latest first, but ``have``."""
    statement = f"""
        WITH settled AS ({_SETTLED}) SELECT clip_id, people, raised_at FROM ({_FLAGGED}) f
        WHERE clip_id <> ALL(%(have)s) ORDER BY raised_at DESC, clip_id LIMIT %(limit)s
    """
    with conn.cursor(row_factory=class_row(Flagged)) as cursor:
        asked = {"project_id": project_id, "have": list(have), "limit": limit}
        return cursor.execute(statement, asked).fetchall()


def evidence_of(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, Evidence]:
    """What the latest search says of those of the clips that it suspects."""
    with conn.cursor(row_factory=class_row(Evidence)) as cursor:
        rows = cursor.execute(
            """
            SELECT s.clip_id, s.score, g.name AS given, t.name AS suggested, s.given_probability,
              s.suggested_probability, s.nearest_given_clip_id AS nearest_given,
              s.nearest_suggested_clip_id AS nearest_suggested, s.n_near, s.n_near_given, s.n_near_suggested, s.reason
            FROM suspect s JOIN label g ON g.label_id = s.given_label_id
            JOIN label t ON t.label_id = s.suggested_label_id
            WHERE s.project_id = %s AND s.clip_id = ANY(%s)
            """,
            (project_id, list(clip_ids)),
        )
        return {row.clip_id: row for row in rows}


def facts_of(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, ClipFacts]:
    """What is shown of these clips."""
    with conn.cursor(row_factory=class_row(ClipFacts)) as cursor:
        rows = cursor.execute(
            """
            SELECT c.clip_id, r.name AS recording_name, c.start_sample::float8 / r.rate_hz AS start_s, c.duration_s,
              c.rate_hz
            FROM clip c JOIN recording r USING (recording_id) WHERE c.project_id = %s AND c.clip_id = ANY(%s)
            """,
            (project_id, list(clip_ids)),
        )
        return {row.clip_id: row for row in rows}


def votes_of(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, list[Vote]]:
    """The current annotations of these clips, oldest first."""
    votes: dict[int, list[Vote]] = {}
    rows = conn.execute(
        """
        SELECT a.clip_id, a.source, a.author, a.answer, l.name, a.confidence, a.settles,
          ARRAY(SELECT x.name FROM label x WHERE x.label_id = ANY(a.also_label_ids) ORDER BY x.label_id)
        FROM current_annotation a LEFT JOIN label l ON l.label_id = a.label_id
        WHERE a.project_id = %s AND a.clip_id = ANY(%s) ORDER BY a.clip_id, a.created_at
        """,
        (project_id, list(clip_ids)),
    )
    for clip_id, source, author, answer, label, confidence, settles, also in rows:
        vote = Vote(
            source=source,
            author=author,
            answer=answer,
            label=label,
            confidence=confidence,
            settles=settles,
            also=tuple(also),
        )
        votes.setdefault(clip_id, []).append(vote)
    return votes


def nearest_with_label(
    conn: Connection[TupleRow], project_id: int, encoder_id: int, clip_id: int, label: str
) -> int | None:
    """The clip of this label that is nearest to a clip by an encoder's embeddings; None if there is no other."""
    row = conn.execute(
        """
        SELECT e.clip_id FROM embedding e JOIN clip c USING (clip_id)
        WHERE e.encoder_id = %(encoder_id)s AND e.project_id = %(project_id)s AND e.clip_id <> %(clip_id)s
          AND c.is_active AND NOT c.is_redundant
          AND EXISTS (SELECT FROM current_annotation a JOIN label l ON l.label_id = a.label_id
            WHERE a.project_id = e.project_id AND a.clip_id = e.clip_id AND l.name = %(label)s)
        ORDER BY e.vector <=> (SELECT x.vector FROM embedding x
          WHERE x.encoder_id = %(encoder_id)s AND x.project_id = %(project_id)s AND x.clip_id = %(clip_id)s) LIMIT 1
        """,
        {"encoder_id": encoder_id, "project_id": project_id, "clip_id": clip_id, "label": label},
    ).fetchone()
    return None if row is None else row[0]


def origins(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> list[Origin]:
    """The origins of these clips, in the order given."""
    with conn.cursor(row_factory=class_row(Origin)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, c.recording_id, r.source_group
            FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (clip_id, position)
            JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
            WHERE c.project_id = %s ORDER BY asked.position
            """,
            (list(clip_ids), project_id),
        ).fetchall()


def settled_clips(conn: Connection[TupleRow], project_id: int) -> set[int]:
    """The clips that nobody need be asked about again.

    A verdict stands on them; or people answered about them twice (the same person or two; what was taken back does not
    count), or a person's label is the one that the clip had from elsewhere.
    """
    rows = conn.execute(
        f"""
        SELECT a.clip_id FROM annotation a
        WHERE a.project_id = %(project_id)s AND a.source = 'human' AND a.answer <> 'withdrawn'
          AND NOT EXISTS (
            SELECT FROM annotation later WHERE later.supersedes = a.annotation_id AND later.answer = 'withdrawn')
        GROUP BY a.clip_id HAVING count(*) > 1
        UNION
        SELECT p.clip_id FROM current_annotation p JOIN current_annotation c USING (project_id, clip_id, label_id)
        WHERE p.project_id = %(project_id)s AND p.source = 'human' AND c.source <> 'human'
        UNION
        SELECT clip_id FROM ({_SETTLED}) settled
        """,
        {"project_id": project_id},
    )
    return {row[0] for row in rows}


def _ids(
    conn: Connection[TupleRow], statement: LiteralString, project_id: int, have: Sequence[int], limit: int | None
) -> list[int]:
    asked = {"project_id": project_id, "have": list(have), "limit": limit}
    return [row[0] for row in conn.execute(f"{statement} LIMIT %(limit)s", asked)]
