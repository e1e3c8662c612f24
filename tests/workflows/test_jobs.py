"""Durable jobs: carried by real workers in real processes, also over kill -9, with their submitter's rights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.jobs import Job, get_job, has_worker
from pipeline.catalog.projects import Project, create_project
from pipeline.core.errors import NotFound, NotPermitted, SettingsError
from pipeline.core.settings import load_settings
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut as run_cut
from pipeline.workflows.ingest import ingest as run_ingest
from pipeline.workflows.jobs import cancel, list_jobs, submit, wait_for
from pipeline.workflows.watch import watch
from pipeline.workflows.workspace import open_workspace
from tests.people import logged_in, login_url
from tests.workflows.conftest import SPEAKERS

TIMEOUT_S = 60
Conn = psycopg.Connection[Any]


@pytest.fixture
def place(empty_database: str, open_folder: Path) -> dict[str, str]:
    """The environment of every process of this test."""
    return {
        **os.environ,
        "EARMARK_WORKSPACE": str(open_folder / "workspace"),
        "EARMARK_STORE": (open_folder / "store").as_uri(),
        "EARMARK_DATABASE_URL": empty_database,
        "EARMARK_WORKERS": "2",
    }


@pytest.fixture
def sounds(test_data: Path, open_folder: Path) -> str:
    """A folder with 300 spoken digits."""
    folder = open_folder / "digits"
    folder.mkdir()
    for path in sorted((test_data / "fsdd").glob("*.wav"))[:300]:
        (folder / path.name).write_bytes(path.read_bytes())
    return str(folder)


@contextmanager
def working(place: dict[str, str], *words: str) -> Generator[subprocess.Popen[bytes]]:
    """A worker for as long as the block lasts."""
    command = [sys.executable, "-m", "pipeline.cli", "worker", "--first-retry", "0.5", *words]
    worker = subprocess.Popen(command, env=place, stdout=subprocess.DEVNULL)
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)


def carried(conn: Conn, project: Project, place: dict[str, str], verbs: Sequence[Sequence[str]]) -> Job:
    """The job of these verbs, carried to its end by a worker of its own."""
    job_id = submit(conn, project, verbs)
    with working(place):
        return wait_for(conn, project, job_id, timeout_s=TIMEOUT_S)


def until(is_true: Callable[[], bool], *, timeout_s: float = TIMEOUT_S) -> None:
    end = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def count(conn: Conn, query: str) -> int:
    row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def ingest(sounds: str) -> list[str]:
    return ["ingest", sounds, "--pattern", SPEAKERS]


def test_job_runs_its_verbs_to_the_end_and_its_operations_carry_its_number(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    job = carried(conn, project, place, [ingest(sounds), ["cut"]])
    assert (job.state, job.message, job.n_verbs_done, job.n_attempts) == ("done", None, 2, 1)
    assert [result["n_done"] for result in job.results] == [300, 300]
    assert job.worker is not None and job.began_at is not None and job.ended_at is not None
    ran = conn.execute("SELECT action, job_id FROM operation ORDER BY operation_id").fetchall()
    assert ran == [("ingest", job.job_id), ("cut", job.job_id)]
    assert [found.job_id for found in list_jobs(conn, project)] == [job.job_id]


def test_job_of_a_worker_killed_twice_is_finished_by_another_with_the_rows_of_a_plain_run(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    job_id = submit(conn, project, [ingest(sounds), ["cut"]])
    for table in ("recording", "clip"):
        with working(place) as worker:
            until(lambda table=table: count(conn, f"SELECT count(*) FROM {table}") > 0)
            worker.kill()
    with working(place):
        job = wait_for(conn, project, job_id, timeout_s=TIMEOUT_S)
    assert job.state == "done"
    assert 2 <= job.n_attempts <= 3
    plain = create_project(conn, "plain", project.recipe)
    run_ingest(conn, plain, sounds, labels=LabelRules(name_pattern=SPEAKERS))
    run_cut(conn, plain, Store(place["EARMARK_STORE"]))
    assert contents(conn, project) == contents(conn, plain)
    assert count(conn, "SELECT count(*) FROM failure") == 0


def contents(conn: Conn, project: Project) -> list[Any]:
    """What the job wrote, without numbers and times."""
    return conn.execute(
        """
        SELECT r.name, r.file_sha256, r.pcm_sha256, r.n_samples, r.source_group, r.superseded_at, r.vanished_at,
          c.start_sample, c.stop_sample, c.object_key, c.sha256, c.loudness_lufs, c.snr_db, c.is_active
        FROM recording r LEFT JOIN clip c USING (recording_id) WHERE r.project_id = %s ORDER BY r.name, c.start_sample
        """,
        (project.project_id,),
    ).fetchall()


def test_worker_looks_again_at_a_watched_source_and_does_what_follows(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    watch(conn, project, sounds, every_s=1, labels=LabelRules(name_pattern=SPEAKERS), then=["cut"])
    with working(place):
        until(lambda: count(conn, "SELECT count(*) FROM job WHERE state = 'done' AND source_id IS NOT NULL") > 0)
        gone, *_ = sorted(Path(sounds).iterdir())
        gone.unlink()
        until(lambda: count(conn, "SELECT count(*) FROM recording WHERE vanished_at IS NOT NULL") == 1)
    assert count(conn, "SELECT count(DISTINCT recording_id) FROM clip") == 300
    assert count(conn, "SELECT count(*) FROM job WHERE state = 'failed'") == 0


def test_child_of_a_killed_worker_is_gone_within_a_moment(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    submit(conn, project, [ingest(sounds)])
    with working(place) as worker:
        until(lambda: count(conn, "SELECT count(*) FROM operation") > 0)
        worker.kill()
        until(
            lambda: (
                count(
                    conn,
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'earmark'"
                    " AND datname = current_database()",
                )
                == 0
            ),
            timeout_s=10,
        )


def test_waiting_job_is_cancelled_at_once_and_never_begun(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    job_id = submit(conn, project, [ingest(sounds)])
    assert cancel(conn, project, job_id).state == "cancelled"
    after = carried(conn, project, place, [["cut"]])
    assert after.state == "done"
    assert count(conn, "SELECT count(*) FROM recording") == 0
    assert get_job(conn, job_id).n_attempts == 0
    with pytest.raises(NotFound):
        cancel(conn, project, job_id + 100)


def test_running_job_is_stopped_at_its_next_commit_and_stays_cancelled(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    job_id = submit(conn, project, [ingest(sounds), ["cut"]])
    with working(place):
        until(lambda: count(conn, "SELECT count(*) FROM operation") > 0)
        cancel(conn, project, job_id)
        job = wait_for(conn, project, job_id, timeout_s=30)
    assert job.state == "cancelled"
    assert job.n_verbs_done <= 1
    assert count(conn, "SELECT count(*) FROM operation_outcome WHERE status = 'cancelled'") == 1


def test_job_whose_verb_fails_says_why_and_is_not_tried_again(
    conn: Conn, project: Project, place: dict[str, str]
) -> None:
    job = carried(conn, project, place, [["cut", "--segmenter", "no_such_segmenter"], ["embed"]])
    assert (job.state, job.n_attempts, job.n_verbs_done) == ("failed", 1, 0)
    assert job.message is not None and "no_such_segmenter" in job.message


def test_failure_that_may_pass_is_tried_again_until_it_has_passed(
    conn: Conn, project: Project, place: dict[str, str], open_folder: Path, sounds: str
) -> None:
    late = open_folder / "late"
    job_id = submit(conn, project, [ingest(str(late))])
    with working(place):
        until(lambda: get_job(conn, job_id).retry_at is not None)
        assert get_job(conn, job_id).state == "waiting"
        Path(sounds).rename(late)
        job = wait_for(conn, project, job_id, timeout_s=TIMEOUT_S)
    assert job.state == "done"
    assert 2 <= job.n_attempts <= 4


def test_failure_that_does_not_pass_ends_after_four_tries(
    conn: Conn, project: Project, place: dict[str, str], open_folder: Path
) -> None:
    job_id = submit(conn, project, [["ingest", str(open_folder / "never")]])
    command = [sys.executable, "-m", "pipeline.cli", "worker", "--first-retry", "0.02", "--until-idle", "0"]
    subprocess.run(command, env=place, check=True, timeout=TIMEOUT_S)
    job = get_job(conn, job_id)
    assert (job.state, job.n_attempts) == ("failed", 4)
    assert job.message is not None and "never" in job.message


def test_author_of_what_a_job_wrote_is_its_submitter(
    conn: Conn, project: Project, place: dict[str, str], sounds: str, empty_database: str
) -> None:
    carried(conn, project, place, [["cut"]])  # makes the queue, which only an owner can
    with logged_in(conn, empty_database, project.project_id, "researcher") as hers:
        name = hers.info.user
        job_id = submit(hers, project, [ingest(sounds)])
        with working(place):
            job = wait_for(conn, project, job_id, timeout_s=TIMEOUT_S)
        assert (job.state, job.author, job.message) == ("done", name, None)
        assert conn.execute("SELECT DISTINCT author FROM recording").fetchall() == [(name,)]
        ran = conn.execute("SELECT author FROM operation WHERE job_id = %s", (job_id,)).fetchall()
        assert ran == [(name,)]


def test_who_may_not_ingest_may_not_submit_it(conn: Conn, project: Project, empty_database: str) -> None:
    with logged_in(conn, empty_database, project.project_id, "reviewer") as his:
        with pytest.raises(NotPermitted):
            submit(his, project, [["ingest", "/nas"]])
        settings = replace(load_settings(), database_url=login_url(empty_database, his.info.user), act_as="postgres")
        with pytest.raises(NotPermitted, match="cannot act for another"), open_workspace(settings):
            pass


@pytest.mark.parametrize(
    "verbs",
    [
        [],
        [[]],
        ["cut"],
        [["serve"]],
        [["worker"]],
        [["cut"], ["rm", "-rf"]],
        [["cut", "--project", "other"]],
        [["cut", "--workspace=/elsewhere"]],
        [["cut", "-p", "other"]],
        [["ingest", "/nas", "-w/elsewhere"]],
    ],
)
def test_line_that_no_job_may_have_is_refused(conn: Conn, project: Project, verbs: Any) -> None:
    with pytest.raises(SettingsError):
        submit(conn, project, verbs)
    assert list_jobs(conn, project) == []


def test_submission_that_fails_leaves_neither_row_nor_deferral(conn: Conn, project: Project) -> None:
    submit(conn, project, [["cut"]])
    with pytest.raises(RuntimeError), conn.transaction():
        submit(conn, project, [["embed"]])
        raise RuntimeError
    assert len(list_jobs(conn, project)) == 1
    assert count(conn, "SELECT count(*) FROM procrastinate.procrastinate_jobs") == 1
    assert count(conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename ~ 'procra'") == 0


def test_worker_leaves_when_told_and_its_job_waits_for_another(
    conn: Conn, project: Project, place: dict[str, str], sounds: str
) -> None:
    job_id = submit(conn, project, [ingest(sounds), ["cut"]])
    with working(place):
        until(lambda: count(conn, "SELECT count(*) FROM operation") > 0)
        assert has_worker(conn)
    assert not has_worker(conn)
    assert get_job(conn, job_id).is_open
    with working(place, "--concurrency", "2"):
        assert wait_for(conn, project, job_id, timeout_s=TIMEOUT_S).state == "done"


def test_verb_in_the_background_is_the_same_command_line_with_whole_paths(
    conn: Conn, project: Project, place: dict[str, str], open_folder: Path
) -> None:
    lines = [
        ["select", "few", "--n", "7", "--selector", "farthest_first"],
        ["release", "birds", "--people-only", "--seed", "3"],
        ["export", "birds", "out"],
        ["cut"],
    ]
    for line in lines:
        command = [sys.executable, "-m", "pipeline.cli", *line, "--background", "-p", project.name, "--json"]
        environ = {**place, "PYTHONPATH": str(Path.cwd())}
        subprocess.run(command, env=environ, cwd=open_folder, check=True, stdout=subprocess.DEVNULL)
    assert [job.verbs for job in reversed(list_jobs(conn, project))] == [
        [["select", "--n=7", "--selector=farthest_first", "few"]],
        [["release", "--people-only", "--seed=3", "birds"]],
        [["export", "birds", str(open_folder / "out")]],
        [["cut"]],
    ]


def test_embedded_database_gets_a_worker_by_itself(open_folder: Path, sounds: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")}
    base = [sys.executable, "-m", "pipeline.cli"]
    space = ["--workspace", str(open_folder / "own"), "--json"]
    made = subprocess.run(
        [*base, "ingest", "digits", "--background", *space],
        env={**environ, "PYTHONPATH": str(Path.cwd())},
        cwd=Path(sounds).parent,
        check=True,
        capture_output=True,
    )
    job_id = json.loads(made.stdout)["job"]
    with open_workspace(load_settings(workspace=open_folder / "own", project="default")) as space_opened:
        job = wait_for(space_opened.conn, space_opened.project(), job_id, timeout_s=TIMEOUT_S)
        assert (job.state, job.results[0]["n_done"]) == ("done", 300)
        assert job.worker is not None
        os.kill(int(job.worker.split(":")[1]), signal.SIGTERM)
        until(lambda: not has_worker(space_opened.conn))
