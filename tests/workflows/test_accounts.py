"""Accounts: who may make and end them, what a password must be, and every refusal as one sentence."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pipeline.catalog import jobs
from pipeline.catalog.connect import connect
from pipeline.catalog.projects import Project, find_project
from pipeline.core.errors import CatalogError, DatabaseUnavailable, NotFound, NotPermitted, SettingsError
from pipeline.core.settings import load_recipe
from pipeline.workflows import accounts
from tests.people import drop_person, logged_in, login_url

SECRET = "correct horse battery"
Conn = psycopg.Connection[Any]


@pytest.fixture
def ann(conn: Conn) -> Iterator[str]:
    """The name of an account that a test makes; logins outlive a database, hence gone at the end."""
    yield "ann"
    if conn.execute("SELECT FROM pg_roles WHERE rolname = 'ann'").rowcount:
        drop_person(conn, "ann")


def url_of(url: str, person: str, password: str) -> str:
    place = login_url(url, person).rsplit("@", 1)[1]
    return f"postgresql://{person}:{password.replace(' ', '%20')}@{place}"


def opens(url: str, person: str, password: str) -> bool:
    try:
        with connect(url_of(url, person, password), application_name="tests"):
            return True
    except DatabaseUnavailable:
        return False


def test_person_logs_in_until_removed_and_what_they_wrote_stays(
    conn: Conn, project: Project, empty_database: str, ann: str
) -> None:
    accounts.add_person(conn, ann, SECRET)
    accounts.grant_duty(conn, project, ann, "researcher")
    assert [one.duties for one in accounts.list_people(conn)] == [{"test": "researcher"}]
    with connect(url_of(empty_database, ann, SECRET), application_name="tests") as own:
        own.execute("INSERT INTO label (project_id, name, position) VALUES (%s, 'owl', 9)", (project.project_id,))
        accounts.remove_person(conn, ann)
        with pytest.raises(psycopg.OperationalError):
            own.execute("SELECT 1")
    assert not opens(empty_database, ann, SECRET)
    (person,) = accounts.list_people(conn)
    assert (person.duties, person.removed_at is None) == ({}, False)
    assert conn.execute("SELECT author FROM label WHERE name = 'owl'").fetchone() == (ann,)
    with pytest.raises(CatalogError, match="this name is taken: ann"):
        accounts.add_person(conn, ann, SECRET)


def test_password_is_changed_by_its_person_and_by_a_lab_admin_only(
    conn: Conn, project: Project, empty_database: str, ann: str
) -> None:
    accounts.add_person(conn, ann, SECRET)
    with connect(url_of(empty_database, ann, SECRET), application_name="tests") as own:
        accounts.set_password(own, ann, SECRET + " 2")
    assert (opens(empty_database, ann, SECRET), opens(empty_database, ann, SECRET + " 2")) == (False, True)
    with (
        logged_in(conn, empty_database, project.project_id, "admin") as other,
        pytest.raises(NotPermitted, match="may not change the password of another; expected a lab admin"),
    ):
        accounts.set_password(other, ann, SECRET)
    with logged_in(conn, empty_database, project.project_id, None, is_admin=True) as lab_admin:
        accounts.set_password(lab_admin, ann, SECRET + " 3")
    assert opens(empty_database, ann, SECRET + " 3")
    with pytest.raises(NotFound, match="this login is no account"):
        accounts.set_password(conn, conn.info.user, SECRET)
    with pytest.raises(NotFound, match="no account of this name: nobody"):
        accounts.set_password(conn, "nobody", SECRET)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "too short; expected at least 10 characters, got 0"),
        ("ninechars", "too short; expected at least 10 characters, got 9"),
        ("Ann.Example", "the password is the person's name"),
        ("x" * 1025, "too long; expected at most 1024 characters"),
        ("with a\nline break", "no keyboard types"),
        ("with a \0 in it", "no keyboard types"),
    ],
)
def test_weak_password_is_refused_without_being_told(conn: Conn, password: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        accounts.add_person(conn, "ann.example", password)
    words = "".join(traceback.format_exception(caught.value))
    assert len(password) < 10 or password not in words
    assert accounts.list_people(conn) == []


def test_password_leaves_this_process_only_as_its_verifier(conn: Conn, ann: str, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    sent: list[str] = []
    conn.add_notice_handler(lambda notice: sent.append(notice.message_primary or ""))
    conn.execute("SET client_min_messages = debug5; SET log_statement = 'all'; SET log_min_duration_statement = 0")
    accounts.add_person(conn, ann, SECRET)
    with pytest.raises(CatalogError) as caught:
        accounts.add_person(conn, ann, SECRET)
    assert any("SELECT add_person" in line for line in sent)
    told = "".join([*sent, caplog.text, *traceback.format_exception(caught.value)])
    assert SECRET not in told
    assert SECRET not in str(conn.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'ann'").fetchone())
    assert "correct" not in str(conn.execute("SELECT detail FROM admin_act").fetchall())


@pytest.mark.parametrize(
    "name", ["Ann", "", "-ann", "ann smith", "pg_ann", "earmark_x", "public", "é", "a" * 64, "a;b"]
)
def test_name_that_no_person_can_have_is_refused(conn: Conn, name: str) -> None:
    with pytest.raises(SettingsError, match="a person cannot have this name"):
        accounts.add_person(conn, name, SECRET)


def test_name_of_a_login_that_is_no_account_is_taken(conn: Conn) -> None:
    conn.execute("DROP ROLE IF EXISTS someone_else; CREATE ROLE someone_else")
    try:
        with pytest.raises(CatalogError, match="this name is taken: someone_else"):
            accounts.add_person(conn, "someone_else", SECRET)
    finally:
        conn.execute("DROP ROLE someone_else")


@pytest.mark.parametrize("duty", [None, "annotator", "reviewer", "researcher", "admin"])
def test_who_is_no_lab_admin_makes_and_ends_nobody_and_no_project(
    conn: Conn, project: Project, empty_database: str, duty: Any
) -> None:
    with logged_in(conn, empty_database, project.project_id, duty) as person:
        me = person.info.user
        for act in (
            lambda: accounts.add_person(person, "eve", SECRET, is_admin=True),
            lambda: accounts.remove_person(person, me),
            lambda: accounts.create_project(person, "mine", load_recipe()),
            lambda: accounts.erase_project(person, "test", "test"),
            lambda: accounts.what_would_go(person, "test"),
        ):
            with pytest.raises(NotPermitted, match=f"{me} may not .*; expected a lab admin; ask a lab admin"):
                act()
        assert [one.person for one in accounts.list_people(person)] == [me]
        if duty != "admin":
            with pytest.raises(NotPermitted, match="may not say who does what in project test"):
                accounts.grant_duty(person, project, me, "admin")
            with pytest.raises(NotPermitted, match="may not say who does what in project test"):
                accounts.revoke_duty(person, project, me)
    assert find_project(conn, "test") is not None


def test_login_without_any_account_is_told_so(conn: Conn, empty_database: str) -> None:
    conn.execute("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'only-in-tests'")
    conn.execute(f"GRANT CONNECT ON DATABASE {conn.info.dbname} TO stranger".encode())
    try:
        with connect(login_url(empty_database, "stranger"), application_name="tests") as stranger:
            with pytest.raises(NotPermitted, match="stranger may not make accounts"):
                accounts.add_person(stranger, "eve", SECRET)
            with pytest.raises(NotPermitted, match="permission denied"):
                accounts.list_people(stranger)
    finally:
        drop_person(conn, "stranger")


def test_admin_of_one_project_shares_that_one_only(conn: Conn, project: Project, empty_database: str, ann: str) -> None:
    accounts.add_person(conn, ann, SECRET)
    other = accounts.create_project(conn, "other", load_recipe())
    with logged_in(conn, empty_database, project.project_id, "admin") as admin:
        accounts.grant_duty(admin, project, ann, "reviewer")
        with pytest.raises(NotPermitted, match="may not say who does what in project other"):
            accounts.grant_duty(admin, other, ann, "reviewer")
        (seen,) = accounts.list_projects(admin)
        assert (seen.name, seen.duty, seen.people[ann]) == ("test", "admin", "reviewer")
        accounts.revoke_duty(admin, project, ann)
        with pytest.raises(NotFound, match="this person has no duty in project test: ann"):
            accounts.revoke_duty(admin, project, ann)
        with pytest.raises(SettingsError, match="expected annotator, reviewer, researcher or admin, got owner"):
            accounts.grant_duty(admin, project, ann, "owner")
        with pytest.raises(NotFound, match="no account of this name: nobody"):
            accounts.grant_duty(admin, project, "nobody", "annotator")


def test_lab_admin_cannot_remove_themselves_and_can_remove_another(
    conn: Conn, project: Project, empty_database: str, ann: str
) -> None:
    with logged_in(conn, empty_database, project.project_id, None, is_admin=True) as lab_admin:
        with pytest.raises(NotPermitted, match="nobody removes their own account"):
            accounts.remove_person(lab_admin, lab_admin.info.user)
        accounts.add_person(lab_admin, ann, SECRET, is_admin=True)
        accounts.remove_person(lab_admin, ann)
        with pytest.raises(NotFound, match="no account of this name: ann"):
            accounts.remove_person(lab_admin, ann)


def test_project_of_a_taken_or_bad_name_is_refused(conn: Conn, project: Project) -> None:
    with pytest.raises(CatalogError, match="there is a project of this name already: test"):
        accounts.create_project(conn, "test", load_recipe())
    with pytest.raises(CatalogError, match="a project cannot have this name"):
        accounts.create_project(conn, "a/b", load_recipe())


def test_erased_project_leaves_the_others_and_a_line_in_the_log_of_accounts(
    conn: Conn, project: Project, empty_database: str
) -> None:
    kept = accounts.create_project(conn, "kept", load_recipe())
    with logged_in(conn, empty_database, project.project_id, "researcher"):
        assert accounts.what_would_go(conn, "test").n_people == 1
        with pytest.raises(SettingsError, match="the two names differ, nothing was erased; expected test, got kept"):
            accounts.erase_project(conn, "test", "kept")
        assert find_project(conn, "test") is not None
        accounts.erase_project(conn, "test", "test")
        assert [one.project_id for one in accounts.list_projects(conn)] == [kept.project_id]
        act = conn.execute("SELECT act, project FROM admin_act ORDER BY admin_act_id DESC LIMIT 1").fetchone()
        assert act == ("erase_project", "test")
        with pytest.raises(NotFound, match="no project of this name: test"):
            accounts.erase_project(conn, "test", "test")


def test_project_with_an_open_job_is_not_erased(conn: Conn, project: Project) -> None:
    jobs.add_job(conn, project.project_id, [["cut"]], source_id=None)
    with pytest.raises(CatalogError, match="nothing was erased: test; got 0 running, 1 jobs"):
        accounts.erase_project(conn, "test", "test")
    assert find_project(conn, "test") is not None


def test_made_passwords_are_strong_and_never_the_same() -> None:
    made = {accounts.make_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        accounts.check_password("ann", password)
        assert len(password) == 23 and not set(password) & set("il1o0")
