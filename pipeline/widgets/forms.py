"""A form: what a person fills in, checked in the browser as far as a browser can, then by the callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying

Values = dict[str, Any]


class Form(anywidget.AnyWidget):
    """Fields and one button.

    A field is ``{"key", "label", "kind", "value"}`` with kind text, number, range, select, checkbox or folder, and as
    wanted ``help``, ``placeholder``, ``unit``, ``is_required``, ``min``, ``max``, ``step`` and ``options`` (values, or
    ``{"value", "label"}``). An empty number arrives as None.
    """

    _esm = module("dom.js", "form_fields.js", "form.js")
    _css = style("base.css", "form.css")
    form_id = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    intro = traitlets.Unicode().tag(sync=True)
    fields = traitlets.List(traitlets.Dict()).tag(sync=True)
    submit_label = traitlets.Unicode("Save").tag(sync=True)
    busy_label = traitlets.Unicode("Working…").tag(sync=True)
    errors = traitlets.Dict().tag(sync=True)
    is_busy = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, fields: Sequence[Mapping[str, Any]], *, submit_label: str, title: str = "", intro: str = ""
    ) -> None:
        super().__init__(
            fields=[dict(field) for field in fields],
            submit_label=submit_label,
            title=title,
            intro=intro,
            form_id=uuid4().hex[:8],
        )
        self._submit: Callable[[Values], str | None] | None = None
        self.on_msg(self._receive)

    def on_submit(self, callback: Callable[[Values], str | None]) -> None:
        """``callback(values)`` gives the sentence of success, shown beside the button.

        To refuse, it sets ``errors`` to ``{key: sentence}`` (shown at the fields), or raises an EarmarkError (shown
        beside the button). While it runs the form is disabled.
        """
        self._submit = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") != "submit" or self.is_busy or self._submit is None:
            return
        self.errors = {}
        self.is_busy = True
        try:
            with replying(self):
                sentence = self._submit(dict(message["values"]))
                if self.errors:
                    self.send({"type": "error", "message": "Nothing was done: see the field above."})
                else:
                    self.send({"type": "done", "message": sentence or "Done."})
        finally:
            self.is_busy = False
