"""Accounts: people are logins of the database, their duties are rows, and the database itself logs every act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from pipeline.catalog.rows import scalar
from pipeline.core.permissions import Duty


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account. ``duties`` holds one duty for each project, by its name, as far as the asker may see them."""

    person: str
    is_admin: bool
    removed_at: datetime | None
    created_at: datetime
    duties: Mapping[str, Duty]


@dataclass(frozen=True, kw_only=True)
class SharedProject:
    """A project that the asker sees, their own duty there, and who else has one (for reviewers and up)."""

    project_id: int
    name: str
    duty: Duty
    people: Mapping[str, Duty]


@dataclass(frozen=True, kw_only=True)
class AdminAct:
    """One act on accounts or projects, as the log keeps it for ever."""

    admin_act_id: int
    act: str
    person: str | None
    project: str | None
    detail: Mapping[str, Any]
    author: str
    created_at: datetime


def verifier_of(conn: Connection[TupleRow], person: str, password: str) -> str:
    """What the server keeps of a password (SCRAM), computed here: the password itself never travels nor is logged."""
    made = conn.pgconn.encrypt_password(password.encode(), person.encode(), b"scram-sha-256")
    return made.decode()


def add_person(conn: Connection[TupleRow], person: str, verifier: str, *, is_admin: bool = False) -> None:
    """Make a login. Raises psycopg's InsufficientPrivilege, InvalidName, DuplicateObject."""
    conn.execute("SELECT add_person(%s, %s, %s)", (person, verifier, is_admin))


def remove_person(conn: Connection[TupleRow], person: str) -> None:
    """Close an account: no login, no duties, sessions ended. Raises InsufficientPrivilege, UndefinedObject."""
    conn.execute("SELECT remove_person(%s)", (person,))


def set_password(conn: Connection[TupleRow], person: str, verifier: str) -> None:
    """Give a person another password. Raises InsufficientPrivilege, UndefinedObject."""
    conn.execute("SELECT set_password(%s, %s)", (person, verifier))


def grant_duty(conn: Connection[TupleRow], project_id: int, person: str, duty: Duty) -> None:
    """Let this be what the person does in the project. Raises InsufficientPrivilege, UndefinedObject."""
    conn.execute("SELECT grant_duty(%s, %s, %s)", (project_id, person, duty))


def revoke_duty(conn: Connection[TupleRow], project_id: int, person: str) -> None:
    """Take the project out of the person's sight. Raises InsufficientPrivilege, UndefinedObject."""
    conn.execute("SELECT revoke_duty(%s, %s)", (project_id, person))


def erase_project(conn: Connection[TupleRow], project_id: int, name_again: str) -> None:
    """Delete a project with its whole history; what it had is told by the log of accounts.

    Raises InsufficientPrivilege, and InvalidParameterValue if the project has another name.
    """
    conn.execute("SELECT erase_project(%s, %s)", (project_id, name_again))


def is_lab_admin(conn: Connection[TupleRow]) -> bool:
    """Whether who is logged in makes people and projects."""
    return scalar(conn.execute("SELECT is_lab_admin()"))


def list_people(conn: Connection[TupleRow]) -> list[Person]:
    """The accounts that the asker sees (all, for lab admins), by name; those removed come last."""
    with conn.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(
            """
            SELECT p.person, p.is_admin, p.removed_at, p.created_at, coalesce((
              SELECT jsonb_object_agg(j.name, m.duty) FROM member m JOIN project j USING (project_id)
              WHERE m.person = p.person), '{}') AS duties
            FROM person p ORDER BY p.removed_at IS NOT NULL, p.person
            """
        ).fetchall()


def list_projects(conn: Connection[TupleRow]) -> list[SharedProject]:
    """The projects that the asker sees, by name."""
    with conn.cursor(row_factory=class_row(SharedProject)) as cursor:
        return cursor.execute(
            """
            SELECT p.project_id, p.name, my_duty(p.project_id) AS duty, coalesce((
              SELECT jsonb_object_agg(m.person, m.duty) FROM member m
              WHERE m.project_id = p.project_id), '{}') AS people
            FROM project p ORDER BY p.name
            """
        ).fetchall()


def list_admin_acts(conn: Connection[TupleRow], *, before: int | None = None, limit: int = 50) -> list[AdminAct]:
    """The acts older than ``before``, newest first; none for who is no lab admin (raises InsufficientPrivilege)."""
    with conn.cursor(row_factory=class_row(AdminAct)) as cursor:
        return cursor.execute(
            """
            SELECT admin_act_id, act, person, project, detail, author, created_at FROM admin_act
            WHERE %(before)s::bigint IS NULL OR admin_act_id < %(before)s ORDER BY admin_act_id DESC LIMIT %(limit)s
            """,
            {"before": before, "limit": limit},
        ).fetchall()
