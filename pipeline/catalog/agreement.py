"""Who said what about which clip, and how they listened: what agreement and people's quality are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.core.types import Answer

FASTEST_MS = 250
"""Nobody hears a sound, knows it and presses a key sooner: a choice between sounds takes people 300 ms and more."""
LEAST_SHARE, LEAST_HEARD_S = 0.3, 1.0
"""Who has heard less than this part of a clip, and less than so much of it, can hardly know what it is."""


@dataclass(frozen=True, kw_only=True)
class PersonsAnswer:
    """One person's answer about a clip, as it stands; ``label`` is None for every answer that is no label."""

    clip_id: int
    author: str
    answer: Answer
    label: str | None


@dataclass(frozen=True, kw_only=True)
class PersonsPace:
    """How much a person has answered, how fast in the middle, and how often suspiciously fast or unheard.

    ``n_hasty`` answers are one or the other, or both.
    """

    person: str
    n_answers: int
    median_response_ms: float | None
    n_too_fast: int
    n_unheard: int
    n_hasty: int
    latest_at: datetime


@dataclass(frozen=True, kw_only=True)
class FastAnswer:
    """An answer that came before its clip can have been heard. ``heard_share`` is None where it was not measured."""

    clip_id: int
    author: str
    answer: Answer
    label: str | None
    response_ms: int | None
    heard_share: float | None
    heard_s: float | None
    duration_s: float
    created_at: datetime


def answers_of_people(conn: Connection[TupleRow], project_id: int) -> list[PersonsAnswer]:
    """The answers of people that stand about active clips, by clip and person.

    A reviewer's last word is none of them: it was given knowing what others said.
    """
    with conn.cursor(row_factory=class_row(PersonsAnswer)) as cursor:
        return cursor.execute(
            """
            SELECT a.clip_id, a.author, a.answer, l.name AS label
            FROM current_annotation a JOIN clip c USING (clip_id) LEFT JOIN label l USING (label_id)
            WHERE a.project_id = %s AND a.source = 'human' AND NOT a.settles AND c.is_active
            ORDER BY a.clip_id, a.author
            """,
            (project_id,),
        ).fetchall()


def paces(conn: Connection[TupleRow], project_id: int) -> list[PersonsPace]:
    """Everybody who has answered, those with most answers first."""
    with conn.cursor(row_factory=class_row(PersonsPace)) as cursor:
        return cursor.execute(
            """
            SELECT a.author AS person, count(*) AS n_answers,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY a.response_ms) AS median_response_ms,
              count(*) FILTER (WHERE a.response_ms < %(fastest_ms)s AND a.screen IS DISTINCT FROM 'grid') AS n_too_fast,
              count(*) FILTER (WHERE coalesce(a.heard_share, least(a.heard_s / nullif(c.duration_s, 0), 1))
                < %(least_share)s AND a.heard_s < %(least_heard_s)s) AS n_unheard,
              count(*) FILTER (WHERE a.response_ms < %(fastest_ms)s AND a.screen IS DISTINCT FROM 'grid'
                OR coalesce(a.heard_share, least(a.heard_s / nullif(c.duration_s, 0), 1)) < %(least_share)s
                  AND a.heard_s < %(least_heard_s)s) AS n_hasty,
              max(a.created_at) AS latest_at
            FROM current_annotation s JOIN annotation a USING (annotation_id) JOIN clip c ON c.clip_id = a.clip_id
            WHERE s.project_id = %(project_id)s AND s.source = 'human'
            GROUP BY a.author ORDER BY count(*) DESC, a.author
            """,
            _limits(project_id),
        ).fetchall()


def fast_answers(conn: Connection[TupleRow], project_id: int, *, limit: int = 50) -> list[FastAnswer]:
    """The answers that came too fast, or of clips hardly heard, the newest first.

    In a grid one key answers many clips, so that only what was heard counts there.
    """
    with conn.cursor(row_factory=class_row(FastAnswer)) as cursor:
        return cursor.execute(
            """
            SELECT a.clip_id, a.author, a.answer, l.name AS label, a.response_ms, a.heard_share, a.heard_s,
              c.duration_s, a.created_at
            FROM current_annotation s JOIN annotation a USING (annotation_id) JOIN clip c ON c.clip_id = a.clip_id
            LEFT JOIN label l ON l.label_id = a.label_id
            WHERE s.project_id = %(project_id)s AND s.source = 'human' AND (
              a.response_ms < %(fastest_ms)s AND a.screen IS DISTINCT FROM 'grid'
              OR coalesce(a.heard_share, least(a.heard_s / nullif(c.duration_s, 0), 1)) < %(least_share)s
                AND a.heard_s < %(least_heard_s)s)
            ORDER BY a.created_at DESC, a.annotation_id LIMIT %(limit)s
            """,
            {**_limits(project_id), "limit": limit},
        ).fetchall()


def _limits(project_id: int) -> dict[str, float]:
    return {
        "project_id": project_id,
        "fastest_ms": FASTEST_MS,
        "least_share": LEAST_SHARE,
        "least_heard_s": LEAST_HEARD_S,
    }
