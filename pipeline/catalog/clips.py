"""Clips and cuts: the spans of recordings that are curated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from pipeline.catalog import columns
from pipeline.core.types import Descriptors, Problem

_CHUNK_N = 2_000


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


def save_cuts(
    conn: Connection[TupleRow],
    project_id: int,
    made: Mapping[int, Sequence[NewClip]],
    *,
    spec: Mapping[str, Any],
    spec_sha256: bytes,
    operation_id: int,
) -> None:
    """Make these the active cuts of their recordings: clips by recording id, all of one spec.

    A cut made before by the same spec is taken up again, not written twice.
    """
    ids = sorted(made)
    if not ids:
        return
    conn.execute(
        "SELECT FROM recording WHERE recording_id = ANY(%s) ORDER BY recording_id FOR UPDATE", (ids,), prepare=False
    )
    conn.execute("UPDATE cut SET is_active = false WHERE recording_id = ANY(%s) AND is_active", (ids,), prepare=False)
    conn.execute("UPDATE clip SET is_active = false WHERE recording_id = ANY(%s) AND is_active", (ids,), prepare=False)
    again = conn.execute(
        """
        UPDATE cut SET is_active = true WHERE recording_id = ANY(%s) AND spec_sha256 = %s RETURNING recording_id, cut_id
        """,
        (ids, spec_sha256),
        prepare=False,
    ).fetchall()
    if again:
        cut_ids = [row[1] for row in again]
        conn.execute("UPDATE clip SET is_active = true WHERE cut_id = ANY(%s)", (cut_ids,), prepare=False)
    new = sorted(set(ids) - {row[0] for row in again})
    if not new:
        return
    cut_ids = dict(
        columns.execute(
            conn,
            """
            INSERT INTO cut (project_id, recording_id, spec, spec_sha256, n_clips, operation_id)
            SELECT %(project_id)s, x.recording_id, %(spec)s, %(spec_sha256)s, x.n_clips, %(operation_id)s
            FROM unnest(%(recording_id)s::bigint[], %(n_clips)s::bigint[]) x (recording_id, n_clips)
            RETURNING recording_id, cut_id
            """,
            {
                "project_id": project_id,
                "spec": Jsonb(dict(spec)),
                "spec_sha256": spec_sha256,
                "operation_id": operation_id,
                "recording_id": columns.ints(new),
                "n_clips": columns.ints([len(made[i]) for i in new]),
            },
        ).fetchall()
    )
    rows = [(i, cut_ids[i], clip) for i in new for clip in made[i]]
    # While the server writes a chunk, the next one is made ready.
    with conn.pipeline():
        for at in range(0, len(rows), _CHUNK_N):
            _save_clips(conn, project_id, rows[at : at + _CHUNK_N])
            _save_clip_problems(conn, project_id, rows[at : at + _CHUNK_N])


def _save_clips(conn: Connection[TupleRow], project_id: int, rows: Sequence[tuple[int, int, NewClip]]) -> None:
    """Rows are (recording id, cut id, clip)."""
    clips = [clip for _, _, clip in rows]
    described = [clip.descriptors for clip in clips]
    columns.execute(
        conn,
        """
        INSERT INTO clip (project_id, recording_id, cut_id, start_sample, stop_sample, object_key, sha256,
          rate_hz, n_channels, n_samples, peak_dbfs, rms_dbfs, thumbnail,
          loudness_lufs, snr_db, silence_ratio, clipped_ratio, dc_offset, bandwidth_hz)
        SELECT %(project_id)s, x.* FROM unnest(
          %(recording_id)s::bigint[], %(cut_id)s::bigint[], %(start_sample)s::bigint[], %(stop_sample)s::bigint[],
          %(object_key)s::text[], %(sha256)s::bytea[], %(rate_hz)s::bigint[], %(n_channels)s::bigint[],
          %(n_samples)s::bigint[], %(peak_dbfs)s::float8[], %(rms_dbfs)s::float8[], %(thumbnail)s::bytea[],
          %(loudness_lufs)s::float8[], %(snr_db)s::float8[], %(silence_ratio)s::float8[], %(clipped_ratio)s::float8[],
          %(dc_offset)s::float8[], %(bandwidth_hz)s::float8[]) x
        """,
        {
            "project_id": project_id,
            "recording_id": columns.ints([recording_id for recording_id, _, _ in rows]),
            "cut_id": columns.ints([cut_id for _, cut_id, _ in rows]),
            "start_sample": columns.ints([c.start_sample for c in clips]),
            "stop_sample": columns.ints([c.stop_sample for c in clips]),
            "object_key": columns.texts([c.object_key for c in clips]),
            "sha256": columns.blobs([c.sha256 for c in clips]),
            "rate_hz": columns.ints([c.rate_hz for c in clips]),
            "n_channels": columns.ints([c.n_channels for c in clips]),
            "n_samples": columns.ints([c.n_samples for c in clips]),
            "peak_dbfs": columns.floats([c.peak_dbfs for c in clips]),
            "rms_dbfs": columns.floats([c.rms_dbfs for c in clips]),
            "thumbnail": columns.blobs([c.thumbnail for c in clips]),
            "loudness_lufs": columns.floats([d.loudness_lufs for d in described]),
            "snr_db": columns.floats([d.snr_db for d in described]),
            "silence_ratio": columns.floats([d.silence_ratio for d in described]),
            "clipped_ratio": columns.floats([d.clipped_ratio for d in described]),
            "dc_offset": columns.floats([d.dc_offset for d in described]),
            "bandwidth_hz": columns.floats([d.bandwidth_hz for d in described]),
        },
    )


def _save_clip_problems(conn: Connection[TupleRow], project_id: int, rows: Sequence[tuple[int, int, NewClip]]) -> None:
    """Rows are (recording id, cut id, clip), the clips saved."""
    found = [(cut_id, clip, problem) for _, cut_id, clip in rows for problem in clip.problems]
    if not found:
        return
    columns.execute(
        conn,
        """
        INSERT INTO problem (project_id, recording_id, clip_id, kind, message, fix)
        SELECT c.project_id, c.recording_id, c.clip_id, x.kind, x.message, x.fix
        FROM unnest(%(cut_id)s::bigint[], %(start)s::bigint[], %(stop)s::bigint[],
          %(kind)s::text[], %(message)s::text[], %(fix)s::text[])
          x (cut_id, start_sample, stop_sample, kind, message, fix)
        JOIN clip c USING (cut_id, start_sample, stop_sample) WHERE c.project_id = %(project_id)s
        ON CONFLICT (recording_id, clip_id, kind) DO NOTHING
        """,
        {
            "project_id": project_id,
            "cut_id": columns.ints([cut_id for cut_id, _, _ in found]),
            "start": columns.ints([clip.start_sample for _, clip, _ in found]),
            "stop": columns.ints([clip.stop_sample for _, clip, _ in found]),
            "kind": columns.texts([problem.kind.value for _, _, problem in found]),
            "message": columns.texts([problem.message for _, _, problem in found]),
            "fix": columns.texts([problem.fix for _, _, problem in found]),
        },
    )


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
