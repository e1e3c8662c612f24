"""A live queue is ranked anew while people answer: the next clip asked follows from the last few answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from pipeline.catalog import operations, queue_plan
from pipeline.catalog.connect import connect
from pipeline.catalog.projects import lock_project
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.lot import audit_order
from pipeline.curation.reasons import LOT
from pipeline.workflows.live import N_NEW, SITTING_ENDS_S, LiveQueues
from pipeline.workflows.queue import Sharing, build_queue, claim_clips
from tests.catalog import made_rows
from tests.conftest import ROOT
from tests.workflows import asked
from tests.workflows.asked import Asked

Conn = psycopg.Connection[Any]
MARGIN = PluginSpec(name="margin")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def made(conn: Conn) -> Asked:
    return asked.make(conn)


@pytest.fixture
def live(empty_database: str) -> Iterator[LiveQueues]:
    with closing(LiveQueues(url=empty_database, clock=Clock())) as queues:
        yield queues


def test_nothing_is_ranked_before_a_few_answers_and_then_once(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    made.answer_next(conn, N_NEW - 1)
    assert live.rank_due() == 0
    made.answer_next(conn, 1)
    assert live.rank_due() == 1
    assert live.rank_due() == 0


def test_next_clip_asked_is_one_about_which_the_new_model_wavers(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    assert [clip.proposed_label for clip in claim_clips(conn, made.project, 1)] == [None]
    made.answer_next(conn, 15)
    live.rank_due()
    clips = claim_clips(conn, made.project, 12)
    reasons = [clip.reason for clip in clips]
    assert sum(reason.startswith("the model wavers: ") for reason in reasons) >= 8
    assert all(clip.proposed_label is not None for clip in clips)


def test_clips_drawn_by_lot_run_in_front_whatever_the_model_thinks(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN, sharing=Sharing(audit_share=1.0))
    lot = audit_order(made.project.project_id, list(made.truth))
    assert made.answer_next(conn, N_NEW) == lot[:N_NEW]
    live.rank_due()
    assert made.answer_next(conn, 10) == lot[N_NEW : N_NEW + 10]


def test_what_people_hold_stays_theirs_and_first(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    held = [clip.clip_id for clip in claim_clips(conn, made.project, 8)]
    for clip_id in held[:N_NEW]:
        made.answer(conn, clip_id)
    assert live.rank_due() == 1
    assert [clip.clip_id for clip in claim_clips(conn, made.project, 8 - N_NEW)] == held[N_NEW:]


def test_no_clip_is_lost_or_doubled_by_ranking(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=PluginSpec(name="typicality_then_margin", params={"n_start": 10}))
    said: list[int] = []
    while len(said) < len(made.truth):
        said += made.answer_next(conn, N_NEW)
        live.rank_due()
    assert sorted(said) == sorted(made.truth)
    assert claim_clips(conn, made.project, 5) == []


def test_sitting_is_one_row_of_the_log_and_ends_when_nobody_answers(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    for _ in range(3):
        made.answer_next(conn, N_NEW)
        assert live.rank_due() == 1
    (running,) = _rankings(conn, made)
    assert running.status == "running" and live.is_sitting
    live.clock.now_s += SITTING_ENDS_S + 1  # pyright: ignore[reportFunctionMemberAccess]
    live.rank_due()
    (ended,) = _rankings(conn, made)
    assert (ended.operation_id, ended.status, live.is_sitting) == (running.operation_id, "done", False)
    row = conn.execute(
        "SELECT detail ->> 'n_rankings' FROM operation_outcome WHERE operation_id = %s", (ended.operation_id,)
    )
    assert row.fetchone() == ("3",)


def test_queue_that_was_fixed_or_stopped_is_left_alone(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN, is_live=False)
    made.answer_next(conn, N_NEW)
    assert live.rank_due() == 0
    build_queue(conn, made.project, strategy=MARGIN)
    made.answer_next(conn, N_NEW)
    assert live.rank_due() == 1
    operations.ask_cancel(conn, made.project.project_id, _rankings(conn, made)[0].operation_id)
    made.answer_next(conn, N_NEW)
    live.rank_due()
    made.answer_next(conn, N_NEW)
    assert live.rank_due() == 0
    assert [o.status for o in _rankings(conn, made)] == ["cancelled"]


def test_queue_built_anew_meanwhile_is_ranked_by_its_own_plan(conn: Conn, made: Asked, live: LiveQueues) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    made.answer_next(conn, N_NEW)
    live.rank_due()
    build_queue(conn, made.project, strategy=PluginSpec(name="random"))
    made.answer_next(conn, N_NEW)
    assert live.rank_due() == 1
    assert [o.spec["strategy"]["name"] for o in _rankings(conn, made)] == ["random", "margin"]
    assert {clip.reason for clip in claim_clips(conn, made.project, 5)} == {LOT}


def test_two_workers_rank_a_queue_once(conn: Conn, made: Asked, live: LiveQueues, empty_database: str) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    made.answer_next(conn, N_NEW)
    assert live.rank_due() == 1
    made.answer_next(conn, N_NEW)
    with closing(LiveQueues(url=empty_database)) as other:
        assert (other.rank_due(), live.rank_due()) == (0, 1)


def test_fault_of_one_queue_is_tried_again_later_and_stops_no_other(conn: Conn, made: Asked, live: LiveQueues) -> None:
    healthy = asked.make(conn, name="healthy")
    for each in (made, healthy):
        build_queue(conn, each.project, strategy=MARGIN)
        each.answer_next(conn, N_NEW)
    conn.execute(
        'UPDATE queue_plan SET strategy = \'{"name": "gone"}\' WHERE project_id = %s', (made.project.project_id,)
    )
    assert live.rank_due() == 1
    assert [o.status for o in _rankings(conn, made)] == ["failed"]
    conn.execute(
        'UPDATE queue_plan SET strategy = \'{"name": "margin"}\' WHERE project_id = %s', (made.project.project_id,)
    )
    assert live.rank_due() == 0
    live.clock.now_s += 31  # pyright: ignore[reportFunctionMemberAccess]
    assert live.rank_due() == 1


def test_ranking_has_the_rights_of_who_built_the_queue(conn: Conn, made: Asked, live: LiveQueues) -> None:
    project_id = made.project.project_id
    with made_rows.people(conn, project_id, ["reviewer"]) as urls, made_rows.logged_in(urls) as (reviewer,):
        build_queue(reviewer, made.project, strategy=MARGIN)
        made.answer_next(reviewer, N_NEW)
        assert live.rank_due() == 1
        assert _rankings(conn, made)[0].author == reviewer.info.user
        conn.execute("UPDATE member SET duty = 'annotator' WHERE person = %s", (reviewer.info.user,))
        live.close()
        made.answer_next(reviewer, N_NEW)
        assert live.rank_due() == 0
        live.close()


@pytest.mark.timeout(120)
def test_worker_ranks_while_answers_come_and_killed_in_the_midst_of_it_loses_nothing(
    conn: Conn, made: Asked, empty_database: str
) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    before = _queue(conn, made)
    with connect(empty_database, application_name="tests") as other:
        with other.transaction(), _worker(empty_database) as worker:
            lock_project(other, made.project.project_id)
            said = made.answer_next(conn, 2 * N_NEW)
            _until(lambda: _is_waiting(conn))
            worker.send_signal(signal.SIGKILL)
            worker.wait(30)
        left = [clip_id for clip_id in before if clip_id not in said]
        assert _queue(conn, made) == left
        with _worker(empty_database):
            _until(lambda: _plan(conn, made).ranked_at is not None)
            clips = claim_clips(conn, made.project, 5)
            assert any(clip.reason.startswith("the model ") for clip in clips)
            _until(lambda: [o.status for o in _rankings(conn, made)] == ["running", "failed"])
    assert sorted(_queue(conn, made)) == sorted(left)
    row = conn.execute("SELECT count(*), count(DISTINCT clip_id) FROM annotation").fetchone()
    assert row == (2 * N_NEW, 2 * N_NEW)


def _rankings(conn: Conn, made: Asked) -> list[operations.OperationState]:
    return [o for o in operations.list_operations(conn, made.project.project_id) if o.action == "queue.rank"]


def _plan(conn: Conn, made: Asked) -> queue_plan.QueuePlan:
    plan = queue_plan.read_plan(conn, made.project.project_id)
    assert plan is not None
    return plan


def _queue(conn: Conn, made: Asked) -> list[int]:
    rows = conn.execute(
        "SELECT clip_id FROM review WHERE project_id = %s AND state = 'open' ORDER BY position, review_id",
        (made.project.project_id,),
    )
    return [row[0] for row in rows]


def _is_waiting(conn: Conn) -> bool:
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'earmark live' "
        "AND datname = current_database() AND wait_event_type = 'Lock')"
    ).fetchone()
    return row == (True,)


@contextmanager
def _worker(url: str) -> Generator[subprocess.Popen[bytes]]:
    environ = os.environ | {"EARMARK_DATABASE_URL": url, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pipeline.cli", "worker"]
    worker = subprocess.Popen(command, env=environ, cwd=ROOT)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(60)


def _until(is_so: Callable[[], bool], *, timeout_s: float = 60) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)
