"""While a person answers on this machine, a worker is there to keep a live queue in order."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from apps.review.state import ReviewState
from apps.session import Session
from pipeline.catalog import jobs, operations, queue_plan
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_settings
from pipeline.core.types import AnswerGiven
from pipeline.workflows.queue import build_queue
from pipeline.workflows.workspace import open_workspace
from tests.workflows import asked
from tests.workflows.asked import Asked


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's own folder, which the database's account may not enter.
    with tempfile.TemporaryDirectory(prefix="earmark-live-") as name:
        yield Path(name)
        _end_helpers(name)


@pytest.fixture
def sitting(folder: Path) -> Iterator[tuple[Session, Asked]]:
    with open_workspace(load_settings(workspace=folder, project="made", environ={})) as space:
        made = asked.make(space.conn)
        yield Session(workspace=space, project=made.project), made


@pytest.mark.timeout(180)
def test_answers_on_the_page_bring_a_worker_that_ranks_the_queue(sitting: tuple[Session, Asked]) -> None:
    session, made = sitting
    conn = session.workspace.conn
    build_queue(conn, session.project, strategy=PluginSpec(name="margin"))
    state = ReviewState(session)
    for clip in state.claim().clips:
        state.save(_answer(clip.clip_id, made))
    state.keep_live()
    _until(lambda: _is_ranked(session))
    assert any(clip.reason.startswith("the model ") for clip in state.claim(have=[]).clips)
    assert "queue.rank" in [o.action for o in operations.list_operations(conn, session.project.project_id)]


def test_queue_that_is_fixed_brings_no_worker(sitting: tuple[Session, Asked]) -> None:
    session, _ = sitting
    build_queue(session.workspace.conn, session.project, strategy=PluginSpec(name="margin"), is_live=False)
    ReviewState(session).keep_live()
    time.sleep(2)
    assert not jobs.has_worker(session.workspace.conn)


def _is_ranked(session: Session) -> bool:
    plan = queue_plan.read_plan(session.workspace.conn, session.project.project_id)
    return plan is not None and plan.ranked_at is not None


def _answer(clip_id: int, made: Asked) -> AnswerGiven:
    label = made.truth[clip_id]
    return AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None)


def _end_helpers(folder: str) -> None:
    """End the workers of this workspace, which no test started by itself."""
    helpers = [p for p in psutil.process_iter() if folder in _words(p) and "--helper" in _words(p)]
    for helper in helpers:
        helper.terminate()
    _, left = psutil.wait_procs(helpers, timeout=20)
    for helper in left:
        helper.kill()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _until(is_so: Callable[[], bool], *, timeout_s: float = 90) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.2)
