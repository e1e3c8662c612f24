"""The numbers of a project at a glance."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.core.errors import CatalogError


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


def count_all(conn: Connection[TupleRow], project_id: int) -> Counts:
    """The project's numbers now; problems are those that cut cannot mend."""
    with conn.cursor(row_factory=class_row(Counts)) as cursor:
        row = cursor.execute(
            """
            SELECT
              (SELECT count(*) FROM recording WHERE project_id = %(p)s AND superseded_at IS NULL) AS n_recordings,
              (SELECT coalesce(sum(duration_s), 0) FROM recording
               WHERE project_id = %(p)s AND superseded_at IS NULL) AS duration_s,
              (SELECT count(DISTINCT p.recording_id) FROM problem p JOIN recording r USING (recording_id)
               WHERE p.project_id = %(p)s AND p.clip_id IS NULL AND p.fix IS NULL
                 AND r.superseded_at IS NULL) AS n_with_problems,
              (SELECT count(*) FROM failure WHERE project_id = %(p)s AND resolved_at IS NULL
               AND error <> 'NotSound') AS n_failures,
              (SELECT count(*) FROM recording r WHERE project_id = %(p)s AND superseded_at IS NULL
               AND NOT EXISTS (SELECT FROM cut c WHERE c.recording_id = r.recording_id AND c.is_active)) AS n_uncut,
              (SELECT count(*) FROM clip WHERE project_id = %(p)s AND is_active) AS n_clips,
              (SELECT count(*) FROM embedding e JOIN encoder n USING (encoder_id) JOIN clip c USING (clip_id)
               WHERE n.project_id = %(p)s AND n.is_current AND c.is_active) AS n_embedded,
              (SELECT count(*) FROM duplicate_group WHERE project_id = %(p)s) AS n_groups,
              (SELECT count(*) FROM clip WHERE project_id = %(p)s AND is_active AND is_redundant) AS n_redundant,
              (SELECT count(*) FROM review WHERE project_id = %(p)s AND state = 'open') AS n_in_queue,
              (SELECT count(DISTINCT a.clip_id) FROM current_annotation a JOIN clip c USING (clip_id)
               WHERE a.project_id = %(p)s AND a.source = 'human' AND c.is_active) AS n_answered,
              (SELECT count(DISTINCT a.clip_id) FROM current_annotation a JOIN clip c USING (clip_id)
               WHERE a.project_id = %(p)s AND a.source <> 'human' AND c.is_active) AS n_carried,
              (SELECT count(*) FROM (SELECT DISTINCT ON (clip_id, author) is_raised FROM flag
               WHERE project_id = %(p)s ORDER BY clip_id, author, created_at DESC) f WHERE is_raised) AS n_flagged,
              (SELECT count(*) FROM dataset_version WHERE project_id = %(p)s) AS n_versions
            """,
            {"p": project_id},
        ).fetchone()
    if row is None:
        raise CatalogError("a statement of counts gave no row", which=project_id)
    return row


def count_labels(conn: Connection[TupleRow], project_id: int) -> list[tuple[str, int, int]]:
    """Each label with the number of its active clips answered by people, and of those that came with it; in order."""
    return conn.execute(
        """
        SELECT l.name, count(DISTINCT c.clip_id) FILTER (WHERE a.source = 'human'),
          count(DISTINCT c.clip_id) FILTER (WHERE a.source <> 'human')
        FROM label l LEFT JOIN current_annotation a USING (label_id)
        LEFT JOIN clip c ON c.clip_id = a.clip_id AND c.is_active
        WHERE l.project_id = %s GROUP BY l.label_id ORDER BY l.position, l.label_id
        """,
        (project_id,),
    ).fetchall()
