"""What people judge when they curate: near-duplicate groups with what is decided, selections with their reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.duplicates import Decision
from pipeline.core.types import Finding

GroupFilter = Literal["all", "open", "identical", "same recording", "sounds alike"]
"""Which groups a list holds: all, those with a member to judge, or those of one finding."""

_ENTRIES = b"""
  SELECT d.duplicate_group_id, max(d.distance)::float8 AS doubt, count(*) AS n_clips,
    max(CASE d.finding WHEN 'sounds alike' THEN 2 WHEN 'same recording' THEN 1 ELSE 0 END) AS weakness,
    count(*) FILTER (WHERE d.clip_id <> g.representative_clip_id AND judged.clip_id IS NULL) AS n_open
  FROM duplicate d JOIN duplicate_group g USING (duplicate_group_id)
  LEFT JOIN (SELECT DISTINCT clip_id FROM duplicate_decision
             WHERE project_id = %(p)s AND decision <> 'represent') judged USING (clip_id)
  WHERE d.project_id = %(p)s GROUP BY d.duplicate_group_id
"""


@dataclass(frozen=True, kw_only=True)
class GroupEntry:
    """A near-duplicate group as a list shows it.

    ``name`` is the representative's recording, ``doubt`` the largest distance inside, ``n_open`` how many members
    besides the representative nobody has judged yet, ``finding`` the weakest of what connects them.
    """

    duplicate_group_id: int
    finding: Finding
    doubt: float
    name: str
    n_clips: int
    n_open: int


@dataclass(frozen=True, kw_only=True)
class GroupCounts:
    """How many near-duplicate groups there are, with a member to judge, and by the weakest finding inside."""

    n_groups: int = 0
    n_open: int = 0
    n_identical: int = 0
    n_same_recording: int = 0
    n_sounds_alike: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a clip stands in its group: who represents it, and whether a person said that this clip is no copy."""

    duplicate_group_id: int
    representative_clip_id: int
    is_restored: bool


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


def count_groups(conn: Connection[TupleRow], project_id: int) -> GroupCounts:
    """The near-duplicate groups counted, without reading them here."""
    with conn.cursor(row_factory=class_row(GroupCounts)) as cursor:
        row = cursor.execute(
            b"""
            WITH entry AS ("""
            + _ENTRIES
            + b""")
            SELECT count(*) AS n_groups, count(*) FILTER (WHERE n_open > 0) AS n_open,
              count(*) FILTER (WHERE weakness = 0) AS n_identical,
              count(*) FILTER (WHERE weakness = 1) AS n_same_recording,
              count(*) FILTER (WHERE weakness = 2) AS n_sounds_alike FROM entry
            """,
            {"p": project_id},
        ).fetchone()
    return row or GroupCounts()


def list_groups(
    conn: Connection[TupleRow],
    project_id: int,
    *,
    shown: GroupFilter = "all",
    kept: Collection[int] = (),
    after: GroupEntry | None = None,
    limit: int = 200,
) -> list[GroupEntry]:
    """A page of the near-duplicate groups, the most doubtful first, after one of them.

    The weaker the finding the more doubtful, then the larger the distance. With ``shown`` open, the groups ``kept``
    are listed even when they are judged.
    """
    with conn.cursor(row_factory=class_row(GroupEntry)) as cursor:
        return cursor.execute(
            b"""
            WITH entry AS ("""
            + _ENTRIES
            + b"""),
            page AS (
              SELECT * FROM entry
              WHERE CASE %(shown)s WHEN 'all' THEN true
                  WHEN 'open' THEN n_open > 0 OR duplicate_group_id = ANY (%(kept)s::bigint[])
                  ELSE (ARRAY['identical', 'same recording', 'sounds alike'])[weakness + 1] = %(shown)s END
                AND (%(weakness)s::int IS NULL OR (weakness, doubt, -duplicate_group_id)
                     < (%(weakness)s, %(doubt)s::float8, -%(group_id)s::bigint))
              ORDER BY weakness DESC, doubt DESC, duplicate_group_id LIMIT %(limit)s
            )
            SELECT page.duplicate_group_id, page.doubt, page.n_clips, page.n_open, r.name,
              (ARRAY['identical', 'same recording', 'sounds alike'])[weakness + 1] AS finding
            FROM page JOIN duplicate_group g USING (duplicate_group_id)
            JOIN clip c ON c.clip_id = g.representative_clip_id JOIN recording r USING (recording_id)
            ORDER BY page.weakness DESC, page.doubt DESC, page.duplicate_group_id
            """,
            {
                "p": project_id,
                "shown": shown,
                "kept": list(kept),
                "weakness": None if after is None else get_args(Finding).index(after.finding),
                "doubt": None if after is None else after.doubt,
                "group_id": None if after is None else after.duplicate_group_id,
                "limit": limit,
            },
        ).fetchall()


def standing(conn: Connection[TupleRow], project_id: int, clip_id: int) -> Standing | None:
    """How a clip stands in its group; None if it is in none."""
    with conn.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(
            """
            SELECT d.duplicate_group_id, g.representative_clip_id, coalesce((
              SELECT x.decision = 'restore' FROM duplicate_decision x
              WHERE x.clip_id = d.clip_id AND x.decision <> 'represent' ORDER BY x.duplicate_decision_id DESC LIMIT 1
            ), false) AS is_restored
            FROM duplicate d JOIN duplicate_group g USING (duplicate_group_id)
            WHERE d.project_id = %s AND d.clip_id = %s
            """,
            (project_id, clip_id),
        ).fetchone()


def alike_costs(conn: Connection[TupleRow], project_id: int) -> tuple[int, Mapping[str, Any] | None] | None:
    """The latest finished search for near-duplicates: its operation, and what it found that distances would cost.

    None before the first; without costs where there were no embeddings.
    """
    return conn.execute(
        """
        SELECT operation_id, x.detail -> 'alike' FROM operation o JOIN operation_outcome x USING (operation_id)
        WHERE o.project_id = %s AND o.action = 'deduplicate' AND x.status = 'done'
        ORDER BY operation_id DESC LIMIT 1
        """,
        (project_id,),
    ).fetchone()


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
