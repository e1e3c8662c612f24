"""Rules that every table and function keeps, so that a new one without a guard fails here."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pipeline.catalog.accounts import verifier_of
from tests import people

Conn = psycopg.Connection[Any]

# The schema's own journal holds nothing of anybody; people and acts on accounts are of the whole lab.
_OF_NOBODY = {"schema_migration"}
_OF_THE_LAB = {"person", "admin_act", "schema_migration"}
# Its trigger asks for the same project, clip and person.
_CHECKED_BY_TRIGGER = {"annotation_supersedes_fkey", "verdict_supersedes_fkey"}


def _broken_rules(conn: Conn) -> list[str]:
    """What the rules find, in words; empty for a database that keeps them."""
    return [
        *(f"{x} has no row level security" for x in _names(conn, _UNGUARDED) if x not in _OF_NOBODY),
        *(f"{x} has no policy" for x in _names(conn, _WITHOUT_POLICY) if x not in _OF_NOBODY),
        *(f"{x} has no project_id" for x in _names(conn, _WITHOUT_PROJECT) if x not in {*_OF_THE_LAB, "project"}),
        *(f"{x} does not carry the project" for x in _names(conn, _LOOSE_KEYS) if x not in _CHECKED_BY_TRIGGER),
        *(f"policy {x} is for PUBLIC" for x in _names(conn, _POLICIES_FOR_PUBLIC)),
        *(f"policy {x} asks for no project and no person" for x in _names(conn, _OPEN_POLICIES)),
        *(f"view {x} does not ask with the reader's rights" for x in _names(conn, _OPEN_VIEWS)),
        *(f"{x} is granted to PUBLIC" for x in _names(conn, _GRANTED_TO_PUBLIC) if x not in _OF_NOBODY),
        *(f"{x} can be changed by people" for x in _names(conn, _TOO_MUCH)),
        *(f"function {x} pins no search_path" for x in _names(conn, _UNPINNED)),
        *(f"function {x} is for PUBLIC" for x in _names(conn, _FUNCTIONS_FOR_PUBLIC)),
        *(f"{x} is not the owner's" for x in _names(conn, _NOT_OWNERS)),
        *(f"schema {x} lets people make things" for x in _names(conn, _OPEN_SCHEMAS)),
    ]


def _names(conn: Conn, query: str) -> list[str]:
    return [row[0] for row in conn.execute(query.encode()).fetchall()]


_TABLES = "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
_UNGUARDED = f"SELECT c.relname {_TABLES} AND NOT c.relrowsecurity"
_WITHOUT_POLICY = f"SELECT c.relname {_TABLES} AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
_WITHOUT_PROJECT = f"""
    SELECT c.relname {_TABLES} AND NOT EXISTS (
      SELECT FROM information_schema.columns k WHERE k.table_schema = 'public' AND k.table_name = c.relname
        AND k.column_name = 'project_id' AND k.is_nullable = 'NO')
"""
_LOOSE_KEYS = """
    SELECT f.conname FROM pg_constraint f
    JOIN pg_attribute here ON here.attrelid = f.conrelid AND here.attname = 'project_id'
    JOIN pg_attribute there ON there.attrelid = f.confrelid AND there.attname = 'project_id'
    WHERE f.contype = 'f' AND NOT EXISTS (
      SELECT FROM generate_subscripts(f.conkey, 1) i WHERE f.conkey[i] = here.attnum AND f.confkey[i] = there.attnum)
"""
_POLICIES_FOR_PUBLIC = "SELECT polname FROM pg_policy WHERE 0 = ANY (polroles)"
# my_projects and is_lab_admin ask who is logged in; the rest goes by the person or by a run of theirs.
_OPEN_POLICIES = """
    SELECT polname FROM pg_policy
    WHERE concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
      !~ 'my_projects|is_lab_admin|SESSION_USER'
"""
_OPEN_VIEWS = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND (relkind = 'm' OR (relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)))
"""
_GRANTED_TO_PUBLIC = """
    SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace IN ('public'::regnamespace) AND a.grantee = 0
    UNION SELECT c.relname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 0
"""
# History has no UPDATE nor DELETE for anybody, and nothing has TRUNCATE, REFERENCES, TRIGGER or MAINTAIN.
_TOO_MUCH = """
    SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner AND (
      a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN', 'UPDATE', 'INSERT')
      OR a.privilege_type = 'DELETE' AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid
                                                 AND t.tgname = 'append_only')
      OR c.relkind = 'S')
    UNION SELECT c.relname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner AND (
      a.privilege_type = 'REFERENCES'
      OR a.privilege_type <> 'SELECT' AND (t.attname IN ('author', 'created_at') OR t.attidentity <> '')
      OR a.privilege_type = 'UPDATE' AND (t.attname = 'project_id' OR EXISTS (
        SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'append_only')))
"""
_OURS = """
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
# Nothing that people may make things in comes before the system's own, and pg_temp comes last.
_UNPINNED = f"""
    SELECT p.proname {_OURS} AND p.prosecdef AND NOT EXISTS (
      SELECT FROM unnest(p.proconfig) setting WHERE setting ~ '^search_path=.*pg_catalog.*, pg_temp$')
"""
_FUNCTIONS_FOR_PUBLIC = f"""
    SELECT p.proname {_OURS} AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
"""
_NOT_OWNERS = """
    SELECT x.name FROM (
      SELECT relname AS name, relowner AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT proname, proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT typname, typowner FROM pg_type WHERE typnamespace = 'public'::regnamespace) x
    WHERE x.owner <> (SELECT datdba FROM pg_database WHERE datname = current_database())
"""
_OPEN_SCHEMAS = """
    SELECT nspname FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE a.privilege_type = 'CREATE' AND a.grantee NOT IN (n.nspowner, 10)
"""


def test_every_table_and_function_keeps_the_rules(conn: Conn) -> None:
    assert _broken_rules(conn) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("CREATE TABLE note (project_id int NOT NULL REFERENCES project)", "note has no row level security"),
        ("CREATE TABLE note (project_id int NOT NULL REFERENCES project)", "note has no policy"),
        ("CREATE TABLE note (note_id int)", "note has no project_id"),
        ("CREATE TABLE note (project_id int)", "note has no project_id"),
        (
            "CREATE TABLE note (project_id int NOT NULL, clip_id bigint REFERENCES clip)",
            "note_clip_id_fkey does not carry the project",
        ),
        ("CREATE POLICY clip_all ON clip USING (true)", "policy clip_all is for PUBLIC"),
        (
            "CREATE POLICY clip_all ON clip TO earmark_annotator USING (is_active)",
            "policy clip_all asks for no project and no person",
        ),
        ("ALTER TABLE annotation DISABLE ROW LEVEL SECURITY", "annotation has no row level security"),
        ("CREATE VIEW every_clip AS SELECT * FROM clip", "view every_clip does not ask with the reader's rights"),
        ("GRANT SELECT ON clip TO PUBLIC", "clip is granted to PUBLIC"),
        ("GRANT UPDATE ON clip TO earmark_researcher", "clip can be changed by people"),
        ("GRANT UPDATE (answer) ON annotation TO earmark_admin", "annotation can be changed by people"),
        ("GRANT DELETE ON operation TO earmark_admin", "operation can be changed by people"),
        ("GRANT INSERT (author) ON annotation TO earmark_annotator", "annotation can be changed by people"),
        ("GRANT USAGE ON SEQUENCE clip_clip_id_seq TO earmark_reviewer", "clip_clip_id_seq can be changed by people"),
        (
            "CREATE FUNCTION peek() RETURNS bigint SECURITY DEFINER LANGUAGE sql AS 'SELECT count(*) FROM public.clip'",
            "function peek pins no search_path",
        ),
        ("CREATE FUNCTION peek() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function peek is for PUBLIC"),
        ("GRANT CREATE ON SCHEMA public TO earmark_annotator", "schema public lets people make things"),
    ],
)
def test_what_breaks_a_rule_is_found(conn: Conn, change: str, found: str) -> None:
    conn.execute(change.encode())
    assert found in _broken_rules(conn)


def test_what_a_person_owns_is_found(conn: Conn) -> None:
    person = "somebody"
    conn.execute("SELECT add_person(%s, %s, false)", (person, verifier_of(conn, person, people.PASSWORD)))
    try:
        conn.execute("GRANT CREATE ON SCHEMA public TO somebody; ALTER VIEW current_annotation OWNER TO somebody")
        assert "current_annotation is not the owner's" in _broken_rules(conn)
        conn.execute("ALTER VIEW current_annotation OWNER TO CURRENT_USER")
    finally:
        people.drop_person(conn, person)
