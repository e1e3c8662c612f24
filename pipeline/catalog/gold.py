"""Gold clips: what a clip certainly is, by a reviewer's word; append-only, the latest row counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.rows import scalar

GoldAnswer = Literal["label", "none_of_these"]


@dataclass(frozen=True, kw_only=True)
class GoldClip:
    """A clip whose answer is certain; ``label`` is None for *none of these*. ``n_met`` of ``n_asked`` people met it."""

    clip_id: int
    answer: GoldAnswer
    label: str | None
    author: str
    created_at: datetime
    n_asked: int
    n_met: int


def add_gold(
    conn: Connection[TupleRow],
    project_id: int,
    answer_of: Mapping[int, str | None],
    *,
    label_ids: Mapping[str, int],
) -> int:
    """Let these clips be gold with this label each, None for *none of these*. Count of those that the project has."""
    n = 0
    for clip_id, label in answer_of.items():
        n += conn.execute(
            """
            INSERT INTO gold (gold_id, project_id, clip_id, is_gold, answer, label_id)
            SELECT %s, c.project_id, c.clip_id, true, %s, %s FROM clip c WHERE c.project_id = %s AND c.clip_id = %s
            """,
            (
                uuid4(),
                "none_of_these" if label is None else "label",
                None if label is None else label_ids[label],
                project_id,
                clip_id,
            ),
        ).rowcount
    return n


def remove_gold(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> int:
    """Let these clips be gold no longer; what was said of them stays. Count of those that were."""
    return conn.execute(
        """
        INSERT INTO gold (gold_id, project_id, clip_id, is_gold)
        SELECT gen_random_uuid(), %(project_id)s, latest.clip_id, false FROM (
          SELECT DISTINCT ON (clip_id) clip_id, is_gold FROM gold
          WHERE project_id = %(project_id)s AND clip_id = ANY(%(clip_ids)s) ORDER BY clip_id, created_at DESC) latest
        WHERE latest.is_gold
        """,
        {"project_id": project_id, "clip_ids": list(clip_ids)},
    ).rowcount


def list_gold(conn: Connection[TupleRow], project_id: int) -> list[GoldClip]:
    """The gold clips, the newest first, with how many people answered them and how many rightly."""
    with conn.cursor(row_factory=class_row(GoldClip)) as cursor:
        return cursor.execute(
            """
            WITH latest AS (
              SELECT DISTINCT ON (clip_id) clip_id, is_gold, answer, label_id, author, created_at
              FROM gold WHERE project_id = %(project_id)s ORDER BY clip_id, created_at DESC
            )
            SELECT g.clip_id, g.answer, l.name AS label, g.author, g.created_at, count(a.clip_id) AS n_asked,
              count(a.clip_id) FILTER (
                WHERE a.answer = g.answer AND a.label_id IS NOT DISTINCT FROM g.label_id) AS n_met
            FROM latest g LEFT JOIN label l ON l.label_id = g.label_id
            LEFT JOIN current_annotation a ON a.project_id = %(project_id)s AND a.clip_id = g.clip_id
              AND a.source = 'human' AND NOT a.settles
            WHERE g.is_gold
            GROUP BY g.clip_id, g.answer, l.name, g.author, g.created_at ORDER BY g.created_at DESC, g.clip_id
            """,
            {"project_id": project_id},
        ).fetchall()


def count_gold(conn: Connection[TupleRow], project_id: int) -> int:
    """How many clips are gold now."""
    return scalar(
        conn.execute(
            """
            SELECT count(*) FROM (
              SELECT DISTINCT ON (clip_id) is_gold FROM gold WHERE project_id = %s ORDER BY clip_id, created_at DESC) g
            WHERE is_gold
            """,
            (project_id,),
        )
    )
