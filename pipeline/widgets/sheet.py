"""One thing of a list, opened: its name, its state, and what is known of it; it comes into view when it opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying

Tone = Literal["muted", "ok", "warn", "bad", "accent"]


class SheetFact(TypedDict):
    """One fact: a label and its words, or ``lines`` of several."""

    label: str
    value: NotRequired[str]
    lines: NotRequired[Sequence[str]]
    tone: NotRequired[Tone]


class Sheet(anywidget.AnyWidget):
    """Facts about one thing; hidden while it has no title. ``key`` says which thing: a new one is scrolled to."""

    _esm = module("dom.js", "sheet.js")
    _css = style("base.css", "sheet.css")
    key = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    pill = traitlets.Dict().tag(sync=True)
    facts = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._close: Callable[[], None] | None = None
        self.on_msg(self._receive)

    def show(self, key: str, title: str, *, pill: Mapping[str, Any], facts: Sequence[SheetFact]) -> None:
        """Everything at once, in one message; ``pill`` is ``{"text", "tone"}``."""
        with self.hold_sync():
            self.key, self.title = key, title
            self.pill = dict(pill)
            self.facts = [dict(fact) for fact in facts]

    def clear(self) -> None:
        """Show nothing."""
        self.show("", "", pill={}, facts=())

    def on_close(self, callback: Callable[[], None]) -> None:
        """``callback()`` runs when the person closes the sheet."""
        self._close = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") == "close" and self._close is not None:
            with replying(self):
                self._close()
