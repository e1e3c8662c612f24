"""Annotations and flags: append-only statements about clips, and the consensus that they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from pipeline.catalog import columns
from pipeline.core.types import AnswerGiven, Consensus, Vote

_CARRIED_AT_ONCE = 100  # recordings


def save_answers(
    conn: Connection[TupleRow], project_id: int, answers: Sequence[AnswerGiven], *, label_ids: Mapping[str, int]
) -> None:
    """Keep people's answers. One that was saved before (same id) is not saved twice.

    A new answer by the same person on the same clip supersedes the former one: the database sees to that.
    """
    for given in answers:
        heard = given.heard
        conn.execute(
            """
            INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, label_id, supersedes,
              n_plays, heard_s, response_ms, speed, heard_share, screen, picture, settles,
              also_label_ids)
            SELECT %(annotation_id)s, c.project_id, c.clip_id, 'human', %(answer)s, %(label_id)s, %(supersedes)s,
              %(n_plays)s, %(heard_s)s, %(response_ms)s, %(speed)s,
              %(heard_share)s, %(screen)s, %(picture)s, %(settles)s, %(also)s::int[]
            FROM clip c WHERE c.project_id = %(project_id)s AND c.clip_id = %(clip_id)s
            ON CONFLICT (annotation_id) DO NOTHING
            """,
            {
                "annotation_id": given.annotation_id,
                "project_id": project_id,
                "clip_id": given.clip_id,
                "answer": given.answer,
                "label_id": label_ids[given.label] if given.label is not None else None,
                "supersedes": given.supersedes,
                "n_plays": heard.n_plays if heard else None,
                "heard_s": heard.heard_s if heard else None,
                "response_ms": heard.response_ms if heard else None,
                "speed": heard.speed if heard else None,
                "heard_share": heard.share if heard else None,
                "screen": given.screen,
                "picture": given.picture,
                "settles": given.settles,
                "also": [label_ids[label] for label in given.also],
            },
        )


def saved_ids(conn: Connection[TupleRow], project_id: int, annotation_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these annotations stand in the database, of this person."""
    rows = conn.execute(
        """
        SELECT annotation_id FROM annotation
        WHERE project_id = %s AND author = session_user AND annotation_id = ANY(%s)
        """,
        (project_id, list(annotation_ids)),
    )
    return {row[0] for row in rows}


def carry_labels(conn: Connection[TupleRow], project_id: int) -> int:
    """Count of annotations made now from the labels that recordings came with, for clips that lack them.

    A label of a span belongs to the clips of which it covers at least half. Their ids follow from clip,
    source and label, so that running twice changes nothing.
    """
    rows = conn.execute(
        "SELECT DISTINCT recording_id FROM recording_label WHERE project_id = %s ORDER BY recording_id", (project_id,)
    ).fetchall()
    n_carried = 0
    # Some recordings at a time, planned anew: no statement is made for few rows and then used for all.
    for at in range(0, len(rows), _CARRIED_AT_ONCE):
        n_carried += conn.execute(
            """
            INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, label_id)
            SELECT md5(concat_ws('/', 'carried', c.clip_id, x.source, x.label_id))::uuid,
              c.project_id, c.clip_id, x.source, 'label', x.label_id
            FROM unnest(%s::bigint[]) i (recording_id)
            JOIN recording r USING (recording_id) JOIN recording_label x USING (recording_id)
            JOIN clip c USING (recording_id)
            WHERE c.project_id = %s AND c.is_active
              AND 2 * (least(c.stop_sample, coalesce(x.stop_sample, r.n_samples))
                       - greatest(c.start_sample, x.start_sample)) >= c.stop_sample - c.start_sample
            ON CONFLICT (annotation_id) DO NOTHING
            """,
            ([row[0] for row in rows[at : at + _CARRIED_AT_ONCE]], project_id),
            prepare=False,
        ).rowcount
    return n_carried


def read_votes(conn: Connection[TupleRow], project_id: int) -> dict[int, list[Vote]]:
    """The current annotations of every active clip that is not redundant, by clip id, oldest first."""
    name_of = dict(conn.execute("SELECT label_id, name FROM label WHERE project_id = %s", (project_id,)).fetchall())
    rows = conn.execute(
        """
        SELECT a.clip_id, a.source, a.author, a.answer, a.label_id, a.confidence, a.settles, a.also_label_ids
        FROM current_annotation a JOIN clip c USING (clip_id)
        WHERE a.project_id = %s AND c.is_active AND NOT c.is_redundant ORDER BY a.clip_id, a.created_at
        """,
        (project_id,),
    )
    votes: dict[int, list[Vote]] = {}
    for clip_id, source, author, answer, label_id, confidence, settles, also in rows:
        vote = Vote(
            source=source,
            author=author,
            answer=answer,
            label=name_of.get(label_id),
            confidence=confidence,
            settles=settles,
            also=tuple(name_of[one] for one in also),
        )
        votes.setdefault(clip_id, []).append(vote)
    return votes


def save_consensus(
    conn: Connection[TupleRow],
    project_id: int,
    consensus: Mapping[int, Consensus],
    *,
    label_ids: Mapping[str, int],
) -> None:
    """Let the consensus of the project's clips be exactly this."""
    conn.execute("DELETE FROM consensus WHERE project_id = %s", (project_id,))
    rows = list(consensus.items())
    for at in range(0, len(rows), columns.CHUNK_N):
        chunk = rows[at : at + columns.CHUNK_N]
        columns.execute(
            conn,
            """
            INSERT INTO consensus
              (clip_id, project_id, answer, label_id, confidence, n_votes, is_disputed, also_label_ids)
            SELECT x.clip_id, %(project_id)s, x.answer, x.label_id, x.confidence, x.n_votes, x.is_disputed <> 0,
              x.also::int[]
            FROM unnest(%(clip_id)s::bigint[], %(answer)s::text[], %(label_id)s::bigint[], %(confidence)s::float8[],
              %(n_votes)s::bigint[], %(is_disputed)s::bigint[], %(also)s::text[])
              x (clip_id, answer, label_id, confidence, n_votes, is_disputed, also)
            """,
            {
                "project_id": project_id,
                "clip_id": columns.ints([clip_id for clip_id, _ in chunk]),
                "answer": columns.texts([c.answer for _, c in chunk]),
                "label_id": columns.ints([None if c.label is None else label_ids[c.label] for _, c in chunk]),
                "confidence": columns.floats([c.confidence for _, c in chunk]),
                "n_votes": columns.ints([c.n_votes for _, c in chunk]),
                "is_disputed": columns.ints([c.is_disputed for _, c in chunk]),
                # An array of arrays would have to be as wide everywhere.
                "also": columns.texts(["{" + ",".join(str(label_ids[x]) for x in c.also) + "}" for _, c in chunk]),
            },
        )


def save_flag(conn: Connection[TupleRow], project_id: int, flag_id: UUID, clip_id: int, *, is_raised: bool) -> None:
    """Keep a doubt about a clip, or that the person no longer has it; the same id is saved once."""
    conn.execute(
        """
        INSERT INTO flag (flag_id, project_id, clip_id, is_raised)
        SELECT %s, project_id, clip_id, %s FROM clip WHERE project_id = %s AND clip_id = %s
        ON CONFLICT (flag_id) DO NOTHING
        """,
        (flag_id, is_raised, project_id, clip_id),
    )


@dataclass(frozen=True, kw_only=True)
class PersonProgress:
    """What the person of this connection has done in the project."""

    n_answers: int
    n_answers_today: int
    n_flags: int
    median_response_ms: float | None


def person_progress(conn: Connection[TupleRow], project_id: int) -> PersonProgress:
    """The own counts of this person, for home and deck."""
    row = conn.execute(
        """
        SELECT count(*), count(*) FILTER (WHERE a.created_at >= date_trunc('day', clock_timestamp())),
          (SELECT count(*) FROM (
             SELECT DISTINCT ON (clip_id) is_raised FROM flag
             WHERE project_id = %(project_id)s AND author = session_user ORDER BY clip_id, created_at DESC) f
           WHERE f.is_raised),
          percentile_cont(0.5) WITHIN GROUP (ORDER BY b.response_ms)
        FROM current_annotation a JOIN annotation b USING (annotation_id)
        WHERE a.project_id = %(project_id)s AND a.source = 'human' AND a.author = session_user
        """,
        {"project_id": project_id},
    ).fetchone()
    values = row or (0, 0, 0, None)
    return PersonProgress(
        n_answers=values[0], n_answers_today=values[1], n_flags=values[2], median_response_ms=values[3]
    )
