"""The first clip of recordings, so that a list of recordings can be heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow


@dataclass(frozen=True, kw_only=True)
class FirstClip:
    """The earliest active clip of a recording. ``thumbnail``: one byte a bar, as pipeline.audio.thumbnail makes it."""

    clip_id: int
    thumbnail: bytes


def first_clips(conn: Connection[TupleRow], project_id: int, recording_ids: Sequence[int]) -> dict[int, FirstClip]:
    """The first clip of each of these recordings that has an active one, by recording id."""
    rows = conn.execute(
        """
        SELECT DISTINCT ON (recording_id) recording_id, clip_id, thumbnail FROM clip
        WHERE project_id = %s AND is_active AND recording_id = ANY(%s)
        ORDER BY recording_id, start_sample, clip_id
        """,
        (project_id, list(recording_ids)),
    )
    return {recording_id: FirstClip(clip_id=clip_id, thumbnail=thumbnail) for recording_id, clip_id, thumbnail in rows}
