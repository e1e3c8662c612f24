"""What other programs are shown of clips, and what people's edits there are weighed against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row


@dataclass(frozen=True, kw_only=True)
class ShownClip:
    """An active clip as it is shown elsewhere.

    ``label`` is its current answer, people's first, None where that is not a label, and ``answered_by`` its author.
    """

    clip_id: int
    object_key: str
    sha256: bytes
    rate_hz: int
    duration_s: float
    recording: str
    start_s: float
    is_flagged: bool
    label: str | None
    answered_by: str | None
    proposed_label: str | None
    proposed_confidence: float | None
    loudness_lufs: float | None
    snr_db: float | None
    silence_ratio: float | None
    clipped_ratio: float | None
    bandwidth_hz: float | None


@dataclass(frozen=True, kw_only=True)
class OwnAnswer:
    """The current answer of the person of this connection about a clip."""

    clip_id: int
    annotation_id: str
    answer: str
    label: str | None
    answered_at: datetime


def shown_clips(conn: Connection[TupleRow], project_id: int, *, selection: str | None = None) -> list[ShownClip]:
    """The active clips that are not redundant, or those of a selection, by clip id."""
    with conn.cursor(row_factory=class_row(ShownClip)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, c.object_key, c.sha256, c.rate_hz, c.duration_s, r.name AS recording,
              c.start_sample::float8 / r.rate_hz AS start_s, coalesce(doubt.is_flagged, false) AS is_flagged,
              said.label, said.author AS answered_by,
              proposed.name AS proposed_label, v.proposed_confidence::float8 AS proposed_confidence,
              c.loudness_lufs::float8, c.snr_db::float8, c.silence_ratio::float8, c.clipped_ratio::float8,
              c.bandwidth_hz::float8
            FROM clip c JOIN recording r USING (recording_id)
            LEFT JOIN LATERAL (
              SELECT q.proposed_label_id, q.proposed_confidence FROM review q
              WHERE q.project_id = c.project_id AND q.clip_id = c.clip_id ORDER BY q.review_id DESC LIMIT 1) v ON true
            LEFT JOIN label proposed ON proposed.label_id = v.proposed_label_id
            LEFT JOIN LATERAL (
              SELECT l.name AS label, a.author FROM current_annotation a LEFT JOIN label l USING (label_id)
              WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id
              ORDER BY a.source <> 'human', a.created_at DESC LIMIT 1) said ON true
            LEFT JOIN LATERAL (
              SELECT bool_or(last.is_raised) AS is_flagged FROM (
                SELECT DISTINCT ON (f.author) f.is_raised FROM flag f
                WHERE f.project_id = c.project_id AND f.clip_id = c.clip_id
                ORDER BY f.author, f.created_at DESC) last) doubt ON true
            WHERE c.project_id = %(project_id)s AND c.is_active AND (
              (%(selection)s::text IS NULL AND NOT c.is_redundant) OR EXISTS (
                SELECT FROM selection_item i JOIN selection s USING (selection_id)
                WHERE s.project_id = c.project_id AND s.name = %(selection)s AND i.clip_id = c.clip_id))
            ORDER BY c.clip_id
            """,
            {"project_id": project_id, "selection": selection},
        ).fetchall()


def selections_of_clips(conn: Connection[TupleRow], project_id: int) -> dict[int, list[str]]:
    """The names of the selections that hold each clip, by clip id."""
    rows = conn.execute(
        """
        SELECT i.clip_id, array_agg(s.name ORDER BY s.name) FROM selection_item i JOIN selection s USING (selection_id)
        WHERE s.project_id = %s GROUP BY i.clip_id
        """,
        (project_id,),
    )
    return dict(rows.fetchall())


def map_places(conn: Connection[TupleRow], project_id: int) -> dict[int, tuple[float, float]]:
    """The place of each active clip on the current encoder's map, by clip id; empty before the first embed."""
    rows = conn.execute(
        """
        SELECT m.clip_id, m.x::float8, m.y::float8 FROM map_point m JOIN encoder e USING (encoder_id)
        JOIN clip c USING (clip_id) WHERE e.project_id = %s AND e.is_current AND c.is_active
        """,
        (project_id,),
    )
    return {clip_id: (x, y) for clip_id, x, y in rows.fetchall()}


def own_answers(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, OwnAnswer]:
    """What the person of this connection now says of these clips, by clip id; those without an answer are left out."""
    with conn.cursor(row_factory=class_row(OwnAnswer)) as cursor:
        rows = cursor.execute(
            """
            SELECT a.clip_id, a.annotation_id::text, a.answer, l.name AS label, a.created_at AS answered_at
            FROM current_annotation a LEFT JOIN label l USING (label_id)
            WHERE a.project_id = %s AND a.clip_id = ANY(%s) AND a.source = 'human' AND a.author = session_user
            """,
            (project_id, list(clip_ids)),
        ).fetchall()
    return {row.clip_id: row for row in rows}
