"""Who reads what is not theirs: every table, view and function of the database, and the ways around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.catalog.attacks import EVERYBODY, INSIDERS, SECRET, Ground, attempt, ground


@pytest.fixture(scope="module")
def field(database_url: str, template_database: str) -> Iterator[Ground]:
    with ground(database_url, template_database) as made:
        yield made


def _relations(owner: psycopg.Connection[Any]) -> list[tuple[str, set[str]]]:
    """Every table, view, sequence of ours and of the queue, with its columns: new ones are attacked too."""
    rows = owner.execute(
        """
        SELECT format('%I.%I', n.nspname, c.relname), array_agg(a.attname::text)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname IN ('public', 'procrastinate') AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
        GROUP BY 1 ORDER BY 1
        """
    ).fetchall()
    return [(name, set(columns)) for name, columns in rows]


def _readable(conn: psycopg.Connection[Any], name: str) -> str:
    """All that this person may read of a row, as one text; the whole row where that is nothing."""
    columns = conn.execute(
        """
        SELECT quote_ident(a.attname) FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE format('%%I.%%I', n.nspname, c.relname) = %s AND a.attnum > 0 AND NOT a.attisdropped
          AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
        ORDER BY a.attnum
        """,
        (name,),
    ).fetchall()
    return f"row({', '.join(f'x.{column}' for (column,) in columns)})::text" if columns else "x::text"


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_table_or_view_shows_a_row_of_another_project(field: Ground, who: str) -> None:
    own = field.people[who]
    mine = {field.facts["ours"]} if who in INSIDERS else set[int]()
    relations = _relations(field.owner)
    assert len(relations) > 60
    with field.login(who) as conn:
        for name, columns in relations:
            whole = attempt(conn, f"SELECT {_readable(conn, name)} FROM {name} x")
            assert not [row for row in whole if SECRET in row[0]], f"{who} reads hidden words in {name}"
            if name == "public.schema_migration":
                continue
            if "project_id" in columns:
                projects = {row[0] for row in attempt(conn, f"SELECT project_id FROM {name}")}
                assert projects <= mine, f"{who} reads {name} of {projects - mine}"
            elif name == "public.person":
                assert attempt(conn, "SELECT person FROM person") == [(own,)]
            else:
                assert whole == [], f"{who} reads {name}"


def test_annotator_sees_the_own_rows_and_assigned_clips_and_nothing_else(field: Ground) -> None:
    own = field.people["annotator"]
    seen: dict[str, list[Any]] = {}
    with field.login("annotator") as conn:
        for name, columns in _relations(field.owner):
            column = next((c for c in ("claimed_by", "person", "author") if c in columns), None)
            rows = attempt(conn, f"SELECT {column or 'count(*) OVER ()'}, {_readable(conn, name)} FROM {name} x")
            if rows:
                seen[name.removeprefix("public.")] = [row[0] for row in rows]
        assert attempt(conn, "SELECT clip_id FROM clip") == [(field.facts["clip_mine"],)]
    assert set(seen) == {"project", "label", "clip", "review", "assignment", "person", "member", "schema_migration"}
    assert all(seen[name] == [own] for name in ("review", "assignment", "person", "member"))


_SENSITIVE = (
    *("pg_authid", "pg_shadow", "pg_statistic", "pg_statistic_ext_data", "pg_user_mapping", "pg_largeobject"),
    *("pg_hba_file_rules", "pg_file_settings", "pg_ident_file_mappings", "pg_subscription", "pg_config"),
    *("pg_backend_memory_contexts", "pg_shmem_allocations", "pg_replication_origin_status"),
)


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_secret_of_the_server_is_read(field: Ground, who: str) -> None:
    with field.login(who) as conn:
        for name in _SENSITIVE:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"SELECT * FROM {name}".encode())


# Each is written with the facts of the ground; what it would show is somebody else's.
_ORACLES = {
    "cast_that_raises": "SELECT * FROM label WHERE project_id = {theirs} AND name::int = 1",
    "division_by_hidden_length": "SELECT * FROM clip WHERE project_id = {theirs} AND 1 / (length(object_key) - 29) > 0",
    "error_in_where_first": "SELECT * FROM recording WHERE 1 / (CASE WHEN project_id = {theirs} THEN 0 ELSE 1 END) < 0",
    "error_on_hidden_uri": "SELECT * FROM source WHERE uri LIKE '%secret%' AND uri::int > 0",
    "json_oracle": "SELECT * FROM operation WHERE project_id = {theirs} AND (spec ->> 'x')::int = 0",
    "sub_select": "SELECT (SELECT name FROM label WHERE label_id = {label_theirs})",
    "lateral": "SELECT c.* FROM project p, LATERAL (SELECT * FROM clip WHERE project_id = {theirs}) c",
    "exists": "SELECT 1 WHERE EXISTS (SELECT FROM clip WHERE clip_id = {clip_theirs})",
    "union": "SELECT name FROM label WHERE false UNION SELECT name FROM label WHERE label_id = {label_theirs}",
    "with_query": "WITH x AS MATERIALIZED (SELECT * FROM recording WHERE project_id = {theirs}) SELECT * FROM x",
    "by_id": "SELECT * FROM annotation WHERE annotation_id = '{annotation_theirs}'",
    "by_ctid": "SELECT * FROM annotation WHERE ctid = '(0,2)' AND project_id = {theirs}",
    "tablesample": "SELECT * FROM clip TABLESAMPLE SYSTEM (100) WHERE project_id = {theirs}",
    "row_security_off": "SET row_security = off; SELECT * FROM clip",
    "row_security_off_in_function": "SELECT set_config('row_security', 'off', false) WHERE false; "
    "SET row_security = off; SELECT * FROM current_annotation WHERE project_id = {theirs}",
    "copy_table_out": "COPY admin_act TO STDOUT",
    "copy_query_out": "COPY (SELECT * FROM clip WHERE project_id = {theirs}) TO STDOUT",
    "cursor_kept_over_commit": "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM clip WHERE project_id = {theirs}; "
    "COMMIT; FETCH ALL FROM c",
    "cursor_opened_before_role": "BEGIN; DECLARE c CURSOR FOR SELECT * FROM label WHERE project_id = {theirs}; "
    "SET LOCAL ROLE earmark_annotator; FETCH ALL FROM c; COMMIT",
    "prepared_then_role": "PREPARE q AS SELECT * FROM clip WHERE project_id = {theirs}; "
    "SET ROLE earmark_annotator; EXECUTE q",
    "ts_stat": "SELECT * FROM ts_stat('SELECT to_tsvector(name) FROM label WHERE project_id = {theirs}')",
    "statistics": "SELECT * FROM pg_stats WHERE schemaname IN ('public', 'procrastinate') "
    "AND tablename <> 'schema_migration'",
    "extended_statistics": "SELECT * FROM pg_stats_ext_exprs",
    "queries_of_others": "SELECT query FROM pg_stat_activity WHERE usename <> session_user "
    "AND query <> '<insufficient privilege>' AND query <> ''",
    "addresses_of_others": "SELECT client_addr FROM pg_stat_activity WHERE usename <> session_user",
    "password_hashes": "SELECT rolpassword FROM pg_roles WHERE rolpassword <> '********'",
    "sequences": "SELECT last_value FROM pg_sequences WHERE schemaname = 'public'",
    "sequence_itself": "SELECT last_value FROM clip_clip_id_seq",
    "currval": "SELECT currval('clip_clip_id_seq')",
    "lastval": "SELECT lastval()",
    "nextval": "SELECT nextval('operation_operation_id_seq')",
    "setval": "SELECT setval('operation_operation_id_seq', 1)",
    "sequence_of_identity": "SELECT nextval(pg_get_serial_sequence('clip', 'clip_id'))",
    "data_directory": "SELECT current_setting('data_directory')",
    "config_file": "SHOW config_file",
    "log_of_accounts": "SELECT * FROM admin_act",
    "people": "SELECT * FROM person WHERE person <> session_user",
    "count_waiting_theirs": "SELECT count_waiting({theirs})",
    "duty_theirs": "SELECT my_duty({theirs})",
    "claim_theirs": "SELECT * FROM claim_reviews({theirs}, 5, '{{}}', 30)",
    "do_block_raises_rows": "DO $$ DECLARE t text; BEGIN SELECT string_agg(name, ',') INTO t FROM label "
    "WHERE project_id = {theirs}; IF t IS NOT NULL THEN RAISE EXCEPTION '%', t; END IF; END $$",
    "returning": "INSERT INTO flag (flag_id, project_id, clip_id, is_raised) "
    "VALUES (gen_random_uuid(), {theirs}, {clip_theirs}, true) RETURNING *",
    "conflict_update": "INSERT INTO label (project_id, name, position) VALUES ({theirs}, '" + SECRET + "', 1) "
    "ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name RETURNING *",
    "for_update": "SELECT * FROM clip WHERE project_id = {theirs} FOR UPDATE",
    "for_key_share": "SELECT * FROM clip WHERE project_id = {theirs} FOR KEY SHARE",
    "merge": "MERGE INTO review r USING clip c ON r.clip_id = c.clip_id AND r.project_id = {theirs} "
    "WHEN MATCHED THEN DELETE",
}


@pytest.mark.parametrize("trick", _ORACLES)
def test_no_trick_shows_what_is_hidden(field: Ground, trick: str) -> None:
    before = field.state()
    for who in EVERYBODY:
        with field.login(who) as conn:
            assert attempt(conn, _ORACLES[trick].format(**field.facts)) == [], who
    assert field.state() == before


@pytest.mark.parametrize("who", EVERYBODY)
def test_explain_counts_no_row_of_another_project(field: Ground, who: str) -> None:
    # Estimates come from statistics of the whole table and may hint at its size; counted rows may not.
    with field.login(who) as conn:
        statement = f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM clip WHERE project_id = {field.facts['theirs']}"
        plans = attempt(conn, statement)
    assert all(plan[0][0]["Plan"]["Actual Rows"] == 0 for plan in plans)


def _functions(owner: psycopg.Connection[Any]) -> list[tuple[str, list[str], list[str]]]:
    """Our own functions, with the names and types of their arguments."""
    return owner.execute(
        """
        SELECT p.oid::regproc::text, coalesce(p.proargnames[1:p.pronargs], '{}'),
          array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t)
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        """
    ).fetchall()


_NOTHING = [("",), (False,)]
_HARMLESS = {"is_lab_admin", "my_projects", "duty_rank", "demand_verifier", "is_job", "release_run", "is_assigned"}


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("what", ["null", "theirs"])
def test_no_function_does_or_tells_anything_of_others(field: Ground, who: str, what: str) -> None:
    facts = field.facts
    theirs = {
        **{"project_id": facts["theirs"], "clip_id": facts["clip_theirs"], "job_id": facts["job_theirs"]},
        **{"operation_id": facts["operation_theirs"], "person": facts["victim"], "name": facts["victim"]},
        **{"who": facts["victim"], "duty": "admin", "name_again": "theirs", "n": 9, "minutes": 9, "have": "{}"},
        **{"verifier": _VERIFIER, "queue": "earmark", "task": "earmark.carry", "at_least": "annotator"},
    }
    before = field.state()
    functions = _functions(field.owner)
    assert len(functions) > 20
    with field.login(who) as conn:
        for name, arguments, types in functions:
            if name in _HARMLESS:
                continue
            known = theirs if what == "theirs" else {}
            values = [f"'{known[argument]}'" if argument in known else "NULL" for argument in arguments]
            given = ", ".join(f"{value}::{type_}" for value, type_ in zip(values, types, strict=True))
            gained = [row for row in attempt(conn, f"SELECT * FROM {name}({given}) x") if row not in _NOTHING]
            assert gained == [], f"{who} gets {gained} from {name}({given})"
    assert field.state() == before


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_person_is_told_to_be_more_than_they_are(field: Ground, who: str) -> None:
    ours = [field.facts["ours"]] if who in INSIDERS else []
    with field.login(who) as conn:
        assert attempt(conn, "SELECT is_lab_admin()") == [(False,)]
        assert attempt(conn, "SELECT my_projects('annotator')") == [(ours,)]
        assert attempt(conn, "SELECT my_projects(NULL)") == [([],)]
        assert attempt(conn, "SELECT my_projects('nonsense')") == [([],)]


_VERIFIER = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAA:BBBB"
