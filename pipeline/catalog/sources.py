"""Sources: the folders, NAS places and object stores that recordings come from, and when each is looked at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

_CHUNK_N = 10_000


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source. ``watch_every_s`` None: looked at only when a person asks.

    ``n_files`` None: never looked at to the end, or not since its label rules were changed.

    ``due_at`` is the next look, None if it is not watched. ``n_vanished`` counts its recordings that are gone.
    ``author`` brought it in, and it is looked at with that person's rights.
    """

    source_id: int
    uri: str
    label_rules: Mapping[str, Any]
    watch_every_s: int | None
    then_verbs: Sequence[Sequence[str]]
    looked_at: datetime | None
    n_files: int | None
    due_at: datetime | None
    n_vanished: int
    author: str


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """A recording that stands now, as the next look at its file compares it."""

    recording_id: int
    size_bytes: int
    mtime_ns: int
    rate_hz: int
    n_samples: int


def add_source(conn: Connection[TupleRow], project_id: int, uri: str, label_rules: Mapping[str, Any]) -> Source:
    """The source at this URI, registered if it is new; one that stands keeps its rules until ``note_looked``."""
    conn.execute(
        """
        INSERT INTO source (project_id, uri, label_rules) VALUES (%s, %s, %s)
        ON CONFLICT (project_id, uri) DO NOTHING
        """,
        (project_id, uri, Jsonb(dict(label_rules))),
    )
    return _read(conn, project_id, uri=uri)[0]


def find_source(conn: Connection[TupleRow], project_id: int, uri: str) -> Source | None:
    """The source at this URI, None if there is none."""
    return next(iter(_read(conn, project_id, uri=uri)), None)


def list_sources(conn: Connection[TupleRow], project_id: int) -> list[Source]:
    """Every source of the project, by URI."""
    return _read(conn, project_id)


def projects_with_due(conn: Connection[TupleRow], *, now: datetime) -> list[str]:
    """The names of the projects in which a watched source's time has come."""
    rows = conn.execute(
        """
        SELECT DISTINCT p.name FROM source s JOIN project p USING (project_id)
        WHERE s.watch_every_s IS NOT NULL
          AND (s.looked_at IS NULL OR s.looked_at + make_interval(secs => s.watch_every_s) <= %s)
        ORDER BY p.name
        """,
        (now,),
    )
    return [name for (name,) in rows]


def due_sources(conn: Connection[TupleRow], project_id: int, *, now: datetime) -> list[Source]:
    """The watched sources whose next look is not later than now, the longest overdue first."""
    due = [s for s in _read(conn, project_id) if s.due_at is not None and s.due_at <= now]
    return sorted(due, key=lambda source: source.due_at or now)


def sources_at_work(conn: Connection[TupleRow], project_id: int) -> set[int]:
    """The ids of the sources for which a job waits or runs."""
    rows = conn.execute(
        """
        SELECT DISTINCT source_id FROM job
        WHERE project_id = %s AND state IN ('waiting', 'running') AND source_id IS NOT NULL
        """,
        (project_id,),
    )
    return {row[0] for row in rows}


def watch_source(
    conn: Connection[TupleRow],
    source_id: int,
    *,
    every_s: int,
    label_rules: Mapping[str, Any],
    then: Sequence[Sequence[str]],
) -> None:
    """Look at this source every so many seconds by these rules, and then do these verbs.

    Rules that differ from the former make every file's labels be read anew by the next look.
    """
    conn.execute(
        """
        UPDATE source SET watch_every_s = %(every_s)s, then_verbs = %(then)s, label_rules = %(rules)s,
          n_files = CASE WHEN label_rules = %(rules)s THEN n_files END
        WHERE source_id = %(source_id)s
        """,
        {
            "every_s": every_s,
            "then": Jsonb([list(verb) for verb in then]),
            "rules": Jsonb(dict(label_rules)),
            "source_id": source_id,
        },
    )


def unwatch_source(conn: Connection[TupleRow], project_id: int, uri: str) -> bool:
    """Stop looking at this source by itself; False if no such source is watched."""
    cursor = conn.execute(
        "UPDATE source SET watch_every_s = NULL WHERE project_id = %s AND uri = %s AND watch_every_s IS NOT NULL",
        (project_id, uri),
    )
    return cursor.rowcount > 0


def note_look(conn: Connection[TupleRow], project_id: int, uri: str) -> None:
    """Note that a look begins, if the source is known: the next is due an interval from now, even if this one fails."""
    conn.execute(
        "UPDATE source SET looked_at = clock_timestamp() WHERE project_id = %s AND uri = %s", (project_id, uri)
    )


def note_looked(conn: Connection[TupleRow], source_id: int, *, n_files: int, label_rules: Mapping[str, Any]) -> None:
    """Note that a look came to its end: how many files there are, and by which rules all of them carry labels."""
    conn.execute(
        """
        UPDATE source SET n_files = %s, label_rules = %s, looked_at = coalesce(looked_at, clock_timestamp())
        WHERE source_id = %s
        """,
        (n_files, Jsonb(dict(label_rules)), source_id),
    )


def known_files(conn: Connection[TupleRow], project_id: int, uris: Sequence[str]) -> dict[str, KnownFile]:
    """The recordings that stand now at these URIs, whichever source brought them in."""
    known: dict[str, KnownFile] = {}
    for at in range(0, len(uris), _CHUNK_N):
        rows = conn.execute(
            """
            SELECT uri, recording_id, size_bytes, mtime_ns, rate_hz, n_samples FROM recording
            WHERE project_id = %s AND uri = ANY(%s) AND superseded_at IS NULL
            """,
            (project_id, list(uris[at : at + _CHUNK_N])),
        )
        for uri, recording_id, size, mtime, rate_hz, n_samples in rows:
            known[uri] = KnownFile(
                recording_id=recording_id, size_bytes=size, mtime_ns=mtime, rate_hz=rate_hz, n_samples=n_samples
            )
    return known


def note_found(conn: Connection[TupleRow], source_id: int, recording_ids: Sequence[int]) -> None:
    """Note that these recordings' files are there: they belong to a source, and have not vanished (any more)."""
    for at in range(0, len(recording_ids), _CHUNK_N):
        conn.execute(
            """
            UPDATE recording SET source_id = coalesce(source_id, %s), vanished_at = NULL
            WHERE recording_id = ANY(%s) AND (source_id IS NULL OR vanished_at IS NOT NULL)
            """,
            (source_id, list(recording_ids[at : at + _CHUNK_N])),
        )


def standing_files(conn: Connection[TupleRow], project_id: int, source: Source) -> dict[str, int]:
    """By URI: the ids of the recordings below a source that have not vanished.

    Those that a source above or below this one brought in are among them.
    """
    rows = conn.execute(
        """
        SELECT r.uri, r.recording_id FROM recording r
        WHERE r.superseded_at IS NULL AND r.vanished_at IS NULL
          AND (r.uri = %(uri)s OR starts_with(r.uri, %(uri)s || '/'))
          AND r.source_id IN (SELECT source_id FROM source s WHERE s.project_id = %(project_id)s
                              AND (starts_with(s.uri, %(uri)s) OR starts_with(%(uri)s, s.uri)))
        """,
        {"uri": source.uri, "project_id": project_id},
    )
    return dict(rows.fetchall())


def note_vanished(conn: Connection[TupleRow], recording_ids: Sequence[int]) -> None:
    """Note that the files of these recordings are no longer there."""
    conn.execute(
        "UPDATE recording SET vanished_at = clock_timestamp() WHERE recording_id = ANY(%s) AND vanished_at IS NULL",
        (list(recording_ids),),
    )


def _read(conn: Connection[TupleRow], project_id: int, *, uri: str | None = None) -> list[Source]:
    with conn.cursor(row_factory=class_row(Source)) as cursor:
        return cursor.execute(
            """
            SELECT s.source_id, s.uri, s.label_rules, s.watch_every_s, s.then_verbs, s.looked_at, s.n_files, s.author,
              CASE WHEN s.watch_every_s IS NOT NULL
                THEN coalesce(s.looked_at + make_interval(secs => s.watch_every_s), s.created_at) END AS due_at,
              (SELECT count(*) FROM recording r WHERE r.source_id = s.source_id AND r.superseded_at IS NULL
                 AND r.vanished_at IS NOT NULL) AS n_vanished
            FROM source s
            WHERE s.project_id = %(project_id)s AND (%(uri)s::text IS NULL OR s.uri = %(uri)s)
            ORDER BY s.uri
            """,
            {"project_id": project_id, "uri": uri},
        ).fetchall()
