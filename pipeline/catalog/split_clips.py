"""The clips of a split as an examination for leaks needs them: where they come from, and where their sound lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row


@dataclass(frozen=True, kw_only=True)
class ClipOfSplit:
    """A clip with its origin. ``split`` is None where the database does not know it."""

    clip_id: int
    recording_id: int
    recording_name: str
    file_key: str
    start_s: float
    stop_s: float
    source_group: str | None
    object_key: str
    sha256: bytes
    rate_hz: int
    duration_s: float
    split: str | None


@dataclass(frozen=True, kw_only=True)
class NamedRecording:
    """A recording by the names that a table may call it."""

    recording_id: int
    name: str
    uri: str


def version_clips(conn: Connection[TupleRow], project_id: int, dataset_version_id: int) -> list[ClipOfSplit]:
    """The clips of a dataset version with their splits, by clip id."""
    with conn.cursor(row_factory=class_row(ClipOfSplit)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, c.recording_id, r.name AS recording_name, encode(r.pcm_sha256, 'hex') AS file_key,
              c.start_sample::float8 / r.rate_hz AS start_s, c.stop_sample::float8 / r.rate_hz AS stop_s,
              r.source_group,
              c.object_key, c.sha256, c.rate_hz, c.duration_s, i.split
            FROM dataset_item i JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
            WHERE i.project_id = %s AND i.dataset_version_id = %s ORDER BY c.clip_id
            """,
            (project_id, dataset_version_id),
        ).fetchall()


def clips_of_recordings(conn: Connection[TupleRow], project_id: int, recording_ids: Sequence[int]) -> list[ClipOfSplit]:
    """The active clips of these recordings, redundant ones too, by clip id."""
    with conn.cursor(row_factory=class_row(ClipOfSplit)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, c.recording_id, r.name AS recording_name, encode(r.pcm_sha256, 'hex') AS file_key,
              c.start_sample::float8 / r.rate_hz AS start_s, c.stop_sample::float8 / r.rate_hz AS stop_s,
              r.source_group,
              c.object_key, c.sha256, c.rate_hz, c.duration_s, NULL AS split
            FROM clip c JOIN recording r USING (recording_id)
            WHERE c.project_id = %s AND c.recording_id = ANY(%s) AND c.is_active ORDER BY c.clip_id
            """,
            (project_id, list(recording_ids)),
        ).fetchall()


def links_between(conn: Connection[TupleRow], project_id: int) -> list[frozenset[str]]:
    """The group keys of each active copy, redundant or not, as ``datasets.releasable_clips`` names them.

    A copy that is not released ties its representative to all that the copy was recorded with; a clip that merely
    sounds alike ties nothing, or two speakers of one word would be one.
    """
    rows = conn.execute(
        """
        SELECT array_remove(ARRAY['recording:' || encode(r.pcm_sha256, 'hex'), 'source:' || r.source_group,
                                  'duplicate:' || d.duplicate_group_id], NULL)
        FROM duplicate d JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
        WHERE c.project_id = %s AND c.is_active AND d.finding <> 'sounds alike' ORDER BY c.clip_id
        """,
        (project_id,),
    )
    return [frozenset(keys) for (keys,) in rows.fetchall()]


def named_recordings(conn: Connection[TupleRow], project_id: int) -> list[NamedRecording]:
    """The recordings that stand, by id."""
    with conn.cursor(row_factory=class_row(NamedRecording)) as cursor:
        return cursor.execute(
            """
            SELECT recording_id, name, uri FROM recording
            WHERE project_id = %s AND superseded_at IS NULL ORDER BY recording_id
            """,
            (project_id,),
        ).fetchall()
