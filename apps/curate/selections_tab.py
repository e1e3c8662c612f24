"""The selections of the curate page: choose the clips that say most, hear them, put them into the review queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apps.curate.selection_builder import SelectionBuilder
from apps.curate.selection_words import reason_words
from apps.curate.state import CurateData, CurateState
from apps.curate.words import clips, coverage_series, coverage_words, item_rows, selection_rows
from pipeline.catalog.curation_lists import SelectionItem
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.charts import Line
from pipeline.widgets.layout import columns, stack
from pipeline.widgets.tables import Table, Turn

N_ROWS = 12
_LIST = [
    {"key": "name", "label": "Name", "kind": "text"},
    {"key": "n_clips", "label": "Clips", "kind": "number", "width": "80px"},
    {"key": "author", "label": "By", "kind": "text", "width": "120px"},
    {"key": "when", "label": "When", "kind": "time", "width": "130px"},
]
_ITEMS = [
    {"key": "position", "label": "No.", "kind": "number", "width": "64px"},
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "wave", "label": "Sound", "kind": "wave"},
    {"key": "label", "label": "Label", "kind": "pill"},
    {"key": "name", "label": "Recording", "kind": "text"},
    {"key": "duration_s", "label": "Seconds", "kind": "number", "digits": 2},
    {"key": "reason", "label": "Why it was chosen", "kind": "text"},
]


class SelectionsTab:
    """The form that chooses, the selections there are, and the one that is open."""

    def __init__(self, state: CurateState, *, on_started: Callable[[str], None]) -> None:
        self._state = state
        self._on_started = on_started
        self._name: str | None = None
        self._selection_id: int | None = None
        self._items: list[SelectionItem] = []
        self._first_row = 0
        self._builder = SelectionBuilder(state, on_started=on_started) if "select" in state.may else None
        self._list = Table(_LIST, title="Selections", empty_text="No selection yet: choose one here, or on the map.")
        self._list.on_row(self.open)
        self._table = Table(_ITEMS, read_clip=state.read_clip)
        self._table.on_page(self._turn)
        self._actions = Buttons()
        self._actions.on_press(lambda _key: self._queue())
        self._curve = Line(
            title="What the selection covers",
            x_label="clips chosen",
            y_label="distance of all clips to the nearest chosen",
            y_min=0.0,
        )
        above = [] if self._builder is None else [self._builder.root]
        listed = columns(stack(self._list, self._actions), self._curve)
        self.root = stack(*above, listed, self._table)
        self._show_opened()

    def draw(self, what: CurateData) -> None:
        """Follow the list; the newest is open until another is chosen."""
        if self._builder is not None:
            self._builder.draw(what, is_open=self.root.layout.display != "none")
        self._list.rows = selection_rows(what.selections, now=datetime.now(UTC))
        here = next((row for row in what.selections if row.name == self._name), None)
        shown = here or (what.selections[0] if what.selections else None)
        if (None if shown is None else shown.selection_id) != self._selection_id:
            self._selection_id = None if shown is None else shown.selection_id
            self._name = None if shown is None else shown.name
            self._load()

    def open(self, name: str) -> None:
        """Show the clips of this selection."""
        self._name = name
        self._load()

    def _load(self) -> None:
        self._items, self._first_row = [] if self._name is None else self._state.items(self._name), 0
        drawn = {} if self._name is None else self._state.coverage(self._name)
        self._curve.series, self._curve.note = coverage_series(drawn), coverage_words(drawn)
        self._curve.layout.display = None if self._curve.series else "none"
        self._list.selected_id = self._name
        self._show_opened()

    def _show_opened(self) -> None:
        self._table.layout.display = None if self._name is not None else "none"
        if self._name is None:
            self._actions.items = []
            return
        self._table.title = f"{self._name}: {clips(len(self._items))}"
        self._show_rows()
        title = "In place of what waits in the queue now; what people hold stays theirs."
        item = {"key": "queue", "label": f"Put “{self._name}” into the review queue", "title": title}
        self._actions.items = [item] if "queue.build" in self._state.may else []

    def _turn(self, to: Turn) -> None:
        step = N_ROWS if to == "next" else -N_ROWS
        self._first_row = max(0, min(self._first_row + step, len(self._items) - 1))
        self._show_rows()

    def _show_rows(self) -> None:
        shown = self._items[self._first_row : self._first_row + N_ROWS]
        last = self._first_row + len(shown)
        rows = item_rows(shown, self._state.cards([item.clip_id for item in shown]), n_before=self._first_row)
        self._table.show(
            [{**row, "reason": reason_words(row["reason"])} for row in rows],
            has_previous=self._first_row > 0,
            has_next=last < len(self._items),
            note=f"{self._first_row + 1:,}–{last:,} of {clips(len(self._items))}",
        )

    def _queue(self) -> None:
        if self._name is not None:
            n = self._state.queue(self._name)
            self._on_started(f"Putting {clips(n)} of “{self._name}” into the review queue")
