"""Browse: pages of clips by typed filters, in order of their ids, each page after the last id of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.sql import SQL, Literal

_FEW = 1_000
"""Recordings that a page is looked for one by one; of more of them a page is met soon enough by going through all."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Values from ``least`` to ``most``, both included; None leaves an end open."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a clip must be to be on the page; None asks nothing.

    ``label_id`` is any current answer, by a person or carried. ``problem`` is the kind of a problem of the clip.
    A clip of which a value is not known is in no span of it.
    """

    label_id: int | None = None
    is_answered: bool | None = None
    is_redundant: bool | None = None
    problem: str | None = None
    source_group: str | None = None
    name_prefix: str | None = None
    duration_s: Span = Span()
    snr_db: Span = Span()
    loudness_lufs: Span = Span()
    bandwidth_hz: Span = Span()


@dataclass(frozen=True, kw_only=True)
class BrowsedClip:
    """A clip with what it can be filtered by. ``labels`` are the current answers, people's first."""

    clip_id: int
    recording_name: str
    source_group: str | None
    start_s: float
    duration_s: float
    rate_hz: int
    snr_db: float | None
    loudness_lufs: float | None
    bandwidth_hz: float | None
    thumbnail: bytes
    is_redundant: bool
    is_answered: bool
    labels: list[str]
    problems: list[str]


def browse_clips(
    conn: Connection[TupleRow], project_id: int, *, filters: Filters | None = None, after: int = 0, limit: int = 50
) -> list[BrowsedClip]:
    """At most ``limit`` active clips that meet the filters, by id, with ids above ``after``."""
    given = filters or Filters()
    parameters: dict[str, Any] = {"project_id": project_id, "after": after}
    recording_ids = _few_recordings(conn, project_id, given)
    parameters["recording_ids"] = recording_ids
    ids = _ids(given, parameters, are_recordings_few=recording_ids is not None)
    # The limit is written out: of a limit that it does not know the planner thinks too high.
    statement = SQL("WITH page AS MATERIALIZED (") + SQL(ids).format(limit=Literal(limit)) + SQL(_CARDS)
    with conn.cursor(row_factory=class_row(BrowsedClip)) as cursor:
        return cursor.execute(statement, parameters).fetchall()


_CARDS: LiteralString = """
) SELECT c.clip_id, r.name AS recording_name, r.source_group, c.start_sample::float8 / r.rate_hz AS start_s,
  c.duration_s, c.rate_hz, c.snr_db, c.loudness_lufs, c.bandwidth_hz, c.thumbnail, c.is_redundant, c.is_answered,
  ARRAY(SELECT l.name FROM current_annotation a JOIN label l USING (label_id)
        WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id
        ORDER BY a.source <> 'human', a.created_at DESC) AS labels,
  ARRAY(SELECT p.kind FROM problem p WHERE p.recording_id = c.recording_id AND p.clip_id = c.clip_id
        ORDER BY p.kind) AS problems
FROM page JOIN clip c USING (clip_id) JOIN recording r USING (recording_id) ORDER BY c.clip_id
"""


def _few_recordings(conn: Connection[TupleRow], project_id: int, given: Filters) -> list[int] | None:
    """The recordings that are asked for by group or name; None if the filters ask for none, or for very many."""
    if given.source_group is None and given.name_prefix is None:
        return None
    parameters: dict[str, Any] = {"project_id": project_id, "limit": _FEW + 1}
    statement: LiteralString = (
        "SELECT r.recording_id FROM recording r WHERE r.project_id = %(project_id)s AND r.superseded_at IS NULL AND "
        + " AND ".join(_of_recording(given, parameters))
        + " LIMIT %(limit)s"
    )
    found = [row[0] for row in conn.execute(statement, parameters)]
    return found if len(found) <= _FEW else None


def _ids(given: Filters, parameters: dict[str, Any], *, are_recordings_few: bool) -> LiteralString:
    """The statement that gives the ids of a page, driven by what narrows it most: recordings, a label, a problem."""
    of_clip: LiteralString = " AND ".join(["c.is_active AND c.clip_id > %(after)s", *_of_clip(given, parameters)])
    label, problem = _LABEL, _PROBLEM
    parameters |= {"label_id": given.label_id, "problem": given.problem}
    if are_recordings_few:
        of_clip += " AND c.clip_id IN (" + label + ")" if given.label_id is not None else ""
        of_clip += " AND c.clip_id IN (" + problem + ")" if given.problem is not None else ""
        # The first clips of a page are in the recordings whose own first clips come first.
        return (
            """SELECT page.clip_id FROM (
                 SELECT i.recording_id FROM unnest(%(recording_ids)s::bigint[]) i (recording_id)
                 CROSS JOIN LATERAL (SELECT c.clip_id FROM clip c WHERE c.recording_id = i.recording_id AND """
            + of_clip
            + """ ORDER BY c.clip_id LIMIT 1) first ORDER BY first.clip_id LIMIT {limit}) near
               CROSS JOIN LATERAL (SELECT c.clip_id FROM clip c WHERE c.recording_id = near.recording_id AND """
            + of_clip
            + " ORDER BY c.clip_id LIMIT {limit}) page ORDER BY page.clip_id LIMIT {limit}"
        )
    if given.source_group is not None or given.name_prefix is not None:
        of_clip += (
            " AND c.recording_id IN (SELECT r.recording_id FROM recording r WHERE r.project_id = %(project_id)s AND "
            + " AND ".join(_of_recording(given, parameters))
            + ")"
        )
    if given.label_id is None and given.problem is None:
        return (
            "SELECT c.clip_id FROM clip c WHERE c.project_id = %(project_id)s AND "
            + of_clip
            + " ORDER BY c.clip_id LIMIT {limit}"
        )
    if given.label_id is not None and given.problem is not None:
        of_clip += " AND c.clip_id IN (" + problem + ")"
    driven_by: LiteralString = _BY_LABEL if given.label_id is not None else _BY_PROBLEM
    return (
        driven_by
        + of_clip
        + (_ONCE if given.label_id is not None else "")
        + " OFFSET 0) c ORDER BY asked.clip_id LIMIT {limit}"
    )


_LABEL: LiteralString = """
    SELECT a.clip_id FROM current_annotation a
    WHERE a.project_id = %(project_id)s AND a.label_id = %(label_id)s AND a.clip_id > %(after)s
"""
_PROBLEM: LiteralString = """
    SELECT p.clip_id FROM problem p
    WHERE p.project_id = %(project_id)s AND p.kind = %(problem)s AND p.clip_id > %(after)s
"""

# In the order of an index, each row looked at by itself (OFFSET 0): the page is full long before the label is read.
_BY_LABEL: LiteralString = """
    SELECT asked.clip_id FROM (
      SELECT a.project_id, a.clip_id, a.label_id, a.annotation_id FROM annotation a
      WHERE a.project_id = %(project_id)s AND a.label_id = %(label_id)s AND a.clip_id > %(after)s) asked
    CROSS JOIN LATERAL (SELECT FROM clip c WHERE c.clip_id = asked.clip_id AND """
_BY_PROBLEM: LiteralString = """
    SELECT asked.clip_id FROM (
      SELECT p.clip_id FROM problem p
      WHERE p.project_id = %(project_id)s AND p.kind = %(problem)s AND p.clip_id > %(after)s) asked
    CROSS JOIN LATERAL (SELECT FROM clip c WHERE c.clip_id = asked.clip_id AND """

# Of several people who give one label, one brings the clip onto the page.
_ONCE: LiteralString = """
    AND NOT EXISTS (SELECT FROM annotation later WHERE later.supersedes = asked.annotation_id)
    AND NOT EXISTS (SELECT FROM current_annotation other
                    WHERE other.project_id = asked.project_id AND other.clip_id = asked.clip_id
                      AND other.label_id = asked.label_id AND other.annotation_id < asked.annotation_id)"""


def _of_recording(given: Filters, parameters: dict[str, Any]) -> Iterator[LiteralString]:
    """SQL about recording r, its values put into ``parameters``."""
    if given.source_group is not None:
        parameters["source_group"] = given.source_group
        yield "r.source_group = %(source_group)s"
    if given.name_prefix is not None:
        # Not LIKE: under row level security no index serves it.
        parameters |= {"name_from": given.name_prefix, "name_to": given.name_prefix + "\U0010ffff"}
        yield 'r.name COLLATE "C" >= %(name_from)s AND r.name COLLATE "C" < %(name_to)s'


def _of_clip(given: Filters, parameters: dict[str, Any]) -> Iterator[LiteralString]:
    """SQL about clip c, its values put into ``parameters``."""
    if given.is_answered is not None:
        yield "c.is_answered" if given.is_answered else "NOT c.is_answered"
    if given.is_redundant is not None:
        yield "c.is_redundant" if given.is_redundant else "NOT c.is_redundant"
    yield from _span("c.duration_s", "duration_s", given.duration_s, parameters)
    yield from _span("c.snr_db", "snr_db", given.snr_db, parameters)
    yield from _span("c.loudness_lufs", "loudness_lufs", given.loudness_lufs, parameters)
    yield from _span("c.bandwidth_hz", "bandwidth_hz", given.bandwidth_hz, parameters)


def _span(
    column: LiteralString, name: LiteralString, span: Span, parameters: dict[str, Any]
) -> Iterator[LiteralString]:
    if span.least is not None:
        parameters[f"{name}_least"] = span.least
        yield column + " >= %(" + name + "_least)s"
    if span.most is not None:
        parameters[f"{name}_most"] = span.most
        yield column + " <= %(" + name + "_most)s"
