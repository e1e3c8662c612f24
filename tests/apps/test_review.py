"""The review page's state, in a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.review.state import N_CLAIMED, ReviewState
from apps.review.view import ReviewPage
from apps.session import Session
from pipeline.core.errors import DatabaseUnavailable, EarmarkError, NotFound
from pipeline.core.types import AnswerGiven, Heard
from pipeline.widgets.clip_deck import AnsweredElsewhere
from pipeline.workflows.queue import build_queue
from tests.apps.made import Made, add_person, drop_person, fill, make_once, open_made, working, write_tones
from tests.conftest import ROOT

N = 15
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
def empty_session(empty_database: str, tmp_path: Path) -> Iterator[Session]:
    with open_made(empty_database, tmp_path) as session:
        yield session


@pytest.fixture
def state(session: Session) -> ReviewState:
    return ReviewState(session)


@pytest.fixture
def colleague() -> Iterator[Callable[[Session, str], ReviewState]]:
    """Gives the state of a new person with this duty, in the project of a session."""
    with ExitStack() as ends:

        def of(session: Session, duty: str) -> ReviewState:
            person = add_person(session, duty)
            ends.callback(drop_person, session, person)
            workspace = session.workspace
            return ReviewState(
                ends.enter_context(open_made(workspace.url, workspace.settings.workspace, person=person))
            )

        yield of


def answer(clip_id: int, label: str | None = "hum", *, supersedes: UUID | None = None, ms: int = 2000) -> AnswerGiven:
    return AnswerGiven(
        annotation_id=uuid4(),
        clip_id=clip_id,
        answer="label" if label else "withdrawn",
        label=label,
        heard=Heard(n_plays=1, heard_s=0.4, response_ms=ms) if label else None,
        supersedes=supersedes,
    )


def rows(session: Session) -> list[Any]:
    return session.workspace.conn.execute(
        "SELECT clip_id, answer, author, n_plays, heard_s, response_ms FROM annotation WHERE source = 'human'"
    ).fetchall()


def cut_line(session: Session) -> None:
    """End the page's own connection from the side of the server."""
    pid = session.workspace.conn.info.backend_pid
    with open_made(session.workspace.url, session.workspace.settings.workspace) as other:
        other.workspace.conn.execute("SELECT pg_terminate_backend(%s)", (pid,))


def test_page_opened_again_gets_the_same_clips(state: ReviewState, session: Session) -> None:
    first = state.claim()
    assert len(first.clips) == N_CLAIMED
    assert (first.n_done, first.n_total) == (0, N)
    assert ReviewState(session).claim() == first


def test_more_clips_are_those_that_the_screen_lacks(state: ReviewState) -> None:
    first = [clip.clip_id for clip in state.claim().clips]
    more = [clip.clip_id for clip in state.claim(first[4:]).clips]
    assert set(more) & set(first[4:]) == set()
    assert len(more) == N_CLAIMED - len(first[4:])  # no more than it takes: what is asked next is to be fresh
    rest = [clip.clip_id for clip in state.claim().clips]  # without a word from the screen: besides all given out
    held = {*first[4:], *more, *rest}
    while more := [clip.clip_id for clip in state.claim().clips]:
        assert held.isdisjoint(more)
        held |= set(more)
    assert len(held) == N


def test_answer_stands_on_return_and_sent_twice_is_saved_once(state: ReviewState, session: Session) -> None:
    clip = state.claim().clips[0]
    given = answer(clip.clip_id)
    state.save(given)
    state.save(given)
    with open_made(session.workspace.url, session.workspace.settings.workspace) as other:
        assert rows(other) == [(clip.clip_id, "label", session.person, 1, pytest.approx(0.4), 2000)]
    assert (state.figures().n_answers, state.figures().n_waiting) == (1, N - 1)


def test_answer_taken_back_leaves_the_clip_with_this_person(state: ReviewState, session: Session) -> None:
    clip = state.claim().clips[0]
    given = answer(clip.clip_id)
    state.save(given)
    state.save(answer(clip.clip_id, None, supersedes=given.annotation_id))
    assert (state.figures().n_answers, state.figures().n_waiting) == (0, N)
    assert clip.clip_id in [again.clip_id for again in ReviewState(session).claim().clips]


def test_refused_answer_says_why_and_saves_nothing(state: ReviewState, session: Session) -> None:
    clip_id = state.claim().clips[0].clip_id
    with pytest.raises(EarmarkError, match="'moo' is not in the label set"):
        state.save(answer(clip_id, "moo"))
    with pytest.raises(EarmarkError, match="clip 999999 is not in this project"):
        state.save(answer(999_999))
    assert rows(session) == []


def test_page_left_open_decides_nothing_that_was_decided_meanwhile(state: ReviewState, session: Session) -> None:
    left_open = ReviewState(session)
    clip_id = state.claim().clips[0].clip_id
    assert left_open.claim().clips[0].clip_id == clip_id
    first, second = answer(clip_id), answer(clip_id, "ring")
    state.save(first)
    state.save(first)
    with pytest.raises(AnsweredElsewhere, match="meanwhile on another page"):
        left_open.save(second)
    assert len(rows(session)) == 1
    left_open.save(replace(second, supersedes=first.annotation_id))  # whoever knows the first may correct it
    assert len(rows(session)) == 2


def test_lost_connection_is_made_anew_and_nothing_is_lost(state: ReviewState, session: Session) -> None:
    clips = state.claim().clips
    cut_line(session)
    state.save(answer(clips[0].clip_id))
    assert state.read_clip(clips[1].clip_id).data[:4] == b"RIFF"
    assert state.figures().n_answers == 1


def test_absent_database_postpones_the_answer(session: Session) -> None:
    gone = replace(session, workspace=replace(session.workspace, url="postgresql://nobody@127.0.0.1:9/none"))
    state = ReviewState(gone)
    clip_id = state.claim().clips[0].clip_id
    cut_line(session)
    with pytest.raises(DatabaseUnavailable):
        state.save(answer(clip_id))


def test_skipped_clip_is_left_to_others(
    state: ReviewState, session: Session, colleague: Callable[[Session, str], ReviewState]
) -> None:
    clip_id = state.claim().clips[0].clip_id
    state.skip(clip_id)
    state.skip(clip_id)
    assert state.figures().n_waiting == N - 1
    assert clip_id in [clip.clip_id for clip in colleague(session, "annotator").claim().clips]


def test_flag_counts_until_it_is_taken_back(state: ReviewState) -> None:
    clip_id = state.claim().clips[0].clip_id
    flag_id = uuid4()
    state.flag(flag_id, clip_id, is_raised=True)
    state.flag(flag_id, clip_id, is_raised=True)
    assert state.figures().n_flags == 1
    state.flag(uuid4(), clip_id, is_raised=False)
    assert state.figures().n_flags == 0


def test_two_people_never_hold_the_same_clip(
    state: ReviewState, session: Session, colleague: Callable[[Session, str], ReviewState]
) -> None:
    mine = {clip.clip_id for clip in state.claim().clips}
    other = colleague(session, "annotator")
    theirs = {clip.clip_id for clip in other.claim().clips}
    assert (len(mine), len(theirs), mine & theirs) == (N_CLAIMED, N - N_CLAIMED, set())
    assert other.figures().n_waiting == N - N_CLAIMED


def test_pace_comes_from_the_time_on_stage_without_pauses(state: ReviewState, session: Session) -> None:
    ids = [clip.clip_id for clip in state.claim().clips]
    assert state.figures().pace is None
    for clip_id, ms in zip(ids, (1000, 2000, 3000, 3_600_000), strict=False):
        state.save(answer(clip_id, ms=ms))
    figures = state.figures()
    assert figures.pace == pytest.approx(30)
    assert ReviewState(session).figures().pace == pytest.approx(60_000 / 2500)  # by the median of all answers
    assert figures.left_min == pytest.approx((N - 4) / 30)


def test_empty_queue_says_why(empty_session: Session, colleague: Callable[[Session, str], ReviewState]) -> None:
    session = empty_session
    state = ReviewState(session)
    assert (state.nothing_waits().title, state.nothing_waits().page) == ("No recordings yet", "recordings")
    fill(session, 4, is_queued=False)
    why = state.nothing_waits()
    assert (why.title, why.is_queue_wanted) == ("The queue is empty", True)
    assert "4 clips wait" in why.text and "Build the queue below" in why.text
    annotator = colleague(session, "annotator")
    assert not annotator.may_build and "Ask a reviewer" in annotator.nothing_waits().text
    assert colleague(session, "reviewer").may_build
    build_queue(session.workspace.conn, session.project)
    claimed = state.claim().clips
    assert annotator.claim().clips == []
    assert annotator.nothing_waits().title == "Nothing waits for you just now"
    for clip in claimed:
        state.save(answer(clip.clip_id))
    assert (state.nothing_waits().title, state.nothing_waits().page) == ("Every clip has an answer", "releases")


def test_queue_built_beside_the_page_brings_its_clips(session: Session) -> None:
    session.workspace.conn.execute("DELETE FROM review")
    state = ReviewState(session)
    assert state.claim().clips == []
    assert state.strategies()[0] == session.project.recipe.query_strategy.name
    job = state.start_building(["--strategy=random", "--n=4"])
    with working(session):
        assert job.wait(60)
    assert job.error is None
    assert job.results[-1]["detail"] == {"n_queued": 4, "strategy": "random"}
    assert len(state.claim().clips) == 4


def test_queue_of_an_unknown_selection_says_so(session: Session) -> None:
    job = ReviewState(session).start_building(["--strategy=random", "--selection=none such"])
    with working(session):
        assert job.wait(60)
    assert job.error is not None and "no such selection" in job.error


def test_clip_of_another_project_cannot_be_heard(state: ReviewState) -> None:
    with pytest.raises(NotFound):
        state.read_clip(999_999)


def test_unsaved_answers_are_kept_apart_by_person_and_project(
    state: ReviewState, session: Session, colleague: Callable[[Session, str], ReviewState]
) -> None:
    assert state.storage_key == ReviewState(session).storage_key
    assert state.storage_key != colleague(session, "annotator").storage_key
    assert "only-in-tests" not in colleague(session, "annotator").storage_key


@pytest.mark.parametrize("page", ["review", "releases"])
def test_painting_imports_nothing_heavy(page: str) -> None:
    code = f"import sys, apps.{page}.view\nprint(*({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize("page", ["review", "releases"])
def test_notebook_is_one_call(page: str) -> None:
    cells = json.loads((ROOT / "apps" / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert ["".join(cell["source"]) for cell in cells] == [f"from apps.{page}.view import show\n\nshow()"]
    assert cells[0]["outputs"] == []


def test_made_tones_are_all_different(tmp_path: Path) -> None:
    files = sorted(write_tones(tmp_path, 12).iterdir())
    assert len({path.read_bytes() for path in files}) == 12


def test_annotator_is_told_nothing_of_the_projects_counts(
    session: Session, colleague: Callable[[Session, str], ReviewState]
) -> None:
    annotator = colleague(session, "annotator")
    while clips := annotator.claim().clips:
        for clip in clips:
            annotator.save(answer(clip.clip_id))
    assert annotator.figures().n_waiting == 0
    why = annotator.nothing_waits()
    assert (why.title, why.page, why.is_queue_wanted) == ("Nothing waits for you just now", None, False)
    assert "everything that was yours today" in why.text and "Ask a reviewer" in why.text


def test_reviewer_is_sent_to_no_page_that_is_closed_to_them(
    empty_session: Session, colleague: Callable[[Session, str], ReviewState]
) -> None:
    why = colleague(empty_session, "reviewer").nothing_waits()
    assert (why.title, why.page, why.action, why.is_early) == ("No recordings yet", None, "Look again", True)
    why = colleague(empty_session, "researcher").nothing_waits()
    assert (why.page, why.action) == ("recordings", "Go to recordings")


@pytest.mark.parametrize("duty", ["annotator", "reviewer"])
def test_page_opens_for_who_sees_little(
    session: Session, colleague: Callable[[Session, str], ReviewState], duty: str
) -> None:
    page = ReviewPage(colleague(session, duty).session)
    assert page.root.children
