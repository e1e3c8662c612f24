"""What a form would do, shown while it is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying

Tone = Literal["muted", "ok", "warn", "bad"]


class FormPreview(anywidget.AnyWidget):
    """A small table beside the form whose title is ``form_title``; asks the kernel again when a field changes.

    A row is a list of texts under ``headings``; an empty text is shown as a dash. The first of a row is a name, or a
    number if the preview ``is_counting``.
    """

    _esm = module("dom.js", "form_preview.js")
    _css = style("base.css", "form_preview.css")
    form_title = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    headings = traitlets.List(traitlets.Unicode()).tag(sync=True)
    is_counting = traitlets.Bool(False).tag(sync=True)
    rows = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Enum(["muted", "ok", "warn", "bad"], default_value="muted").tag(sync=True)

    def __init__(self, form_title: str, *, title: str, headings: Sequence[str], is_counting: bool = False) -> None:
        super().__init__(form_title=form_title, title=title, headings=list(headings), is_counting=is_counting)
        self._change: Callable[[dict[str, Any]], None] | None = None
        self.on_msg(self._receive)

    def on_change(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """``callback(values)`` runs soon after a field changed: texts as typed, checkboxes as bool."""
        self._change = callback

    def show(self, rows: Sequence[Sequence[str]], *, note: str = "", tone: Tone = "muted") -> None:
        """What the form would do, in one message."""
        with self.hold_sync():
            self.rows = [list(row) for row in rows]
            self.note, self.tone = note, tone

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") == "change" and self._change is not None:
            with replying(self):
                self._change(dict(message["values"]))
