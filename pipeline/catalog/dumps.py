"""A database written out and read back by PostgreSQL's own programs, with what they leave out: rows are counted,
logins and the rights to connect are kept.

Everything of a backup is read in one snapshot. The programs write into and read from pipes of ours, so that they end
with us.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from pipeline.catalog.embedded_cluster import programs
from pipeline.catalog.rows import scalar
from pipeline.core.errors import CatalogError, DatabaseUnavailable

_PIECE = 2**20
_PASSED_ON = (
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "require_auth",
)


@contextmanager
def snapshot(conn: Connection[TupleRow]) -> Generator[str]:
    """A block that sees one state of the database, and the name by which ``dump`` sees the same."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield scalar(conn.execute("SELECT pg_export_snapshot()"))


def dump(conn: Connection[TupleRow], snapshot_name: str) -> Iterator[bytes]:
    """The database in pg_dump's custom format, piece by piece. Raises CatalogError if pg_dump fails."""
    command = [
        str(_program("pg_dump", _major(conn))),
        "--format=custom",
        "--no-password",
        f"--snapshot={snapshot_name}",
        f"--dbname={_target(conn)}",
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=_environ(conn), stdout=subprocess.PIPE, stderr=said)
        try:
            stream = cast(IO[bytes], process.stdout)
            while piece := stream.read(_PIECE):
                yield piece
            _demand_success(process.wait(), said, "cannot dump the database", conn.info.dbname)
        finally:
            process.kill()
            process.wait()


def restore(conn: Connection[TupleRow], path: Path) -> list[str]:
    """Fill an emptied database from a dump, all or nothing; sentences on what was left out. Raises CatalogError.

    Everything belongs to who restores. What only a superuser may do is left out for others.
    """
    program = _program("pg_restore", _dumped_by(path))
    listed = subprocess.run([str(program), "--list", str(path)], capture_output=True, text=True, encoding="utf-8")
    if listed.returncode != 0:
        raise CatalogError("cannot read the dump", which=path, got=listed.stderr.strip())
    kept, notes = _allowed(conn, listed.stdout.splitlines())
    with (
        tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list") as contents,
        tempfile.TemporaryFile() as said,
    ):
        contents.write("\n".join(kept) + "\n")
        contents.flush()
        command = [
            str(program),
            *("--single-transaction", "--exit-on-error", "--no-owner", "--no-password"),
            f"--use-list={contents.name}",
            f"--dbname={_target(conn)}",
        ]
        status = _feed(path, command, _environ(conn), said)
        _demand_success(status, said, "cannot restore the database, nothing of it was changed", conn.info.dbname)
    return notes


def count_rows(conn: Connection[TupleRow]) -> dict[str, int]:
    """How many rows each table of ours has, by its name; the queue's tables with their schema before them."""
    tables = conn.execute(
        """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'procrastinate')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1, 2
        """
    ).fetchall()
    return {
        name if schema == "public" else f"{schema}.{name}": scalar(
            conn.execute(SQL("SELECT count(*) FROM {}").format(Identifier(schema, name)))
        )
        for schema, name in tables
    }


def empty(conn: Connection[TupleRow]) -> None:
    """Drop all of a migrated database that holds no row but the journal's, extensions apart. Raises CatalogError."""
    full = {name: n for name, n in count_rows(conn).items() if n and not _is_journal(name)}
    if full:
        raise CatalogError(
            "the database holds rows",
            which=conn.info.dbname,
            got=", ".join(f"{n} in {name}" for name, n in full.items()),
            do="restore into a new workspace, or into an empty database",
        )
    with conn.transaction():
        conn.execute("DROP SCHEMA IF EXISTS procrastinate CASCADE")
        conn.execute(
            """
            DO $$
            DECLARE
              it record;
            BEGIN
              FOR it IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
                  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
                ORDER BY c.relkind DESC
              LOOP
                EXECUTE 'DROP ' || CASE WHEN EXISTS (SELECT FROM pg_views v WHERE v.schemaname = 'public'
                  AND v.viewname = it.name::text) THEN 'VIEW ' ELSE 'TABLE ' END || it.name || ' CASCADE';
              END LOOP;
              FOR it IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace
                  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
              LOOP
                EXECUTE 'DROP ROUTINE IF EXISTS ' || it.name || ' CASCADE';
              END LOOP;
            END $$
            """
        )


def server_version(conn: Connection[TupleRow]) -> str:
    """As the server names it: 18.4."""
    return scalar(conn.execute("SELECT split_part(current_setting('server_version'), ' ', 1)"))


def _is_journal(table: str) -> bool:
    # Migrations fill the first, procrastinate's own schema the second.
    return table in ("schema_migration", "procrastinate.procrastinate_version")


def _allowed(conn: Connection[TupleRow], lines: list[str]) -> tuple[list[str], list[str]]:
    """The dump's table of contents without what this login may not do, and sentences on that."""
    if scalar(conn.execute("SELECT rolsuper FROM pg_roles WHERE rolname = session_user")):
        return lines, []
    has_vector = scalar(conn.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')"))
    left_out = r"; \d+ \d+ (ACL pg_catalog " + ("|EXTENSION |COMMENT - EXTENSION )" if has_vector else ")")
    kept = [line for line in lines if not re.search(left_out, line)]
    if not any(" ACL pg_catalog " in line for line in lines):
        return kept, []
    return kept, ["rights on PostgreSQL's own functions were left as they are: only a superuser changes them"]


def _feed(path: Path, command: list[str], environ: Mapping[str, str], said: IO[bytes]) -> int:
    """The status of a program that gets the file by a pipe of ours: if we are killed it meets the end and gives up."""
    process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=said, stderr=said)
    try:
        with path.open("rb") as source, suppress(BrokenPipeError), cast(IO[bytes], process.stdin) as pipe:
            shutil.copyfileobj(source, pipe, _PIECE)
        return process.wait()
    finally:
        process.kill()
        process.wait()


def _demand_success(status: int, said: IO[bytes], what: str, which: str) -> None:
    if status == 0:
        return
    said.seek(0)
    words = said.read().decode("utf-8", "replace").strip()
    raise CatalogError(what, which=which, got=words[-600:] or f"status {status}")


def _major(conn: Connection[TupleRow]) -> int:
    return conn.info.server_version // 10_000


def _dumped_by(path: Path) -> int:
    """The major version of the pg_dump that wrote this file, as the newest pg_restore at hand reads it."""
    listed = subprocess.run(
        [str(_program("pg_restore", None)), "--list", str(path)], capture_output=True, text=True, encoding="utf-8"
    )
    match = re.search(r"Dumped by pg_dump version: (\d+)", listed.stdout)
    if match is None:
        raise CatalogError("cannot read the dump", which=path, got=listed.stderr.strip() or "no version in it")
    return int(match[1])


def _program(name: str, at_least: int | None) -> Path:
    """This program, of the smallest version that will do; of the newest if no version is asked for.

    Newer ones read older servers, but what they write may be too new for them. Raises DatabaseUnavailable.
    """
    found = sorted({version: path for path in _installed(name) if (version := _version(path)) is not None}.items())
    fitting = [path for version, path in found if at_least is None or version >= at_least]
    if not fitting:
        raise DatabaseUnavailable(
            f"no {name} that fits the database",
            expected=f"version {at_least} or newer" if at_least else "any",
            got=", ".join(str(version) for version, _ in found) or "none",
            do=f"install postgresql-client-{at_least or 18}",
        )
    return fitting[-1] if at_least is None else fitting[0]


def _installed(name: str) -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if (found := shutil.which(name)) is not None:
        yield Path(found)
    try:
        yield programs() / name
    except DatabaseUnavailable:
        return


def _version(path: Path) -> int | None:
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"\) (\d+)", said)
    return int(match[1]) if match else None


def _target(conn: Connection[TupleRow]) -> str:
    """Where the connection leads, without its password."""
    given: Mapping[str, Any] = conn.info.get_parameters()
    return make_conninfo("", **{name: given[name] for name in _PASSED_ON if name in given})


def _environ(conn: Connection[TupleRow]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TZ")}
    return kept | {"PGPASSWORD": conn.info.password}
