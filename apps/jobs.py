"""The durable job of a page: verbs that a worker carries, what they wait for, and what came of them.

Voila ends a page's kernel when the page is left; the job goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.catalog import jobs
from pipeline.catalog.projects import Project
from pipeline.workflows.lifeline import Lifeline

Verb = tuple[str, Sequence[str]]
"""A verb of the command line and its words."""

_POLL_S = 0.1


class Job:
    """Verbs that were submitted; its row is read when it is asked, in the thread and by the connection of the page."""

    def __init__(self, line: Lifeline, project: Project, job_id: int, *, has_worker: bool) -> None:
        self.job_id = job_id
        self._line = line
        self._project = project
        self._has_worker = has_worker
        self._ended: jobs.Job | None = None

    @property
    def is_running(self) -> bool:
        """Whether the last verb has not ended yet; while True, there is no error. Raises DatabaseUnavailable."""
        return self._row().is_open

    @property
    def waits_for(self) -> str | None:
        """Why nothing of it runs just now; None while something does, and when it has ended."""
        row = self._row()
        if row.state != "waiting":
            return None
        if row.retry_at is not None:
            left_s = max(0, round((row.retry_at - datetime.now(UTC)).total_seconds()))
            return f"Tried again in {left_s} s, because {row.message}"
        return "Waiting for a worker" + ("" if self._has_worker else "; none is alive: start one with earmark worker")

    @property
    def error(self) -> str | None:
        """The sentence of what stopped it."""
        row = self._row()
        return None if row.is_open or row.state == "done" else row.message or "the work ended without a word"

    @property
    def is_cancelled(self) -> bool:
        """Whether that was a person."""
        return self._row().state == "cancelled"

    @property
    def results(self) -> list[dict[str, Any]]:
        """A JSON object of each verb that is done."""
        return [dict(result) for result in self._row().results]

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within this time."""
        until = time.monotonic() + timeout_s
        while (is_running := self.is_running) and time.monotonic() < until:
            time.sleep(_POLL_S)
        return not is_running

    def cancel(self) -> None:
        """Stop what runs of it at its next commit; what follows does not start. Raises NotPermitted."""
        from pipeline.workflows.jobs import cancel

        self._line.do(lambda conn: cancel(conn, self._project, self.job_id))

    def _row(self) -> jobs.Job:
        if self._ended is not None:
            return self._ended
        row = self._line.do(lambda conn: jobs.get_job(conn, self.job_id))
        self._ended = None if row.is_open else row
        return row
