"""Who gets out of their role: into the server, its files, other roles and databases, and back after removal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog import accounts
from pipeline.catalog.connect import connect
from pipeline.core.errors import DatabaseUnavailable
from tests import people
from tests.catalog.attacks import EVERYBODY, Ground, attempt, ground
from tests.conftest import ROOT, other_database


@pytest.fixture(scope="module")
def field(database_url: str, template_database: str) -> Iterator[Ground]:
    with ground(database_url, template_database) as made:
        yield made


@pytest.fixture
def scratch(database_url: str, template_database: str) -> Iterator[Ground]:
    """A ground of its own, for what may change something."""
    with ground(database_url, template_database) as made:
        yield made


_TRICKS = {
    # Other roles
    "role_owner": "SET ROLE {owner}",
    "role_admin": "SET ROLE earmark_admin",
    "role_victim": "SET ROLE {victim}",
    "role_monitor": "SET ROLE pg_monitor",
    "role_read_all": "SET ROLE pg_read_all_data",
    "session_owner": "SET SESSION AUTHORIZATION {owner}",
    "session_victim": "SET SESSION AUTHORIZATION {victim}",
    "session_by_setting": "SELECT set_config('session_authorization', '{victim}', false)",
    "role_by_setting": "SELECT set_config('role', '{owner}', false)",
    "reset_role": "SET ROLE earmark_annotator; RESET ROLE; RESET SESSION AUTHORIZATION; RESET ALL; "
    "SELECT * FROM public.clip WHERE project_id = {theirs}",
    "discard_all": "DISCARD ALL; SELECT * FROM public.clip WHERE project_id = {theirs}",
    "self_superuser": "ALTER ROLE {self} SUPERUSER",
    "self_createrole": "ALTER ROLE {self} CREATEROLE",
    "self_createdb": "ALTER ROLE {self} CREATEDB",
    "self_bypass": "ALTER ROLE {self} BYPASSRLS",
    "self_replication": "ALTER ROLE {self} REPLICATION",
    "self_renamed": "ALTER ROLE {self} RENAME TO root2",
    "self_forever": "ALTER ROLE {self} VALID UNTIL 'infinity'",
    "others_password": "ALTER ROLE {victim} PASSWORD 'x'",
    "others_setting": "ALTER ROLE {victim} SET search_path = pg_temp",
    "everybodys_setting": "ALTER ROLE ALL SET search_path = pg_temp",
    "database_setting": "ALTER DATABASE {database} SET row_security = off",
    "server_setting": "ALTER SYSTEM SET listen_addresses = '*'",
    "grant_group_to_self": "GRANT earmark_admin TO {self}",
    "grant_server_role": "GRANT pg_read_server_files TO {self}",
    "grant_victim": "GRANT {victim} TO {self}",
    "grant_own_group_on": "GRANT earmark_annotator TO {bystander}",
    "grant_self_to_victim": "GRANT {self} TO {victim}",
    "revoke_from_victim": "REVOKE earmark_annotator FROM {bystander}",
    "new_role": "CREATE ROLE mallory LOGIN SUPERUSER",
    "drop_role": "DROP ROLE {bystander}",
    "reassign": "REASSIGN OWNED BY {victim} TO {self}",
    "drop_owned": "DROP OWNED BY {victim}",
    "own_table_rights": "GRANT ALL ON annotation TO {self}",
    "public_rights": "GRANT SELECT ON clip TO PUBLIC",
    "function_rights": "GRANT EXECUTE ON FUNCTION erase_project(int, text) TO {self}",
    "owner_changed": "ALTER TABLE annotation OWNER TO {self}",
    "kill_others": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{owner}'",
    "cancel_others": "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = '{owner}'",
    # Files and programs
    "copy_to_program": "COPY (SELECT 1) TO PROGRAM 'id'",
    "copy_from_program": "COPY flag FROM PROGRAM 'id'",
    "copy_to_file": "COPY (SELECT 1) TO '/tmp/earmark-attack'",
    "copy_from_file": "COPY flag FROM '/etc/passwd'",
    "read_file": "SELECT pg_read_file('/etc/passwd')",
    "read_binary_file": "SELECT pg_read_binary_file('postgresql.conf')",
    "list_folder": "SELECT * FROM pg_ls_dir('/')",
    "list_log": "SELECT * FROM pg_ls_logdir()",
    "list_wal": "SELECT * FROM pg_ls_waldir()",
    "list_temporary": "SELECT * FROM pg_ls_tmpdir()",
    "stat_file": "SELECT * FROM pg_stat_file('postgresql.conf')",
    "current_log": "SELECT pg_current_logfile()",
    "reload": "SELECT pg_reload_conf()",
    "rotate": "SELECT pg_rotate_logfile()",
    "switch_wal": "SELECT pg_switch_wal()",
    "checkpoint": "CHECKPOINT",
    "load_library": "LOAD '/tmp/evil.so'",
    "preload": "SET session_preload_libraries = 'evil'",
    "library_path": "SET dynamic_library_path = '/tmp'",
    "statistics_reset": "SELECT pg_stat_reset()",
    "replication_slot": "SELECT pg_create_physical_replication_slot('x')",
    "logical_slot": "SELECT pg_create_logical_replication_slot('x', 'pgoutput')",
    "promote": "SELECT pg_promote()",
    # Large objects
    "lo_create": "SELECT lo_create(0)",
    "lo_creat": "SELECT lo_creat(-1)",
    "lo_from_bytea": "SELECT lo_from_bytea(0, 'x')",
    "lo_import": "SELECT lo_import('/etc/passwd')",
    "lo_export": "SELECT lo_export(1, '/tmp/x')",
    "lo_put": "SELECT lo_put(1, 0, 'x')",
    "lo_open": "SELECT lo_open(1, 131072)",
    "lo_unlink": "SELECT lo_unlink(1)",
    # Things that are made
    "new_schema": "CREATE SCHEMA mine",
    "new_table": "CREATE TABLE mine (x int)",
    "new_table_in_queue": "CREATE TABLE procrastinate.mine (x int)",
    "temporary_table": "CREATE TEMPORARY TABLE clip (x int)",
    "temporary_view": "CREATE TEMPORARY VIEW clip AS SELECT 1 AS x",
    "temporary_select_into": "SELECT 1 AS x INTO TEMPORARY clip",
    "temporary_sequence": "CREATE TEMPORARY SEQUENCE s",
    "temporary_function": "CREATE FUNCTION pg_temp.my_projects(text) RETURNS int[] LANGUAGE sql "
    "AS 'SELECT array[{theirs}]'",
    "new_function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "new_procedure": "CREATE PROCEDURE mine() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'",
    "new_c_function": "CREATE FUNCTION mine() RETURNS int LANGUAGE c AS '/tmp/evil', 'evil'",
    "new_operator": "CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "new_cast": "CREATE CAST (int AS bool) WITHOUT FUNCTION",
    "new_type": "CREATE TYPE mine AS (x int)",
    "new_domain": "CREATE DOMAIN mine AS int",
    "new_aggregate": "CREATE AGGREGATE mine (int) (SFUNC = int4pl, STYPE = int)",
    "new_view": "CREATE VIEW mine AS SELECT 1 AS x",
    "new_materialized_view": "CREATE MATERIALIZED VIEW mine AS SELECT 1 AS x",
    "new_index": "CREATE INDEX ON annotation (author)",
    "new_trigger": "CREATE TRIGGER mine BEFORE INSERT ON annotation FOR EACH ROW EXECUTE FUNCTION stamp_author()",
    "new_rule": "CREATE RULE mine AS ON SELECT TO clip DO INSTEAD SELECT 1",
    "new_event_trigger": "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION stamp_author()",
    "new_extension": "CREATE EXTENSION hstore",
    "new_language": "CREATE LANGUAGE plpython3u",
    "new_publication": "CREATE PUBLICATION mine FOR ALL TABLES",
    "new_subscription": "CREATE SUBSCRIPTION mine CONNECTION 'host=127.0.0.1' PUBLICATION x WITH (connect = false)",
    "new_wrapper": "CREATE FOREIGN DATA WRAPPER mine",
    "new_server": "CREATE SERVER mine FOREIGN DATA WRAPPER postgres_fdw",
    "new_tablespace": "CREATE TABLESPACE mine LOCATION '/tmp'",
    "new_database": "CREATE DATABASE mine",
    "database_dropped": "DROP DATABASE {database}",
    "database_renamed": "ALTER DATABASE {database} RENAME TO mine",
    "database_owner": "ALTER DATABASE {database} OWNER TO {self}",
    "new_statistics": "CREATE STATISTICS mine ON author, clip_id FROM annotation",
    "comment": "COMMENT ON TABLE annotation IS 'x'",
    "security_label": "SECURITY LABEL ON TABLE annotation IS 'x'",
    "vacuumed": "VACUUM FULL annotation; SELECT 1 / 0",
    "clustered": "CLUSTER annotation USING annotation_pkey",
    "reindexed": "REINDEX TABLE annotation",
    "prepared_transaction": "BEGIN; PREPARE TRANSACTION 'mine'",
    # In the way of others
    "advisory_lock": "SELECT pg_advisory_lock(3746, 1) IS NULL",
    "advisory_try": "SELECT pg_try_advisory_lock(3747, {ours})",
    "advisory_in_transaction": "SELECT pg_advisory_xact_lock(1) IS NULL",
    "advisory_shared": "SELECT pg_advisory_lock_shared(3752, 1) IS NULL",
    "their_project_locked": "SELECT lock_project({theirs}) IS NULL",
    "their_run_held": "SELECT hold_run({operation_theirs}) IS NULL",
    "anothers_run_held": "SELECT hold_run({operation_ours}) IS NULL",
    "table_locked": "BEGIN; LOCK TABLE annotation IN SHARE MODE; SELECT 1",
    "table_locked_alone": "BEGIN; LOCK TABLE clip IN ACCESS EXCLUSIVE MODE; SELECT 1",
    "accounts_locked": "BEGIN; LOCK TABLE member IN ROW EXCLUSIVE MODE; SELECT 1",
    # Shadows
    "search_path_first": "SET search_path = pg_temp, public; CREATE TABLE pg_temp.member (project_id int, person text)",
    "search_path_of_functions": "SET search_path = procrastinate, pg_temp; "
    "SELECT p FROM public.my_projects('annotator') p WHERE {theirs} = ANY (p)",
    "standard_strings_off": "SET standard_conforming_strings = off; SELECT set_password('{victim}\\', NULL) --', NULL)",
    "role_name_in_verifier": "SELECT set_password('{self}', '{verifier}'' SUPERUSER --')",
    "new_line_in_verifier": "SELECT set_password('{self}', E'{verifier}\\n'' SUPERUSER')",
    "anonymous_block": "DO $$ BEGIN EXECUTE 'ALTER ROLE {self} SUPERUSER'; END $$",
    "block_that_swallows": "DO $$ BEGIN DELETE FROM public.annotation; EXCEPTION WHEN OTHERS THEN NULL; END $$",
    "default_rights": "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT ALL ON TABLES TO {self}",
}
_VERIFIER = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$AAAA:BBBB"
_FILE_OF_ATTACK = Path("/tmp/earmark-attack")


@pytest.mark.parametrize("trick", _TRICKS)
def test_nobody_gets_out_of_their_role(field: Ground, trick: str) -> None:
    before = field.state()
    for who in EVERYBODY:
        names = {"self": field.people[who], "database": field.owner.info.dbname, "verifier": _VERIFIER}
        with field.login(who) as conn:
            assert attempt(conn, _TRICKS[trick].format(**field.facts, **names)) == [], who
            now = conn.execute("ROLLBACK; SELECT session_user::text, current_setting('is_superuser')")
            now.nextset()
            assert now.fetchone() == (names["self"], "off")
    assert field.state() == before
    assert not _FILE_OF_ATTACK.exists()


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_function_of_the_server_that_reads_files_or_keeps_objects_is_open(field: Ground, who: str) -> None:
    rows = field.owner.execute(
        """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege(%s, p.oid, 'EXECUTE')
          AND (p.proname ~ '^(lo_|loread|lowrite|pg_ls_|pg_read_|pg_stat_file|pg_(try_)?advisory_)')
        """,
        (field.people[who],),
    ).fetchall()
    assert rows == []


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_no_other_database_lets_people_in(field: Ground, who: str, database: str) -> None:
    url = people.login_url(other_database(field.url, database), field.people[who])
    with pytest.raises(DatabaseUnavailable, match="CONNECT privilege"):
        connect(url, application_name="attack")


@pytest.fixture
def plain_login(scratch: Ground) -> Iterator[str]:
    """The URL for a login that somebody made on the server and that is no person."""
    scratch.owner.execute(f"CREATE ROLE plain_login LOGIN PASSWORD '{people.PASSWORD}'".encode())
    yield people.login_url(scratch.url, "plain_login")
    scratch.owner.execute("DROP OWNED BY plain_login; DROP ROLE plain_login")


def test_login_that_is_no_person_does_not_come_in(plain_login: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="CONNECT privilege"):
        connect(plain_login, application_name="attack")


def test_login_that_was_let_in_but_is_no_person_reads_nothing(scratch: Ground, plain_login: str) -> None:
    scratch.owner.execute(f"GRANT CONNECT ON DATABASE {scratch.owner.info.dbname} TO plain_login".encode())
    names = scratch.owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    with connect(plain_login, application_name="attack") as conn:
        for (name,) in names:
            if name != "schema_migration":
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    conn.execute(f"SELECT * FROM {name}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT my_projects('annotator')")


def test_person_of_no_password_or_a_wrong_one_does_not_come_in(field: Ground) -> None:
    place = field.url.rsplit("@", 1)[1]
    for password in ("", ":wrong", ":" + people.PASSWORD.upper()):
        with pytest.raises(DatabaseUnavailable):
            connect(f"postgresql://{field.people['annotator']}{password}@{place}", application_name="attack")


def test_removed_person_is_cut_off_at_once_and_for_ever(scratch: Ground) -> None:
    person = scratch.people["annotator"]
    with scratch.login("annotator") as conn:
        accounts.remove_person(scratch.owner, person)
        with pytest.raises(psycopg.OperationalError):
            conn.execute("SELECT * FROM clip")
    with pytest.raises(DatabaseUnavailable):
        scratch.login("annotator")
    held = scratch.owner.execute("SELECT count(*) FROM review WHERE claimed_by = %s", (person,)).fetchone()
    assert held == (0,)
    for again in (accounts.set_password, accounts.add_person):
        with pytest.raises((psycopg.errors.UndefinedObject, psycopg.errors.DuplicateObject)):
            again(scratch.owner, person, _VERIFIER)


def test_revoked_person_sees_nothing_in_the_very_next_statement(scratch: Ground) -> None:
    with scratch.login("reviewer") as conn:
        conn.execute("PREPARE q AS SELECT count(*) FROM clip")
        assert attempt(conn, "EXECUTE q") == [(4,)]
        accounts.revoke_duty(scratch.owner, scratch.facts["ours"], scratch.people["reviewer"])
        assert attempt(conn, "EXECUTE q") in ([(0,)], [])


def test_project_admin_rules_one_project_only(scratch: Ground) -> None:
    facts = scratch.facts
    with scratch.login("project_admin") as conn:
        accounts.grant_duty(conn, facts["ours"], facts["stranger"], "annotator")
        accounts.revoke_duty(conn, facts["ours"], facts["stranger"])
        for act in (accounts.grant_duty, lambda c, p, n, _: accounts.revoke_duty(c, p, n)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                act(conn, facts["theirs"], facts["bystander"], "admin")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            accounts.add_person(conn, "mallory", _VERIFIER)


_NO_NAMES = (
    *("", " ", "pg_signal", "earmark_admin", "public", "none", "Root", "a b", 'a"b', "a'b", "a;b", "a\\b", "a\nb"),
    *("a\n", "é", "a\u0301", "\u202eab", "-a", "_a", "a" * 64, 'x" SUPERUSER --', "x'; DROP TABLE clip; --", "a\tb"),
    *("%I", "$1"),
)


@pytest.mark.parametrize("name", _NO_NAMES)
def test_lab_admin_makes_no_person_of_a_name_that_leads_astray(field: Ground, name: str) -> None:
    before = field.state()
    with field.login("lab_admin") as conn, pytest.raises((psycopg.errors.InvalidName, psycopg.errors.DuplicateObject)):
        accounts.add_person(conn, name, _VERIFIER)
    assert field.state() == before


@pytest.mark.parametrize(
    "verifier", ["", "plain", "md5" + "0" * 32, f"{_VERIFIER}' SUPERUSER --", f"{_VERIFIER}\n", f" {_VERIFIER}", None]
)
def test_lab_admin_makes_no_person_by_a_verifier_that_is_none(field: Ground, verifier: Any) -> None:
    before = field.state()
    with field.login("lab_admin") as conn, pytest.raises(psycopg.errors.InvalidParameterValue):
        accounts.add_person(conn, "mallory", verifier)
    assert field.state() == before


@pytest.mark.parametrize("name", ["owner", "group", "server"])
def test_lab_admin_has_no_power_over_what_is_no_person(field: Ground, name: str) -> None:
    role = {"owner": field.facts["owner"], "group": "earmark_admin", "server": "pg_read_all_data"}[name]
    before = field.state()
    with field.login("lab_admin") as conn:
        for act in (
            lambda: accounts.set_password(conn, role, _VERIFIER),
            lambda: accounts.remove_person(conn, role),
            lambda: accounts.grant_duty(conn, field.facts["ours"], role, "annotator"),
            lambda: accounts.add_person(conn, role, _VERIFIER),
        ):
            with pytest.raises(psycopg.Error):
                act()
        for statement in ("DELETE FROM admin_act", "UPDATE admin_act SET act = 'add_person'", "TRUNCATE admin_act"):
            assert attempt(conn, statement) == []
        assert attempt(conn, f"ALTER ROLE {field.facts['victim']} SUPERUSER") == []
        assert attempt(conn, "SET earmark.erasing = on; DELETE FROM annotation") == []
    assert field.state() == before


def test_forged_notifications_neither_end_a_worker_nor_stop_its_job(scratch: Ground) -> None:
    environ = os.environ | {"EARMARK_DATABASE_URL": scratch.url, "EARMARK_WORKERS": "1"}
    command = [sys.executable, "-m", "pipeline.cli", "worker"]
    worker = subprocess.Popen(command, env=environ, cwd=ROOT)
    alive = "SELECT count(*) FROM procrastinate.procrastinate_workers"
    try:
        _wait_for(scratch, alive, (1,))
        with scratch.login("stranger") as conn:
            for payload in ("not json", "{}", '{"type": "abort_job_requested", "job_id": 1}', "[]"):
                for channel in ("procrastinate_any_queue_v1", "procrastinate_queue_v1#earmark"):
                    conn.execute("SELECT pg_notify(%s, %s)", (channel, payload))
        with scratch.login("researcher") as conn, conn.transaction():
            conn.execute("INSERT INTO job (project_id, verbs) VALUES (%s, '[[\"cut\"]]')", (scratch.facts["ours"],))
            conn.execute("SELECT queue_job(job_id, 'earmark', 'earmark.carry') FROM job WHERE author = session_user")
        _wait_for(scratch, "SELECT count(*) FROM job WHERE ended_at IS NOT NULL", (1,))
        assert worker.poll() is None
    finally:
        worker.terminate()
        worker.wait(60)


def _wait_for(ground: Ground, query: str, expected: tuple[Any, ...]) -> None:
    until = time.monotonic() + 120
    while (found := ground.owner.execute(query.encode()).fetchone()) != expected:
        assert time.monotonic() < until, f"{query} gives {found}"
        time.sleep(0.1)
