"""A row of buttons: things to do, or a choice of which one is on (a filter with its counts)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying


class Buttons(anywidget.AnyWidget):
    """Items of ``{"key", "label", "count", "tone", "title", "is_primary"}``, after an optional ``label``.

    With ``kind`` choice (pills) or tabs, ``chosen`` is on; ``remembered_as`` lets the browser press
    again what was chosen last under this name. What a press raises as an EarmarkError is shown
    beside the buttons. Without items nothing is shown.
    """

    _esm = module("dom.js", "buttons.js")
    _css = style("base.css", "buttons.css")
    kind = traitlets.Enum(["actions", "choice", "tabs"], default_value="actions").tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    items = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    remembered_as = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        items: Sequence[Mapping[str, Any]] = (),
        *,
        kind: Literal["actions", "choice", "tabs"] = "actions",
        label: str = "",
        chosen: str = "",
        remembered_as: str = "",
    ) -> None:
        entries = [dict(item) for item in items]
        super().__init__(items=entries, kind=kind, label=label, chosen=chosen, remembered_as=remembered_as)
        self._press: Callable[[str], None] | None = None
        self.on_msg(self._receive)

    def on_press(self, callback: Callable[[str], None]) -> None:
        """``callback(key)`` runs when a button is pressed; of choice and tabs, ``chosen`` is that key already."""
        self._press = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        key = message.get("key")
        if message.get("type") != "press" or key not in {item["key"] for item in self.items}:
            return
        with replying(self):
            if self.kind != "actions":
                self.chosen = str(key)
            if self._press is not None:
                self._press(str(key))
            self.send({"type": "done"})
