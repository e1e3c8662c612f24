"""What must be known before a label is doubted: which clips share an origin, and which people have settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a clip comes from."""

    clip_id: int
    recording_id: int
    source_group: str | None


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

    People answered about them twice (the same person or two; what was taken back does not count), or a person's
    label is the one that the clip had from elsewhere.
    """
    rows = conn.execute(
        """
        SELECT a.clip_id FROM annotation a
        WHERE a.project_id = %(project_id)s AND a.source = 'human' AND a.answer <> 'withdrawn'
          AND NOT EXISTS (
            SELECT FROM annotation later WHERE later.supersedes = a.annotation_id AND later.answer = 'withdrawn')
        GROUP BY a.clip_id HAVING count(*) > 1
        UNION
        SELECT p.clip_id FROM current_annotation p JOIN current_annotation c USING (project_id, clip_id, label_id)
        WHERE p.project_id = %(project_id)s AND p.source = 'human' AND c.source <> 'human'
        """,
        {"project_id": project_id},
    )
    return {row[0] for row in rows}
