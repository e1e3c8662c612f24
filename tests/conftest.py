"""What tests share: a real PostgreSQL for the session, a fresh database for each test, real sound."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from pipeline.catalog import embedded
from pipeline.catalog.connect import connect
from pipeline.catalog.migrate import migrate

ROOT = Path(__file__).parent.parent
TEMPLATE = "migrated_template"

_numbers = count(1)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A PostgreSQL of this session's own (one for each xdist worker), nothing in it."""
    with tempfile.TemporaryDirectory(prefix="earmark-tests-") as folder, embedded.hold(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
def template_database(database_url: str) -> str:
    """The name of a migrated database, to be copied."""
    with connect(database_url, application_name="tests") as conn:
        conn.execute(f"CREATE DATABASE {TEMPLATE}".encode())
    with connect(other_database(database_url, TEMPLATE), application_name="tests") as conn:
        migrate(conn)
    return TEMPLATE


@pytest.fixture
def bare_database(database_url: str) -> Iterator[str]:
    """The URL of a database that was never migrated, dropped afterwards."""
    yield from _database_from(database_url, "template1")


@pytest.fixture
def empty_database(database_url: str, template_database: str) -> Iterator[str]:
    """The URL of a migrated database without a row, dropped afterwards."""
    yield from _database_from(database_url, template_database)


@pytest.fixture
def conn(empty_database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a migrated database without a row."""
    with connect(empty_database, application_name="tests") as conn:
        yield conn


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that other accounts reach, as they do not reach pytest's own."""
    with tempfile.TemporaryDirectory(prefix="earmark-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real audio; its README.md says what lies there."""
    folder = Path(os.environ.get("EARMARK_TEST_DATA") or ROOT.parent / "shared" / "data").resolve()
    if not folder.is_dir():
        pytest.skip(f"no real audio at {folder}: set EARMARK_TEST_DATA")
    return folder


def other_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _database_from(url: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with connect(url, application_name="tests") as conn:
        # A file copy takes a third of the time of the default strategy.
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
    yield other_database(url, name)
    with connect(url, application_name="tests") as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
