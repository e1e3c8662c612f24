"""The clips that near-duplicates are looked for among, and the marks by which each is known again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog import columns
from pipeline.catalog.clips import ClipSound

_CHUNK_N = 2_000  # marks are long


@dataclass(frozen=True, kw_only=True)
class ComparedClip:
    """An active clip, and what makes it fit to represent others. ``rate_hz`` is its recording's own."""

    clip_id: int
    object_key: str
    sha256: bytes
    clip_rate_hz: int
    duration_s: float
    rate_hz: int
    clipped_ratio: float | None
    is_labelled: bool

    @property
    def sound(self) -> ClipSound:
        return ClipSound(
            clip_id=self.clip_id,
            object_key=self.object_key,
            sha256=self.sha256,
            rate_hz=self.clip_rate_hz,
            duration_s=self.duration_s,
        )


def compared_clips(conn: Connection[TupleRow], project_id: int) -> list[ComparedClip]:
    """The active clips, by id."""
    with conn.cursor(row_factory=class_row(ComparedClip)) as cursor:
        return cursor.execute(
            """
            SELECT c.clip_id, c.object_key, c.sha256, c.rate_hz AS clip_rate_hz, c.duration_s, r.rate_hz,
              c.clipped_ratio, c.is_answered AS is_labelled
            FROM clip c JOIN recording r USING (recording_id)
            WHERE c.project_id = %s AND c.is_active ORDER BY c.clip_id
            """,
            (project_id,),
        ).fetchall()


def clips_without_marks(conn: Connection[TupleRow], project_id: int, method: str, clip_ids: Sequence[int]) -> list[int]:
    """Those of the clips whose marks by this method are not kept yet, in the order given."""
    rows = conn.execute(
        """
        SELECT asked.clip_id FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (clip_id, position)
        WHERE NOT EXISTS (SELECT FROM fingerprint f
                          WHERE f.project_id = %s AND f.method = %s AND f.clip_id = asked.clip_id)
        ORDER BY asked.position
        """,
        (list(clip_ids), project_id, method),
    )
    return [row[0] for row in rows]


def save_marks(conn: Connection[TupleRow], project_id: int, method: str, marks: Sequence[tuple[int, bytes]]) -> None:
    """Keep pairs of clip id and marks; a clip that has them already is left alone."""
    for at in range(0, len(marks), _CHUNK_N):
        chunk = marks[at : at + _CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO fingerprint (clip_id, project_id, method, marks)
            SELECT x.clip_id, %(project_id)s, %(method)s, x.marks
            FROM unnest(%(clip_id)s::bigint[], %(marks)s::bytea[]) x (clip_id, marks)
            ON CONFLICT (project_id, method, clip_id) DO NOTHING
            """,
            {
                "project_id": project_id,
                "method": method,
                "clip_id": columns.ints([clip_id for clip_id, _ in chunk]),
                "marks": columns.blobs([one for _, one in chunk]),
            },
        )


def read_marks(conn: Connection[TupleRow], project_id: int, method: str, clip_ids: Sequence[int]) -> dict[int, bytes]:
    """The marks by this method of those of the clips that have them."""
    found: dict[int, bytes] = {}
    for at in range(0, len(clip_ids), _CHUNK_N):
        rows = conn.execute(
            "SELECT clip_id, marks FROM fingerprint WHERE project_id = %s AND method = %s AND clip_id = ANY(%s)",
            (project_id, method, list(clip_ids[at : at + _CHUNK_N])),
            binary=True,
        )
        found.update(rows)
    return found
