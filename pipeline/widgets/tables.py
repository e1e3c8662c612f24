"""A table that shows one page of rows and asks for the next; the catalog pages by key, so there is no page number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.clip_source import ReadClip, serve_clips
from pipeline.widgets.replying import replying

Turn = Literal["previous", "next"]
Rows = Sequence[Mapping[str, Any]]


class Table(anywidget.AnyWidget):
    """Rows under columns; every row has an ``id``.

    A column is ``{"key", "label", "kind"}`` with kind text, number (``digits``), time, pill (a text, toned by the
    column's ``tones``, or ``{"text", "tone"}``), wave (peaks 0..255 as a list or base64), play (a clip's id; needs
    ``read_clip``) or link (``{"text", "href"}``); ``width`` is CSS. A column that ``is_minor`` makes way where the
    table is narrow; one that ``is_wrapped`` shows its whole text on several lines. Clicking a heading sorts the page
    that is shown.
    """

    _esm = module("dom.js", "spectrogram.js", "sound.js", "table.js")
    _css = style("base.css", "table.css")
    title = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    has_previous = traitlets.Bool(False).tag(sync=True)
    has_next = traitlets.Bool(False).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    empty_text = traitlets.Unicode("Nothing here yet.").tag(sync=True)
    selected_id = traitlets.Any(None, allow_none=True).tag(sync=True)
    is_clickable = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        columns: Sequence[Mapping[str, Any]],
        *,
        title: str = "",
        empty_text: str = "Nothing here yet.",
        read_clip: ReadClip | None = None,
    ) -> None:
        super().__init__(columns=[dict(column) for column in columns], title=title, empty_text=empty_text)
        self._turn: Callable[[Turn], None] | None = None
        self._open: Callable[[Any], None] | None = None
        self.on_msg(self._receive)
        if read_clip is not None:
            serve_clips(self, read_clip)

    def show(self, rows: Rows, *, has_previous: bool = False, has_next: bool = False, note: str = "") -> None:
        """One page, in one message; ``note`` says what part it is ("51-100 of 12,034 clips")."""
        with self.hold_sync():
            self.rows = [dict(row) for row in rows]
            self.has_previous, self.has_next = has_previous, has_next
            self.note = note

    def on_page(self, callback: Callable[[Turn], None]) -> None:
        """``callback("next")`` or ``callback("previous")`` shows that page."""
        self._turn = callback

    def on_row(self, callback: Callable[[Any], None]) -> None:
        """``callback(id)`` runs when a row is clicked, or Enter pressed on it."""
        self._open = callback
        self.is_clickable = True

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") == "page" and message.get("to") in ("previous", "next") and self._turn is not None:
            with replying(self):
                self._turn(message["to"])
            self.send({"type": "done"})
        elif message.get("type") == "row" and self._open is not None:
            with replying(self):
                self.selected_id = message.get("id")
                self._open(message.get("id"))
