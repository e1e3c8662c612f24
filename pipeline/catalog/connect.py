"""One connection to the catalog's database, set up the way every other module expects it."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from pipeline.catalog.halfvec import has_halfvec, register_halfvec
from pipeline.core.errors import CatalogError, DatabaseUnavailable, EarmarkError, NotPermitted

CONNECT_TIMEOUT_S = 10

_GONE = ("08", "57")  # classes of SQLSTATE: the connection broke, an operator intervened


def connect(url: str, *, application_name: str) -> psycopg.Connection[TupleRow]:
    """An autocommit connection in UTF-8 that finds its tables in schema public and speaks halfvec if it is there.

    ``url`` is a libpq URL or conninfo. Raises DatabaseUnavailable; no message holds the password.
    """
    place, options = _read(url)
    try:
        conn = psycopg.connect(
            url,
            autocommit=True,
            application_name=application_name,
            connect_timeout=CONNECT_TIMEOUT_S,
            client_encoding="UTF8",
            # pg_temp last: a temporary table must not stand in for a real one.
            options=f"{options} -c search_path=public,pg_temp".strip(),
        )
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseUnavailable(
            "cannot reach the database", which=place, got=reason, do=_what_to_do(reason)
        ) from error
    try:
        if has_halfvec(conn):
            register_halfvec(conn)
    except psycopg.Error as error:
        conn.close()
        raise DatabaseUnavailable("the database hung up", which=place, do="try again") from error
    return conn


def act_as(conn: psycopg.Connection[TupleRow], person: str) -> None:
    """Make this person the author of, and the one with the rights for, all that the connection does from now on.

    Raises NotPermitted if the login may not speak for others, or nobody has that name.
    """
    if conn.info.user == person:
        return
    try:
        conn.execute(SQL("SET SESSION AUTHORIZATION {}").format(Identifier(person)))
    except psycopg.Error as error:
        raise NotPermitted(
            "this login cannot act for another",
            which=person,
            expected="a worker that logs in as that person or as a superuser",
            got=error.diag.message_primary,
        ) from error


def act_as_oneself(conn: psycopg.Connection[TupleRow]) -> None:
    """End what ``act_as`` began."""
    conn.execute("RESET SESSION AUTHORIZATION")


def in_words(error: psycopg.Error) -> EarmarkError:
    """What the database's own error means for a person; it holds no data of the row and no password."""
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    reason = error.diag.message_primary or first
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return NotPermitted("this account may not do that", got=reason, do="ask the database's owner")
    if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] in _GONE:
        return DatabaseUnavailable("the database hung up", got=reason, do="run the same again, it goes on from here")
    if isinstance(error, psycopg.OperationalError):
        return CatalogError("the database cannot go on", got=reason, do="help it, then run the same again")
    return CatalogError("the database refuses", got=reason)


def _read(url: str) -> tuple[str, str]:
    """Where the URL points, for people, and its options."""
    malformed = DatabaseUnavailable(
        "cannot read the database URL",
        expected="postgresql://name:password@host:port/database",
        do="write @ : / ? and % inside a password as %40 %3A %2F %3F %25",
    )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq quotes the whole URL, password included.
        raise malformed from None
    host, port = str(parts.get("host") or "localhost"), str(parts.get("port") or 5432)
    if "@" in host:
        raise malformed
    return f"{host}:{port}/{parts.get('dbname') or parts.get('user') or ''}", str(parts.get("options") or "")


def _what_to_do(reason: str) -> str:
    if "authentication" in reason:
        return "check the name and the password"
    if "does not exist" in reason:
        return "create it, or check EARMARK_DATABASE_URL"
    if "too many" in reason or "remaining connection slots" in reason:
        return "close a dashboard that nobody uses, or raise max_connections"
    return "check that the server runs and that EARMARK_DATABASE_URL names its host and port"
