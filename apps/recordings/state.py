"""What the recordings page shows and what can be done there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from apps.jobs import Job, Verb
from apps.main_job import action_words, is_cut, is_embedded, running_now
from apps.recordings.bringing_in import BringIn
from apps.recordings.cutting import cut_words
from apps.session import Session
from pipeline.catalog import operations
from pipeline.catalog.counts import Counts
from pipeline.catalog.failures import FailureRow, page_failures
from pipeline.catalog.first_clips import FirstClip, first_clips
from pipeline.catalog.operations import OperationState
from pipeline.catalog.projects import duty_of
from pipeline.catalog.recordings import RecordingRow, count_problems, page_recordings
from pipeline.core.errors import ComputeError
from pipeline.core.permissions import MAY
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import Recipe
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn
from pipeline.workflows.overview import Overview, read_overview

Task = Literal["bring_in", "cut", "prepare"]
TASK_ACTIONS: dict[Task, tuple[str, ...]] = {
    "bring_in": ("ingest",),
    "cut": ("cut",),
    "prepare": ("embed", "deduplicate", "queue.build"),
}
N_ROWS = 25
N_FAILURES_READ = 10_000


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which page of the list: the recordings after this id, of one problem or (None) of all."""

    after_id: int = 0
    n_before: int = 0
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecordingsPage:
    """One page of the list, with the first clip of each of its recordings, by recording id."""

    place: Place
    recordings: list[RecordingRow]
    clips: dict[int, FirstClip]
    has_next: bool
    n_total: int


@dataclass(frozen=True, kw_only=True)
class RecordingsData:
    """All that the page shows. ``aside`` are the files that never claimed to be sound."""

    overview: Overview
    page: RecordingsPage
    problems: dict[str, int]
    failures: list[FailureRow]
    aside: list[FailureRow]

    @property
    def counts(self) -> Counts:
        return self.overview.counts


@dataclass(kw_only=True)
class RecordingsState:
    """The choices of this page and its verbs."""

    session: Session
    place: Place = field(default_factory=Place)
    job: Job | None = None

    def __post_init__(self) -> None:
        workspace = self.session.workspace
        self._line = Lifeline(workspace.conn, workspace.url)
        self._before: list[Place] = []
        duty = duty_of(workspace.conn, self.session.project.project_id)
        self._allowed = MAY[duty] if duty is not None else frozenset[str]()

    @property
    def recipe(self) -> Recipe:
        return self.session.project.recipe

    def may(self, task: Task) -> bool:
        """Whether this person may do all that the task needs; the verbs and the database check again."""
        return self._allowed.issuperset(TASK_ACTIONS[task])

    # -------------------------------------------------------------------------------------------- looking

    def read(self, conn: Conn) -> RecordingsData:
        """The page as it is now. Raises EarmarkError."""
        project = self.session.project
        overview = read_overview(conn, project)
        problems = count_problems(conn, project.project_id)
        failed = page_failures(conn, project.project_id, limit=N_FAILURES_READ)
        return RecordingsData(
            overview=overview,
            page=self._read_page(conn, self.place, overview, problems),
            problems=problems,
            failures=[failure for failure in failed if failure.error != "NotSound"],
            aside=[failure for failure in failed if failure.error == "NotSound"],
        )

    def read_now(self) -> RecordingsData:
        """The same after a click, by the page's own connection."""
        return self._line.do(self.read)

    def filter(self, problem: str | None) -> None:
        """Show only the recordings with this problem, from the first on; None shows all."""
        self._before.clear()
        self.place = Place(problem=problem)

    def turn(self, to: Literal["previous", "next"], shown: RecordingsPage) -> None:
        """Go on after the page that is shown, or back to the one before it."""
        if to == "previous":
            self.place = self._before.pop() if self._before else Place(problem=self.place.problem)
        elif shown.has_next:
            self._before.append(self.place)
            after_id = shown.recordings[-1].recording_id
            n_before = self.place.n_before + len(shown.recordings)
            self.place = Place(after_id=after_id, n_before=n_before, problem=self.place.problem)

    def _read_page(self, conn: Conn, place: Place, overview: Overview, problems: dict[str, int]) -> RecordingsPage:
        project_id = self.session.project.project_id
        found = page_recordings(conn, project_id, after_id=place.after_id, problem=place.problem, limit=N_ROWS + 1)
        shown = found[:N_ROWS]
        n_total = overview.counts.n_recordings if place.problem is None else problems.get(place.problem, 0)
        return RecordingsPage(
            place=place,
            recordings=shown,
            clips=first_clips(conn, project_id, [recording.recording_id for recording in shown]),
            has_next=len(found) > N_ROWS,
            n_total=n_total,
        )

    # --------------------------------------------------------------------------------------------- doing

    def bring_in(self, given: BringIn) -> None:
        """Start to bring the files in. Raises ComputeError while something runs."""
        self._start([("ingest", given.words())])

    def cut(self, spec: PluginSpec) -> None:
        """Start to cut. Raises ComputeError while something runs."""
        self._start([("cut", cut_words(spec))])

    def prepare(self) -> None:
        """Start all that is between the clips and a person's ear. Raises ComputeError while something runs."""
        self._start([("embed", ()), ("deduplicate", ()), ("queue", ())])

    def stop(self) -> OperationState | None:
        """The run that was asked to stop at its next commit, None if nothing runs; no verb after it will start."""
        if self.job is not None:
            self.job.cancel()
        return self._line.do(self._ask_cancel)

    def _start(self, verbs: list[Verb]) -> None:
        now = self._line.do(self._look_for_run)
        if now is not None or (self.job is not None and self.job.is_running):
            what = action_words(now.action) if now is not None else "the last order"
            by = f" (started by {now.author})" if now is not None else ""
            raise ComputeError(f"{what} still runs{by}", do="wait until it has ended, or stop it")
        self.job = self.session.submit_all(verbs)

    def _look_for_run(self, conn: Conn) -> OperationState | None:
        project_id = self.session.project.project_id
        operations.sweep_dead(conn, project_id)
        return running_now(operations.list_operations(conn, project_id))

    def _ask_cancel(self, conn: Conn) -> OperationState | None:
        now = self._look_for_run(conn)
        if now is not None:
            operations.ask_cancel(conn, self.session.project.project_id, now.operation_id)
        return now


def next_task(overview: Overview, may: Callable[[Task], bool]) -> Task | None:
    """The first task of the main job that is not done; None when all are."""
    if overview.counts.n_recordings == 0:
        wanted: Task | None = "bring_in"
    elif not is_cut(overview):
        wanted = "cut"
    elif overview.counts.n_clips > 0 and not is_embedded(overview):
        wanted = "prepare"
    else:
        wanted = None
    return wanted if wanted is not None and may(wanted) else None
