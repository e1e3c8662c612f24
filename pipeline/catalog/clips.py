"""Clips and cuts: the spans of recordings that are curated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.catalog.recordings import save_problems
from pipeline.catalog.rows import scalar
from pipeline.core.types import Descriptors, Problem


@dataclass(frozen=True, kw_only=True)
class NewClip:
    """A clip as cut makes it: its span, and its conformed audio in the store."""

    start_sample: int
    stop_sample: int
    object_key: str
    sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int
    peak_dbfs: float | None
    rms_dbfs: float | None
    thumbnail: bytes
    descriptors: Descriptors
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class ClipSound:
    """What is needed to play a clip or to make an embedding of it."""

    clip_id: int
    object_key: str
    sha256: bytes
    rate_hz: int
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class ClipCard:
    """A clip as a list on screen shows it. ``labels`` are the current answers, people's first."""

    clip_id: int
    recording_name: str
    start_s: float
    duration_s: float
    rate_hz: int
    thumbnail: bytes
    is_redundant: bool
    labels: list[str]


def save_cut(
    conn: Connection[TupleRow],
    project_id: int,
    recording_id: int,
    *,
    spec: Mapping[str, Any],
    spec_sha256: bytes,
    clips: Sequence[NewClip],
    operation_id: int,
) -> None:
    """Make this the recording's active cut. One made before by the same spec is taken up again, not written twice."""
    conn.execute("SELECT FROM recording WHERE recording_id = %s FOR UPDATE", (recording_id,))
    conn.execute("UPDATE cut SET is_active = false WHERE recording_id = %s AND is_active", (recording_id,))
    conn.execute("UPDATE clip SET is_active = false WHERE recording_id = %s AND is_active", (recording_id,))
    row = conn.execute(
        "UPDATE cut SET is_active = true WHERE recording_id = %s AND spec_sha256 = %s RETURNING cut_id",
        (recording_id, spec_sha256),
    ).fetchone()
    if row is not None:
        conn.execute("UPDATE clip SET is_active = true WHERE cut_id = %s", (row[0],))
        return
    cut_id = scalar(
        conn.execute(
            """
            INSERT INTO cut (project_id, recording_id, spec, spec_sha256, n_clips, operation_id)
            VALUES (%s, %s, %s, %s, %s, %s) RETURNING cut_id
            """,
            (project_id, recording_id, Jsonb(dict(spec)), spec_sha256, len(clips), operation_id),
        )
    )
    for clip in clips:
        clip_id = _save_clip(conn, project_id, recording_id, cut_id, clip)
        save_problems(conn, project_id, recording_id, clip.problems, clip_id=clip_id)


def _save_clip(conn: Connection[TupleRow], project_id: int, recording_id: int, cut_id: int, clip: NewClip) -> int:
    values = {**_columns(clip), **_columns(clip.descriptors)}
    values |= {"project_id": project_id, "recording_id": recording_id, "cut_id": cut_id}
    cursor = conn.execute(
        """
        INSERT INTO clip (project_id, recording_id, cut_id, start_sample, stop_sample, object_key, sha256,
          rate_hz, n_channels, n_samples, peak_dbfs, rms_dbfs, thumbnail,
          loudness_lufs, snr_db, silence_ratio, clipped_ratio, dc_offset, bandwidth_hz)
        VALUES (%(project_id)s, %(recording_id)s, %(cut_id)s, %(start_sample)s, %(stop_sample)s, %(object_key)s,
          %(sha256)s, %(rate_hz)s, %(n_channels)s, %(n_samples)s, %(peak_dbfs)s, %(rms_dbfs)s, %(thumbnail)s,
          %(loudness_lufs)s, %(snr_db)s, %(silence_ratio)s, %(clipped_ratio)s, %(dc_offset)s, %(bandwidth_hz)s)
        RETURNING clip_id
        """,
        values,
    )
    return int(scalar(cursor))


def _columns(row: NewClip | Descriptors) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row)}


def taken_up_again(conn: Connection[TupleRow], project_id: int, spec_sha256: bytes) -> set[int]:
    """The recordings that have a cut by this spec which is not active: no decoding is needed to return to it."""
    rows = conn.execute(
        "SELECT recording_id FROM cut WHERE project_id = %s AND spec_sha256 = %s AND NOT is_active",
        (project_id, spec_sha256),
    )
    return {row[0] for row in rows}


def clip_sound(conn: Connection[TupleRow], project_id: int, clip_id: int) -> ClipSound | None:
    """Where a clip's bytes lie, None if this person sees no such clip."""
    with conn.cursor(row_factory=class_row(ClipSound)) as cursor:
        return cursor.execute(
            "SELECT clip_id, object_key, sha256, rate_hz, duration_s FROM clip WHERE project_id = %s AND clip_id = %s",
            (project_id, clip_id),
        ).fetchone()


def clip_sounds(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> list[ClipSound]:
    """Where the clips' bytes lie, in the order asked; those that this person does not see are left out."""
    with conn.cursor(row_factory=class_row(ClipSound)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, c.object_key, c.sha256, c.rate_hz, c.duration_s
            FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (clip_id, position) JOIN clip c USING (clip_id)
            WHERE c.project_id = %s ORDER BY asked.position
            """,
            (list(clip_ids), project_id),
        ).fetchall()


def clip_cards(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> list[ClipCard]:
    """The clips as a list shows them, in the order asked."""
    with conn.cursor(row_factory=class_row(ClipCard)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, r.name AS recording_name, c.start_sample::float8 / r.rate_hz AS start_s, c.duration_s,
              c.rate_hz, c.thumbnail, c.is_redundant,
              ARRAY(SELECT l.name FROM current_annotation a JOIN label l USING (label_id)
                    WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id
                    ORDER BY a.source <> 'human', a.created_at DESC) AS labels
            FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (clip_id, position)
            JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
            WHERE c.project_id = %s ORDER BY asked.position
            """,
            (list(clip_ids), project_id),
        ).fetchall()


def clip_paths(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, str]:
    """The URI of each clip's recording, by clip id."""
    rows = conn.execute(
        """
        SELECT c.clip_id, r.uri FROM clip c JOIN recording r USING (recording_id)
        WHERE c.project_id = %s AND c.clip_id = ANY(%s)
        """,
        (project_id, list(clip_ids)),
    )
    return dict(rows.fetchall())


def active_spans(conn: Connection[TupleRow], project_id: int) -> list[tuple[str, float, float]]:
    """Recording URI, start and stop in seconds, of every active clip."""
    return conn.execute(
        """
        SELECT r.uri, c.start_sample::float8 / r.rate_hz, c.stop_sample::float8 / r.rate_hz
        FROM clip c JOIN recording r USING (recording_id)
        WHERE c.project_id = %s AND c.is_active ORDER BY c.clip_id
        """,
        (project_id,),
    ).fetchall()
