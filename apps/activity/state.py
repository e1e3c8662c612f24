"""Activity: which part of the operation log this person looks at, and what lies under the operation they opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar

from apps.session import Session
from pipeline.catalog import accounts, jobs, operation_log, operations
from pipeline.catalog.accounts import AdminAct
from pipeline.catalog.failures import FailureRow
from pipeline.catalog.jobs import Job
from pipeline.catalog.operation_log import LogChoices, LogEntry, LogFilter, ProblemRow
from pipeline.catalog.operations import Status
from pipeline.core.errors import SettingsError
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn

N_ENTRIES, N_UNDER, N_ACTS = 15, 10, 8
STATUSES: tuple[Status, ...] = ("running", "done", "failed", "cancelled")

Turn = Literal["previous", "next"]
Row = TypeVar("Row")
Key = TypeVar("Key")


@dataclass(frozen=True, kw_only=True)
class Pages(Generic[Key]):
    """Where a person is in a list that pages by key: the keys of the pages before, the last one of this page."""

    keys: tuple[Key, ...] = ()

    @property
    def key(self) -> Key | None:
        """Where this page begins, None at the first."""
        return self.keys[-1] if self.keys else None

    def turned(self, to: Turn, last: Key | None) -> Pages[Key]:
        """The neighbouring page; ``last`` is the key of the last row that is shown."""
        if to == "previous":
            return Pages(keys=self.keys[:-1])
        return self if last is None else Pages(keys=(*self.keys, last))


@dataclass(frozen=True, kw_only=True)
class Listed(Generic[Row]):
    """One page of a list."""

    rows: list[Row]
    has_previous: bool
    has_next: bool


@dataclass(frozen=True, kw_only=True)
class Opened:
    """One operation with what lies under it; ``tries`` are the operations of its job, itself among them."""

    entry: LogEntry
    failures: Listed[FailureRow]
    problems: Listed[ProblemRow]
    job: Job | None
    tries: list[LogEntry]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the page looks at: the filter, the page of each list, and which operation is open."""

    wanted: LogFilter = field(default_factory=LogFilter)
    entries: Pages[int] = field(default_factory=Pages[int])
    open_id: int | None = None
    failures: Pages[int] = field(default_factory=Pages[int])
    problems: Pages[tuple[int, int]] = field(default_factory=Pages[tuple[int, int]])
    acts: Pages[int] = field(default_factory=Pages[int])


@dataclass(frozen=True, kw_only=True)
class ActivityData:
    """What the page shows, and the place that it was read for. ``acts`` is None for who is no lab admin."""

    place: Place
    entries: Listed[LogEntry]
    choices: LogChoices
    running: LogEntry | None
    opened: Opened | None
    acts: Listed[AdminAct] | None


class ActivityState:
    """One person at the log of a project."""

    def __init__(self, session: Session) -> None:
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._project_id = session.project.project_id
        self.is_lab_admin = self._line.do(accounts.is_lab_admin)
        self.place = Place()

    def read_now(self) -> ActivityData:
        """The page as it is now. Raises EarmarkError."""
        return self._line.do(self.read)

    def read(self, conn: Conn) -> ActivityData:
        """The page as it is now, by this connection, which may be a thread's own."""
        place, project_id = self.place, self._project_id
        operations.sweep_dead(conn, project_id)
        found = operation_log.list_entries(
            conn, project_id, place.wanted, before_id=place.entries.key, limit=N_ENTRIES + 1
        )
        return ActivityData(
            place=place,
            entries=_listed(found, N_ENTRIES, place.entries),
            choices=operation_log.read_choices(conn, project_id),
            running=operation_log.find_running(conn, project_id),
            opened=None if place.open_id is None else self._read_opened(conn, place, place.open_id),
            acts=self._read_acts(conn, place) if self.is_lab_admin else None,
        )

    def narrow(self, chosen: Mapping[str, str]) -> None:
        """Look at the operations that fit; texts are those of the filter row, "" narrows nothing.

        Raises SettingsError for a day that is none.
        """
        day = _day(chosen.get("day", ""))
        status = chosen.get("status", "")
        wanted = LogFilter(
            author=chosen.get("who") or None,
            verb=chosen.get("verb") or None,
            status=next((known for known in STATUSES if known == status), None),
            since=day,
            until=None if day is None else (day.replace(tzinfo=None) + timedelta(days=1)).astimezone(),
        )
        self.place = Place(wanted=wanted, acts=self.place.acts)

    def turn(self, to: Turn, shown: ActivityData) -> None:
        """The next older or newer page of operations."""
        rows = shown.entries.rows
        last = rows[-1].operation_id if rows else None
        self.place = replace(self.place, entries=self.place.entries.turned(to, last))

    def open(self, operation_id: int | None) -> None:
        """Look at what lies under this operation; None closes it."""
        pages = Place()
        self.place = replace(self.place, open_id=operation_id, failures=pages.failures, problems=pages.problems)

    def turn_failures(self, to: Turn, opened: Opened) -> None:
        """The next page of failures of the operation that is open."""
        last = opened.failures.rows[-1].failure_id if opened.failures.rows else None
        self.place = replace(self.place, failures=self.place.failures.turned(to, last))

    def turn_problems(self, to: Turn, opened: Opened) -> None:
        """The next page of problems of the operation that is open."""
        rows = opened.problems.rows
        last = (rows[-1].recording_id, rows[-1].problem_id) if rows else None
        self.place = replace(self.place, problems=self.place.problems.turned(to, last))

    def turn_acts(self, to: Turn, shown: Listed[AdminAct]) -> None:
        """The next older or newer page of what was done with accounts."""
        last = shown.rows[-1].admin_act_id if shown.rows else None
        self.place = replace(self.place, acts=self.place.acts.turned(to, last))

    def _read_opened(self, conn: Conn, place: Place, operation_id: int) -> Opened:
        project_id = self._project_id
        entry = operation_log.get_entry(conn, project_id, operation_id)
        failures = operation_log.page_failures_of(
            conn, project_id, operation_id, after_id=place.failures.key or 0, limit=N_UNDER + 1
        )
        problems = operation_log.page_problems_of(
            conn, project_id, operation_id, after=place.problems.key or (0, 0), limit=N_UNDER + 1
        )
        job_id = entry.job_id
        return Opened(
            entry=entry,
            failures=_listed(failures, N_UNDER, place.failures),
            problems=_listed(problems, N_UNDER, place.problems),
            job=None if job_id is None else jobs.get_job(conn, job_id, project_id=project_id),
            tries=[] if job_id is None else operation_log.list_of_job(conn, project_id, job_id),
        )

    def _read_acts(self, conn: Conn, place: Place) -> Listed[AdminAct]:
        return _listed(accounts.list_admin_acts(conn, before=place.acts.key, limit=N_ACTS + 1), N_ACTS, place.acts)


def _listed(found: list[Row], limit: int, pages: Pages[Key]) -> Listed[Row]:
    """The page of rows that were read with one more than are shown."""
    return Listed(rows=found[:limit], has_previous=pages.key is not None, has_next=len(found) > limit)


def _day(text: str) -> datetime | None:
    """The beginning of a day, in the server's own time zone."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").astimezone()
    except ValueError:
        raise SettingsError("this is no day", expected="one like 2026-11-20", got=text) from None
