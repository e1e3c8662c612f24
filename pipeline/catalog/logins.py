"""The logins that a database needs, which belong to its server and not to it: kept by backup, made again by restore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.sql import SQL, Composed, Identifier, Literal

from pipeline.catalog.rows import scalar

_RIGHTS = {"CONNECT": SQL("CONNECT"), "TEMPORARY": SQL("TEMPORARY"), "CREATE": SQL("CREATE")}


@dataclass(frozen=True, kw_only=True)
class Login:
    """A role of the server: a person who logs in, or a group. ``verifier`` is the SCRAM one, None if it cannot be read.

    Superusers are named, but never made.
    """

    name: str
    may_log_in: bool
    is_superuser: bool
    verifier: str | None
    groups: Sequence[str] = field(default_factory=tuple[str, ...])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class LoginsMade:
    """Which logins were made, which stood already, and those that cannot log in or be made as they were."""

    made: tuple[str, ...]
    stood: tuple[str, ...]
    without_password: tuple[str, ...]
    superusers: tuple[str, ...]


def read_logins(conn: Connection[TupleRow]) -> list[Login]:
    """The duties' groups, who is in them, who is a member of a project or has rights in this database; by name.

    Verifiers are read by a superuser only, others get None.
    """
    may_read = scalar(conn.execute("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')"))
    verifier = "(SELECT a.rolpassword FROM pg_authid a WHERE a.oid = r.oid)" if may_read else "NULL::text"
    with conn.cursor(row_factory=class_row(Login)) as cursor:
        return cursor.execute(
            f"""
            WITH RECURSIVE mine AS (
              SELECT oid FROM pg_roles WHERE rolname ~ '^earmark_(annotator|reviewer|researcher|admin)$'
              UNION SELECT x.member FROM pg_auth_members x JOIN mine ON mine.oid = x.roleid
            ), needed AS (
              SELECT oid FROM mine
              UNION SELECT r.oid FROM pg_roles r JOIN member m ON m.person = r.rolname
              UNION SELECT s.refobjid FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
                WHERE s.refclassid = 'pg_authid'::regclass AND d.datname = current_database()
            )
            SELECT r.rolname AS name, r.rolcanlogin AS may_log_in, r.rolsuper AS is_superuser, {verifier} AS verifier,
              ARRAY(SELECT g.rolname::text FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid
                    WHERE x.member = r.oid AND x.roleid IN (SELECT oid FROM needed) ORDER BY 1) AS groups
            FROM pg_roles r WHERE r.oid IN (SELECT oid FROM needed) AND r.rolname !~ '^pg_' ORDER BY r.rolname
            """.encode()
        ).fetchall()


def make_logins(conn: Connection[TupleRow], logins: Sequence[Login]) -> LoginsMade:
    """Make the logins that the server does not have; those that it has stay as they are."""
    known = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    new = [login for login in logins if login.name not in known and not login.is_superuser]
    with conn.transaction():
        for login in new:
            conn.execute(_create(login))
        for login in new:
            for group in login.groups:
                conn.execute(SQL("GRANT {} TO {}").format(Identifier(group), Identifier(login.name)))
    return LoginsMade(
        made=tuple(login.name for login in new),
        stood=tuple(login.name for login in logins if login.name in known and not login.is_superuser),
        without_password=tuple(login.name for login in new if login.may_log_in and login.verifier is None),
        superusers=tuple(login.name for login in logins if login.is_superuser and login.name not in known),
    )


def close_doors(conn: Connection[TupleRow]) -> None:
    """Take from everybody the right to connect that a new database gives, if the restored schema knows how."""
    try:
        with conn.transaction():
            conn.execute("SELECT close_doors()")
    except psycopg.errors.UndefinedFunction:
        return  # made before there were accounts


def read_connect_rights(conn: Connection[TupleRow]) -> list[tuple[str, str]]:
    """Who has which right on this database itself; the empty name is everybody."""
    return conn.execute(
        """
        SELECT coalesce(r.rolname, ''), a.privilege_type
        FROM pg_database d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE d.datname = current_database() AND a.grantee <> d.datdba
        ORDER BY 1, 2
        """
    ).fetchall()


def give_connect_rights(conn: Connection[TupleRow], rights: Sequence[tuple[str, str]]) -> None:
    """Give exactly these rights on this database; who is not known to the server is passed over."""
    here = Identifier(conn.info.dbname)
    known = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    with conn.transaction():
        conn.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(here))
        for name, privilege in rights:
            if name in known or name == "":
                to = Identifier(name) if name else SQL("PUBLIC")
                conn.execute(SQL("GRANT {} ON DATABASE {} TO {}").format(_RIGHTS[privilege], here, to))


def _create(login: Login) -> Composed:
    kind = SQL("LOGIN" if login.may_log_in else "NOLOGIN")
    made = SQL("CREATE ROLE {} {} INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS").format(
        Identifier(login.name), kind
    )
    return made if login.verifier is None else made + SQL(" PASSWORD {}").format(Literal(login.verifier))
