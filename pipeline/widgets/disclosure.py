"""A line that opens and closes what stands below it, so that what is seldom needed takes no room."""

from __future__ import annotations

import anywidget
import traitlets
from ipywidgets import DOMWidget

from pipeline.widgets.assets import module, style


class Disclosure(anywidget.AnyWidget):
    """The line. ``content`` stands elsewhere on the page, as a rule next; it is seen while ``is_open``."""

    _esm = module("dom.js", "disclosure.js")
    _css = style("base.css", "disclosure.css")
    label = traitlets.Unicode().tag(sync=True)
    is_open = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, content: DOMWidget, *, is_open: bool = False) -> None:
        self._content = content
        super().__init__(label=label, is_open=is_open)
        self._show()

    @traitlets.observe("is_open")
    def _show(self, _change: object = None) -> None:
        self._content.layout.display = None if self.is_open else "none"
