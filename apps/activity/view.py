"""The activity page: the operation log, and under an opened operation what it was asked, its failures and problems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.activity.state import STATUSES, ActivityData, ActivityState, Opened, Turn
from apps.activity.words import (
    TONES,
    act_rows,
    entry_row,
    facts_of,
    failure_rows,
    failures_note,
    problem_rows,
    title_of,
)
from apps.main_job import action_words
from apps.page import show_page
from apps.session import Session
from pipeline.catalog.operation_log import LogChoices
from pipeline.core.errors import EarmarkError
from pipeline.widgets.filters import Chosen, Filters
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.sheet import Sheet
from pipeline.widgets.shell import Notice, Progress
from pipeline.widgets.tables import Table
from pipeline.workflows.operation import Conn

_PAUSE_RUNNING_S, _PAUSE_IDLE_S = 1.0, 4.0
_NOT_FRESH = "This page is not fresh"
_ENTRIES = [
    {"key": "what", "label": "What", "kind": "text"},
    {"key": "status", "label": "Outcome", "kind": "pill", "width": "104px"},
    {"key": "words", "label": "In words", "kind": "text"},
    {"key": "who", "label": "Who", "kind": "text"},
    {"key": "when", "label": "When", "kind": "time", "width": "112px"},
    {"key": "took", "label": "Took", "kind": "time", "width": "84px", "is_minor": True},
]
_FAILURES = [
    {"key": "item", "label": "What", "kind": "text", "width": "30%"},
    {"key": "message", "label": "Reason", "kind": "text", "is_wrapped": True},
    {"key": "n_attempts", "label": "Attempts", "kind": "number", "width": "84px"},
]
_PROBLEMS = [
    {"key": "recording", "label": "Recording", "kind": "text", "width": "26%"},
    {"key": "kind", "label": "Problem", "kind": "pill"},
    {"key": "message", "label": "In words", "kind": "text", "is_wrapped": True},
    {"key": "fix", "label": "What cut does", "kind": "text", "is_wrapped": True, "is_minor": True},
]
_ACTS = [
    {"key": "what", "label": "What", "kind": "text", "is_wrapped": True},
    {"key": "who", "label": "Who", "kind": "text", "width": "140px"},
    {"key": "when", "label": "When", "kind": "time", "width": "130px"},
]


def show() -> None:
    """Paint the page and keep it fresh."""
    show_page("activity", ActivityPage)


class ActivityPage:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = state = ActivityState(session)
        self._shown = first = state.read_now()
        self._notice, self._progress, self._sheet = Notice(), Progress(), Sheet()
        self._filters = Filters(_fields(first.choices))
        self._filters.on_change(self._narrow)
        self._table = Table(_ENTRIES, title="Operations")
        self._table.on_page(self._turn)
        self._table.on_row(self._open)
        self._sheet.on_close(self._close)
        self._failures = Table(_FAILURES, title="Failures under it")
        self._failures.on_page(self._turn_failures)
        self._problems = Table(_PROBLEMS, title="Problems it found")
        self._problems.on_page(self._turn_problems)
        self._acts = Table(_ACTS, title="Accounts and projects", empty_text="No account was made or changed yet.")
        self._acts.on_page(self._turn_acts)
        self._under = stack(self._sheet, self._failures, self._problems)
        self._main = columns(self._table, self._under, widths="1fr 1fr")
        self.root = page(
            session.header("activity"), self._notice, self._progress, self._filters, self._main, self._acts
        )
        self.draw(first)

    def read(self, conn: Conn) -> ActivityData:
        """The page as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: ActivityData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        pause_s = _PAUSE_IDLE_S if what.running is None else _PAUSE_RUNNING_S
        # A page that was read before the last click is not shown after it.
        if what.place != self._state.place:
            return pause_s
        self._shown = what
        self._draw_running(what)
        self._draw_entries(what)
        self._draw_opened(what.opened)
        self._draw_acts(what)
        return pause_s

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    # ------------------------------------------------------------------------------------------ clicks

    def _narrow(self, chosen: Chosen) -> None:
        self._state.narrow(chosen)
        self._draw_now()

    def _turn(self, to: Turn) -> None:
        self._state.turn(to, self._shown)
        self._draw_now()

    def _open(self, operation_id: int) -> None:
        self._state.open(operation_id)
        self._draw_now()

    def _close(self) -> None:
        self._state.open(None)
        self._draw_now()

    def _turn_failures(self, to: Turn) -> None:
        self._state.turn_failures(to, self._opened())
        self._draw_now()

    def _turn_problems(self, to: Turn) -> None:
        self._state.turn_problems(to, self._opened())
        self._draw_now()

    def _turn_acts(self, to: Turn) -> None:
        if self._shown.acts is not None:
            self._state.turn_acts(to, self._shown.acts)
            self._draw_now()

    def _draw_now(self) -> None:
        self.draw(self._state.read_now())

    def _opened(self) -> Opened:
        if self._shown.opened is None:
            raise EarmarkError("no operation is open", do="choose one in the list")
        return self._shown.opened

    # ------------------------------------------------------------------------------------------ what is seen

    def _draw_running(self, what: ActivityData) -> None:
        now = what.running
        if now is None:
            self._progress.clear()
            return
        stage = f"{action_words(now.action)}: {now.stage or 'starting'}"
        self._progress.show(stage, now.n_done + now.n_failed, total=now.n_total, note=f"started by {now.author}")

    def _draw_entries(self, what: ActivityData) -> None:
        self._filters.fields = _fields(what.choices)
        now = datetime.now(UTC)
        is_narrowed = any(self._filters.chosen.values())
        self._table.empty_text = "Nothing in the log fits." if is_narrowed else "Nothing has run yet."
        listed = what.entries
        self._table.show(
            [entry_row(entry, now=now) for entry in listed.rows],
            has_previous=listed.has_previous,
            has_next=listed.has_next,
            note="The newest come first." if listed.has_next and not listed.has_previous else "",
        )
        self._table.selected_id = what.place.open_id

    def _draw_opened(self, opened: Opened | None) -> None:
        is_seen = opened is not None
        self._under.layout.display = None if is_seen else "none"
        self._main.layout.grid_template_columns = f"repeat({2 if is_seen else 1}, minmax(0, 1fr))"
        if opened is None:
            self._sheet.clear()
            return
        entry = opened.entry
        pill = {"text": entry.status, "tone": TONES[entry.status]}
        self._sheet.show(str(entry.operation_id), title_of(entry), pill=pill, facts=facts_of(opened))
        failures, note = opened.failures, failures_note(opened)
        self._failures.empty_text = "" if note else "Nothing failed."
        self._failures.show(
            failure_rows(failures), has_previous=failures.has_previous, has_next=failures.has_next, note=note
        )
        self._failures.layout.display = None if failures.rows or note else "none"
        problems = opened.problems
        self._problems.show(problem_rows(problems), has_previous=problems.has_previous, has_next=problems.has_next)
        self._problems.layout.display = None if problems.rows or problems.has_previous else "none"

    def _draw_acts(self, what: ActivityData) -> None:
        self._acts.layout.display = "none" if what.acts is None else None
        if what.acts is not None:
            rows = act_rows(what.acts, now=datetime.now(UTC))
            self._acts.show(rows, has_previous=what.acts.has_previous, has_next=what.acts.has_next)


def _fields(choices: LogChoices) -> list[dict[str, Any]]:
    who = [{"value": name, "label": name} for name in choices.authors]
    verbs = [{"value": action, "label": action_words(action)} for action in choices.actions]
    outcomes = [{"value": status, "label": status} for status in STATUSES]
    return [
        {"key": "who", "label": "Who", "kind": "choice", "options": [{"value": "", "label": "Everybody"}, *who]},
        {"key": "verb", "label": "What", "kind": "choice", "options": [{"value": "", "label": "Every verb"}, *verbs]},
        {
            "key": "status",
            "label": "Outcome",
            "kind": "choice",
            "options": [{"value": "", "label": "Every outcome"}, *outcomes],
        },
        {"key": "day", "label": "Day", "kind": "day"},
    ]
