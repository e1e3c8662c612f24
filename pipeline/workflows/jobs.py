"""Durable jobs for whoever asks: submit, cancel, list, wait. ``workflows/carry.py`` is the other end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import cast

from psycopg.errors import InsufficientPrivilege

from pipeline.catalog import jobs, queue_plan
from pipeline.catalog.jobs import Job
from pipeline.catalog.migrate import LOCK_KEY
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.errors import ComputeError, NotPermitted, SettingsError
from pipeline.core.permissions import demand
from pipeline.workflows.operation import Conn
from pipeline.workflows.workspace import Workspace

QUEUE, TASK = "earmark", "earmark.carry"
VERBS = (
    *("ingest", "cut", "embed", "deduplicate", "select", "queue", "augment", "export", "release", "verify"),
    *("train-encoder", "mislabels", "progress"),
)

_ACTIONS = {"queue": "queue.build", "train-encoder": "embed", "progress": "quality"}
_POLL_S = 0.1
_HELPER = ("--helper", "--until-idle", "60")
# Held by its own user's lock, the embedded server outlives whoever submitted.
_NOT_HANDED_ON = ("EARMARK_DATABASE_URL", "EARMARK_JOB", "EARMARK_ACT_AS")


def submit(conn: Conn, project: Project, verbs: Sequence[Sequence[str]], *, source_id: int | None = None) -> int:
    """The number of a new job: command lines without the program's name, each run when the one before ended well.

    Raises SettingsError for a line that no job may have, NotPermitted for a verb that this person may not run.
    """
    _check(verbs)
    _demand(conn, project, verbs)
    ensure_queue(conn)
    with conn.transaction():
        job_id = jobs.add_job(conn, project.project_id, verbs, source_id=source_id)
        jobs.queue_job(conn, job_id, queue=QUEUE, task=TASK)
    return job_id


def cancel(conn: Conn, project: Project, job_id: int) -> Job:
    """The job, cancelled if it waited, else asked to stop; nothing happens to one that has ended.

    Raises NotFound, and NotPermitted for who could not have submitted it.
    """
    job = jobs.get_job(conn, job_id, project_id=project.project_id)
    _demand(conn, project, job.verbs)
    with conn.transaction():
        jobs.ask_cancel(conn, job_id)
    return jobs.get_job(conn, job_id)


def list_jobs(conn: Conn, project: Project, *, limit: int = 20) -> list[Job]:
    """The latest jobs of the project, newest first."""
    return jobs.list_jobs(conn, project.project_id, limit=limit)


def wait_for(conn: Conn, project: Project, job_id: int, *, timeout_s: float) -> Job:
    """The job once it has ended. Raises NotFound, and ComputeError if it has not in time."""
    until = time.monotonic() + timeout_s
    while (job := jobs.get_job(conn, job_id, project_id=project.project_id)).is_open:
        if time.monotonic() > until:
            raise ComputeError(
                "the job has not ended in time", which=job_id, got=job.state, do="see that an earmark worker runs"
            )
        time.sleep(_POLL_S)
    return job


def see_to_worker(workspace: Workspace) -> bool:
    """Whether a worker is alive; the embedded database, which nobody administers, gets one that leaves when idle."""
    if jobs.has_worker(workspace.conn):
        return True
    if not workspace.is_embedded:
        return False
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
    environ["EARMARK_STORE"] = workspace.store.uri
    environ["EARMARK_WORKERS"] = str(workspace.settings.workers)
    folder = workspace.settings.workspace
    with (folder / "worker.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", *_HELPER, "--workspace", str(folder)],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return True


def see_to_live(workspace: Workspace, project: Project) -> bool:
    """Whether the project's queue is live and a worker is there to rank it; as ``see_to_worker`` one may be started.

    For who may build the queue: nobody else can read its plan.
    """
    plan = queue_plan.read_plan(workspace.conn, project.project_id)
    return plan is not None and plan.is_live and see_to_worker(workspace)


def ensure_queue(conn: Conn) -> None:
    """Make procrastinate's tables if they do not stand yet. Raises NotPermitted for who does not own the database."""
    if jobs.has_queue(conn):
        return
    # It takes a fifth of a second to import.
    from procrastinate.schema import SchemaManager

    try:
        with conn.transaction():
            conn.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
            if not jobs.has_queue(conn):
                jobs.make_queue(conn, SchemaManager.get_schema().encode())
    except InsufficientPrivilege as error:
        raise NotPermitted(
            "this database has no job queue yet", do="have its owner start `earmark worker` once, then ask again"
        ) from error


def _check(verbs: Sequence[Sequence[str]]) -> None:
    if not verbs:
        raise SettingsError("a job does something", expected="at least one command line")
    for line in verbs:
        words = cast(Sequence[object], line)
        if isinstance(line, str) or not words or not all(isinstance(word, str) and "\0" not in word for word in words):
            raise SettingsError("a job's command line is a list of words", got=repr(line))
        if line[0] not in VERBS:
            raise SettingsError("no job may do this", which=line[0], expected="one of " + ", ".join(VERBS))
        for word in line[1:]:
            # The worker knows the place, the row knows the project; a line may lead to no other.
            if word.split("=")[0] in ("--workspace", "--project") or (word[:2] in ("-w", "-p")):
                raise SettingsError("a job names neither workspace nor project", which=line[0], got=word)


def _demand(conn: Conn, project: Project, verbs: Sequence[Sequence[str]]) -> None:
    duty = duty_of(conn, project.project_id)
    for line in verbs:
        demand(duty, _ACTIONS.get(line[0], line[0]), actor=conn.info.user, project=project.name)
