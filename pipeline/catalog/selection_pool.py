"""What a selection chooses from, told apart cheaply: whether it is still what was read before, and its ids alone."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow


@dataclass(frozen=True, kw_only=True)
class PoolMark:
    """Differs when the pool does: the encoder, how many clips, and the sum of their ids' hashes."""

    encoder_id: int
    n_clips: int
    hash_sum: int


def pool_mark(conn: Connection[TupleRow], project_id: int, encoder_id: int) -> PoolMark:
    """The mark of the active clips that are not redundant and have an embedding by this encoder.

    An embedding is never altered, so the same clips of the same encoder have the same vectors.
    """
    row = conn.execute(
        """
        SELECT count(*), coalesce(sum(hashint8extended(e.clip_id, 0)::numeric), 0)
        FROM embedding e JOIN clip c USING (clip_id)
        WHERE e.encoder_id = %s AND e.project_id = %s AND c.is_active AND NOT c.is_redundant
        """,
        (encoder_id, project_id),
    ).fetchone()
    n_clips, hash_sum = row or (0, 0)
    return PoolMark(encoder_id=encoder_id, n_clips=n_clips, hash_sum=int(hash_sum))


def pool_ids(conn: Connection[TupleRow], project_id: int, encoder_id: int) -> list[int]:
    """The ids of the same clips, in order."""
    rows = conn.execute(
        """
        SELECT e.clip_id FROM embedding e JOIN clip c USING (clip_id)
        WHERE e.encoder_id = %s AND e.project_id = %s AND c.is_active AND NOT c.is_redundant
        ORDER BY e.clip_id
        """,
        (encoder_id, project_id),
    )
    return [row[0] for row in rows]
