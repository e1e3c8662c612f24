"""A list of failures on screen, a page at a time."""

from __future__ import annotations

from apps.recordings.rows import failure_page
from pipeline.catalog.failures import FailureRow
from pipeline.widgets.tables import Table, Turn

_COLUMNS = [
    {"key": "item", "label": "What", "kind": "text", "width": "26%"},
    {"key": "message", "label": "Reason", "kind": "text", "is_wrapped": True},
    {"key": "stage", "label": "Stage", "kind": "text", "width": "100px"},
    {"key": "n_attempts", "label": "Attempts", "kind": "number", "width": "90px"},
]


class FailureList:
    """The table of failures, and where the person is in it."""

    def __init__(self, title: str) -> None:
        self.table = Table(_COLUMNS, title=title)
        self.table.on_page(self._turn)
        self._failures: list[FailureRow] = []
        self._start = 0

    def draw(self, failures: list[FailureRow]) -> None:
        """Show these failures, still at the same place."""
        self._failures = failures
        page = failure_page(failures, self._start)
        self._start = page.start
        self.table.show(page.rows, has_previous=page.has_previous, has_next=page.has_next, note=page.note)

    def _turn(self, to: Turn) -> None:
        page = failure_page(self._failures, self._start)
        self._start = page.start + page.n_turn * (1 if to == "next" else -1)
        self.draw(self._failures)
