"""Brings a database to the schema that this code expects: forward only, in one transaction, never twice."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import class_row

from pipeline.catalog.embedded_cluster import programs
from pipeline.catalog.halfvec import has_halfvec, register_halfvec
from pipeline.core.errors import MigrationError
from pipeline.core.logs import tell

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_KEY = 0x4561726D61726B  # "Earmark" in ASCII

_VECTOR_HELP = (
    "install pgvector on the machine of the PostgreSQL server (Debian: postgresql-NN-pgvector) and have an "
    "administrator run CREATE EXTENSION vector in this database, or use the embedded database"
)
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


def migrate(conn: psycopg.Connection[Any], *, folder: Path = MIGRATIONS) -> list[str]:
    """The names of the migrations applied now, in order; empty if the database is up to date.

    An up-to-date database is only read, so that every person's login may call this.
    Raises MigrationError for an edited or misnamed file, a failing statement, or a database newer than the code.
    """
    known = _read_folder(folder)
    if _has_journal(conn) and not _pending(known, _applied(conn)):
        return []
    _demand_utf8(conn)
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
        if not _has_journal(conn):
            _make_journal(conn)
        pending = _pending(known, _applied(conn))
        for migration in pending:
            _apply(conn, migration)
    for migration in pending:
        tell("migration applied", who=conn.info.user, what=migration.name)
    if has_halfvec(conn):
        register_halfvec(conn)
    return [migration.name for migration in pending]


def dump_schema(conn: psycopg.Connection[Any]) -> str:
    """The schema as SQL: tables, constraints, indexes, views, functions, triggers, policies and grants.

    The same schema gives the same text on every machine. Raises MigrationError if pg_dump fails.
    """
    info = conn.info
    target = make_conninfo(host=info.host, port=info.port, dbname=info.dbname, user=info.user)
    command = [str(programs() / "pg_dump"), "--schema-only", "--no-owner", "--no-password", f"--dbname={target}"]
    made = subprocess.run(command, env={"PGPASSWORD": info.password}, capture_output=True, text=True, encoding="utf-8")
    if made.returncode != 0:
        raise MigrationError("cannot dump the schema", which=info.dbname, got=made.stderr.strip())
    return _steady(made.stdout)


@dataclass(frozen=True, kw_only=True)
class _Migration:
    version: int
    name: str
    sha256: bytes
    sql: bytes


@dataclass(frozen=True, kw_only=True)
class _Applied:
    version: int
    name: str
    sha256: bytes


def _read_folder(folder: Path) -> dict[int, _Migration]:
    found: dict[int, _Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError("a migration is misnamed", which=path.name, expected="NNNN_what.sql")
        version = int(match[1])
        if version in found:
            raise MigrationError("two migrations have one number", which=f"{found[version].name}, {path.stem}")
        # A checkout on Windows must not look like an edited file.
        sql = path.read_bytes().replace(b"\r\n", b"\n")
        found[version] = _Migration(version=version, name=path.stem, sha256=hashlib.sha256(sql).digest(), sql=sql)
    return found


def _demand_utf8(conn: psycopg.Connection[Any]) -> None:
    encoding = conn.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise MigrationError(
            "the database cannot hold every name",
            which=conn.info.dbname,
            expected="the encoding UTF8",
            got=encoding,
            do="create it anew WITH ENCODING 'UTF8' TEMPLATE template0",
        )


def _has_journal(conn: psycopg.Connection[Any]) -> bool:
    # Asked of the table itself: to_regclass may answer from a cache that is older than the lock.
    row = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'schema_migration'
        )
        """
    ).fetchone()
    return row is not None and bool(row[0])


def _make_journal(conn: psycopg.Connection[Any]) -> None:
    conn.execute(
        """
        CREATE TABLE public.schema_migration (
            version int PRIMARY KEY,
            name text NOT NULL,
            sha256 bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    conn.execute("GRANT SELECT ON public.schema_migration TO PUBLIC")


def _applied(conn: psycopg.Connection[Any]) -> list[_Applied]:
    with conn.cursor(row_factory=class_row(_Applied)) as cursor:
        cursor.execute("SELECT version, name, sha256 FROM public.schema_migration ORDER BY version")
        return cursor.fetchall()


def _pending(known: Mapping[int, _Migration], applied: list[_Applied]) -> list[_Migration]:
    """What is still to be applied. Raises MigrationError if what was applied is not what is known."""
    for row in applied:
        if row.version not in known:
            raise MigrationError(
                "the database is newer than this Earmark", which=row.name, do="install the Earmark that it came with"
            )
        if known[row.version].sha256 != row.sha256:
            raise MigrationError(
                "an applied migration was edited",
                which=row.name,
                do="restore the file and write the change as a new migration",
            )
    newest = applied[-1].version if applied else 0
    done = {row.version for row in applied}
    pending = [known[version] for version in sorted(known) if version not in done]
    if pending and pending[0].version < newest:
        raise MigrationError(
            "a migration comes too late", which=pending[0].name, expected=f"a number above {newest:04}"
        )
    return pending


def _apply(conn: psycopg.Connection[Any], migration: _Migration) -> None:
    try:
        conn.execute(migration.sql)
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error).strip()
        raise MigrationError(
            "a migration fails, nothing was changed",
            which=migration.name,
            got=reason,
            do=_VECTOR_HELP if '"vector"' in reason else None,
        ) from error
    conn.execute(
        "INSERT INTO public.schema_migration (version, name, sha256) VALUES (%s, %s, %s)",
        [migration.version, migration.name, migration.sha256],
    )


def _steady(dump: str) -> str:
    """The dump without what differs from run to run: versions, the session's settings, the random restrict key."""
    volatile = re.compile(r"\\(un)?restrict |-- Dumped |SET \w+ = |SELECT pg_catalog\.set_config\(|--$|-- PostgreSQL ")
    kept = [line for line in dump.splitlines() if not volatile.match(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"
