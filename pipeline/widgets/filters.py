"""What a list is narrowed by: choices and days in a row; every change asks at once, there is no button to press."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying

Chosen = dict[str, str]


class Filters(anywidget.AnyWidget):
    """Fields of ``{"key", "label", "kind"}`` with kind choice (``options`` of ``{"value", "label"}``) or day.

    ``chosen`` holds the value of each field as text, "" where it narrows nothing; a day is YYYY-MM-DD. A button that
    shows all again stands beside them while anything is narrowed.
    """

    _esm = module("dom.js", "filters.js")
    _css = style("base.css", "filters.css")
    fields = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)

    def __init__(self, fields: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(fields=[dict(field) for field in fields])
        self.chosen = {str(field["key"]): "" for field in fields}
        self._change: Callable[[Chosen], None] | None = None
        self.on_msg(self._receive)

    def on_change(self, callback: Callable[[Chosen], None]) -> None:
        """``callback(chosen)`` runs when a field was changed; an EarmarkError is shown beside the fields."""
        self._change = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        given = message.get("values")
        if message.get("type") != "change" or not isinstance(given, Mapping) or self._change is None:
            return
        chosen = {key: str(given.get(key) or "") for key in self.chosen}
        with replying(self):
            self._change(chosen)
            self.chosen = chosen
            self.send({"type": "done"})
