"""The numbers of a project at a glance, from tallies that the database keeps while rows come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.embeddings import current_encoder

_OF_COUNTS = (
    "recording",
    "cut",
    "problem recording",
    "failure",
    "clip",
    "redundant",
    "embedding",
    "group",
    "review",
    "answered",
    "carried",
    "flagged",
    "version",
)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much there is at each stage of the main job.

    ``n_with_problems`` counts recordings, ``n_answered`` active clips that a person answered, ``n_carried``
    those that came with a label.
    """

    n_recordings: int
    duration_s: float
    n_with_problems: int
    n_failures: int
    n_uncut: int
    n_clips: int
    n_embedded: int
    n_groups: int
    n_redundant: int
    n_in_queue: int
    n_answered: int
    n_carried: int
    n_flagged: int
    n_versions: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many rows of one facet have one key, and how much sound they hold where the facet keeps that."""

    facet: str
    key: str
    n: int
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A tally that was not what a fresh count gives, before it was set right."""

    facet: str
    key: str
    n_was: int
    n_is: int
    duration_us_was: int
    duration_us_is: int


def read_tallies(conn: Connection[TupleRow], project_id: int, facets: Sequence[str]) -> list[Tally]:
    """The tallies of some facets as they are kept: nothing is counted. People below reviewer see none."""
    with conn.cursor(row_factory=class_row(Tally)) as cursor:
        return cursor.execute(
            """
            SELECT facet, key, sum(n)::bigint AS n, sum(duration_us)::float8 / 1000000 AS duration_s
            FROM tally WHERE project_id = %s AND facet = ANY(%s) GROUP BY facet, key ORDER BY facet, key
            """,
            (project_id, list(facets)),
        ).fetchall()


def count_all(conn: Connection[TupleRow], project_id: int) -> Counts:
    """The project's numbers now; problems are those that cut cannot mend."""
    tallies = read_tallies(conn, project_id, _OF_COUNTS)
    encoder_id = current_encoder(conn, project_id)
    n = Counter[str]()
    for tally in tallies:
        n[tally.facet] += tally.n
    by_key = {(tally.facet, tally.key): tally.n for tally in tallies}
    return Counts(
        n_recordings=n["recording"],
        duration_s=sum(tally.duration_s for tally in tallies if tally.facet == "recording"),
        n_with_problems=n["problem recording"],
        n_failures=n["failure"] - by_key.get(("failure", "NotSound"), 0),
        n_uncut=n["recording"] - n["cut"],
        n_clips=n["clip"],
        n_embedded=by_key.get(("embedding", str(encoder_id)), 0),
        n_groups=n["group"],
        n_redundant=n["redundant"],
        n_in_queue=by_key.get(("review", "open"), 0),
        n_answered=n["answered"],
        n_carried=n["carried"],
        n_flagged=n["flagged"],
        n_versions=n["version"],
    )


def count_labels(conn: Connection[TupleRow], project_id: int) -> list[tuple[str, int, int]]:
    """Each label with the number of its active clips answered by people, and of those that came with it; in order."""
    return conn.execute(
        """
        SELECT l.name, coalesce(sum(t.n) FILTER (WHERE t.facet = 'answer'), 0)::bigint,
          coalesce(sum(t.n) FILTER (WHERE t.facet = 'carried answer'), 0)::bigint
        FROM label l LEFT JOIN tally t ON t.project_id = l.project_id AND t.key = l.label_id::text
          AND t.facet IN ('answer', 'carried answer')
        WHERE l.project_id = %s GROUP BY l.label_id ORDER BY l.position, l.label_id
        """,
        (project_id,),
    ).fetchall()


def count_by_key(conn: Connection[TupleRow], project_id: int, facet: str) -> dict[str, int]:
    """How many rows of a facet (clip problem, recording problem, review …) have each key, the most frequent first."""
    found = [(tally.key, tally.n) for tally in read_tallies(conn, project_id, [facet]) if tally.n > 0]
    return dict(sorted(found, key=lambda one: (-one[1], one[0])))


def recount(conn: Connection[TupleRow], project_id: int) -> list[Drift]:
    """The tallies that were not true; they are now. Writers wait meanwhile (seconds for a million clips).

    Raises psycopg's InsufficientPrivilege for who is no researcher of the project.
    """
    with conn.cursor(row_factory=class_row(Drift)) as cursor:
        return cursor.execute(
            """
            SELECT facet, key, n_was, n_is, duration_us_was, duration_us_is FROM recount(%s) ORDER BY facet, key
            """,
            (project_id,),
        ).fetchall()
