"""Verdicts: what reviewers decided about doubtful clips; append-only, the latest that stands counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.core.types import AnswerGiven
from pipeline.core.verdicts import Verdict, VerdictGiven


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The verdict that counts for a clip."""

    verdict_id: UUID
    clip_id: int
    verdict: Verdict
    author: str


@dataclass(frozen=True, kw_only=True)
class SuspectHeard:
    """What came of a suspect, and the score by which it had been on the list."""

    verdict: Verdict
    score: float


def save_verdict(
    conn: Connection[TupleRow], project_id: int, given: VerdictGiven, *, label_ids: Mapping[str, int]
) -> None:
    """Keep a verdict; the same id is saved once."""

    def id_of(label: str | None) -> int | None:
        return None if label is None else label_ids[label]

    conn.execute(
        """
        INSERT INTO verdict (verdict_id, project_id, clip_id, doubt, verdict, given_label_id, suggested_label_id,
          label_id, score, supersedes)
        SELECT %(verdict_id)s, c.project_id, c.clip_id, %(doubt)s, %(verdict)s, %(given)s, %(suggested)s, %(label)s,
          %(score)s, %(supersedes)s
        FROM clip c WHERE c.project_id = %(project_id)s AND c.clip_id = %(clip_id)s
        ON CONFLICT (verdict_id) DO NOTHING
        """,
        {
            "verdict_id": given.verdict_id,
            "project_id": project_id,
            "clip_id": given.clip_id,
            "doubt": given.doubt,
            "verdict": given.verdict,
            "given": id_of(given.given),
            "suggested": id_of(given.suggested),
            "label": id_of(given.label),
            "score": given.score,
            "supersedes": given.supersedes,
        },
    )


def saved(conn: Connection[TupleRow], project_id: int, verdict_id: UUID) -> Verdict | None:
    """What this verdict says, if it stands in the database and is this person's."""
    row = conn.execute(
        "SELECT verdict FROM verdict WHERE project_id = %s AND verdict_id = %s AND author = session_user",
        (project_id, verdict_id),
    ).fetchone()
    return None if row is None else row[0]


def standing(conn: Connection[TupleRow], project_id: int, clip_ids: Sequence[int]) -> dict[int, Standing]:
    """The latest verdict that was not taken back, of those of the clips that have one."""
    with conn.cursor(row_factory=class_row(Standing)) as cursor:
        rows = cursor.execute(
            """
            SELECT DISTINCT ON (v.clip_id) v.verdict_id, v.clip_id, v.verdict, v.author FROM verdict v
            WHERE v.project_id = %s AND v.clip_id = ANY(%s) AND v.verdict <> 'withdrawn'
              AND NOT EXISTS (SELECT FROM verdict w WHERE w.supersedes = v.verdict_id)
            ORDER BY v.clip_id, v.created_at DESC
            """,
            (project_id, list(clip_ids)),
        )
        return {row.clip_id: row for row in rows}


def answer_before(conn: Connection[TupleRow], project_id: int, annotation_id: UUID) -> AnswerGiven | None:
    """What the author of this annotation had said of the clip before it; None for nothing that stood then."""
    row = conn.execute(
        """
        SELECT b.annotation_id, b.clip_id, b.answer, l.name, b.screen, b.picture, b.settles,
          ARRAY(SELECT x.name FROM label x WHERE x.label_id = ANY(b.also_label_ids) ORDER BY x.label_id)
        FROM annotation a JOIN annotation b ON b.annotation_id = a.supersedes
        LEFT JOIN label l ON l.label_id = b.label_id
        WHERE a.project_id = %s AND a.annotation_id = %s AND b.answer <> 'withdrawn'
        """,
        (project_id, annotation_id),
    ).fetchone()
    if row is None:
        return None
    before_id, clip_id, answer, label, screen, picture, settles, also = row
    return AnswerGiven(
        annotation_id=before_id,
        clip_id=clip_id,
        answer=answer,
        label=label,
        heard=None,
        screen=screen,
        picture=picture,
        settles=settles,
        also=tuple(also),
    )


def suspects_heard(conn: Connection[TupleRow], project_id: int) -> list[SuspectHeard]:
    """What came of every suspect on which a verdict stands."""
    with conn.cursor(row_factory=class_row(SuspectHeard)) as cursor:
        return cursor.execute(
            """
            SELECT x.verdict, x.score FROM (
              SELECT DISTINCT ON (v.clip_id) v.verdict, v.score, v.doubt FROM verdict v
              WHERE v.project_id = %s AND v.verdict <> 'withdrawn'
                AND NOT EXISTS (SELECT FROM verdict w WHERE w.supersedes = v.verdict_id)
              ORDER BY v.clip_id, v.created_at DESC) x
            WHERE x.doubt = 'suspect' AND x.score IS NOT NULL
            """,
            (project_id,),
        ).fetchall()
