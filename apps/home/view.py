"""The home page: steps of the main job, key figures, what waits for you, labels, the last operations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from apps.home.own_view import OwnHomePage
from apps.home.state import (
    HomeData,
    HomeState,
    Truth,
    for_you,
    kpis,
    label_balance,
    links_of,
    open_steps,
    operation_rows,
    welcome,
)
from apps.main_job import Pace, action_words, main_job_steps, running_now
from apps.page import show_page
from apps.session import Session
from pipeline.widgets.charts import Bars
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import EmptyState, Kpis, Notice, Progress, Steps
from pipeline.widgets.tables import Table
from pipeline.workflows.operation import Conn

_PAUSE_RUNNING_S, _PAUSE_IDLE_S = 1.5, 4.0
_OPERATIONS = [
    {"key": "what", "label": "What", "kind": "text", "width": "150px"},
    {"key": "status", "label": "Outcome", "kind": "pill", "width": "110px"},
    {"key": "outcome", "label": "In words", "kind": "text"},
    {"key": "who", "label": "Who", "kind": "text", "width": "120px"},
    {"key": "when", "label": "When", "kind": "time", "width": "130px"},
    {"key": "took", "label": "Took", "kind": "time", "width": "100px"},
]
_TRUTH = [
    {"key": "kind", "label": "Planted", "kind": "text"},
    {"key": "found", "label": "Found", "kind": "text", "width": "110px"},
    {"key": "false", "label": "False", "kind": "number", "width": "70px"},
    {"key": "share", "label": "Share", "kind": "pill", "width": "90px"},
]


def show() -> None:
    """Paint the page that this person's duty asks for, and keep it fresh."""
    show_page("home", home_page)


def home_page(session: Session) -> HomePage | OwnHomePage:
    """The project at a glance; for an annotator, who sees nothing of it, their own work."""
    return OwnHomePage(session) if session.duty == "annotator" else HomePage(session)


class HomePage:
    """The page's parts, and what they show."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = HomeState(session.project)
        self._pace = Pace()
        self._notice, self._progress, self._steps, self._kpis = Notice(), Progress(), Steps(), Kpis()
        self._links = links_of(session)
        self._for_you, self._welcome = EmptyState(""), _welcome(self._links)
        self._truth = Table(_TRUTH, title="What was found of the planted truth")
        self._labels = Bars(title="Labels")
        self._labels.empty_text = "No clip has a label yet."
        self._operations = Table(_OPERATIONS, title="Last operations", empty_text="Nothing has run yet.")
        middle = columns(stack(self._for_you, self._truth), self._labels)
        self._work = stack(self._kpis, middle, self._operations)
        header = session.header("home")
        self.root = page(header, self._notice, self._steps, self._progress, self._welcome, self._work)
        self.draw(self.read(session.workspace.conn))

    def read(self, conn: Conn) -> HomeData:
        """The project as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: HomeData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        overview = what.overview
        if self._notice.tone == "error":
            self._notice.clear()
        self._steps.items = open_steps(main_job_steps(overview), self._links)
        self._welcome.layout.display = None if what.is_fresh_project else "none"
        self._work.layout.display = "none" if what.is_fresh_project else None
        self._kpis.items = kpis(overview)
        self._draw_for_you(what)
        self._draw_truth(what.truth)
        balance = label_balance(overview)
        self._labels.items, self._labels.note = list(balance.bars), balance.note
        self._operations.rows = operation_rows(overview.operations, now=datetime.now(UTC))
        self._draw_progress(what)
        return _PAUSE_IDLE_S if running_now(overview.operations) is None else _PAUSE_RUNNING_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    def _draw_for_you(self, what: HomeData) -> None:
        next_thing = for_you(what.overview, self._links)
        with self._for_you.hold_sync():
            self._for_you.title, self._for_you.text = next_thing.title, next_thing.text
            self._for_you.action_label = next_thing.action
            self._for_you.action_href = self._links.get(next_thing.page or "", "")

    def _draw_truth(self, truth: Truth | None) -> None:
        self._truth.layout.display = "none" if truth is None else None
        if truth is not None:
            self._truth.empty_text = truth.trouble or "Nothing was planted."
            self._truth.rows = _truth_rows(truth)

    def _draw_progress(self, what: HomeData) -> None:
        now = running_now(what.overview.operations)
        if now is None:
            self._progress.clear()
            return
        rate, left_s = self._pace.watch(now)
        done = now.n_done + now.n_failed
        stage = f"{action_words(now.action)}: {now.stage or 'starting'}"
        self._progress.show(stage, done, total=now.n_total, rate=rate, left_s=left_s, note=f"started by {now.author}")


def _welcome(links: Mapping[str, str]) -> EmptyState:
    first = welcome(links)
    href = links.get(first.page or "", "")
    return EmptyState(first.title, text=first.text, action_label=first.action, action_href=href)


def _truth_rows(truth: Truth) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for line in truth.lines:
        share = line.n_found / line.n_planted if line.n_planted else None
        tone = "ok" if share is not None and share >= 0.9 else "warn"
        rows.append(
            {
                "id": line.kind,
                "kind": line.kind.capitalize(),
                "found": f"{line.n_found:,} of {line.n_planted:,}",
                "false": line.n_false,
                "share": None if share is None else {"text": f"{100 * share:.0f} %", "tone": tone},
            }
        )
    return rows
