"""Carries a job: one child process for each verb, what came of it in the job's row, and what comes after a failure.

A child's standard input is a pipe that only its worker holds: when the worker is gone, also by kill -9, the child
reads its end and goes too (``pipeline/cli/signals.py``). What it had committed stands, the next to carry goes on there.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Any, cast

import psycopg

from pipeline.catalog import jobs
from pipeline.catalog.connect import connect
from pipeline.catalog.jobs import Job
from pipeline.core.logs import tell
from pipeline.workflows.operation import Conn

MAX_TRIES, MAX_BEGINNINGS = 4, 20
_MAY_PASS = ("DatabaseUnavailable", "StorageError")
_POLL_S, _PATIENCE_S, _BUSY_S = 0.5, 10.0, 5.0
_MAX_WORDS = 2_000


class Again(Exception):
    """This job is to be carried again, not before ``retry_at``."""

    def __init__(self, retry_at: datetime, *, message: str | None = None) -> None:
        super().__init__(f"again at {retry_at:%H:%M:%S}")
        self.retry_at = retry_at
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """How this worker carries: where the database is, the children's environment, how long it waits after a failure."""

    url: str
    environ: Mapping[str, str]
    worker: str
    first_retry_s: float = 5.0

    def carry(self, job_id: int, *, should_stop: Callable[[], bool]) -> None:
        """Return when nothing is left to be done for this job. Raises Again when it is to be carried once more."""
        with connect(self.url, application_name="earmark worker") as conn:
            # A machine that falls silent must not hold its job for the two hours that TCP would wait.
            conn.execute("SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3")
            if not jobs.hold_job(conn, job_id):
                raise Again(_in(_BUSY_S))
            if not jobs.begin_job(conn, job_id, worker=self.worker):
                _end_if_asked(conn, job_id)
                return
            job = jobs.get_job(conn, job_id)
            began = time.monotonic()
            tell("job taken", **_facts(job), n_attempts=job.n_attempts)
            if job.n_attempts > MAX_BEGINNINGS:
                words = f"begun {MAX_BEGINNINGS} times and never ended; look at the machine's memory"
                jobs.end_job(conn, job_id, state="failed", message=words)
                return
            try:
                self._carry_verbs(conn, job, should_stop)
            except Again as again:
                tell("job put back", **_facts(job), retry_at=again.retry_at, outcome="waiting", message=again.message)
                raise
            except OSError:
                raise
            except Exception as error:  # the worker's outermost edge: its other jobs go on
                if not conn.closed:
                    jobs.end_job(conn, job_id, state="failed", message=f"{type(error).__name__}: {error}")
                raise
            finally:
                _tell_end(conn, job, began)

    def _carry_verbs(self, conn: Conn, job: Job, should_stop: Callable[[], bool]) -> None:
        for words in job.verbs[job.n_verbs_done :]:
            ended = self._run(conn, job, words, should_stop)
            if ended.status == 0:
                jobs.note_verb_done(conn, job.job_id, ended.result)
                continue
            if jobs.is_cancel_asked(conn, job.job_id) or (ended.is_cancelled and not ended.is_put_back):
                jobs.end_job(conn, job.job_id, state="cancelled", message=ended.message)
            elif ended.is_put_back:
                retry_at = _in(0)
                jobs.put_back(conn, job.job_id, message="its worker was told to stop", retry_at=retry_at)
                raise Again(retry_at, message="its worker was told to stop")
            elif ended.may_pass and job.n_attempts < MAX_TRIES:
                retry_at = _in(self.first_retry_s * 5 ** (job.n_attempts - 1))
                jobs.put_back(conn, job.job_id, message=ended.message, retry_at=retry_at)
                raise Again(retry_at, message=ended.message)
            else:
                jobs.end_job(conn, job.job_id, state="failed", message=ended.message)
            return
        jobs.end_job(conn, job.job_id, state="done", message=None)

    def _run(self, conn: Conn, job: Job, words: Sequence[str], should_stop: Callable[[], bool]) -> _Ended:
        # The words come last, so that none of them is read as an option of ours.
        command = [sys.executable, "-m", "pipeline.cli", words[0], "--project", job.project, "--json", *words[1:]]
        environ = {**self.environ, "EARMARK_JOB": str(job.job_id), "EARMARK_ACT_AS": job.author}
        # Files, not pipes: a full pipe would stop the work.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with _child(command, environ, out, err) as child:
                is_put_back = _watch(conn, job.job_id, child, should_stop)
            return _ended(child.returncode, _lines(out), _lines(err), is_put_back=is_put_back)


def sweep(conn: Conn) -> int:
    """How many jobs whose worker is gone now wait for another."""
    with conn.transaction():
        orphans = jobs.list_orphans(conn)
        for job_id, queue_id in orphans:
            jobs.queue_again(conn, job_id, queue_id, message="its worker is gone; it goes on from the last commit")
            tell("job swept", level=logging.WARNING, job_id=job_id, outcome="waiting", message="its worker is gone")
    return len(orphans)


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """How a child ended, in its own words."""

    status: int
    result: Mapping[str, Any]
    message: str
    error: str | None
    is_put_back: bool

    @property
    def is_by_signal(self) -> bool:
        return self.status < 0 or self.status > 128

    @property
    def is_cancelled(self) -> bool:
        return self.error == "Cancelled" and not self.is_by_signal

    @property
    def may_pass(self) -> bool:
        return self.is_by_signal or self.error in _MAY_PASS


@contextmanager
def _child(
    command: list[str], environ: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> Generator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        command, env=dict(environ), stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        if child.stdin is not None:
            child.stdin.close()


def _watch(conn: Conn, job_id: int, child: subprocess.Popen[bytes], should_stop: Callable[[], bool]) -> bool:
    """Wait for the child's end and stop it when it should; True if that was because the worker stops."""
    asked_at: float | None = None
    is_put_back = False
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_POLL_S)
            return is_put_back
        is_cancel_asked = jobs.is_cancel_asked(conn, job_id)
        is_put_back = is_put_back or (should_stop() and not is_cancel_asked)
        if not (is_cancel_asked or is_put_back):
            continue
        waited_s = 0.0 if asked_at is None else time.monotonic() - asked_at
        if asked_at is None:
            asked_at = time.monotonic()
        jobs.stop_operations(conn, job_id)
        if waited_s > 2 * _PATIENCE_S:
            child.kill()
        elif waited_s > _PATIENCE_S:
            os.kill(child.pid, signal.SIGINT)


def _ended(status: int, printed: list[str], complained: list[str], *, is_put_back: bool) -> _Ended:
    results = [result for line in printed if (result := _json_object(line)) is not None]
    told = [result for result in results if "error" in result]
    how = f"by signal {-status}" if status < 0 else "without a word"
    words = [str(result.get("message")) for result in told] or complained or [f"the work ended {how}"]
    return _Ended(
        status=status,
        result=results[-1] if results else {},
        message=words[-1][:_MAX_WORDS],
        error=str(told[-1]["error"]) if told else None,
        is_put_back=is_put_back,
    )


def _lines(file: IO[bytes]) -> list[str]:
    file.seek(0)
    # PostgreSQL's text holds no zero character.
    text = file.read().decode("utf-8", "replace").replace("\0", "\ufffd")
    return [line for line in text.splitlines() if line.strip()]


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def _facts(job: Job) -> dict[str, Any]:
    return {
        "who": job.author,
        "project": job.project,
        "job_id": job.job_id,
        "what": ", ".join(words[0] for words in job.verbs),
    }


def _tell_end(conn: Conn, job: Job, began: float) -> None:
    """Log how the job ended, if it did."""
    ended = job
    with suppress(psycopg.Error):
        ended = jobs.get_job(conn, job.job_id)
    if not ended.is_open:
        level = logging.WARNING if ended.state == "failed" else logging.INFO
        duration_s = time.monotonic() - began
        tell("job ended", level=level, **_facts(job), duration_s=duration_s, outcome=ended.state, message=ended.message)


def _end_if_asked(conn: Conn, job_id: int) -> None:
    """Write a job as cancelled that was asked to stop while its worker was gone."""
    if jobs.is_cancel_asked(conn, job_id):
        jobs.end_job(conn, job_id, state="cancelled", message="stopped by a person")


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
