"""What the home page tells, in a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from apps.home.own_state import N_ANSWERS, OwnState, answer_rows, own_kpis, own_next
from apps.home.own_view import OwnHomePage
from apps.home.state import (
    MAX_LABELS,
    HomeData,
    HomeState,
    for_you,
    kpis,
    label_balance,
    open_steps,
    operation_rows,
    welcome,
)
from apps.home.view import HomePage, home_page
from apps.main_job import Pace, duration_words, main_job_steps, when_words
from apps.session import PAGES, Session
from pipeline.catalog import reviews
from pipeline.catalog.operations import OperationState, begin
from pipeline.catalog.projects import set_truth_uri
from pipeline.core.permissions import Duty
from pipeline.core.types import AnswerGiven
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.queue import claim_clips
from tests.apps.made import LABELS, Made, add_person, drop_person, make_once, open_made
from tests.conftest import ROOT

N = 12
HEAVY = ("torch", "librosa", "sklearn", "fiftyone", "pandas")


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture
def empty_session(empty_database: str, tmp_path: Path) -> Iterator[Session]:
    with open_made(empty_database, tmp_path) as session:
        yield session


@pytest.fixture
def colleague() -> Iterator[Callable[[Session, Duty], Session]]:
    """Gives the session of a new person with this duty, in the project of a session."""
    with ExitStack() as ends:

        def of(session: Session, duty: Duty) -> Session:
            person = add_person(session, duty)
            ends.callback(drop_person, session, person)
            workspace = session.workspace
            return ends.enter_context(open_made(workspace.url, workspace.settings.workspace, person=person))

        yield of


def read(session: Session) -> HomeData:
    return HomeState(session.project).read(session.workspace.conn)


def states_of(data: HomeData) -> dict[str, str]:
    return {step["name"]: step["state"] for step in main_job_steps(data.overview)}


def answer(session: Session, n: int) -> None:
    claimed = claim_clips(session.workspace.conn, session.project, n)
    given = [
        AnswerGiven(annotation_id=uuid4(), clip_id=clip.clip_id, answer="label", label=LABELS[0], heard=None)
        for clip in claimed
    ]
    save_answers(session.workspace.conn, session.project, given)


def run_of(**changes: object) -> OperationState:
    base = OperationState(
        operation_id=1,
        action="ingest",
        spec={},
        author="anna",
        began_at=datetime(2026, 1, 2, 12, tzinfo=UTC),
        status="running",
        stage="reading",
        n_done=0,
        n_failed=0,
        n_total=None,
        stage_began_at=None,
        updated_at=datetime(2026, 1, 2, 12, tzinfo=UTC),
        message=None,
    )
    return replace(base, **changes)  # pyright: ignore[reportArgumentType]


def test_fresh_project_leads_to_recordings(empty_session: Session) -> None:
    data = read(empty_session)
    assert data.is_fresh_project
    assert states_of(data) == {
        "Bring in": "waiting",
        "Cut": "todo",
        "Embed": "todo",
        "De-duplicate": "todo",
        "Review": "todo",
        "Release": "todo",
    }
    assert for_you(data.overview, PAGES).page == "recordings"


def test_queued_clips_are_offered_to_this_person(session: Session) -> None:
    data = read(session)
    next_thing = for_you(data.overview, PAGES)
    assert (next_thing.title, next_thing.page) == (f"{N} clips wait for your ear", "review")
    assert states_of(data)["Review"] == "waiting"
    assert [states_of(data)[name] for name in ("Bring in", "Cut", "Embed")] == ["done"] * 3


def test_own_answers_of_today_are_told(session: Session) -> None:
    answer(session, 4)
    data = read(session)
    assert "You answered 4 today, 4 in all" in for_you(data.overview, PAGES).text
    assert {kpi["label"]: kpi["value"] for kpi in kpis(data.overview)}["Answered"] == 4


def test_nothing_waits_once_all_is_answered(session: Session) -> None:
    answer(session, N)
    data = read(session)
    assert for_you(data.overview, PAGES).title == "Nothing waits for you"
    assert states_of(data)["Review"] == "done"


def test_labels_count_what_came_with_files_until_people_answered_more(session: Session) -> None:
    before = label_balance(read(session).overview)
    assert {bar["label"]: bar["value"] for bar in before.bars} == dict.fromkeys(LABELS, N // 3)
    assert before.bars[0]["note"] == "0 by people"
    answer(session, N)
    after = label_balance(read(session).overview)
    assert {bar["label"]: bar["value"] for bar in after.bars} == {LABELS[0]: N, LABELS[1]: 0, LABELS[2]: 0}
    assert {bar["label"]: bar["colour_index"] for bar in after.bars} == {
        bar["label"]: bar["colour_index"] for bar in before.bars
    }


def test_many_labels_show_the_most_frequent_and_say_how_many_are_left(session: Session) -> None:
    overview = replace(read(session).overview, labels=[(f"label {i}", 0, i) for i in range(100)])
    balance = label_balance(overview)
    assert [bar["value"] for bar in balance.bars] == list(range(100 - MAX_LABELS, 100))
    assert f"{100 - MAX_LABELS} rarer labels are not shown" in balance.note


def test_new_recordings_ask_for_a_cut_though_one_ended_well_before(session: Session) -> None:
    overview = read(session).overview
    newer = replace(overview, counts=replace(overview.counts, n_uncut=3), operations=[run_of(status="done")])
    assert {step["name"]: step["state"] for step in main_job_steps(newer)}["Cut"] == "waiting"


def test_recordings_that_cannot_be_cut_do_not_ask_for_ever(session: Session) -> None:
    overview = read(session).overview
    tried = [run_of(operation_id=2, action="cut", status="done"), run_of(status="done")]
    failing = replace(overview, counts=replace(overview.counts, n_uncut=1), operations=tried)
    assert {step["name"]: step["state"] for step in main_job_steps(failing)}["Cut"] == "done"


def test_failed_run_shows_at_its_step_and_says_why_in_the_table(session: Session) -> None:
    overview = read(session).overview
    failed = [run_of(status="failed", message="the NAS is gone", n_failed=2)]
    assert main_job_steps(replace(overview, operations=failed))[0]["state"] == "failed"
    row = operation_rows(failed, now=datetime.now(UTC))[0]
    assert (row["status"], row["outcome"]) == (
        {"text": "failed", "tone": "bad"},
        "0 done, 2 failed. the NAS is gone",
    )


def test_dead_run_is_told_as_failed(empty_session: Session) -> None:
    conn = empty_session.workspace.conn
    begin(conn, empty_session.project.project_id, "ingest", {})
    conn.execute("SELECT pg_advisory_unlock_all()")
    assert read(empty_session).overview.operations[0].status == "failed"


def test_project_without_a_demo_corpus_has_no_planted_truth(session: Session) -> None:
    assert read(session).truth is None


def test_lost_truth_is_told_and_the_page_stands(session: Session, tmp_path: Path) -> None:
    set_truth_uri(session.workspace.conn, session.project.project_id, (tmp_path / "gone" / "truth.json").as_uri())
    project = replace(session.project, truth_uri=(tmp_path / "gone" / "truth.json").as_uri())
    truth = HomeState(project).read(session.workspace.conn).truth
    assert truth is not None
    assert truth.trouble
    assert not truth.lines


def test_pace_counts_only_what_was_seen() -> None:
    pace, began = Pace(), datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert pace.watch(run_of(n_done=1_000, n_total=2_000, updated_at=began)) == (None, None)
    later = run_of(n_done=1_100, n_total=2_000, updated_at=began + timedelta(seconds=10))
    assert pace.watch(later) == (10.0, 90.0)
    next_stage = replace(later, stage="labels")
    assert pace.watch(next_stage) == (None, None)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.96, "10.0 s"), (59, "59 s"), (61, "1 min"), (3_900, "1 h 05 min")]
)
def test_spans_of_time_are_said_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_moment_of_today_is_told_by_the_clock_and_an_older_one_by_its_day() -> None:
    now = datetime.now().astimezone().replace(hour=12)
    assert when_words(now.replace(minute=5), now=now) == "today 12:05"
    assert "today" not in when_words(now - timedelta(days=1), now=now)


def test_page_that_did_not_change_sends_nothing(session: Session) -> None:
    """Every message would keep the kernel of a page that nobody looks at alive."""
    page = HomePage(session)
    sent: list[object] = []
    for widget in (page._steps, page._kpis, page._labels, page._operations, page._for_you, page._progress, page._truth):
        widget.observe(sent.append)
    page.draw(page.read(session.workspace.conn))
    assert sent == []


@pytest.mark.parametrize("name", ["home", "recordings"])
def test_page_paints_without_heavy_modules(name: str, session: Session) -> None:
    cell = "".join(json.loads((ROOT / "apps" / f"{name}.ipynb").read_text())["cells"][0]["source"])
    program = (
        "import asyncio, sys\n"
        f"async def paint():\n    exec({cell!r}, {{}})\n"
        f"asyncio.run(paint())\nprint([m for m in {HEAVY} if m in sys.modules])"
    )
    environ = os.environ | {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(session.workspace.settings.workspace),
        "EARMARK_PROJECT": "made",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["home", "recordings"])
def test_notebook_has_one_cell_no_output_and_a_title(name: str) -> None:
    notebook = json.loads((ROOT / "apps" / f"{name}.ipynb").read_text())
    assert [(cell["outputs"], cell["execution_count"]) for cell in notebook["cells"]] == [([], None)]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["title"] == name.title()


def test_annotator_sees_their_own_work_and_nothing_of_the_project(
    session: Session, colleague: Callable[[Session, Duty], Session]
) -> None:
    answer(session, 2)
    own = colleague(session, "annotator")
    assert isinstance(home_page(own), OwnHomePage)
    state = OwnState(own)
    before = state.read_now()
    assert (before.person.n_answers, before.answers, own_next(before).page) == (0, [], "review")
    assert before.n_waiting == reviews.count_open(own.workspace.conn, own.project.project_id) > 0
    answer(own, 3)
    data = state.read_now()
    values = {item["label"]: item["value"] for item in own_kpis(data)}
    assert (values["Today"], values["In all"], values["Waiting"]) == (3, 3, before.n_waiting - 3)
    assert [row["answer"] for row in answer_rows(data, now=datetime.now(UTC))] == [LABELS[0]] * 3
    heard = own.read_clip(data.answers[0].clip_id)
    assert heard.data[:4] == b"RIFF"


def test_annotator_pages_through_their_answers(session: Session, colleague: Callable[[Session, Duty], Session]) -> None:
    own = colleague(session, "annotator")
    answer(own, N)
    state = OwnState(own)
    first = state.read_now()
    state.turn("next", first)
    second = state.read_now()
    assert (len(first.answers), len(second.answers), second.has_more) == (N_ANSWERS, N - N_ANSWERS, False)
    assert len({given.clip_id for given in (*first.answers, *second.answers)}) == N
    state.turn("previous", second)
    assert state.read_now() == first
    assert own_next(first).page is None and "12 in all" in own_next(first).text


def test_reviewer_is_led_only_to_pages_that_are_open_to_them(
    session: Session, colleague: Callable[[Session, Duty], Session]
) -> None:
    page = home_page(colleague(session, "reviewer"))
    assert isinstance(page, HomePage)
    data = page.read(session.workspace.conn)
    links = {"home": "home.ipynb?project=x", "review": "review.ipynb?project=x"}
    steps = {step["name"]: step for step in open_steps(main_job_steps(data.overview), links)}
    assert (steps["Bring in"]["href"], steps["Review"]["href"]) == ("", "review.ipynb?project=x")
    assert steps["De-duplicate"]["state"] == "todo", "what others must do does not wait for this person"
    assert for_you(data.overview, links).page == "review"
    nothing = replace(data.overview, n_waiting=0)
    assert for_you(nothing, PAGES).page is not None
    assert for_you(nothing, links).page is None and "researcher" in for_you(nothing, links).text
    assert (welcome(links).page, welcome(PAGES).page) == (None, "recordings")
