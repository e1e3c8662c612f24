"""What every workflow shares: permission, the log row, progress, commits in batches, and the outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.rows import TupleRow

from pipeline.catalog import operations
from pipeline.catalog.failures import save_failures
from pipeline.catalog.projects import Project, duty_of, lock_project
from pipeline.core.errors import Cancelled
from pipeline.core.permissions import demand
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

    def begin_stage(self, stage: str, *, n_total: int | None = None) -> None:
        """Say what is being done now, and of how many."""
        self.stage = stage
        self.n_total = n_total if n_total is not None else self.n_total
        self.report()

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
    operations.sweep_dead(conn, project.project_id)
    with conn.transaction():
        operation_id = operations.begin(conn, project.project_id, action, spec)
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
        message = f"{type(error).__name__}: {error}"
        raise
    finally:
        if not conn.closed:
            operations.end(conn, project.project_id, operation_id, status=status, outcome=run.outcome, message=message)


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
