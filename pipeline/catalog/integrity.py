"""What ties rows to objects of the store and to living processes: read by doctor, verify and backup.

Most of it asks about every project, and is for the database's owner, who sees every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.clips import ClipSound
from pipeline.catalog.rows import scalar
from pipeline.core.errors import CatalogError

# As catalog/operations.py and catalog/jobs.py name their advisory locks.
_OPERATION_LOCK, _JOB_LOCK, _WORKER_LOCK, _CARRIER = 0x0EA2, 0x0EA7, 0x0EA8, 1

WRITERS = ("cut", "augment")
"""The operations that put objects into the store before their rows stand."""

_NAMED = """
    SELECT object_key, sha256 FROM clip
    UNION ALL SELECT object_key, sha256 FROM augmented_clip WHERE object_key IS NOT NULL
    UNION ALL SELECT object_key, sha256 FROM dataset_item
    UNION ALL SELECT weights, decode(substr(weights, 7, 64), 'hex')
    FROM (SELECT spec #>> '{params,weights}' AS weights FROM encoder) trained
    WHERE weights ~ '^[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}[.](npz|pt2)$'
"""
Kind = Literal["clips", "augmented clips"]

_SOUNDS: dict[Kind, str] = {
    "clips": "SELECT project_id, clip_id, object_key, sha256, rate_hz, duration_s FROM clip",
    "augmented clips": """
        SELECT project_id, augmented_clip_id AS clip_id, object_key, sha256, rate_hz, duration_s FROM augmented_clip
        WHERE object_key IS NOT NULL
    """,
}
_IS_HELD = """
    EXISTS (SELECT FROM pg_catalog.pg_locks k WHERE k.locktype = 'advisory' AND k.granted
      AND k.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      AND k.classid = {lock} AND k.objid = ({key} % 2147483648))
"""


@dataclass(frozen=True, kw_only=True)
class DeadRun:
    """An operation without an outcome whose process is gone."""

    operation_id: int
    project_id: int
    project: str
    action: str
    author: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class StrandedJobs:
    """Open jobs that nobody carries: begun by a worker that is gone, not known to the queue, or simply waiting."""

    n_left: int
    n_lost: int
    n_waiting: int
    has_worker: bool


@dataclass(frozen=True, kw_only=True)
class DatabaseHealth:
    """What the server says of itself. ``n_checksum_failures`` is None where checksums are off."""

    version: str
    n_bytes: int
    n_checksum_failures: int | None
    n_invalid_indexes: int
    n_prepared: int
    is_durable: bool
    age: int
    n_connections: int
    max_connections: int


def is_owner(conn: Connection[TupleRow]) -> bool:
    """Whether who is logged in owns the database, and so sees every row of every project."""
    return scalar(
        conn.execute(
            "SELECT pg_catalog.pg_has_role(session_user, datdba, 'MEMBER') FROM pg_catalog.pg_database "
            "WHERE datname = current_database()"
        )
    )


def named_objects(conn: Connection[TupleRow]) -> Iterator[tuple[str, str]]:
    """Key and SHA-256 (hex) of every object that a row of any project names, each once, in the order of keys' bytes.

    The connection is busy until the last one is taken.
    """
    statement = f"""
        COPY (SELECT object_key COLLATE "C" AS key, encode(min(sha256), 'hex') FROM ({_NAMED}) named
          GROUP BY 1 ORDER BY 1) TO STDOUT
    """
    with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for key, sha256 in copy.rows():
            yield str(key), str(sha256)


def count_named(conn: Connection[TupleRow]) -> int:
    """How many objects the rows of all projects name."""
    return scalar(conn.execute(f"SELECT count(DISTINCT object_key) FROM ({_NAMED}) named".encode()))


def still_named(conn: Connection[TupleRow], keys: Sequence[str]) -> set[str]:
    """Those of the keys that a row of any project names now."""
    rows = conn.execute(
        f"SELECT DISTINCT object_key FROM ({_NAMED}) named WHERE object_key = ANY(%s)".encode(), (list(keys),)
    )
    return {row[0] for row in rows}


def rows_naming(conn: Connection[TupleRow], keys: Sequence[str]) -> list[str]:
    """In words, the rows that name these objects: kind, number and project."""
    rows = conn.execute(
        """
        SELECT 'clip ' || c.clip_id || ' of project ' || p.name FROM clip c JOIN project p USING (project_id)
        WHERE c.object_key = ANY(%(keys)s)
        UNION ALL
        SELECT 'augmented clip ' || a.augmented_clip_id || ' of project ' || p.name
        FROM augmented_clip a JOIN project p USING (project_id) WHERE a.object_key = ANY(%(keys)s)
        UNION ALL
        SELECT 'encoder ' || e.encoder_id || ' of project ' || p.name
        FROM encoder e JOIN project p USING (project_id) WHERE e.spec #>> '{params,weights}' = ANY(%(keys)s)
        """,
        {"keys": list(keys)},
    )
    return [row[0] for row in rows]


def hold_off_writers(conn: Connection[TupleRow]) -> bool:
    """Whether nobody writes objects now; then no operation begins until this transaction ends. Needs the owner."""
    conn.execute("LOCK TABLE operation IN SHARE MODE")
    held = _IS_HELD.format(lock=_OPERATION_LOCK, key="o.operation_id")
    return not scalar(
        conn.execute(
            f"""
            SELECT EXISTS (SELECT FROM operation o WHERE o.action = ANY(%s) AND {held.replace("%", "%%")}
              AND NOT EXISTS (SELECT FROM operation_outcome x WHERE x.operation_id = o.operation_id))
            """.encode(),
            (list(WRITERS),),
        )
    )


def dead_runs(conn: Connection[TupleRow]) -> list[DeadRun]:
    """Operations of all projects that have no outcome and nobody who could write one."""
    held = _IS_HELD.format(lock=_OPERATION_LOCK, key="o.operation_id")
    with conn.cursor(row_factory=class_row(DeadRun)) as cursor:
        return cursor.execute(
            f"""
            SELECT o.operation_id, o.project_id, p.name AS project, o.action, o.author, o.created_at
            FROM operation o JOIN project p USING (project_id)
            WHERE NOT EXISTS (SELECT FROM operation_outcome x WHERE x.operation_id = o.operation_id)
              AND NOT {held} ORDER BY o.operation_id
            """.encode()
        ).fetchall()


def stranded_jobs(conn: Connection[TupleRow], *, has_queue: bool) -> StrandedJobs:
    """Open jobs of all projects that nobody carries now."""
    held = _IS_HELD.format(lock=_JOB_LOCK, key="j.job_id")
    known = "EXISTS (SELECT FROM procrastinate.procrastinate_jobs q WHERE q.id = j.queue_id)" if has_queue else "false"
    alive = _IS_HELD.format(lock=_WORKER_LOCK, key=str(_CARRIER))
    with conn.cursor(row_factory=class_row(StrandedJobs)) as cursor:
        found = cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE j.state = 'running' AND {known}) AS n_left,
              count(*) FILTER (WHERE NOT {known}) AS n_lost,
              count(*) FILTER (WHERE j.state = 'waiting' AND {known}) AS n_waiting, {alive} AS has_worker
            FROM job j WHERE j.state IN ('waiting', 'running') AND NOT {held}
            """.encode()
        ).fetchone()
    return found or StrandedJobs(n_left=0, n_lost=0, n_waiting=0, has_worker=False)


def count_lapsed_claims(conn: Connection[TupleRow]) -> int:
    """How many clips of any queue are held by a person whose time has run out."""
    return scalar(
        conn.execute("SELECT count(*) FROM review WHERE state = 'open' AND claimed_until < clock_timestamp()")
    )


def newest_migration(conn: Connection[TupleRow]) -> str:
    """The name of the last migration that was applied."""
    return scalar(conn.execute("SELECT name FROM schema_migration ORDER BY version DESC LIMIT 1"))


def database_health(conn: Connection[TupleRow]) -> DatabaseHealth:
    """What the server counts and says about this database."""
    with conn.cursor(row_factory=class_row(DatabaseHealth)) as cursor:
        found = cursor.execute(
            """
            SELECT current_setting('server_version') AS version, pg_database_size(d.oid) AS n_bytes,
              CASE WHEN current_setting('data_checksums') = 'on' THEN s.checksum_failures END AS n_checksum_failures,
              (SELECT count(*) FROM pg_index WHERE NOT indisvalid) AS n_invalid_indexes,
              (SELECT count(*) FROM pg_prepared_xacts WHERE database = d.datname) AS n_prepared,
              current_setting('fsync')::bool AND current_setting('full_page_writes')::bool
                AND current_setting('synchronous_commit') <> 'off' AS is_durable,
              age(d.datfrozenxid) AS age, (SELECT sum(numbackends) FROM pg_stat_database)::int AS n_connections,
              current_setting('max_connections')::int AS max_connections
            FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = current_database()
            """
        ).fetchone()
    if found is None:
        raise CatalogError("the database does not know itself", which=conn.info.dbname)
    return found


def sounds_after(
    conn: Connection[TupleRow],
    project_id: int,
    kind: Kind,
    *,
    after_id: int,
    limit: int,
    among: Sequence[int] | None = None,
) -> list[ClipSound]:
    """Where the bytes of the next ones lie, by id; resting clips too, only these if ``among`` names some."""
    with conn.cursor(row_factory=class_row(ClipSound)) as cursor:
        return cursor.execute(
            f"""
            SELECT clip_id, object_key, sha256, rate_hz, duration_s FROM ({_SOUNDS[kind]}) sound
            WHERE project_id = %(project_id)s AND clip_id > %(after_id)s
              AND (%(among)s::bigint[] IS NULL OR clip_id = ANY(%(among)s)) ORDER BY clip_id LIMIT %(limit)s
            """.encode(),
            {
                "project_id": project_id,
                "after_id": after_id,
                "limit": limit,
                "among": None if among is None else list(among),
            },
        ).fetchall()


def count_sounds(conn: Connection[TupleRow], project_id: int, kind: Kind, *, up_to_id: int | None = None) -> int:
    """How many there are, resting clips too, up to this id."""
    return scalar(
        conn.execute(
            f"""
            SELECT count(*) FROM ({_SOUNDS[kind]}) sound
            WHERE project_id = %(project_id)s AND (%(up_to_id)s::bigint IS NULL OR clip_id <= %(up_to_id)s)
            """.encode(),
            {"project_id": project_id, "up_to_id": up_to_id},
        )
    )


def write_cursor(conn: Connection[TupleRow], operation_id: int, last_id: int, *, stage: str) -> None:
    """Keep, with what is committed, up to which id of a stage a run is done."""
    conn.execute("UPDATE progress SET cursor = %s, stage = %s WHERE operation_id = %s", (last_id, stage, operation_id))


def read_cursor(
    conn: Connection[TupleRow], project_id: int, action: str, *, before_operation_id: int
) -> tuple[str, int] | None:
    """Stage and last id of the latest run of this action before this one; None if it came to its end, or never ran."""
    row = conn.execute(
        """
        SELECT p.stage, p.cursor, x.status
        FROM operation o JOIN progress p USING (operation_id) LEFT JOIN operation_outcome x USING (operation_id)
        WHERE o.project_id = %s AND o.action = %s AND o.operation_id < %s ORDER BY o.operation_id DESC LIMIT 1
        """,
        (project_id, action, before_operation_id),
    ).fetchone()
    return None if row is None or row[1] is None or row[2] == "done" else (row[0], row[1])
