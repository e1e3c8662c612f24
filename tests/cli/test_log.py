"""``earmark log`` as people and programs call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.session import Session
from pipeline.core.errors import Cancelled
from pipeline.core.logs import FILE
from pipeline.core.types import Failure
from pipeline.workflows.jobs import submit
from pipeline.workflows.operation import operation
from tests.apps.made import add_person, drop_person, open_made
from tests.conftest import ROOT
from tests.people import login_url


@pytest.fixture
def session(empty_database: str, tmp_path: Path) -> Iterator[Session]:
    with open_made(empty_database, tmp_path) as session:
        conn, project = session.workspace.conn, session.project
        with operation(conn, project, "ingest", {"source": "/takes"}) as run:
            run.begin_stage("reading")
            run.n_done = 3
            failures = [
                Failure(item=f"/takes/{n}.wav", error="UnreadableAudio", message=f"no sound in {n}") for n in range(5)
            ]
            run.fail(failures)
        with pytest.raises(Cancelled), operation(conn, project, "cut", {}):
            raise Cancelled("cut was stopped")
        with operation(conn, project, "queue.build", {}):
            pass
        yield session


def earmark(session: Session, *words: str, person: str | None = None, status: int = 0) -> str:
    url = session.workspace.url if person is None else login_url(session.workspace.url, person)
    environ = os.environ | {
        "EARMARK_DATABASE_URL": url,
        "EARMARK_WORKSPACE": str(session.workspace.settings.workspace),
        "EARMARK_PROJECT": session.project.name,
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "pipeline.cli", "log", *words]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def listed(session: Session, *words: str) -> dict[str, Any]:
    return json.loads(earmark(session, "--json", *words))


def actions(session: Session, *words: str) -> list[str]:
    return [entry["action"] for entry in listed(session, *words)["operations"]]


def test_every_operation_is_a_line_with_who_what_when_how_long_outcome_and_failures(session: Session) -> None:
    lines = earmark(session).splitlines()
    heads = [line for line in lines if not line.startswith("        ")]
    assert [line.split()[4] for line in heads] == ["queue.build", "cut", "ingest"]
    assert all(session.person in line for line in heads)
    assert "3 done, 5 failed" in heads[-1] and heads[-1].split()[5] == "done"
    ingest_id = heads[-1].split()[0]
    assert [line.strip() for line in lines[-4:]] == [
        *(f"no sound in {n}" for n in range(3)),
        f"… 2 more: earmark log {ingest_id}",
    ]
    assert [line.strip() for line in earmark(session, ingest_id).splitlines()[-5:]] == [
        f"no sound in {n}" for n in range(5)
    ]


def test_filters_narrow_the_log(session: Session) -> None:
    assert actions(session, "--verb", "queue") == ["queue.build"]
    assert actions(session, "--outcome", "cancelled") == ["cut"]
    assert actions(session, "--who", "nobody") == []
    assert len(actions(session, "--who", session.person, "--since", "1h")) == 3
    assert actions(session, "--since", "2999-01-01") == []
    assert "is no time" in earmark(session, "--since", "lately", status=1)
    assert earmark(session, "--who", "nobody").strip() == "nothing in the log fits"


def test_pages_go_on_where_the_last_one_ended(session: Session) -> None:
    first = listed(session, "--n", "2")
    second = listed(session, "--n", "2", "--before", str(first["next_before"]))
    assert [e["action"] for e in (*first["operations"], *second["operations"])] == ["queue.build", "cut", "ingest"]
    assert second["next_before"] is None
    assert f"--before {first['next_before']}" in earmark(session, "--n", "2")


def test_one_operation_as_json_holds_its_failures(session: Session) -> None:
    ingest_id = listed(session, "--verb", "ingest")["operations"][0]["operation_id"]
    found = listed(session, str(ingest_id))
    assert (found["status"], found["n_failed"], len(found["failures"])) == ("done", 5, 5)
    assert [name for name, _ in found["stages_s"]] == ["starting", "reading"]
    assert found["duration_s"] >= 0
    assert "no such operation" in earmark(session, "999999", status=1)


def test_annotator_is_told_who_may_read_the_log(session: Session) -> None:
    person = add_person(session, "annotator")
    try:
        assert "the duty reviewer or researcher or admin" in earmark(session, person=person, status=1)
    finally:
        drop_person(session, person)


def test_verb_leaves_its_beginning_and_end_in_the_workspaces_log(session: Session) -> None:
    folder = session.workspace.settings.workspace / "none"
    folder.mkdir()
    environ = os.environ | {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(session.workspace.settings.workspace),
        "EARMARK_LOG": "json",
    }
    command = [sys.executable, "-m", "pipeline.cli", "ingest", "--project", "made", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (session.workspace.settings.workspace / FILE).read_text().splitlines()]
    begun, ended = (next(x for x in lines if x["event"] == f"operation {word}") for word in ("begun", "ended"))
    assert (begun["who"], begun["project"], begun["what"]) == (session.person, "made", "ingest")
    assert (ended["operation_id"], ended["outcome"]) == (begun["operation_id"], "done") and ended["duration_s"] > 0


def test_worker_tells_each_job_from_taking_to_end_with_its_verbs_under_its_number(session: Session) -> None:
    workspace = session.workspace.settings.workspace
    (workspace / "none").mkdir()
    job_id = submit(session.workspace.conn, session.project, [["ingest", str(workspace / "none")]])
    environ = os.environ | {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(workspace),
        "EARMARK_LOG": "json",
        "EARMARK_WORKERS": "1",
    }
    command = [sys.executable, "-m", "pipeline.cli", "worker", "--once"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (workspace / FILE).read_text().splitlines()]
    of_job = [(line["program"], line["event"], line.get("outcome")) for line in lines if line.get("job_id") == job_id]
    assert of_job == [
        ("worker", "job taken", None),
        ("earmark", "operation begun", None),
        ("earmark", "operation ended", "done"),
        ("worker", "job ended", "done"),
    ]
    told = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert told == ["worker started", "job taken", "job ended", "worker stopped"]
