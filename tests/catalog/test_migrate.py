"""Promises of pipeline/catalog/migrate.py."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.connect import connect
from pipeline.catalog.migrate import dump_schema, migrate
from pipeline.core.errors import MigrationError

FIRST = "CREATE TABLE clip (id int PRIMARY KEY CHECK (id > 0));\nCREATE TABLE tally (n int);"
SECOND = "CREATE INDEX ON clip (id) WHERE id % 2 = 0; INSERT INTO tally SELECT 1 FROM pg_sleep(0.3);"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(FIRST)
    (tmp_path / "0002_second.sql").write_text(SECOND)
    return tmp_path


@pytest.fixture
def bare(bare_database: str) -> Any:
    with connect(bare_database, application_name="tests") as conn:
        yield conn


def test_migrations_are_applied_in_order_and_once(bare: psycopg.Connection[Any], folder: Path) -> None:
    assert migrate(bare, folder=folder) == ["0001_first", "0002_second"]
    assert migrate(bare, folder=folder) == []
    assert bare.execute("SELECT version, name FROM schema_migration ORDER BY 1").fetchall() == [
        (1, "0001_first"),
        (2, "0002_second"),
    ]


def test_a_new_file_is_applied_alone(bare: psycopg.Connection[Any], folder: Path) -> None:
    (folder / "0002_second.sql").rename(folder / "later")
    assert migrate(bare, folder=folder) == ["0001_first"]
    (folder / "later").rename(folder / "0002_second.sql")
    assert migrate(bare, folder=folder) == ["0002_second"]


def test_two_processes_at_once_apply_each_file_once(bare_database: str, folder: Path) -> None:
    def one(_: int) -> list[str]:
        with connect(bare_database, application_name="tests") as conn:
            return migrate(conn, folder=folder)

    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(one, range(4)))
    assert sorted(applied) == [[], [], [], ["0001_first", "0002_second"]]
    with connect(bare_database, application_name="tests") as conn:
        assert conn.execute("SELECT count(*) FROM tally").fetchone() == (1,)


def test_edited_migration_is_refused(bare: psycopg.Connection[Any], folder: Path) -> None:
    migrate(bare, folder=folder)
    (folder / "0001_first.sql").write_text(FIRST + " ")
    with pytest.raises(MigrationError, match="0001_first"):
        migrate(bare, folder=folder)


def test_line_ends_of_windows_are_not_an_edit(bare: psycopg.Connection[Any], folder: Path) -> None:
    migrate(bare, folder=folder)
    (folder / "0001_first.sql").write_bytes(FIRST.replace("\n", "\r\n").encode())
    assert migrate(bare, folder=folder) == []


def test_database_newer_than_the_code_is_refused(bare: psycopg.Connection[Any], folder: Path) -> None:
    migrate(bare, folder=folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="newer than this Earmark: 0002_second"):
        migrate(bare, folder=folder)


def test_number_below_an_applied_one_is_refused(bare: psycopg.Connection[Any], folder: Path) -> None:
    (folder / "0001_first.sql").rename(folder / "0003_first.sql")
    (folder / "0002_second.sql").rename(folder / "later")
    migrate(bare, folder=folder)
    (folder / "later").rename(folder / "0002_second.sql")
    with pytest.raises(MigrationError, match="too late"):
        migrate(bare, folder=folder)


def test_failing_statement_changes_nothing_and_is_named(bare: psycopg.Connection[Any], folder: Path) -> None:
    (folder / "0003_third.sql").write_text("CREATE TABLE other (id int); SELECT nonsense;")
    with pytest.raises(MigrationError, match=r"0003_third.*nonsense"):
        migrate(bare, folder=folder)
    assert bare.execute("SELECT to_regclass('clip'), to_regclass('schema_migration')").fetchone() == (None, None)


@pytest.mark.parametrize("name", ["3_short.sql", "0003-dash.sql", "0002_twice.sql"])
def test_misnamed_file_is_refused(bare: psycopg.Connection[Any], folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=name.removesuffix(".sql")):
        migrate(bare, folder=folder)


def test_a_login_without_rights_finds_the_database_up_to_date(
    bare: psycopg.Connection[Any], bare_database: str, folder: Path
) -> None:
    migrate(bare, folder=folder)
    bare.execute("CREATE ROLE migrate_reader LOGIN")
    try:
        bare.execute("SET ROLE migrate_reader")
        assert migrate(bare, folder=folder) == []
    finally:
        bare.execute("RESET ROLE")
        bare.execute("DROP ROLE migrate_reader")


def test_shipped_migrations_make_a_database_that_is_up_to_date(conn: psycopg.Connection[Any]) -> None:
    assert migrate(conn) == []


def test_schema_dump_is_the_same_for_two_databases_of_one_schema(
    conn: psycopg.Connection[Any], bare: psycopg.Connection[Any]
) -> None:
    migrate(bare)
    assert dump_schema(bare) == dump_schema(conn) == dump_schema(conn)


def test_schema_dump_shows_every_change(bare: psycopg.Connection[Any], folder: Path) -> None:
    migrate(bare, folder=folder)
    before = dump_schema(bare)
    assert "CREATE TABLE public.clip (" in before
    assert "CHECK ((id > 0))" in before
    for change in (
        "ALTER TABLE clip ADD COLUMN label text",
        "CREATE VIEW labelled AS SELECT id FROM clip",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE clip ENABLE ROW LEVEL SECURITY",
    ):
        bare.execute(change.encode())
        after = dump_schema(bare)
        assert after != before, change
        before = after
