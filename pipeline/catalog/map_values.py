"""What else than the label can colour the map: a value for each clip that has one."""

from __future__ import annotations

from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

MapColouring = Literal["prediction", "confidence", "group", "source", "annotator"]


def map_values(conn: Connection[TupleRow], project_id: int, by: MapColouring) -> dict[int, str | float]:
    """By clip id, without the clips that have no value.

    ``prediction``: the label that a model proposed when the review queue was put in order last; ``confidence`` in
    [0, 1] in it; ``group``: the near-duplicate group's number as text; ``source``: its URI; ``annotator``: the person
    whose answer is current, several joined by a comma.
    """
    read = {
        "prediction": _predictions,
        "confidence": _confidences,
        "group": _groups,
        "source": _sources,
        "annotator": _annotators,
    }
    return read[by](conn, project_id)


def _predictions(conn: Connection[TupleRow], project_id: int) -> dict[int, str | float]:
    rows = conn.execute(
        """
        SELECT v.clip_id, l.name FROM review v JOIN label l ON l.label_id = v.proposed_label_id
        WHERE v.project_id = %s AND v.proposed_confidence IS NOT NULL
        """,
        (project_id,),
    )
    return dict(rows.fetchall())


def _confidences(conn: Connection[TupleRow], project_id: int) -> dict[int, str | float]:
    rows = conn.execute(
        "SELECT clip_id, proposed_confidence FROM review WHERE project_id = %s AND proposed_confidence IS NOT NULL",
        (project_id,),
    )
    return dict(rows.fetchall())


def _groups(conn: Connection[TupleRow], project_id: int) -> dict[int, str | float]:
    rows = conn.execute(
        """
        SELECT representative_clip_id, duplicate_group_id::text FROM duplicate_group WHERE project_id = %(project_id)s
        UNION SELECT clip_id, duplicate_group_id::text FROM duplicate WHERE project_id = %(project_id)s
        """,
        {"project_id": project_id},
    )
    return dict(rows.fetchall())


def _sources(conn: Connection[TupleRow], project_id: int) -> dict[int, str | float]:
    rows = conn.execute(
        """
        SELECT c.clip_id, s.uri FROM clip c JOIN recording r USING (recording_id) JOIN source s USING (source_id)
        WHERE c.project_id = %s AND c.is_active
        """,
        (project_id,),
    )
    return dict(rows.fetchall())


def _annotators(conn: Connection[TupleRow], project_id: int) -> dict[int, str | float]:
    rows = conn.execute(
        """
        SELECT clip_id, string_agg(DISTINCT author, ', ' ORDER BY author) FROM current_annotation
        WHERE project_id = %s AND source = 'human' GROUP BY clip_id
        """,
        (project_id,),
    )
    return dict(rows.fetchall())
