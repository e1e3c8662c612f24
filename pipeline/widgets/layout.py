"""How widgets stand on a page: the page itself, columns, a stack. Distances come from the token sheet."""

from __future__ import annotations

from typing import TypeVar

from ipywidgets import Box, VBox, Widget

AnyBox = TypeVar("AnyBox", bound=Box)


def page(*parts: Widget) -> VBox:
    """The whole page, the header first."""
    return _named(VBox(list(parts)), "em-page")


def columns(*parts: Widget, widths: str | None = None, is_kept_when_narrow: bool = False) -> Box:
    """Parts side by side; ``widths`` as in CSS grid ("260px 1fr"), equal without it.

    Below 1,000 px they stand one under the other, unless ``is_kept_when_narrow``.
    """
    template = widths or " ".join(["1fr"] * len(parts))
    tracks = " ".join(f"minmax(0, {track})" if track.endswith("fr") else track for track in template.split())
    box = _named(Box(list(parts)), "em-columns", *(["em-keep"] if is_kept_when_narrow else []))
    box.layout.grid_template_columns = tracks
    return box


def stack(*parts: Widget) -> VBox:
    """Parts one under the other, as one part of columns."""
    return _named(VBox(list(parts)), "em-stack")


def _named(box: AnyBox, *names: str) -> AnyBox:
    for name in names:
        box.add_class(name)
    return box
