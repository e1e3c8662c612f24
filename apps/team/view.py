"""The team page: agreement, people, what is disputed, gold clips, answers in haste."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.jobs import Job
from apps.page import show_page
from apps.session import Session
from apps.team.state import TeamState
from apps.team.words import (
    disputed_rows,
    fast_rows,
    gold_rows,
    kpi_items,
    label_rows,
    pair_rows,
    person_rows,
)
from pipeline.core.errors import EarmarkError
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import EmptyState, Kpis, Notice
from pipeline.widgets.tables import Table
from pipeline.workflows.operation import Conn
from pipeline.workflows.quality import TeamReport

_PAUSE_S, _PAUSE_RUNNING_S = 5.0, 1.0
_N_DISPUTED = 50
_NOT_FRESH = "This page is not fresh"
_PEOPLE = [
    {"key": "person", "label": "Who", "kind": "text"},
    {"key": "n_answers", "label": "Answers", "kind": "number", "width": "90px"},
    {"key": "right", "label": "Right", "kind": "pill", "width": "80px"},
    {"key": "gold", "label": "Gold met", "kind": "text", "width": "150px"},
    {"key": "confuses", "label": "Takes", "kind": "text", "is_minor": True},
    {"key": "pace", "label": "Half within", "kind": "time", "width": "100px"},
    {"key": "too_fast", "label": "Too fast", "kind": "pill", "width": "85px"},
    {"key": "unheard", "label": "Hardly heard", "kind": "pill", "width": "110px"},
    {"key": "latest", "label": "Last answer", "kind": "time", "width": "120px", "is_minor": True},
]
_LABELS = [
    {"key": "label", "label": "Label", "kind": "text"},
    {"key": "alpha", "label": "Alpha", "kind": "pill", "width": "80px"},
    {"key": "interval", "label": "90 % interval", "kind": "text", "width": "130px"},
    {"key": "n_said", "label": "Said", "kind": "number", "width": "70px"},
]
_PAIRS = [
    {"key": "pair", "label": "Who", "kind": "text"},
    {"key": "same", "label": "The same", "kind": "text", "width": "110px"},
    {"key": "alpha", "label": "Alpha", "kind": "pill", "width": "80px"},
    {"key": "interval", "label": "90 % interval", "kind": "text", "width": "130px"},
]
_DISPUTED = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "clip", "label": "Clip", "kind": "text", "width": "110px"},
    {"key": "said", "label": "Who says what", "kind": "text", "is_wrapped": True},
]
_GOLD = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "clip", "label": "Clip", "kind": "text", "width": "110px"},
    {"key": "answer", "label": "It is", "kind": "text"},
    {"key": "met", "label": "Met", "kind": "text", "width": "140px"},
    {"key": "who", "label": "By", "kind": "text", "width": "110px", "is_minor": True},
    {"key": "when", "label": "When", "kind": "time", "width": "120px", "is_minor": True},
]
_FAST = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "who", "label": "Who", "kind": "text", "width": "140px"},
    {"key": "answer", "label": "Answer", "kind": "text"},
    {"key": "why", "label": "How", "kind": "text", "is_wrapped": True},
    {"key": "when", "label": "When", "kind": "time", "width": "130px"},
]


def show() -> None:
    """Paint the page and keep it fresh."""
    show_page("team", TeamPage)


class TeamPage:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = state = TeamState(session)
        self._job: Job | None = None
        self._notice, self._kpis = Notice(), Kpis()
        self._nobody = EmptyState(
            "Nobody has answered yet",
            text="Agreement, reliability and haste are judged by what people answer on the page Review.",
            action_label="Review",
            action_href="review.ipynb",
        )
        self._people = Table(_PEOPLE, title="People")
        self._labels = Table(_LABELS, title="Agreement by label", empty_text="No clip was answered by two people yet.")
        self._pairs = Table(_PAIRS, title="Agreement by pair", empty_text="No clip was answered by two people yet.")
        self._disputed = Table(
            _DISPUTED, title="Disputed", empty_text="People agree wherever they met.", read_clip=session.read_clip
        )
        self._again = Buttons()
        self._again.on_press(lambda _key: self._ask_again())
        self._gold = Table(_GOLD, title="Gold clips", empty_text="No clip is gold yet.", read_clip=session.read_clip)
        self._gold.on_row(self._choose_gold)
        self._off = Buttons()
        self._off.on_press(lambda key: self._take_off(int(key)))
        self._form = _gold_form(state)
        self._form.on_submit(self._add_gold)
        self._fast = Table(
            _FAST, title="In haste", empty_text="No answer came before one can have heard.", read_clip=session.read_clip
        )
        self._work = stack(
            self._people,
            columns(self._labels, self._pairs),
            columns(stack(self._disputed, self._again), self._fast),
        )
        self.root = page(
            session.header("team"),
            self._notice,
            self._kpis,
            self._nobody,
            self._work,
            columns(stack(self._gold, self._off), self._form, widths="3fr 2fr"),
        )
        self.draw(state.read_now())

    def read(self, conn: Conn) -> TeamReport:
        """The team as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: TeamReport) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        now = datetime.now(UTC)
        has_people = bool(what.people)
        self._nobody.layout.display = "none" if has_people else None
        self._work.layout.display = None if has_people else "none"
        self._kpis.items = kpi_items(what)
        self._people.show(person_rows(what, now=now), note="Right: by what all say together, gold held fast")
        self._labels.show(label_rows(what))
        self._pairs.show(pair_rows(what))
        n = len(what.disputed)
        note = f"the first {_N_DISPUTED} of {n:,}" if n > _N_DISPUTED else ""
        self._disputed.show(disputed_rows(what, n=_N_DISPUTED), note=note)
        self._again.items = (
            [{"key": "again", "label": "Ask others about the disputed clips", "is_primary": True}] if n else []
        )
        self._gold.show(gold_rows(what, now=now))
        if self._gold.selected_id not in {clip.clip_id for clip in what.gold}:
            self._choose_gold(None)
        self._fast.show(fast_rows(what, now=now))
        self._draw_job()
        return _PAUSE_S if self._job is None else _PAUSE_RUNNING_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    # ------------------------------------------------------------------------------------------ clicks

    def _add_gold(self, values: Values) -> str:
        n = self._state.add_gold(str(values["clips"] or ""), str(values["answer"]))
        self.draw(self._state.read_now())
        return f"{n} {'clip is' if n == 1 else 'clips are'} gold; the next queue asks everybody."

    def _choose_gold(self, clip_id: int | None) -> None:
        self._gold.selected_id = clip_id
        self._off.items = (
            [] if clip_id is None else [{"key": str(clip_id), "label": f"Clip {clip_id} is gold no longer"}]
        )

    def _take_off(self, clip_id: int) -> None:
        self._state.remove_gold(clip_id)
        self.draw(self._state.read_now())

    def _ask_again(self) -> None:
        if self._job is not None:
            raise EarmarkError("the queue is being built already", do="wait until it is there")
        self._job = self._state.ask_again()
        self._notice.info("Building the queue of disputed clips …")

    def _draw_job(self) -> None:
        if self._job is None or self._job.is_running:
            return
        error, self._job = self._job.error, None
        if error is None:
            self._notice.success("The queue holds the disputed clips, for those who have not answered them.")
        else:
            self._notice.error(error)


def _gold_form(state: TeamState) -> Form:
    answers = state.answers()
    return Form(
        [
            {
                "key": "clips",
                "label": "Clips",
                "kind": "text",
                "value": "",
                "placeholder": "12, 15",
                "is_required": True,
                "help": "By their numbers, as the lists show them.",
            },
            {"key": "answer", "label": "They are", "kind": "select", "options": answers, "value": answers[0]},
        ],
        submit_label="Make gold",
        title="Make clips gold",
        intro="Clips whose answer is certain. The next queue asks everybody about them, unnoticed.",
    )
