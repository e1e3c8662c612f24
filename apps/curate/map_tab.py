"""The map of the curate page: hear points, draw a line around some, keep them as a selection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from apps.curate.hear_panel import HEAR, HearPanel
from apps.curate.map_colours import COLOURINGS, Colouring, colours_by, map_colours
from apps.curate.state import CurateData, CurateState
from apps.curate.words import clip_rows, clips
from pipeline.catalog.embeddings import MapPoints
from pipeline.core.errors import EarmarkError
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_map import ClipMap
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, stack
from pipeline.widgets.shell import EmptyState, Notice
from pipeline.widgets.tables import Table, Turn

N_ROWS = 6
_MAP_PX = 540
_DIMMED, _COLOURED = "dimmed", "coloured"
_COLUMNS = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "wave", "label": "Sound", "kind": "wave"},
    {"key": "label", "label": "Label", "kind": "pill"},
    {"key": "name", "label": "Recording", "kind": "text"},
    {"key": "duration_s", "label": "Seconds", "kind": "number", "digits": 2},
]


class MapTab:
    """The map beside the clips chosen on it.

    ``on_saved(name)`` is told of a new selection, ``on_queued(words)`` that one is put into the review queue,
    ``on_like(clip_id)`` that more like this clip is wanted.
    """

    def __init__(
        self,
        state: CurateState,
        notice: Notice,
        *,
        on_saved: Callable[[str], None],
        on_queued: Callable[[str], None],
        on_like: Callable[[int], None],
    ) -> None:
        self._state, self._notice = state, notice
        self._on_saved, self._on_queued = on_saved, on_queued
        self._chosen: list[int] = []
        self._place_of: dict[int, int] = {}
        self._saved_as: str | None = None
        self._first_row = 0
        self._points: MapPoints | None = None
        self._labels: list[str] = []
        self._key: tuple[int, ...] | None = None
        self._wanted_key: tuple[int, ...] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._is_open = False
        self._map = ClipMap(read_clip=state.read_clip, height=_MAP_PX)
        self._map.on_selected(self._choose)
        self._map.on_like(on_like)
        self._copies = Buttons(
            [
                {"key": _DIMMED, "label": "Dimmed", "title": "Redundant clips in grey, whatever their label"},
                {"key": _COLOURED, "label": "Coloured", "title": "Redundant clips in the colour of their label"},
            ],
            kind="choice",
            label="Redundant clips",
            chosen=_DIMMED,
        )
        self._copies.on_press(lambda _key: self._draw_points(is_view_kept=True))
        self._colouring: Colouring = "label"
        self._values: tuple[Colouring, dict[int, str | float]] = ("label", {})
        self._recolouring: asyncio.Task[None] | None = None
        self._by = Buttons(
            [{"key": key, "label": words} for key, words in COLOURINGS.items()],
            kind="choice",
            label="Colour by",
            chosen="label",
        )
        self._by.on_press(self._colour_by)
        self._fresh = Buttons()
        self._fresh.on_press(lambda _key: self.load())
        self._hint = EmptyState(
            "Choose clips by ear",
            text="Click a point to hear it. Hold Shift and draw a line around some: they are listed here, "
            "to be heard one by one and kept as a selection.",
        )
        self._table = Table(_COLUMNS, title="Chosen clips", read_clip=state.read_clip)
        self._table.on_page(self._turn)
        self._form = _save_form("chosen 1")
        self._form.on_submit(self._save)
        self._actions = Buttons()
        self._actions.on_press(lambda key: self._hear_chosen() if key == HEAR["key"] else self._queue())
        self._panel = stack(self._table, *([self._form] if "select" in state.may else []))
        beside = stack(self._hint, self._panel)
        self._hear = HearPanel(state, on_close=self._show_map)
        above = columns(self._by, self._actions, widths="1fr auto")
        self._seen = stack(above, self._fresh, columns(self._map, beside, widths="3fr 2fr"))
        self.controls = self._copies
        self.root = stack(self._seen, self._hear.root)
        self._show_chosen()

    def draw(self, what: CurateData, *, is_open: bool) -> None:
        """Follow the numbers. A map that somebody looks at is not drawn anew under their hands: a button offers it."""
        has_come_back = is_open and not self._is_open
        self._is_open = is_open
        is_stale = self._key != what.map_key
        self._wanted_key = what.map_key
        if is_stale and (self._points is None or not self._points.clip_ids or (has_come_back and not self._chosen)):
            self.load()
        elif is_stale != bool(self._fresh.items):
            self._fresh.items = (
                [{"key": "load", "label": "Labels or copies changed: draw anew"}]
                if is_stale and self._loading is None
                else []
            )

    def load(self) -> None:
        """Read the map in a thread and show it."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        key = self._wanted_key
        try:
            self._points, self._labels = await asyncio.to_thread(self._state.read_map)
            self._values = await asyncio.to_thread(self._read_values, self._colouring)
        except EarmarkError as error:
            self._notice.error(f"The map cannot be read: {error}")
            return
        finally:
            self._loading = None
        self._key = key
        self._fresh.items = []
        self._draw_points()

    def _draw_points(self, *, is_view_kept: bool = False) -> None:
        points = self._points
        if points is None:
            return
        is_dimmed = self._copies.chosen == _DIMMED
        by, values = self._values
        coloured = (
            map_colours(points, self._labels, is_dimmed=is_dimmed)
            if by == "label"
            else colours_by(points, by, values, self._labels, is_dimmed=is_dimmed)
        )
        # What is drawn later lies on top: labels over what has none, that over copies.
        order = np.argsort(-coloured.category, kind="stable")
        in_legend = np.argsort(coloured.category, kind="stable")
        self._place_of = {points.clip_ids[index]: place for place, index in enumerate(in_legend)}
        self._map.show(
            points.places[order],
            coloured.category[order],
            ids=np.array(points.clip_ids, np.int64)[order],
            categories=coloured.categories,
            names=[points.names[place] for place in order],
            is_view_kept=is_view_kept,
        )
        if not is_view_kept:
            self._choose([])

    def _colour_by(self, key: str) -> None:
        self._colouring = next(by for by in COLOURINGS if by == key)
        self._recolouring = asyncio.get_running_loop().create_task(self._recolour(self._colouring))

    async def _recolour(self, by: Colouring) -> None:
        """The values are read anew each time: they change while people work."""
        try:
            values = await asyncio.to_thread(self._read_values, by)
        except EarmarkError as error:
            self._notice.error(f"The map cannot be coloured: {error}")
            return
        if by == self._colouring:
            self._values = values
            self._draw_points(is_view_kept=True)

    def _read_values(self, by: Colouring) -> tuple[Colouring, dict[int, str | float]]:
        return by, {} if by == "label" else self._state.map_values(by)

    # -------------------------------------------------------------------------------------------- choosing

    def _choose(self, clip_ids: list[int]) -> str | None:
        """List the clips in the order of the legend, so that labels stand together."""
        self._chosen = sorted(clip_ids, key=lambda clip_id: self._place_of[clip_id])
        self._saved_as, self._first_row = None, 0
        if clip_ids:
            name = self._state.free_name("chosen")
            if self._form.fields[0]["value"] != name:
                self._form.fields = _save_fields(name)
        self._show_chosen()
        return None

    def _turn(self, to: Turn) -> None:
        step = N_ROWS if to == "next" else -N_ROWS
        self._first_row = max(0, min(self._first_row + step, len(self._chosen) - 1))
        self._show_rows()

    def _show_chosen(self) -> None:
        has_chosen = bool(self._chosen)
        self._hint.layout.display = "none" if has_chosen else None
        self._panel.layout.display = None if has_chosen else "none"
        self._show_rows()
        self._show_actions()

    def _show_rows(self) -> None:
        shown = self._chosen[self._first_row : self._first_row + N_ROWS]
        last = self._first_row + len(shown)
        self._table.show(
            clip_rows(self._state.cards(shown)) if shown else [],
            has_previous=self._first_row > 0,
            has_next=last < len(self._chosen),
            note=f"{self._first_row + 1:,}–{last:,} of {clips(len(self._chosen))}",
        )

    def _show_actions(self) -> None:
        items: list[dict[str, object]] = []
        if self._chosen and "annotate" in self._state.may:
            items.append({**HEAR, "is_primary": True})
        if self._chosen and self._state.may.issuperset({"select", "queue.build"}):
            title = "In place of what waits in the queue now; what people hold stays theirs."
            items.append({"key": "queue", "label": "Put into the review queue", "title": title})
        self._actions.items = items

    # --------------------------------------------------------------------------------------------- hearing

    def _hear_chosen(self) -> None:
        self._hear.open(self._chosen)
        self._seen.layout.display = "none"

    def _show_map(self) -> None:
        self._seen.layout.display = None

    # ---------------------------------------------------------------------------------------------- keeping

    def _save(self, values: Values) -> str | None:
        name = values["name"]
        if (objection := self._state.objection_to(name)) is not None:
            self._form.errors = {"name": objection}
            return None
        n = self._state.save_chosen(name, self._chosen)
        self._saved_as = name
        self._on_saved(name)
        return f"{clips(n)} kept as “{name}”."

    def _queue(self) -> None:
        """Whatever is queued is a selection: what was not saved yet gets a name of its own."""
        if self._saved_as is None:
            name = self._state.free_name("chosen")
            self._state.save_chosen(name, self._chosen)
            self._saved_as = name
            self._on_saved(name)
        n = self._state.queue(self._saved_as)
        self._on_queued(f"Putting {clips(n)} of “{self._saved_as}” into the review queue")


def _save_form(name: str) -> Form:
    return Form(_save_fields(name), submit_label="Save as selection")


def _save_fields(name: str) -> list[dict[str, object]]:
    return [
        {
            "key": "name",
            "label": "Name of the selection",
            "kind": "text",
            "value": name,
            "is_required": True,
            "help": "One of yours with the same name is replaced.",
        }
    ]
