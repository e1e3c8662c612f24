"""The recordings page: bring in, cut and make ready for review; every recording with its problems, every failure."""

from __future__ import annotations

from typing import Any, cast

from apps.main_job import Pace, action_words, main_job_steps, outcome_words, running_now
from apps.page import show_page
from apps.recordings.failure_list import FailureList
from apps.recordings.rows import MENDED, page_note, problem_words, recording_rows
from apps.recordings.state import RecordingsData, RecordingsState
from apps.recordings.tasks import TaskPanel
from apps.session import Session
from pipeline.catalog.operations import OperationState
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.disclosure import Disclosure
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import Notice, Progress, Steps
from pipeline.widgets.tables import Table, Turn
from pipeline.workflows.operation import Conn

_PAUSE_RUNNING_S, _PAUSE_IDLE_S = 1.0, 3.0
_ALL = "all"
_COLUMNS = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "name", "label": "Name", "kind": "text"},
    {"key": "wave", "label": "First clip", "kind": "wave"},
    {"key": "duration_s", "label": "Seconds", "kind": "number", "digits": 2},
    {"key": "problems", "label": "Problems", "kind": "pill"},
    {"key": "labels", "label": "Labels", "kind": "text"},
    {"key": "source_group", "label": "Source group", "kind": "text"},
    {"key": "n_clips", "label": "Clips", "kind": "number"},
    {"key": "container", "label": "Format", "kind": "text", "is_minor": True},
    {"key": "rate_khz", "label": "kHz", "kind": "number", "is_minor": True},
    {"key": "n_channels", "label": "Channels", "kind": "number", "is_minor": True},
    {"key": "peak_dbfs", "label": "Peak dBFS", "kind": "number", "digits": 1, "is_minor": True},
]


def show() -> None:
    """Paint the page and keep it fresh."""
    show_page("recordings", RecordingsView)


class RecordingsView:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = RecordingsState(session=session)
        self._pace = Pace()
        self._notice, self._progress, self._steps = Notice(), Progress(), Steps()
        self._stop = Buttons()
        self._stop.on_press(self._ask_stop)
        self._running = columns(self._progress, self._stop, widths="1fr auto", is_kept_when_narrow=True)
        self._problems = Buttons(kind="choice", label="Problems", chosen=_ALL)
        self._problems.on_press(self._filter)
        self._table = Table(_COLUMNS, title="Recordings", read_clip=session.read_clip)
        self._table.on_page(self._turn)
        self._failures = FailureList("Could not be finished")
        self._aside = FailureList("")
        self._fold = Disclosure("", self._aside.table)
        self._aside_part = stack(self._fold, self._aside.table)
        first = self.read(session.workspace.conn)
        self._tasks = TaskPanel(self._state, first.overview, on_start=self._started)
        header = session.header("recordings")
        self.root = page(
            header,
            self._steps,
            self._notice,
            self._running,
            self._tasks.root,
            self._problems,
            self._table,
            self._failures.table,
            self._aside_part,
        )
        self._shown = first
        self.draw(first)

    def read(self, conn: Conn) -> RecordingsData:
        """The page as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: RecordingsData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        before, self._shown = self._shown, what
        if self._notice.text.startswith("This page is not fresh"):
            self._notice.clear()
        self._steps.items = main_job_steps(what.overview)
        self._tasks.draw(what.counts)
        self._draw_list(what)
        self._draw_failures(what)
        now = running_now(what.overview.operations)
        self._draw_running(now)
        self._tell_end(before, what)
        is_busy = now is not None or (self._state.job is not None)
        return _PAUSE_RUNNING_S if is_busy else _PAUSE_IDLE_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    # -------------------------------------------------------------------------------------------- clicks

    def _started(self, sentence: str) -> None:
        self._notice.clear()
        self._progress.show(sentence, 0)
        self._show_running(is_seen=True)

    def _ask_stop(self, _key: str) -> None:
        job = self._state.job
        is_ordered = job is not None and job.is_running
        stopped = self._state.stop()
        if stopped is None:
            self._notice.info("Your order is taken back." if is_ordered else "Nothing runs any more.")
        else:
            self._notice.info(f"{action_words(stopped.action)} stops at its next commit; what is done stands.")

    def _filter(self, key: str) -> None:
        self._state.filter(None if key == _ALL else key)
        self.draw(self._state.read_now())

    def _turn(self, to: Turn) -> None:
        self._state.turn(to, self._shown.page)
        self.draw(self._state.read_now())

    # ----------------------------------------------------------------------------------------- what is seen

    def _draw_list(self, what: RecordingsData) -> None:
        n_all = what.counts.n_recordings
        pills: list[dict[str, Any]] = [{"key": _ALL, "label": "All", "count": n_all}]
        pills += [
            {
                "key": kind,
                "label": _sentence(problem_words(kind)),
                "count": n,
                "tone": "plain" if kind in MENDED else "warn",
                "title": "Cut mends this." if kind in MENDED else "Listen before you use these.",
            }
            for kind, n in what.problems.items()
        ]
        self._problems.items = pills if what.problems else []
        self._table.layout.display = None if n_all else "none"
        # A page that was read before the last click is not shown after it.
        if what.page.place == self._state.place:
            self._table.show(
                recording_rows(what.page),
                has_previous=what.page.place.n_before > 0,
                has_next=what.page.has_next,
                note=page_note(what.page),
            )

    def _draw_failures(self, what: RecordingsData) -> None:
        self._failures.draw(what.failures)
        self._aside.draw(what.aside)
        self._failures.table.layout.display = None if what.failures else "none"
        n_aside = len(what.aside)
        self._aside_part.layout.display = None if n_aside else "none"
        self._fold.label = f"{n_aside:,} {'file holds' if n_aside == 1 else 'files hold'} no sound; nothing to do"

    def _draw_running(self, now: OperationState | None) -> None:
        job = self._state.job
        if now is not None:
            rate, left_s = self._pace.watch(now)
            stage = f"{action_words(now.action)}: {now.stage or 'starting'}"
            note = f"{now.n_failed:,} could not be finished" if now.n_failed else f"started by {now.author}"
            done = now.n_done + now.n_failed
            self._progress.show(stage, done, total=now.n_total, rate=rate, left_s=left_s, note=note)
        elif job is None or not job.is_running:
            self._progress.clear()
        elif (reason := job.waits_for) is not None:
            self._progress.show(reason, 0)
        is_stoppable = now is not None or (job is not None and job.is_running)
        self._stop.items = [{"key": "stop", "label": "Stop"}] if is_stoppable else []
        self._show_running(is_seen=bool(self._progress.stage))

    def _show_running(self, *, is_seen: bool) -> None:
        self._running.layout.display = None if is_seen else "none"

    def _tell_end(self, before: RecordingsData, what: RecordingsData) -> None:
        """Say what came of the job of this page, or of a run that another page began."""
        job = self._state.job
        if job is not None and not job.is_running:
            self._state.job = None
            if job.error is None:
                say = self._notice.info if _has_failures(job.results) else self._notice.success
                say(_done_words(what, job.results))
                self._tasks.choose_next(what.overview)
            elif job.is_cancelled:
                self._notice.info(_sentence(job.error))
            else:
                self._notice.error(_sentence(job.error))
            return
        was = running_now(before.overview.operations)
        if job is not None or was is None or running_now(what.overview.operations) is not None:
            return
        ended = next((run for run in what.overview.operations if run.operation_id == was.operation_id), None)
        if ended is not None:
            sentence = f"{action_words(ended.action)} {ended.status}: {outcome_words(ended)}"
            say = self._notice.success if ended.status == "done" else self._notice.error
            say(sentence)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _has_failures(results: list[dict[str, Any]]) -> bool:
    return any(failure.get("error") != "NotSound" for result in results for failure in result.get("failed", []))


def _done_words(what: RecordingsData, results: list[dict[str, Any]]) -> str:
    words = [_result_words(result) for result in results if "verb" in result]
    if any(result.get("verb") == "queue" for result in results):
        n = what.overview.n_waiting
        words.append(f"{n:,} {'clip waits' if n == 1 else 'clips wait'} in Review.")
    return " ".join(words) or "Done."


def _result_words(result: dict[str, Any]) -> str:
    failed = cast(list[dict[str, Any]], result.get("failed", []))
    n_aside = sum(failure.get("error") == "NotSound" for failure in failed)
    parts = [f"{result['n_done']:,} done"]
    if result.get("n_unchanged"):
        parts.append(f"{result['n_unchanged']:,} of them unchanged")
    if len(failed) > n_aside:
        parts.append(f"{len(failed) - n_aside:,} could not be finished")
    if n_aside:
        parts.append(f"{n_aside:,} hold no sound")
    return f"{action_words(result['verb'])}: {', '.join(parts)}."
