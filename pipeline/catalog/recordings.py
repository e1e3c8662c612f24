"""Recordings: the files as found, what is known of them, and the labels they came with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

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


def save_recording(
    conn: Connection[TupleRow],
    project_id: int,
    *,
    uri: str,
    name: str,
    size_bytes: int,
    mtime_ns: int,
    file_sha256: bytes,
    facts: AudioFacts,
    operation_id: int,
) -> int:
    """The recording's id. What stood at this URI with other bytes is kept as superseded, its cut not active.

    One that holds the same samples as another that stands gets the problem DUPLICATE_FILE, which names the first such.
    """
    superseded = conn.execute(
        """
        UPDATE recording SET superseded_at = clock_timestamp()
        WHERE project_id = %s AND uri = %s AND superseded_at IS NULL AND file_sha256 <> %s RETURNING recording_id
        """,
        (project_id, uri, file_sha256),
    ).fetchall()
    for (former_id,) in superseded:
        conn.execute("UPDATE cut SET is_active = false WHERE recording_id = %s AND is_active", (former_id,))
        conn.execute("UPDATE clip SET is_active = false WHERE recording_id = %s AND is_active", (former_id,))
    cursor = conn.execute(
        """
        INSERT INTO recording (project_id, uri, name, size_bytes, mtime_ns, file_sha256, pcm_sha256, container, codec,
          rate_hz, n_channels, n_samples, claimed_n_samples, bit_depth, peak_dbfs, rms_dbfs, clipped_ratio, dc_offset,
          n_not_finite, bandwidth_hz, n_dropped_samples, operation_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (project_id, uri, file_sha256)
          DO UPDATE SET mtime_ns = excluded.mtime_ns, superseded_at = NULL
        RETURNING recording_id
        """,
        (
            project_id,
            uri,
            name,
            size_bytes,
            mtime_ns,
            file_sha256,
            facts.pcm_sha256,
            facts.container,
            facts.codec,
            facts.rate_hz,
            facts.n_channels,
            facts.n_samples,
            facts.claimed_n_samples,
            facts.bit_depth,
            facts.peak_dbfs,
            facts.rms_dbfs,
            facts.clipped_ratio,
            facts.dc_offset,
            facts.n_not_finite,
            facts.bandwidth_hz,
            facts.n_dropped_samples,
            operation_id,
        ),
    )
    recording_id = int(scalar(cursor))
    if superseded:
        _withdraw_duplicate_files(conn, project_id, [former_id for (former_id,) in superseded])
    _note_duplicate_file(conn, project_id, recording_id, facts.pcm_sha256)
    return recording_id


def _note_duplicate_file(conn: Connection[TupleRow], project_id: int, recording_id: int, pcm_sha256: bytes) -> None:
    row = conn.execute(
        """
        SELECT name FROM recording
        WHERE project_id = %s AND pcm_sha256 = %s AND superseded_at IS NULL AND recording_id < %s
        ORDER BY recording_id LIMIT 1
        """,
        (project_id, pcm_sha256, recording_id),
    ).fetchone()
    if row is not None:
        problem = Problem(kind=ProblemKind.DUPLICATE_FILE, message=f"the same sound, sample by sample, as {row[0]}")
        save_problems(conn, project_id, recording_id, [problem])


def _withdraw_duplicate_files(conn: Connection[TupleRow], project_id: int, superseded_ids: Sequence[int]) -> None:
    """What was a duplicate of these only is none any more; what is still one is named anew."""
    rows = conn.execute(
        """
        DELETE FROM problem p USING recording r, recording former
        WHERE p.recording_id = r.recording_id AND p.clip_id IS NULL AND p.kind = %s AND r.project_id = %s
          AND former.recording_id = ANY(%s) AND former.pcm_sha256 = r.pcm_sha256 AND former.project_id = r.project_id
        RETURNING r.recording_id, r.pcm_sha256
        """,
        (ProblemKind.DUPLICATE_FILE.value, project_id, list(superseded_ids)),
    ).fetchall()
    for recording_id, pcm_sha256 in rows:
        _note_duplicate_file(conn, project_id, recording_id, pcm_sha256)


def save_problems(
    conn: Connection[TupleRow],
    project_id: int,
    recording_id: int,
    problems: Iterable[Problem],
    *,
    clip_id: int | None = None,
) -> None:
    """Keep what a recording (or one clip of it) misses; a kind known already stays as it was."""
    conn.cursor().executemany(
        """
        INSERT INTO problem (project_id, recording_id, clip_id, kind, message, fix) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (recording_id, clip_id, kind) DO NOTHING
        """,
        [(project_id, recording_id, clip_id, p.kind.value, p.message, p.fix) for p in problems],
    )


def set_source_groups(conn: Connection[TupleRow], groups: Sequence[tuple[int, str]]) -> None:
    """Note who or what was recorded: pairs of recording id and source group."""
    conn.cursor().executemany(
        "UPDATE recording SET source_group = %s WHERE recording_id = %s AND source_group IS DISTINCT FROM %s",
        [(group, recording_id, group) for recording_id, group in groups],
    )


def save_carried_labels(conn: Connection[TupleRow], project_id: int, labels: Sequence[CarriedLabel]) -> None:
    """Keep the labels that recordings came with; those known already are left alone."""
    conn.cursor().executemany(
        """
        INSERT INTO recording_label (recording_id, project_id, label_id, source, start_sample, stop_sample)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [(x.recording_id, project_id, x.label_id, x.source, x.start_sample, x.stop_sample) for x in labels],
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
        SELECT p.kind, count(*) FROM problem p JOIN recording r USING (recording_id)
        WHERE p.project_id = %s AND p.clip_id IS NULL AND r.superseded_at IS NULL
        GROUP BY p.kind ORDER BY count(*) DESC, p.kind
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
