"""The flags page: header, three lists of doubtful clips, the one on stage, and how right the list has been."""

from __future__ import annotations

import asyncio
from typing import cast

from ipywidgets import VBox

from apps.flags.state import FlagsData, FlagsState
from apps.flags.words import kpi_items, nothing_here, search_ended, tab_items, verdict_case
from apps.jobs import Job
from apps.page import show_page
from apps.session import Session
from pipeline.core.errors import EarmarkError
from pipeline.core.verdicts import Doubt, VerdictGiven
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_verdict import ClipVerdict, MoreCases
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import EmptyState, Kpis, Notice, Progress
from pipeline.workflows.operation import Conn

_REFRESH_AFTER_S = 0.3
_PAUSE_RUNNING_S, _PAUSE_IDLE_S = 0.7, 3.0
_FIGURES_PX = 210
_NOT_FRESH = "This page is not fresh"


def show() -> None:
    """Paint the page and keep it fresh."""
    show_page("flags", FlagsPage)


class FlagsPage:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = state = FlagsState(session)
        self._job: Job | None = None
        self._refresh_at: asyncio.TimerHandle | None = None
        self._notice, self._progress, self._kpis = Notice(), Progress(), Kpis()
        first = state.data()
        self._searched_at = first.standing.counts.searched_at
        doubts: tuple[Doubt, ...] = ("suspect", "flagged", "disputed")
        open_lists: list[Doubt] = [doubt for doubt in doubts if first.n_open(doubt)]
        self._doubt: Doubt = open_lists[0] if open_lists else "suspect"
        self._n_open = first.n_open(self._doubt)
        self._tabs = Buttons(tab_items(first), kind="tabs", label="Clips in doubt", chosen=self._doubt)
        self._tabs.on_press(lambda key: self._choose(cast(Doubt, key)))
        self._search = Buttons()
        self._search.on_press(lambda _key: self._look())
        self._verdict = ClipVerdict(
            read_clip=state.read_clip,
            on_verdict=self._settle,
            on_more=self._more,
            labels=state.labels(),
            first=self._more([]),
            storage_key=state.storage_key,
            picture=state.picture,
        )
        self._empty = EmptyState("")
        self._empty.on_act(self._look)
        # The widget takes keys from the whole page, so it is on the page only while a clip is.
        self._place: VBox = stack()
        self.root = page(
            session.header("flags"),
            self._notice,
            self._progress,
            columns(self._tabs, self._search, widths="1fr auto", is_kept_when_narrow=True),
            columns(stack(self._empty, self._place), self._kpis, widths=f"1fr {_FIGURES_PX}px"),
        )
        self.draw(first)

    def read(self, conn: Conn) -> FlagsData:
        """How the lists stand now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: FlagsData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        self._tabs.items = tab_items(what)
        self._kpis.items = kpi_items(what.standing)
        self._draw_search(what)
        self._draw_list(what)
        return _PAUSE_RUNNING_S if self._job is not None or what.searching is not None else _PAUSE_IDLE_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    # ------------------------------------------------------------------------------------------ the list

    def _choose(self, doubt: Doubt) -> None:
        self._doubt = doubt
        self._begin_list()
        self.draw(self._state.data())

    def _begin_list(self) -> None:
        self._verdict.show_labels(self._state.labels())
        self._verdict.show(self._more([]))

    def _more(self, have: list[int]) -> MoreCases:
        cases = self._state.cases(self._doubt, have)
        n_open = self._n_open if have else self._state.data().n_open(self._doubt)
        return MoreCases(cases=[verdict_case(case) for case in cases], n_open=n_open)

    def _settle(self, given: VerdictGiven) -> None:
        self._state.settle(given)
        self._refresh_soon()

    def _refresh_soon(self) -> None:
        """Once for a burst of verdicts, and never before they are acknowledged."""
        if self._refresh_at is None:
            self._refresh_at = asyncio.get_running_loop().call_later(_REFRESH_AFTER_S, self._refresh)

    def _refresh(self) -> None:
        self._refresh_at = None
        try:
            self.draw(self._state.data())
        except EarmarkError as error:
            self.say_trouble(f"{_NOT_FRESH}: {error}")

    def _draw_list(self, what: FlagsData) -> None:
        before, self._n_open = self._n_open, what.n_open(self._doubt)
        has_new_list = what.standing.counts.searched_at != self._searched_at
        self._searched_at = what.standing.counts.searched_at
        if (self._doubt == "suspect" and has_new_list) or self._n_open > before == 0:
            self._begin_list()
        is_seen = bool(self._n_open or self._verdict.cases)
        wanted = (self._verdict,) if is_seen else ()
        if self._place.children != wanted:
            self._place.children = wanted
        self._empty.layout.display = "none" if self._n_open else None
        self._say_why_empty(what)

    def _say_why_empty(self, what: FlagsData) -> None:
        state = self._state
        why = nothing_here(what, self._doubt, may_search=state.may_search, may_bring_in=state.may_open("recordings"))
        is_busy = self._job is not None or what.searching is not None
        with self._empty.hold_sync():
            self._empty.title, self._empty.text = why.title, why.text
            self._empty.action_label = "" if is_busy and not why.page else why.action
            self._empty.action_href = f"{why.page}.ipynb" if why.page else ""

    # ------------------------------------------------------------------------------------------ the search

    def _look(self) -> None:
        if self._job is not None:
            raise EarmarkError("mislabels are being looked for already", do="wait until the list is there")
        self._job = self._state.search()
        self._notice.clear()
        self._progress.show("Looking for mislabels", 0)
        self.draw(self._state.data())

    def _draw_search(self, what: FlagsData) -> None:
        if self._job is not None and not self._job.is_running:
            self._tell_end(self._job)
            self._job = None
        now = what.searching
        if now is not None:
            self._progress.show(f"Looking for mislabels: {now.stage or 'starting'}", now.n_done, total=now.n_total)
        elif self._job is None:
            self._progress.clear()
        elif (reason := self._job.waits_for) is not None:
            self._progress.show(reason, 0)
        is_there = what.standing.counts.searched_at is not None and what.n_open("suspect") > 0
        may_press = self._state.may_search and is_there and self._job is None and now is None
        self._search.items = [{"key": "again", "label": "Look for mislabels again"}] if may_press else []

    def _tell_end(self, job: Job) -> None:
        if job.error is not None:
            self._notice.error(job.error)
            return
        result = job.results[-1]
        self._notice.success(search_ended(result["detail"], int(result["n_done"])))
