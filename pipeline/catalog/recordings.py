"""Recordings: the files as found, what is known of them, and the labels they came with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog import columns
from pipeline.catalog.rows import scalar
from pipeline.core.types import AudioFacts, Problem, ProblemKind


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recording as the stages after ingest need it."""

    recording_id: int
    uri: str
    name: str
    size_bytes: int
    mtime_ns: int
    file_sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int


@dataclass(frozen=True, kw_only=True)
class NewRecording:
    """A file as ingest found and read it."""

    uri: str
    name: str
    size_bytes: int
    mtime_ns: int
    file_sha256: bytes
    facts: AudioFacts
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class RecordingRow:
    """One recording as a table on screen shows it."""

    recording_id: int
    name: str
    container: str
    codec: str
    rate_hz: int
    n_channels: int
    duration_s: float
    peak_dbfs: float | None
    source_group: str | None
    problems: list[str]
    labels: list[str]
    n_clips: int


@dataclass(frozen=True, kw_only=True)
class CarriedLabel:
    """A label that a recording came with, for a span of it or (stop None) for all of it."""

    recording_id: int
    label_id: int
    source: Literal["folder", "file_name", "csv"]
    start_sample: int = 0
    stop_sample: int | None = None


def known_files(conn: Connection[TupleRow], project_id: int) -> dict[str, tuple[int, int, int]]:
    """By URI: the recording's id, size in bytes and mtime in ns, of those that stand now."""
    rows = conn.execute(
        "SELECT uri, recording_id, size_bytes, mtime_ns FROM recording WHERE project_id = %s AND superseded_at IS NULL",
        (project_id,),
    )
    return {uri: (recording_id, size, mtime) for uri, recording_id, size, mtime in rows}


def count_recordings(conn: Connection[TupleRow], project_id: int) -> int:
    """How many recordings stand now."""
    cursor = conn.execute(
        "SELECT count(*) FROM recording WHERE project_id = %s AND superseded_at IS NULL", (project_id,)
    )
    return int(scalar(cursor))


def read_lengths(conn: Connection[TupleRow], project_id: int) -> dict[int, tuple[int, int]]:
    """Sample rate in Hz and number of samples of every recording that stands now, by id."""
    rows = conn.execute(
        "SELECT recording_id, rate_hz, n_samples FROM recording WHERE project_id = %s AND superseded_at IS NULL",
        (project_id,),
    )
    return {recording_id: (rate_hz, n_samples) for recording_id, rate_hz, n_samples in rows}


def save_recordings(
    conn: Connection[TupleRow], project_id: int, found: Sequence[NewRecording], *, operation_id: int
) -> list[int]:
    """The recordings' ids, in the order given; no two of them at one URI.

    What stood at a URI with other bytes is kept as superseded, its cut not active. What holds the same samples as
    another that stands gets the problem DUPLICATE_FILE, which names the first such.
    """
    superseded_ids = _supersede(conn, project_id, found)
    id_of: dict[str, int] = {}
    for at in range(0, len(found), columns.CHUNK_N):
        id_of |= _save_rows(conn, project_id, found[at : at + columns.CHUNK_N], operation_id)
    ids = [id_of[new.uri] for new in found]
    if superseded_ids:
        _withdraw_duplicate_files(conn, project_id, superseded_ids)
    _note_duplicate_files(conn, project_id, ids)
    _save_problems(conn, project_id, [(i, p) for i, new in zip(ids, found, strict=True) for p in new.problems])
    return ids


def _supersede(conn: Connection[TupleRow], project_id: int, found: Sequence[NewRecording]) -> list[int]:
    """The ids of the recordings that stood until now where these files are."""
    rows = columns.execute(
        conn,
        """
        UPDATE recording SET superseded_at = clock_timestamp()
        WHERE project_id = %(project_id)s AND superseded_at IS NULL AND recording_id = ANY(ARRAY(
          SELECT former.recording_id
          FROM unnest(%(uri)s::text[], %(file_sha256)s::bytea[]) x (uri, file_sha256) CROSS JOIN LATERAL (
            SELECT r.recording_id FROM recording r
            WHERE r.project_id = %(project_id)s AND r.uri = x.uri AND r.superseded_at IS NULL
              AND r.file_sha256 <> x.file_sha256
            OFFSET 0 -- a fence: one look into the index for each file, never the whole table
          ) former))
        RETURNING recording_id
        """,
        {
            "project_id": project_id,
            "uri": columns.texts([new.uri for new in found]),
            "file_sha256": columns.blobs([new.file_sha256 for new in found]),
        },
    ).fetchall()
    ids = [row[0] for row in rows]
    if ids:
        for statement in (
            "UPDATE cut SET is_active = false WHERE recording_id = ANY(%s) AND is_active",
            "UPDATE clip SET is_active = false WHERE recording_id = ANY(%s) AND is_active",
        ):
            conn.execute(statement, (ids,), prepare=False)
    return ids


def _save_rows(
    conn: Connection[TupleRow], project_id: int, found: Sequence[NewRecording], operation_id: int
) -> dict[str, int]:
    """The recordings' ids by URI."""
    facts = [new.facts for new in found]
    cursor = columns.execute(
        conn,
        """
        INSERT INTO recording (project_id, operation_id, uri, name, size_bytes, mtime_ns, file_sha256, pcm_sha256,
          container, codec, rate_hz, n_channels, n_samples, claimed_n_samples, bit_depth, peak_dbfs, rms_dbfs,
          clipped_ratio, dc_offset, n_not_finite, bandwidth_hz, n_dropped_samples)
        SELECT %(project_id)s, %(operation_id)s, x.* FROM unnest(
          %(uri)s::text[], %(name)s::text[], %(size_bytes)s::bigint[], %(mtime_ns)s::bigint[], %(file_sha256)s::bytea[],
          %(pcm_sha256)s::bytea[], %(container)s::text[], %(codec)s::text[], %(rate_hz)s::bigint[],
          %(n_channels)s::bigint[], %(n_samples)s::bigint[], %(claimed_n_samples)s::bigint[], %(bit_depth)s::bigint[],
          %(peak_dbfs)s::float8[], %(rms_dbfs)s::float8[], %(clipped_ratio)s::float8[], %(dc_offset)s::float8[],
          %(n_not_finite)s::bigint[], %(bandwidth_hz)s::float8[], %(n_dropped_samples)s::bigint[]) x
        ON CONFLICT (project_id, uri, file_sha256)
          DO UPDATE SET mtime_ns = excluded.mtime_ns, superseded_at = NULL
        RETURNING uri, recording_id
        """,
        {
            "project_id": project_id,
            "operation_id": operation_id,
            "uri": columns.texts([new.uri for new in found]),
            "name": columns.texts([new.name for new in found]),
            "size_bytes": columns.ints([new.size_bytes for new in found]),
            "mtime_ns": columns.ints([new.mtime_ns for new in found]),
            "file_sha256": columns.blobs([new.file_sha256 for new in found]),
            "pcm_sha256": columns.blobs([f.pcm_sha256 for f in facts]),
            "container": columns.texts([f.container for f in facts]),
            "codec": columns.texts([f.codec for f in facts]),
            "rate_hz": columns.ints([f.rate_hz for f in facts]),
            "n_channels": columns.ints([f.n_channels for f in facts]),
            "n_samples": columns.ints([f.n_samples for f in facts]),
            "claimed_n_samples": columns.ints([f.claimed_n_samples for f in facts]),
            "bit_depth": columns.ints([f.bit_depth for f in facts]),
            "peak_dbfs": columns.floats([f.peak_dbfs for f in facts]),
            "rms_dbfs": columns.floats([f.rms_dbfs for f in facts]),
            "clipped_ratio": columns.floats([f.clipped_ratio for f in facts]),
            "dc_offset": columns.floats([f.dc_offset for f in facts]),
            "n_not_finite": columns.ints([f.n_not_finite for f in facts]),
            "bandwidth_hz": columns.floats([f.bandwidth_hz for f in facts]),
            "n_dropped_samples": columns.ints([f.n_dropped_samples for f in facts]),
        },
    )
    return dict(cursor.fetchall())


def _note_duplicate_files(conn: Connection[TupleRow], project_id: int, recording_ids: Sequence[int]) -> None:
    conn.execute(
        """
        INSERT INTO problem (project_id, recording_id, kind, message)
        SELECT r.project_id, r.recording_id, %(kind)s, 'the same sound, sample by sample, as ' || first.name
        FROM recording r CROSS JOIN LATERAL (
          SELECT same.name FROM (
            SELECT f.recording_id, f.name, f.superseded_at FROM recording f
            WHERE f.project_id = r.project_id AND f.pcm_sha256 = r.pcm_sha256 AND f.recording_id < r.recording_id
            OFFSET 0 -- a fence: else all that stand, or all in the order of their ids, may be walked through
          ) same WHERE same.superseded_at IS NULL ORDER BY same.recording_id LIMIT 1) first
        WHERE r.project_id = %(project_id)s AND r.recording_id = ANY(%(ids)s)
        ON CONFLICT (recording_id, clip_id, kind) DO NOTHING
        """,
        {"kind": ProblemKind.DUPLICATE_FILE.value, "project_id": project_id, "ids": list(recording_ids)},
        prepare=False,
    )


def _withdraw_duplicate_files(conn: Connection[TupleRow], project_id: int, superseded_ids: Sequence[int]) -> None:
    """What was a duplicate of these only is none any more; what is still one is named anew."""
    rows = conn.execute(
        """
        DELETE FROM problem p USING recording r, recording former
        WHERE p.recording_id = r.recording_id AND p.clip_id IS NULL AND p.kind = %s AND r.project_id = %s
          AND former.recording_id = ANY(%s) AND former.pcm_sha256 = r.pcm_sha256 AND former.project_id = r.project_id
        RETURNING r.recording_id
        """,
        (ProblemKind.DUPLICATE_FILE.value, project_id, list(superseded_ids)),
    ).fetchall()
    if rows:
        _note_duplicate_files(conn, project_id, [row[0] for row in rows])


def _save_problems(conn: Connection[TupleRow], project_id: int, found: Sequence[tuple[int, Problem]]) -> None:
    """Keep what recordings miss: recording id and problem. A kind known already stays as it was."""
    if not found:
        return
    columns.execute(
        conn,
        """
        INSERT INTO problem (project_id, recording_id, kind, message, fix)
        SELECT %(project_id)s, x.*
        FROM unnest(%(id)s::bigint[], %(kind)s::text[], %(message)s::text[], %(fix)s::text[]) x
        ON CONFLICT (recording_id, clip_id, kind) DO NOTHING
        """,
        {
            "project_id": project_id,
            "id": columns.ints([recording_id for recording_id, _ in found]),
            "kind": columns.texts([problem.kind.value for _, problem in found]),
            "message": columns.texts([problem.message for _, problem in found]),
            "fix": columns.texts([problem.fix for _, problem in found]),
        },
    )


def set_source_groups(conn: Connection[TupleRow], groups: Sequence[tuple[int, str]]) -> None:
    """Note who or what was recorded: pairs of recording id and source group."""
    columns.execute(
        conn,
        """
        UPDATE recording r SET source_group = x.source_group
        FROM unnest(%(id)s::bigint[], %(group)s::text[]) x (recording_id, source_group)
        WHERE r.recording_id = x.recording_id AND r.source_group IS DISTINCT FROM x.source_group
        """,
        {"id": columns.ints([i for i, _ in groups]), "group": columns.texts([group for _, group in groups])},
    )


def save_carried_labels(conn: Connection[TupleRow], project_id: int, labels: Sequence[CarriedLabel]) -> None:
    """Keep the labels that recordings came with; those known already are left alone."""
    columns.execute(
        conn,
        """
        INSERT INTO recording_label (project_id, recording_id, label_id, source, start_sample, stop_sample)
        SELECT %(project_id)s, x.* FROM unnest(%(recording_id)s::bigint[], %(label_id)s::bigint[], %(source)s::text[],
          %(start)s::bigint[], %(stop)s::bigint[]) x
        ON CONFLICT DO NOTHING
        """,
        {
            "project_id": project_id,
            "recording_id": columns.ints([x.recording_id for x in labels]),
            "label_id": columns.ints([x.label_id for x in labels]),
            "source": columns.texts([x.source for x in labels]),
            "start": columns.ints([x.start_sample for x in labels]),
            "stop": columns.ints([x.stop_sample for x in labels]),
        },
    )


def recordings_to_cut(conn: Connection[TupleRow], project_id: int, spec_sha256: bytes) -> list[Recording]:
    """The recordings that have no active cut by this spec, by id."""
    with conn.cursor(row_factory=class_row(Recording)) as cursor:
        return cursor.execute(
            """
            SELECT recording_id, uri, name, size_bytes, mtime_ns, file_sha256, rate_hz, n_channels, n_samples
            FROM recording r
            WHERE project_id = %s AND superseded_at IS NULL
              AND NOT EXISTS (SELECT FROM cut c WHERE c.recording_id = r.recording_id AND c.is_active
                              AND c.spec_sha256 = %s)
            ORDER BY recording_id
            """,
            (project_id, spec_sha256),
        ).fetchall()


def page_recordings(
    conn: Connection[TupleRow], project_id: int, *, after_id: int = 0, problem: str | None = None, limit: int = 50
) -> list[RecordingRow]:
    """The recordings after an id, by id; only those with the problem, if one is given."""
    with conn.cursor(row_factory=class_row(RecordingRow)) as cursor:
        return cursor.execute(
            """
            SELECT r.recording_id, r.name, r.container, r.codec, r.rate_hz, r.n_channels, r.duration_s, r.peak_dbfs,
              r.source_group,
              ARRAY(SELECT DISTINCT p.kind FROM problem p WHERE p.recording_id = r.recording_id AND p.clip_id IS NULL
                    ORDER BY p.kind) AS problems,
              ARRAY(SELECT DISTINCT l.name FROM recording_label x JOIN label l USING (label_id)
                    WHERE x.recording_id = r.recording_id ORDER BY l.name) AS labels,
              (SELECT count(*) FROM clip c WHERE c.recording_id = r.recording_id AND c.is_active) AS n_clips
            FROM recording r
            WHERE r.project_id = %(project_id)s AND r.superseded_at IS NULL AND r.recording_id > %(after_id)s
              AND (%(problem)s::text IS NULL OR EXISTS (
                SELECT FROM problem p WHERE p.recording_id = r.recording_id AND p.clip_id IS NULL
                  AND p.kind = %(problem)s))
            ORDER BY r.recording_id LIMIT %(limit)s
            """,
            {"project_id": project_id, "after_id": after_id, "problem": problem, "limit": limit},
        ).fetchall()


def count_problems(conn: Connection[TupleRow], project_id: int) -> dict[str, int]:
    """How many recordings have each kind of problem, the most frequent first."""
    rows = conn.execute(
        """
        SELECT key, sum(n)::bigint FROM tally WHERE project_id = %s AND facet = 'recording problem'
        GROUP BY key HAVING sum(n) > 0 ORDER BY sum(n) DESC, key
        """,
        (project_id,),
    )
    return dict(rows.fetchall())


def problems_by_uri(conn: Connection[TupleRow], project_id: int) -> dict[str, list[str]]:
    """The kinds of problem of every recording that has one, by URI."""
    rows = conn.execute(
        """
        SELECT r.uri, array_agg(p.kind ORDER BY p.kind) FROM problem p JOIN recording r USING (recording_id)
        WHERE p.project_id = %s AND p.clip_id IS NULL AND r.superseded_at IS NULL GROUP BY r.uri
        """,
        (project_id,),
    )
    return dict(rows.fetchall())


def recording_source(conn: Connection[TupleRow], project_id: int, recording_id: int) -> str | None:
    """The URI of a recording, None if this person sees no such recording."""
    row = conn.execute(
        "SELECT uri FROM recording WHERE project_id = %s AND recording_id = %s", (project_id, recording_id)
    ).fetchone()
    return None if row is None else row[0]
