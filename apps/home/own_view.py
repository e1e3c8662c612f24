"""The home page of an annotator: what waits, the own figures, the own last answers."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.home.own_state import OwnData, OwnState, answer_rows, own_kpis, own_next
from apps.home.state import links_of
from apps.session import Session
from pipeline.widgets.layout import page
from pipeline.widgets.shell import EmptyState, Kpis, Notice
from pipeline.widgets.tables import Table, Turn
from pipeline.workflows.operation import Conn

_PAUSE_S = 4.0
_NOT_FRESH = "This page is not fresh"
_ANSWERS = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "answer", "label": "Your answer", "kind": "text"},
    {"key": "name", "label": "Clip", "kind": "text"},
    {"key": "duration_s", "label": "Seconds", "kind": "number", "digits": 2, "width": "110px"},
    {"key": "when", "label": "When", "kind": "time", "width": "150px"},
]


class OwnHomePage:
    """The page's parts, and what they show."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state, self._links = OwnState(session), links_of(session)
        self._notice, self._kpis, self._next = Notice(), Kpis(), EmptyState("")
        empty_text = "You have not answered any clip yet."
        self._answers = Table(_ANSWERS, title="Your last answers", empty_text=empty_text, read_clip=session.read_clip)
        self._answers.on_page(self._turn)
        self.root = page(session.header("home"), self._notice, self._next, self._kpis, self._answers)
        self._shown = self._state.read_now()
        self.draw(self._shown)

    def read(self, conn: Conn) -> OwnData:
        """The person's work as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: OwnData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        next_thing = own_next(what)
        with self._next.hold_sync():
            self._next.title, self._next.text = next_thing.title, next_thing.text
            self._next.action_label = next_thing.action
            self._next.action_href = self._links.get(next_thing.page or "", "")
        self._kpis.items = own_kpis(what)
        # A page that was read before the last click is not shown after it.
        if what.keys == self._state.keys:
            self._shown = what
            rows = answer_rows(what, now=datetime.now(UTC))
            self._answers.layout.display = None if rows or what.keys else "none"
            self._answers.show(rows, has_previous=bool(what.keys), has_next=what.has_more)
        return _PAUSE_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    def _turn(self, to: Turn) -> None:
        self._state.turn(to, self._shown)
        self.draw(self._state.read_now())
