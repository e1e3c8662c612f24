"""A form with rows that a person adds and removes, and that tells the kernel what it holds while it is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.replying import replying

Fields = Sequence[Mapping[str, Any]]


class FormRows(Form):
    """Rows of some ``kinds`` above plain fields; those of ``more`` are folded away.

    A kind is ``{"kind", "label", "help", "fields"}``. Fields are those of ``Form``, and in rows also of kind choices
    (a list of the ``options`` that are ticked) and shares (a number for each option that has one). Within a row,
    ``when`` (a list of ``{"key", "is"}``, all must hold) says with which values of other fields a field is shown, and
    an attribute ``X_by`` (``{"key", "of"}``) takes the attribute X from ``of`` by the value of another field.

    ``values`` fill the form: a value for each field, and under ``rows`` a list of ``{"key", "kind", "values"}``; in
    the same shape they arrive. A field that is not shown arrives with the value that its field declares. ``errors``
    and ``notes`` stand at ``key`` or at ``row.key``; those of a whole row at ``row``.
    """

    _esm = module("dom.js", "form_fields.js", "form_options.js", "form_rows.js")
    _css = style("base.css", "form.css", "form_rows.css")
    kinds = traitlets.List(traitlets.Dict()).tag(sync=True)
    more = traitlets.List(traitlets.Dict()).tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    notes = traitlets.Dict().tag(sync=True)
    add_label = traitlets.Unicode("Add").tag(sync=True)

    def __init__(
        self,
        fields: Fields,
        *,
        kinds: Fields,
        values: Mapping[str, Any],
        submit_label: str,
        more: Fields = (),
        add_label: str = "Add",
        title: str = "",
        intro: str = "",
    ) -> None:
        super().__init__(fields, submit_label=submit_label, title=title, intro=intro)
        self.kinds, self.more = [dict(kind) for kind in kinds], [dict(field) for field in more]
        self.values, self.add_label = dict(values), add_label
        self._change: Callable[[Values], None] | None = None

    def on_change(self, callback: Callable[[Values], None]) -> None:
        """``callback(values)`` runs soon after something changed; it may set ``errors`` and ``notes``."""
        self._change = callback

    def _receive(self, widget: object, message: Mapping[str, Any], buffers: object) -> None:
        if message.get("type") == "change" and self._change is not None:
            with replying(self):
                self._change(dict(message["values"]))
        else:
            super()._receive(widget, message, buffers)
