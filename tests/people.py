"""People for tests: real logins made the way a lab admin makes them, gone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg

from pipeline.catalog import accounts
from pipeline.catalog.connect import connect
from pipeline.core.permissions import Duty

PASSWORD = "only-in-tests"

_numbers = count(1)


def add_person(conn: psycopg.Connection[Any], project_id: int, duty: Duty | None, *, is_admin: bool = False) -> str:
    """The name of a new login with this duty in the project; ``drop_person`` ends it."""
    person = f"person_{next(_numbers)}"
    accounts.add_person(conn, person, accounts.verifier_of(conn, person, PASSWORD), is_admin=is_admin)
    if duty is not None:
        accounts.grant_duty(conn, project_id, person, duty)
    return person


def drop_person(conn: psycopg.Connection[Any], person: str) -> None:
    """Remove the login altogether: roles outlive a database."""
    conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (person,))
    conn.execute(f"DROP OWNED BY {person}; DROP ROLE {person}".encode())


def login_url(url: str, person: str) -> str:
    """The same database for another login."""
    place = url.rsplit("@", 1)[1]
    return f"postgresql://{person}:{PASSWORD}@{place}"


@contextmanager
def logged_in(
    owner: psycopg.Connection[Any], url: str, project_id: int, duty: Duty | None, *, is_admin: bool = False
) -> Iterator[psycopg.Connection[Any]]:
    """The connection of a new person with this duty in the project of the database at ``url``."""
    person = add_person(owner, project_id, duty, is_admin=is_admin)
    try:
        with connect(login_url(url, person), application_name="tests") as conn:
            yield conn
    finally:
        drop_person(owner, person)
