"""The clips whose label the other clips doubt, as the latest search for mislabels left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

from pipeline.catalog import columns


@dataclass(frozen=True, kw_only=True)
class NewSuspect:
    """One clip in doubt; the order of the suspects is the order of the list.

    ``score`` in [-1, 1] is the probability of the suggested label less that of the given one. Of the ``n_near`` nearest
    clips so many have the given and the suggested label.
    """

    clip_id: int
    score: float
    given_label_id: int
    suggested_label_id: int
    given_probability: float
    suggested_probability: float
    nearest_given: int | None
    nearest_suggested: int | None
    n_near: int
    n_near_given: int
    n_near_suggested: int
    reason: str


def replace_suspects(
    conn: Connection[TupleRow], project_id: int, suspects: Sequence[NewSuspect], *, operation_id: int
) -> None:
    """Let the project's suspects be exactly these."""
    conn.execute("DELETE FROM suspect WHERE project_id = %s", (project_id,))
    for at in range(0, len(suspects), columns.CHUNK_N):
        chunk = suspects[at : at + columns.CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO suspect (project_id, operation_id, clip_id, position, score, given_label_id, suggested_label_id,
              given_probability, suggested_probability, nearest_given_clip_id, nearest_suggested_clip_id,
              n_near, n_near_given, n_near_suggested, reason)
            SELECT %(project_id)s, %(operation_id)s, x.*
            FROM unnest(%(clip_id)s::bigint[], %(position)s::bigint[], %(score)s::float8[], %(given)s::bigint[],
              %(suggested)s::bigint[], %(given_probability)s::float8[], %(suggested_probability)s::float8[],
              %(nearest_given)s::bigint[], %(nearest_suggested)s::bigint[], %(n_near)s::bigint[],
              %(n_near_given)s::bigint[], %(n_near_suggested)s::bigint[], %(reason)s::text[]) x
            """,
            {
                "project_id": project_id,
                "operation_id": operation_id,
                "clip_id": columns.ints([s.clip_id for s in chunk]),
                "position": columns.ints(range(at, at + len(chunk))),
                "score": columns.floats([s.score for s in chunk]),
                "given": columns.ints([s.given_label_id for s in chunk]),
                "suggested": columns.ints([s.suggested_label_id for s in chunk]),
                "given_probability": columns.floats([s.given_probability for s in chunk]),
                "suggested_probability": columns.floats([s.suggested_probability for s in chunk]),
                "nearest_given": columns.ints([s.nearest_given for s in chunk]),
                "nearest_suggested": columns.ints([s.nearest_suggested for s in chunk]),
                "n_near": columns.ints([s.n_near for s in chunk]),
                "n_near_given": columns.ints([s.n_near_given for s in chunk]),
                "n_near_suggested": columns.ints([s.n_near_suggested for s in chunk]),
                "reason": columns.texts([s.reason for s in chunk]),
            },
        )


def suspect_uris(conn: Connection[TupleRow], project_id: int) -> list[str]:
    """The recordings of the suspects, the most suspicious first."""
    rows = conn.execute(
        """
        SELECT r.uri FROM suspect s JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
        WHERE s.project_id = %s ORDER BY s.position
        """,
        (project_id,),
    )
    return [row[0] for row in rows]
