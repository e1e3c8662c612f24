"""docs/schema.sql is what the migrations make, and the rules of the house hold in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from pipeline.catalog.migrate import dump_schema

SCHEMA = Path(__file__).parent.parent.parent / "docs" / "schema.sql"
JOURNAL = "schema_migration"


def test_schema_on_paper_is_the_schema_in_the_database(conn: psycopg.Connection[Any]) -> None:
    assert dump_schema(conn) == SCHEMA.read_text(encoding="utf-8"), "run `make schema`"


def test_every_table_has_its_project_and_every_row_its_author(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(
        """
        SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 GROUP BY c.relname
        """
    ).fetchall()
    tables = {name: set(columns) for name, columns in rows if name != JOURNAL}
    assert len(tables) > 20
    # People and what was done about them are of the whole lab.
    assert {name for name, columns in tables.items() if "project_id" not in columns} == {"person", "admin_act"}
    # Progress is a gauge of an operation, which has its author; tallies are the database's own.
    assert {name for name, columns in tables.items() if "author" not in columns} == {"progress", "tally"}


def test_author_and_time_cannot_be_forged(conn: psycopg.Connection[Any]) -> None:
    conn.execute(
        "INSERT INTO project (name, recipe, author, created_at) VALUES ('p', '{}', 'somebody else', '2001-01-01')"
    )
    row = conn.execute("SELECT author = session_user, created_at > now() - interval '1 hour' FROM project").fetchone()
    assert row == (True, True)
