"""Two small charts: bars for counts (labels, splits), lines for curves (learning, training)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from pipeline.widgets.assets import module, style


class _Chart(anywidget.AnyWidget):
    _esm = module("dom.js", "charts.js")
    _css = style("base.css", "charts.css")
    kind = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    empty_text = traitlets.Unicode("Nothing to draw yet.").tag(sync=True)


class Bars(_Chart):
    """One bar an item: ``{"label", "value", "note", "colour_index"}``; ``colour_index`` is the label's place (0-based).

    A label keeps its colour on every screen when every screen passes the same index.
    """

    kind = traitlets.Unicode("bars").tag(sync=True)
    items = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, items: Sequence[Mapping[str, Any]] = (), *, title: str = "", note: str = "") -> None:
        super().__init__(items=[dict(item) for item in items], title=title, note=note)


class Line(_Chart):
    """One line a series: ``{"name", "points": [[x, y], ...]}``, points in order of x; y_min and y_max pin the axis."""

    kind = traitlets.Unicode("line").tag(sync=True)
    series = traitlets.List(traitlets.Dict()).tag(sync=True)
    x_label = traitlets.Unicode().tag(sync=True)
    y_label = traitlets.Unicode().tag(sync=True)
    y_min = traitlets.Float(None, allow_none=True).tag(sync=True)
    y_max = traitlets.Float(None, allow_none=True).tag(sync=True)
    height = traitlets.Int(260).tag(sync=True)

    def __init__(
        self,
        series: Sequence[Mapping[str, Any]] = (),
        *,
        title: str = "",
        note: str = "",
        x_label: str = "",
        y_label: str = "",
        y_min: float | None = None,
        y_max: float | None = None,
    ) -> None:
        super().__init__(
            series=[dict(line) for line in series],
            title=title,
            note=note,
            x_label=x_label,
            y_label=y_label,
            y_min=y_min,
            y_max=y_max,
        )
