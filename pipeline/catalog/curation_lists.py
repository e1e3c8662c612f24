"""What people judge when they curate: near-duplicate groups with what is decided, selections with their reasons."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.duplicates import Decision


@dataclass(frozen=True, kw_only=True)
class GroupEntry:
    """A near-duplicate group as a list shows it.

    ``name`` is the representative's recording, ``doubt`` the largest distance inside, ``n_open`` how many members
    besides the representative nobody has judged yet.
    """

    duplicate_group_id: int
    doubt: float
    name: str
    n_clips: int
    n_open: int


@dataclass(frozen=True, kw_only=True)
class SoundSeconds:
    """How much sound the active clips hold, and how much of it is redundant."""

    all_s: float
    redundant_s: float


@dataclass(frozen=True, kw_only=True)
class SelectionItem:
    """One clip of a selection and why it was chosen."""

    clip_id: int
    reason: str


def groups_mark(conn: Connection[TupleRow], project_id: int) -> tuple[int, int]:
    """Differs when groups were found anew or a person decided since: then the list is worth reading again."""
    row = conn.execute(
        """
        SELECT (SELECT coalesce(max(duplicate_group_id), 0) FROM duplicate_group WHERE project_id = %(p)s),
          (SELECT coalesce(max(duplicate_decision_id), 0) FROM duplicate_decision WHERE project_id = %(p)s)
        """,
        {"p": project_id},
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def list_groups(conn: Connection[TupleRow], project_id: int) -> list[GroupEntry]:
    """All near-duplicate groups, the most doubtful first."""
    with conn.cursor(row_factory=class_row(GroupEntry)) as cursor:
        return cursor.execute(
            """
            SELECT d.duplicate_group_id, max(d.distance)::float8 AS doubt,
              max(r.name) FILTER (WHERE d.clip_id = g.representative_clip_id) AS name, count(*) AS n_clips,
              count(*) FILTER (WHERE d.clip_id <> g.representative_clip_id AND judged.clip_id IS NULL) AS n_open
            FROM duplicate d JOIN duplicate_group g USING (duplicate_group_id)
            JOIN clip c ON c.clip_id = d.clip_id JOIN recording r USING (recording_id)
            LEFT JOIN (SELECT DISTINCT clip_id FROM duplicate_decision
                       WHERE project_id = %(p)s AND decision <> 'represent') judged ON judged.clip_id = d.clip_id
            WHERE d.project_id = %(p)s
            GROUP BY d.duplicate_group_id ORDER BY doubt DESC, d.duplicate_group_id
            """,
            {"p": project_id},
        ).fetchall()


def read_decisions(conn: Connection[TupleRow], project_id: int, group_id: int) -> dict[int, Decision]:
    """What people last said of a group's members, by clip id: that they are copies (mark) or not (restore)."""
    rows = conn.execute(
        """
        SELECT DISTINCT ON (x.clip_id) x.clip_id, x.decision
        FROM duplicate d JOIN duplicate_decision x USING (clip_id)
        WHERE d.project_id = %s AND d.duplicate_group_id = %s AND x.decision <> 'represent'
        ORDER BY x.clip_id, x.duplicate_decision_id DESC
        """,
        (project_id, group_id),
    )
    return dict(rows.fetchall())


def sound_seconds(conn: Connection[TupleRow], project_id: int) -> SoundSeconds:
    """The seconds of the active clips."""
    with conn.cursor(row_factory=class_row(SoundSeconds)) as cursor:
        row = cursor.execute(
            """
            SELECT coalesce(sum(duration_us) FILTER (WHERE facet = 'clip'), 0)::float8 / 1000000 AS all_s,
              coalesce(sum(duration_us) FILTER (WHERE facet = 'redundant'), 0)::float8 / 1000000 AS redundant_s
            FROM tally WHERE project_id = %s AND facet IN ('clip', 'redundant')
            """,
            (project_id,),
        ).fetchone()
    return row or SoundSeconds(all_s=0.0, redundant_s=0.0)


def selection_items(conn: Connection[TupleRow], project_id: int, name: str) -> list[SelectionItem]:
    """A selection's clips with their reasons, best first; empty if there is none of this name."""
    with conn.cursor(row_factory=class_row(SelectionItem)) as cursor:
        return cursor.execute(
            """
            SELECT i.clip_id, i.reason FROM selection_item i JOIN selection s USING (selection_id)
            WHERE s.project_id = %s AND s.name = %s ORDER BY i.position
            """,
            (project_id, name),
        ).fetchall()
