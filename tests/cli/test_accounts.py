"""`earmark user` and `earmark project` as a person at a terminal, and a program reading JSON, meet them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.connect import connect
from tests.conftest import ROOT
from tests.people import PASSWORD, drop_person, login_url

Done = subprocess.CompletedProcess[str]
Earmark = Callable[..., Done]
COMMAND = [sys.executable, "-m", "pipeline.cli"]


@pytest.fixture
def environ(conn: psycopg.Connection[Any], empty_database: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The database's owner, in a workspace of their own; whoever they add is gone at the end."""
    yield {**os.environ, "EARMARK_DATABASE_URL": empty_database, "EARMARK_WORKSPACE": str(tmp_path / "workspace")}
    for (name,) in conn.execute("SELECT person FROM person").fetchall():
        drop_person(conn, name)


@pytest.fixture
def earmark(environ: dict[str, str]) -> Earmark:
    """One command; ``url`` says by whom."""

    def run(*words: str, given: str = "", url: str | None = None) -> Done:
        env = environ if url is None else {**environ, "EARMARK_DATABASE_URL": url}
        return subprocess.run([*COMMAND, *words], cwd=ROOT, env=env, input=given, capture_output=True, text=True)

    return run


def told(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(done: Done) -> str:
    """The one sentence on standard error."""
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("earmark: ") == 1 and "Traceback" not in done.stderr
    return done.stderr


def test_admin_makes_shares_and_closes_an_account(earmark: Earmark, empty_database: str) -> None:
    told(earmark("project", "create", "birds", "--json"))
    words = ("user", "add", "ann", "--project", "birds", "--duty", "annotator", "--password-stdin", "--json")
    made = told(earmark(*words, given=f"{PASSWORD}\n"))
    assert made["database_url"].startswith("postgresql://ann:PASSWORD@")
    assert PASSWORD not in json.dumps(made)
    own = login_url(empty_database, "ann")
    assert told(earmark("project", "list", "--json", url=own))["projects"][0]["duty"] == "annotator"
    assert [one["person"] for one in told(earmark("user", "list", "--json", url=own))["people"]] == ["ann"]
    assert "ann may not make accounts; expected a lab admin" in refused(earmark("user", "add", "eve", url=own))
    told(earmark("project", "grant", "birds", "ann", "reviewer", "--json"))
    assert told(earmark("project", "list", "--json"))["projects"][0]["people"] == {"ann": "reviewer"}
    told(earmark("project", "revoke", "birds", "ann", "--json"))
    assert told(earmark("project", "list", "--json", url=own))["projects"] == []
    told(earmark("user", "remove", "ann", "--json"))
    assert "check the name and the password" in refused(earmark("user", "list", url=own))
    assert told(earmark("user", "list", "--json"))["people"][0]["removed_at"]


def test_lists_are_tables_and_passwords_are_shown_once(earmark: Earmark) -> None:
    assert "no accounts yet" in earmark("user", "list").stdout
    shown = earmark("user", "add", "ann", "--admin", "--generate").stdout
    password = shown.partition("shown this once: ")[2].split()[0]
    assert shown.count(password) == 1 and "postgresql://ann:PASSWORD@" in shown
    listed = earmark("user", "list").stdout
    assert "lab admin" in listed and password not in listed
    assert told(earmark("user", "passwd", "ann", "--generate", "--json"))["password"] != password


def test_account_is_not_made_when_the_duty_cannot_be_given(earmark: Earmark) -> None:
    earmark("project", "create", "birds")
    sentence = refused(earmark("user", "add", "ann", "--generate", "-p", "birds", "--duty", "boss"))
    assert "no such duty" in sentence
    assert "no project of this name" in refused(
        earmark("user", "add", "ann", "--generate", "-p", "x", "--duty", "admin")
    )
    assert told(earmark("user", "list", "--json"))["people"] == []


def test_password_comes_neither_too_short_nor_from_nowhere(earmark: Earmark) -> None:
    sentence = refused(earmark("user", "add", "ann", "--password-stdin", given="hunter2\n"))
    assert "at least 10 characters, got 7" in sentence and "hunter2" not in sentence
    assert "give --password-stdin or --generate" in refused(earmark("user", "add", "ann"))
    assert "do not go together" in refused(earmark("user", "add", "ann", "--password-stdin", "--generate"))


def test_password_is_asked_for_twice_without_echo(environ: dict[str, str], empty_database: str) -> None:
    shown, status = at_a_terminal(["user", "add", "ann"], environ, [PASSWORD, PASSWORD])
    assert status == 0, shown
    assert "password for ann:" in shown and "once more:" in shown and PASSWORD not in shown
    with connect(login_url(empty_database, "ann"), application_name="tests"):
        pass
    shown, status = at_a_terminal(["user", "passwd", "ann"], environ, [PASSWORD, "something else"])
    assert status == 1 and "the two passwords differ" in shown and "something else" not in shown


def test_erase_says_what_would_go_and_goes_only_by_the_name_again(earmark: Earmark) -> None:
    earmark("project", "create", "birds")
    first = earmark("project", "erase", "birds").stdout
    assert "with project birds goes" in first and "nothing was erased" in first
    assert "the two names differ" in earmark("project", "erase", "birds", "--yes", "bird").stderr
    assert [one["name"] for one in told(earmark("project", "list", "--json"))["projects"]] == ["birds"]
    assert told(earmark("project", "erase", "birds", "--yes", "birds", "--json"))["is_erased"] is True
    assert told(earmark("project", "list", "--json"))["projects"] == []


def test_init_by_who_is_no_lab_admin_is_a_sentence(earmark: Earmark, empty_database: str) -> None:
    earmark("project", "create", "birds")
    earmark("user", "add", "ann", "-p", "birds", "--duty", "annotator", "--password-stdin", given=PASSWORD)
    own = login_url(empty_database, "ann")
    assert "ann has no project of this name, and may not make one: mine" in refused(
        earmark("init", "-p", "mine", url=own)
    )
    assert earmark("init", "-p", "birds", url=own).returncode == 0


def test_refusal_is_json_for_who_reads_json(earmark: Earmark) -> None:
    done = earmark("project", "grant", "birds", "ann", "annotator", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]) == (1, "NotFound")


def at_a_terminal(words: list[str], environ: dict[str, str], answers: list[str]) -> tuple[str, int]:
    """All that a terminal shows of the command while a person types these answers, and its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [*COMMAND, *words], environ)
    shown, until = "", time.monotonic() + 60
    waiting = list(answers)
    while time.monotonic() < until:
        try:
            shown += os.read(terminal, 1024).decode()
        except OSError:  # the other end is closed
            break
        if waiting and shown.count(": ") == len(answers) - len(waiting) + 1:
            time.sleep(0.1)  # the prompt comes before the echo is off
            os.write(terminal, f"{waiting.pop(0)}\n".encode())
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
