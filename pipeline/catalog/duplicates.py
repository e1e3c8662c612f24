"""Near-duplicate groups, and what people decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog import columns
from pipeline.core.errors import NotFound
from pipeline.core.types import Finding

Decision = Literal["restore", "mark", "represent"]


@dataclass(frozen=True, kw_only=True)
class NewDuplicate:
    """One member of a group to save."""

    clip_id: int
    finding: Finding
    distance: float
    reason: str
    lag_s: float = 0.0
    overlap_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class GroupMember:
    """One member of a group as a screen shows it. The representative is never redundant."""

    duplicate_group_id: int
    clip_id: int
    recording_name: str
    duration_s: float
    rate_hz: int
    thumbnail: bytes
    finding: Finding
    distance: float
    reason: str
    lag_s: float
    overlap_s: float | None
    is_representative: bool
    is_redundant: bool


def replace_groups(
    conn: Connection[TupleRow],
    project_id: int,
    groups: Sequence[tuple[int, Sequence[NewDuplicate]]],
    *,
    operation_id: int,
) -> None:
    """Put these groups (representative's clip id, members) in place of the ones before.

    People's decisions stay: a clip restored by a person is restored again, a representative chosen by a
    person represents again wherever it is in a group.
    """
    conn.execute("SELECT FROM project WHERE project_id = %s FOR UPDATE", (project_id,))
    conn.execute("DELETE FROM duplicate_group WHERE project_id = %s", (project_id,))
    _save_groups(conn, project_id, groups, operation_id=operation_id)
    conn.execute(
        """
        UPDATE duplicate_group g SET representative_clip_id = chosen.clip_id
        FROM (
          SELECT DISTINCT ON (d.duplicate_group_id) d.duplicate_group_id, d.clip_id
          FROM duplicate d JOIN duplicate_decision x USING (clip_id)
          WHERE d.project_id = %s AND x.decision = 'represent'
          ORDER BY d.duplicate_group_id, x.duplicate_decision_id DESC
        ) chosen WHERE g.duplicate_group_id = chosen.duplicate_group_id
        """,
        (project_id,),
    )
    _mark_clips(conn, project_id)


def _save_groups(
    conn: Connection[TupleRow],
    project_id: int,
    groups: Sequence[tuple[int, Sequence[NewDuplicate]]],
    *,
    operation_id: int,
) -> None:
    made = columns.execute(
        conn,
        """
        INSERT INTO duplicate_group (project_id, representative_clip_id, operation_id)
        SELECT %(project_id)s, clip_id, %(operation_id)s FROM unnest(%(clip_id)s::bigint[]) clip_id
        RETURNING representative_clip_id, duplicate_group_id
        """,
        {
            "project_id": project_id,
            "operation_id": operation_id,
            "clip_id": columns.ints([representative for representative, _ in groups]),
        },
    )
    group_of: dict[int, int] = dict(made.fetchall())
    listed = [(group_of[representative], one) for representative, members in groups for one in members]
    for at in range(0, len(listed), columns.CHUNK_N):
        chunk = listed[at : at + columns.CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO duplicate (project_id, duplicate_group_id, clip_id, finding, distance, reason, lag_s, overlap_s)
            SELECT %(project_id)s, x.* FROM unnest(%(group_id)s::bigint[], %(clip_id)s::bigint[], %(finding)s::text[],
              %(distance)s::float8[], %(reason)s::text[], %(lag_s)s::float8[], %(overlap_s)s::float8[]) x
            """,
            {
                "project_id": project_id,
                "group_id": columns.ints([group_id for group_id, _ in chunk]),
                "clip_id": columns.ints([one.clip_id for _, one in chunk]),
                "finding": columns.texts([one.finding for _, one in chunk]),
                "distance": columns.floats([one.distance for _, one in chunk]),
                "reason": columns.texts([one.reason for _, one in chunk]),
                "lag_s": columns.floats([one.lag_s for _, one in chunk]),
                "overlap_s": columns.floats([one.overlap_s for _, one in chunk]),
            },
        )


def decide(conn: Connection[TupleRow], project_id: int, clip_id: int, decision: Decision) -> int:
    """Record a person's decision about a member and apply it; gives the group's id.

    Raises NotFound if the clip is in no group.
    """
    row = conn.execute(
        "SELECT duplicate_group_id FROM duplicate WHERE project_id = %s AND clip_id = %s", (project_id, clip_id)
    ).fetchone()
    if row is None:
        raise NotFound("this clip is in no near-duplicate group", which=clip_id, do="open the list of groups again")
    conn.execute(
        "INSERT INTO duplicate_decision (project_id, clip_id, decision) VALUES (%s, %s, %s)",
        (project_id, clip_id, decision),
    )
    if decision == "represent":
        conn.execute(
            "UPDATE duplicate_group SET representative_clip_id = %s WHERE duplicate_group_id = %s", (clip_id, row[0])
        )
    _mark_clips(conn, project_id, group_id=row[0])
    return row[0]


def list_group_ids(
    conn: Connection[TupleRow], project_id: int, *, after: tuple[float, int] | None = None, limit: int = 200
) -> list[tuple[float, int]]:
    """Doubt (the largest distance inside) and id of the groups, the most doubtful first, after one of them."""
    return conn.execute(
        """
        SELECT doubt, duplicate_group_id FROM (
          SELECT max(distance)::float8 AS doubt, duplicate_group_id FROM duplicate
          WHERE project_id = %(project_id)s GROUP BY duplicate_group_id
        ) g
        WHERE %(doubt)s::float8 IS NULL OR (doubt, -duplicate_group_id) < (%(doubt)s, -%(group_id)s::bigint)
        ORDER BY doubt DESC, duplicate_group_id LIMIT %(limit)s
        """,
        {
            "project_id": project_id,
            "doubt": after[0] if after else None,
            "group_id": after[1] if after else None,
            "limit": limit,
        },
    ).fetchall()


def read_group(conn: Connection[TupleRow], project_id: int, group_id: int) -> list[GroupMember]:
    """The members of a group, the representative first, then by distance; empty if there is no such group."""
    with conn.cursor(row_factory=class_row(GroupMember)) as cursor:
        return cursor.execute(
            """
            SELECT d.duplicate_group_id, d.clip_id, r.name AS recording_name, c.duration_s, c.rate_hz, c.thumbnail,
              d.finding, d.distance, d.reason, d.lag_s, d.overlap_s, c.is_redundant,
              d.clip_id = g.representative_clip_id AS is_representative
            FROM duplicate d JOIN duplicate_group g USING (duplicate_group_id)
            JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
            WHERE d.project_id = %s AND d.duplicate_group_id = %s
            ORDER BY d.clip_id <> g.representative_clip_id, d.distance, d.clip_id
            """,
            (project_id, group_id),
        ).fetchall()


def grouped_uris(conn: Connection[TupleRow], project_id: int) -> list[list[str]]:
    """The recordings' URIs of every group, one list a group."""
    rows = conn.execute(
        """
        SELECT array_agg(r.uri ORDER BY d.clip_id) FROM duplicate d
        JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
        WHERE d.project_id = %s GROUP BY d.duplicate_group_id ORDER BY d.duplicate_group_id
        """,
        (project_id,),
    )
    return [row[0] for row in rows]


def _mark_clips(conn: Connection[TupleRow], project_id: int, *, group_id: int | None = None) -> None:
    """Let clip.is_redundant follow from groups and decisions: the one place that says what is redundant."""
    conn.execute(
        """
        UPDATE clip c SET is_redundant = wanted.is_redundant
        FROM (
          SELECT c.clip_id,
            d.clip_id IS NOT NULL AND d.clip_id <> g.representative_clip_id
            AND coalesce((SELECT x.decision FROM duplicate_decision x
                          WHERE x.clip_id = d.clip_id AND x.decision <> 'represent'
                          ORDER BY x.duplicate_decision_id DESC LIMIT 1), 'mark') <> 'restore' AS is_redundant
          FROM clip c LEFT JOIN duplicate d USING (clip_id) LEFT JOIN duplicate_group g USING (duplicate_group_id)
          WHERE c.project_id = %(project_id)s
            AND (%(group_id)s::bigint IS NULL OR d.duplicate_group_id = %(group_id)s)
        ) wanted
        WHERE c.clip_id = wanted.clip_id AND c.is_redundant IS DISTINCT FROM wanted.is_redundant
        """,
        {"project_id": project_id, "group_id": group_id},
    )
