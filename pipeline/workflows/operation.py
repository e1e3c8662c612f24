"""What every workflow shares: permission, the log row, progress, commits in batches, and the outcome."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.rows import TupleRow

from pipeline.catalog import operations
from pipeline.catalog.failures import save_failures
from pipeline.catalog.projects import Project, duty_of, lock_project
from pipeline.core.errors import Cancelled
from pipeline.core.logs import tell
from pipeline.core.permissions import demand
from pipeline.core.scrub import scrub
from pipeline.core.types import Failure, Outcome

T = TypeVar("T")
Conn = Connection[TupleRow]


@dataclass(frozen=True, kw_only=True)
class ProgressReport:
    """How far a run is. ``n_total`` is None while the work is still being counted."""

    action: str
    stage: str
    n_done: int
    n_failed: int
    n_total: int | None


OnProgress = Callable[[ProgressReport], None]


def silent(report: ProgressReport) -> None:
    """Show nothing: the progress row in the database tells."""


@dataclass(kw_only=True)
class Run:
    """One operation while it runs: counts what is done and what failed, and tells how far it is.

    ``outcome`` is what the workflow hands back; it is written to the log when the run ends well.
    """

    conn: Conn
    project: Project
    operation_id: int
    action: str
    on_progress: OnProgress
    stage: str = "starting"
    n_done: int = 0
    n_unchanged: int = 0
    n_total: int | None = None
    failed: list[Failure] = field(default_factory=list[Failure])
    detail: dict[str, Any] = field(default_factory=dict[str, Any])
    is_cancel_asked: bool = False
    stages_s: dict[str, float] = field(default_factory=dict[str, float])
    _stage_began: float = field(default_factory=time.monotonic)

    def begin_stage(self, stage: str, *, n_total: int | None = None) -> None:
        """Say what is being done now, and of how many."""
        self.end_stage()
        self.stage = stage
        self.n_total = n_total if n_total is not None else self.n_total
        self.report()

    def end_stage(self) -> None:
        """Add up how long the stage took that ends now; one that comes again goes on."""
        now = time.monotonic()
        self.stages_s[self.stage] = round(self.stages_s.get(self.stage, 0.0) + now - self._stage_began, 3)
        self._stage_began = now

    def report(self) -> None:
        """Tell screens how far the run is, and learn whether a person asked to stop."""
        self.is_cancel_asked = operations.report_progress(
            self.conn,
            self.operation_id,
            stage=self.stage,
            n_done=self.n_done,
            n_failed=len(self.failed),
            n_total=self.n_total,
        )
        self.on_progress(
            ProgressReport(
                action=self.action,
                stage=self.stage,
                n_done=self.n_done,
                n_failed=len(self.failed),
                n_total=self.n_total,
            )
        )

    @contextmanager
    def transaction(self) -> Generator[None]:
        """A transaction that no other run's in this project overlaps: two runs of one verb take turns."""
        with self.conn.transaction():
            lock_project(self.conn, self.project.project_id)
            yield

    def fail(self, failures: Iterable[Failure]) -> None:
        """Keep items that this run could not finish."""
        new = list(failures)
        save_failures(self.conn, self.project.project_id, self.action, new, operation_id=self.operation_id)
        self.failed.extend(new)

    def stop_if_asked(self) -> None:
        """Raises Cancelled when a person asked to stop."""
        if self.is_cancel_asked:
            raise Cancelled(
                f"{self.action} was stopped", which=self.project.name, do="run it again, it goes on from here"
            )

    @property
    def outcome(self) -> Outcome:
        """What became of the items so far."""
        return Outcome(
            n_input=self.n_done + len(self.failed),
            n_done=self.n_done,
            n_unchanged=self.n_unchanged,
            failed=tuple(self.failed),
            detail=self.detail,
        )


@contextmanager
def operation(
    conn: Conn, project: Project, action: str, spec: Mapping[str, Any], *, on_progress: OnProgress = silent
) -> Generator[Run]:
    """A run of one verb: allowed, logged from beginning to end whatever happens, committed batch by batch.

    Raises NotPermitted before anything is written. What the body raises is logged and raised on.
    """
    demand(duty_of(conn, project.project_id), action, actor=conn.info.user, project=project.name)
    who: dict[str, Any] = {"who": conn.info.parameter_status("session_authorization"), "project": project.name}
    if n_dead := operations.sweep_dead(conn, project.project_id):
        tell("dead operations swept", level=logging.WARNING, **who, n=n_dead)
    with conn.transaction():
        operation_id = operations.begin(conn, project.project_id, action, spec)
    began = time.monotonic()
    facts: dict[str, Any] = {**who, "operation_id": operation_id, "what": action}
    tell("operation begun", **facts)
    run = Run(conn=conn, project=project, operation_id=operation_id, action=action, on_progress=on_progress)
    status: operations.Status = "failed"
    message: str | None = "the run ended before it could say why"
    try:
        yield run
        status, message = "done", None
        run.report()
    except (Cancelled, KeyboardInterrupt) as error:
        status, message = "cancelled", str(error) or "stopped by a person"
        raise
    except BaseException as error:
        message = scrub(f"{type(error).__name__}: {error}")
        raise
    finally:
        run.end_stage()
        outcome = run.outcome
        tell(
            "operation ended",
            level=logging.WARNING if status == "failed" else logging.INFO,
            **facts,
            n_done=outcome.n_done,
            n_failed=len(outcome.failed),
            duration_s=time.monotonic() - began,
            outcome=status,
            message=message,
        )
        if not conn.closed:
            # How long each stage took is for the log alone: what a verb hands back is the same from run to run.
            logged = replace(outcome, detail={**outcome.detail, "stages_s": list(run.stages_s.items())})
            operations.end(conn, project.project_id, operation_id, status=status, outcome=logged, message=message)


def in_batches(items: Iterable[T], *, max_n: int = 200, max_s: float = 0.5) -> Iterator[list[T]]:
    """The items in lists, handed on when full or when the first has waited long enough: commits few but fresh."""
    batch: list[T] = []
    began = time.monotonic()
    for item in items:
        batch.append(item)
        if len(batch) >= max_n or time.monotonic() - began >= max_s:
            yield batch
            batch, began = [], time.monotonic()
    if batch:
        yield batch
