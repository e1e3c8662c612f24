"""The activity page's state and words, in a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from apps.activity.state import N_ENTRIES, N_UNDER, ActivityState, Opened
from apps.activity.words import act_rows, came_of, entry_row, facts_of, failure_rows, failures_note, problem_rows
from apps.session import Session
from pipeline.catalog import operation_log
from pipeline.catalog.connect import connect
from pipeline.catalog.operation_log import LogFilter
from pipeline.catalog.operations import begin
from pipeline.core.errors import Cancelled, EarmarkError, NotFound
from pipeline.core.types import Failure
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.jobs import submit
from pipeline.workflows.operation import operation
from tests.apps.made import Made, add_person, drop_person, make_once, open_made
from tests.conftest import ROOT

N = 6
HEAVY = {"torch", "librosa", "sklearn", "fiftyone"}


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture
def reviewer(session: Session) -> Iterator[Session]:
    with ExitStack() as ends:
        person = add_person(session, "reviewer")
        ends.callback(drop_person, session, person)
        workspace = session.workspace
        yield ends.enter_context(open_made(workspace.url, workspace.settings.workspace, person=person))


def run(session: Session, *, n: int = 1, action: str = "queue.build") -> None:
    for _ in range(n):
        with operation(session.workspace.conn, session.project, action, {}) as made:
            made.n_done = 1


def ids(state: ActivityState) -> list[int]:
    return [entry.operation_id for entry in state.read_now().entries.rows]


def opened(state: ActivityState, operation_id: int) -> Opened:
    state.open(operation_id)
    found = state.read_now().opened
    assert found is not None
    return found


def lines(found: Opened) -> dict[str, str]:
    return {fact["label"]: fact.get("value") or " | ".join(fact.get("lines", ())) for fact in facts_of(found)}


def test_log_is_paged_newest_first_without_a_gap(session: Session) -> None:
    run(session, n=2 * N_ENTRIES)
    state, seen = ActivityState(session), list[int]()
    n_all = len(operation_log.list_entries(session.workspace.conn, session.project.project_id, limit=1000))
    while True:
        data = state.read_now()
        seen += [entry.operation_id for entry in data.entries.rows]
        if not data.entries.has_next:
            break
        state.turn("next", data)
    assert len(seen) == n_all and seen == sorted(seen, reverse=True)
    while state.read_now().entries.has_previous:
        state.turn("previous", state.read_now())
    assert ids(state) == seen[:N_ENTRIES]


def test_operation_that_begins_meanwhile_moves_no_page(session: Session) -> None:
    run(session, n=N_ENTRIES)
    state = ActivityState(session)
    state.turn("next", state.read_now())
    before = ids(state)
    run(session)
    assert ids(state) == before


def test_log_is_narrowed_by_person_verb_outcome_and_day(session: Session, reviewer: Session) -> None:
    run(reviewer)
    with pytest.raises(Cancelled), operation(session.workspace.conn, session.project, "cut", {}):
        raise Cancelled("stopped")
    state = ActivityState(session)
    today = datetime.now().astimezone()

    def found(**chosen: str) -> set[tuple[str, str, str]]:
        state.narrow(chosen)
        return {(e.author, e.action, e.status) for e in state.read_now().entries.rows}

    assert found(who=reviewer.person) == {(reviewer.person, "queue.build", "done")}
    assert {action for _, action, _ in found(verb="queue.build")} == {"queue.build"}
    assert {action for _, action, _ in found(verb="queue")} == {"queue.build"}
    assert found(status="cancelled") == {(session.person, "cut", "cancelled")}
    assert found(who=reviewer.person, status="failed") == set()
    assert len(found(day=f"{today:%Y-%m-%d}")) > 3
    assert found(day=f"{today - timedelta(days=2):%Y-%m-%d}") == set()
    assert len(found()) > 3
    with pytest.raises(EarmarkError, match="no day"):
        state.narrow({"day": "yesterday"})
    choices = state.read_now().choices
    assert reviewer.person in choices.authors and {"ingest", "cut", "queue.build"} <= set(choices.actions)


def test_failures_stand_under_their_operation_a_page_at_a_time(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "field takes"
    folder.mkdir()
    for number in range(N_UNDER + 3):
        (folder / f"broken {number:02}.wav").write_bytes(b"RIFF____WAVEjunk")
    ingest(session.workspace.conn, session.project, str(folder), workers=1)
    state = ActivityState(session)
    first = opened(state, ids(state)[0])
    assert first.entry.n_failed == N_UNDER + 3
    assert failure_rows(first.failures)[0]["item"] == "broken 00.wav"
    assert "broken 00.wav" not in failure_rows(first.failures)[0]["message"]
    assert failures_note(first) == f"{N_UNDER + 3} failed in this run"
    state.turn_failures("next", first)
    second = state.read_now().opened
    assert second is not None and len(second.failures.rows) == 3
    assert not {f.item for f in first.failures.rows} & {f.item for f in second.failures.rows}
    state.turn_failures("previous", second)
    assert state.read_now().opened == first


def test_failure_that_came_again_stands_under_the_later_run_and_the_earlier_one_says_so(session: Session) -> None:
    conn, project = session.workspace.conn, session.project
    for _ in range(2):
        with operation(conn, project, "cut", {}) as made:
            made.fail([Failure(item="7", error="UnreadableAudio", message="cannot read clip 7")])
    state = ActivityState(session)
    later, earlier = (opened(state, operation_id) for operation_id in ids(state)[:2])
    assert ([row["item"] for row in failure_rows(later.failures)], failures_note(later)) == (["clip 7"], "")
    assert failure_rows(earlier.failures) == []
    assert failures_note(earlier) == "1 of 1 failed again in a later run and stands there"


def test_problems_stand_under_the_run_that_found_them(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "slow"
    folder.mkdir()
    for number in range(N_UNDER + 2):
        soundfile.write(folder / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 4000), 8000)
    conn, project = session.workspace.conn, session.project
    ingest(conn, project, str(folder), workers=1)
    state = ActivityState(session)
    ingested = ids(state)[0]
    cut(conn, project, session.workspace.store, workers=1)
    seen = list[int]()
    found = opened(state, ingested)
    assert {row["kind"]["text"] for row in problem_rows(found.problems)} >= {"wrong rate"}
    while True:
        seen += [problem.problem_id for problem in found.problems.rows]
        if not found.problems.has_next:
            break
        state.turn_problems("next", found)
        now = state.read_now().opened
        assert now is not None
        found = now
    wanted = (
        "SELECT problem_id FROM problem JOIN recording USING (recording_id) WHERE operation_id = %s AND clip_id IS NULL"
    )
    assert sorted(seen) == sorted(row[0] for row in conn.execute(wanted, (ingested,)))
    assert len(seen) >= N_UNDER + 2


def test_opened_operation_says_what_was_asked_how_long_each_stage_took_and_what_came_of_it(session: Session) -> None:
    state = ActivityState(session)
    state.narrow({"verb": "cut"})
    facts = lines(opened(state, ids(state)[0]))
    assert facts["Who"] == session.person
    assert facts["Came of it"] == f"{N} done"
    assert "segmenter: " in facts["Asked for"] and "{" not in facts["Asked for"]
    assert facts["Stages"].index("cutting: ") < facts["Stages"].index("labels: ")
    state.narrow({"verb": "queue"})
    assert lines(opened(state, ids(state)[0]))["Counted"] == f"queued: {N} | strategy: random"


def test_operation_of_a_job_shows_the_job_and_its_other_tries(session: Session) -> None:
    conn = session.workspace.conn
    job_id = submit(conn, session.project, [["cut"], ["embed"]])
    with connect(session.workspace.url, application_name="tests") as worker:
        worker.execute("SELECT set_config('earmark.job_id', %s, false)", (str(job_id),))
        with pytest.raises(ZeroDivisionError), operation(worker, session.project, "cut", {}):
            raise ZeroDivisionError
        with operation(worker, session.project, "cut", {}):
            pass
    conn.execute("UPDATE job SET n_attempts = 2 WHERE job_id = %s", (job_id,))
    state = ActivityState(session)
    second, first = ids(state)[:2]
    said = lines(opened(state, second))["Job"]
    assert said == f"{job_id}: Cut → Embed; waiting, begun 2 times | operation {first}: Cut, failed"
    assert lines(opened(state, first))["It said"] == "ZeroDivisionError: "


def test_running_operation_is_told_and_a_dead_one_is_swept(session: Session) -> None:
    conn, project_id = session.workspace.conn, session.project.project_id
    state = ActivityState(session)
    with connect(session.workspace.url, application_name="tests") as other:
        operation_id = begin(other, project_id, "embed", {})
        data = state.read_now()
        assert data.running is not None and data.running.operation_id == operation_id
        row = entry_row(data.entries.rows[0], now=datetime.now(UTC))
        assert (row["status"]["text"], row["words"], row["took"]) == ("running", "starting", "")
    # The lock is gone once the server has noticed the closed connection.
    for _ in range(100):
        data = state.read_now()
        if data.running is None:
            break
        conn.execute("SELECT pg_sleep(0.02)")
    assert data.entries.rows[0].status == "failed" and "run it again" in came_of(data.entries.rows[0])


def test_acts_on_accounts_are_for_lab_admins_alone(session: Session, reviewer: Session) -> None:
    acts = ActivityState(session).read_now().acts
    assert acts is not None
    said = [row["what"] for row in act_rows(acts, now=datetime.now(UTC))]
    assert f"gave {reviewer.person} the duty reviewer in made" in said
    assert f"made an account for {reviewer.person}" in said
    assert ActivityState(reviewer).read_now().acts is None


def test_operation_of_another_project_is_not_found(session: Session) -> None:
    conn = session.workspace.conn
    other = conn.execute("SELECT add_project('other', (SELECT recipe FROM project))").fetchone()
    assert other is not None
    operation_id = begin(conn, other[0], "cut", {})
    assert operation_id not in ids(ActivityState(session))
    with pytest.raises(NotFound):
        operation_log.get_entry(conn, session.project.project_id, operation_id)
    assert operation_log.list_entries(conn, other[0], LogFilter(verb="cut"))[0].operation_id == operation_id


def test_painting_imports_nothing_heavy() -> None:
    code = f"import sys, apps.activity.view\nprint(*({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_notebook_is_one_call() -> None:
    cells: list[dict[str, Any]] = json.loads((ROOT / "apps" / "activity.ipynb").read_text(encoding="utf-8"))["cells"]
    assert ["".join(cell["source"]) for cell in cells] == ["from apps.activity.view import show\n\nshow()"]
    assert cells[0]["outputs"] == []
