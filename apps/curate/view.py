"""The curate page: key figures, and four tabs: the map, search, the near-duplicates, the selections."""

from __future__ import annotations

from typing import Any

from apps.curate.duplicates_tab import DuplicatesTab
from apps.curate.map_tab import MapTab
from apps.curate.search_tab import SearchTab
from apps.curate.selections_tab import SelectionsTab
from apps.curate.state import CurateData, CurateState
from apps.curate.words import ended_words, kpis
from apps.main_job import Pace, action_words, running_now
from apps.page import show_page
from apps.session import Session
from pipeline.catalog.counts import Counts
from pipeline.core.errors import EarmarkError
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import EmptyState, Kpis, Notice, Progress
from pipeline.workflows.operation import Conn

_PAUSE_RUNNING_S, _PAUSE_IDLE_S = 0.7, 3.0
_MAP, _SEARCH, _DUPLICATES, _SELECTIONS = "map", "search", "duplicates", "selections"
_NOT_FRESH = "This page is not fresh"


def show() -> None:
    """Paint the page and keep it fresh."""
    show_page("curate", CuratePage)


class CuratePage:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = CurateState(session)
        self._pace = Pace()
        self._notice, self._progress, self._kpis = Notice(), Progress(), Kpis()
        self._tabs = Buttons(kind="tabs", chosen=_MAP)
        self._tabs.on_press(self._open_tab)
        self._map = MapTab(
            self._state, self._notice, on_saved=self._saved, on_queued=self._started, on_like=self._search_like
        )
        self._search = SearchTab(self._state, on_saved=self._saved)
        self._duplicates = DuplicatesTab(self._state, on_decided=self._draw_now, on_started=self._started)
        self._selections = SelectionsTab(self._state, on_started=self._started)
        self._parts = {
            _MAP: (self._map.controls, self._map.root),
            _SEARCH: (self._search.root,),
            _DUPLICATES: (self._duplicates.controls, self._duplicates.root),
            _SELECTIONS: (self._selections.root,),
        }
        self._controls = stack(self._map.controls, self._duplicates.controls)
        self._nothing = EmptyState("")
        self.root = page(
            session.header("curate"),
            self._notice,
            self._kpis,
            columns(self._tabs, self._controls, widths="1fr auto"),
            self._progress,
            self._nothing,
            self._map.root,
            self._search.root,
            self._duplicates.root,
            self._selections.root,
        )
        self._draw_now()

    def read(self, conn: Conn) -> CurateData:
        """The page as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: CurateData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        if self._state.is_newest(what):
            self._draw_parts(what)
        self._draw_running(what)
        self._tell_end()
        return _PAUSE_IDLE_S if self._state.job is None and not self._progress.stage else _PAUSE_RUNNING_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    # ----------------------------------------------------------------------------------------- what is seen

    def _open_tab(self, _key: str) -> None:
        if self._notice.tone == "success":
            self._notice.clear()
        self._draw_now()

    def _draw_now(self) -> None:
        self.draw(self._state.read_now())

    def _draw_parts(self, what: CurateData) -> None:
        has_map = what.counts.n_embedded > 0
        self._kpis.items = kpis(what)
        self._tabs.items = _tab_items(what) if has_map else []
        here = self._tabs.chosen if has_map else ""
        self._controls.layout.display = "none" if here in ("", _SEARCH, _SELECTIONS) else None
        for key, parts in self._parts.items():
            for part in parts:
                part.layout.display = None if key == here else "none"
        self._draw_nothing(what.counts)
        if has_map:
            self._map.draw(what, is_open=here == _MAP)
            self._selections.draw(what)
        self._duplicates.draw(what, is_open=here == _DUPLICATES)

    def _draw_nothing(self, counts: Counts) -> None:
        self._nothing.layout.display = None if counts.n_embedded == 0 else "none"
        title, text = _nothing_words(counts)
        with self._nothing.hold_sync():
            self._nothing.title, self._nothing.text = title, text
            self._nothing.action_label, self._nothing.action_href = "Go to Recordings", "recordings.ipynb"

    # ------------------------------------------------------------------------------------- what runs beside

    def _started(self, words: str) -> None:
        self._notice.clear()
        self._progress.show(words, 0)

    def _saved(self, name: str) -> None:
        self._selections.open(name)
        self._draw_now()

    def _search_like(self, clip_id: int) -> None:
        self._search.like(clip_id)
        self._tabs.chosen = _SEARCH
        self._draw_now()

    def _draw_running(self, what: CurateData) -> None:
        now = running_now(what.operations)
        if now is not None:
            rate, left_s = self._pace.watch(now)
            stage = f"{action_words(now.action)}: {now.stage or 'starting'}"
            done = now.n_done + now.n_failed
            # A stage that does not count yet shows that it moves, not that it stands at nothing.
            total = now.n_total if done else None
            self._progress.show(stage, done, total=total, rate=rate, left_s=left_s, note=f"started by {now.author}")
        elif self._state.job is None or not self._state.job.is_running:
            self._progress.clear()
        elif (reason := self._state.job.waits_for) is not None:
            self._progress.show(reason, 0)

    def _tell_end(self) -> None:
        """Say what came of the job of this page."""
        job = self._state.job
        if job is None or job.is_running:
            return
        self._state.job = None
        if job.error is not None:
            (self._notice.info if job.is_cancelled else self._notice.error)(job.error)
            return
        results: list[dict[str, Any]] = [result for result in job.results if "verb" in result]
        self._notice.success(" ".join(ended_words(result) for result in results) or "Done.")
        try:
            if any(result["verb"] == "select" for result in results):
                self._selections.open(self._state.chosen_name)
            self._draw_parts(self._state.read_now())
        except EarmarkError as error:
            self.say_trouble(f"{_NOT_FRESH}: {error}")


def _tab_items(what: CurateData) -> list[dict[str, Any]]:
    n_open = what.n_groups_open
    return [
        {"key": _MAP, "label": "Map", "count": what.counts.n_embedded},
        {"key": _SEARCH, "label": "Search", "title": "By sound: a file, the microphone, a clip, a part of one"},
        {
            "key": _DUPLICATES,
            "label": "Near-duplicates",
            "count": what.groups.n_groups,
            "tone": "warn" if n_open else "plain",
            "title": f"{n_open:,} to judge",
        },
        {"key": _SELECTIONS, "label": "Selections", "count": len(what.selections)},
    ]


def _nothing_words(counts: Counts) -> tuple[str, str]:
    if counts.n_recordings == 0:
        return "Nothing to curate yet", "Bring in recordings, cut them and make their embeddings: then come back."
    if counts.n_clips == 0:
        return "No clips yet", "There are recordings, but nothing is cut."
    return "The clips have no embeddings yet", "The map and the near-duplicates need them."
