"""The review page: header, key figures, the clip deck, and the form that builds the queue."""

from __future__ import annotations

import asyncio

from apps.jobs import Job
from apps.page import show_page
from apps.review.picture_part import PicturePart
from apps.review.queue_form import built_words, queue_form, queue_words
from apps.review.state import Claim, Figures, ReviewState
from apps.review.stopping import StoppingPanel
from apps.review.together import Together
from apps.review.words import place
from apps.session import Session
from pipeline.catalog.reviews import ClaimedClip
from pipeline.core.errors import EarmarkError
from pipeline.core.types import AnswerGiven
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_deck import ClipDeck, DeckClip, FlagGiven, MoreClips, SkipGiven
from pipeline.widgets.disclosure import Disclosure
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import EmptyState, Kpis, Notice, Progress
from pipeline.workflows.operation import Conn

_REFRESH_AFTER_S = 0.3
_PAUSE_RUNNING_S, _PAUSE_IDLE_S = 0.7, 3.0
_FIGURES_PX = 210
_N_PREFETCHED = 8  # so many clips can be labelled while the link is down
_NOT_FRESH = "This page is not fresh"
_ONE_BY_ONE, _TOGETHER = "one", "together"
_MODES = [
    {"key": _ONE_BY_ONE, "label": "One by one", "title": "Each clip by itself, in the order of the queue"},
    {"key": _TOGETHER, "label": "Together", "title": "Many clips of one proposed label: strike the odd ones"},
]


def show() -> None:
    """Paint the page and keep it fresh."""
    show_page("review", ReviewPage)


class ReviewPage:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = state = ReviewState(session)
        self._job: Job | None = None
        self._refresh_at: asyncio.TimerHandle | None = None
        self._notice, self._progress, self._kpis = Notice(), Progress(), Kpis()
        first = state.claim()
        self._n_waiting = first.n_total - first.n_done
        self._deck = self._deck_of(first)
        self._empty = EmptyState("")
        self._empty.on_act(self._look_again)
        # Who may not build the queue may not even see the selections that its form offers.
        self._form = Form((), submit_label="")
        if state.may_build:
            self._form = queue_form(state.strategies(), state.selections(), state.labels())
        self._form.on_submit(self._build)
        self._fold = Disclosure("Build the queue anew", self._form)
        picture = PicturePart(state, on_changed=lambda picture: self._deck.draw_by(picture))
        self._queue_parts = (*((self._fold, self._form) if state.may_build else ()), *picture.parts)
        self._middle = stack(self._empty, self._deck, *self._queue_parts)
        self._together = Together(state, on_saved=self._refresh_soon)
        self._stopping = StoppingPanel(session)
        self._mode = Buttons(_MODES, kind="choice", chosen=_ONE_BY_ONE, remembered_as="review-mode")
        self._mode.on_press(self._change_mode)
        modes = columns(self._mode, self._together.controls, widths="auto 1fr", is_kept_when_narrow=True)
        self.root = page(
            session.header("review"),
            self._notice,
            self._progress,
            # The figures stand beside the deck, so that deck and answers fit on a laptop without scrolling.
            columns(stack(modes, self._middle, self._together.root), self._kpis, widths=f"1fr {_FIGURES_PX}px"),
            self._stopping.root,
        )
        self._show_deck(is_seen=bool(first.clips))
        self.draw(state.figures())

    def read(self, conn: Conn) -> Figures:
        """The figures as they are now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: Figures) -> float:
        """Show them; gives the seconds until it is worth reading again."""
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        self._kpis.items = _kpi_items(what)
        self._stopping.look()
        self._draw_building(what)
        self._draw_middle(what)
        return _PAUSE_RUNNING_S if self._job is not None or what.building is not None else _PAUSE_IDLE_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    # ------------------------------------------------------------------------------------------ the deck

    def _deck_of(self, claim: Claim) -> ClipDeck:
        return ClipDeck(
            read_clip=self._state.open_clip,
            on_answer=self._answer,
            on_skip=self._skip,
            on_flag=self._flag,
            on_more=self._more,
            labels=[{"name": name} for name in self._state.labels()],
            first=_more_clips(claim),
            storage_key=self._state.storage_key,
            read_part=self._state.read_part,
            prefetch=_N_PREFETCHED,
            picture=self._state.picture(),
            labels_per_clip=self._state.labels_per_clip,
            guided=self._state.guided(),
        )

    def _answer(self, given: AnswerGiven) -> None:
        self._state.save(given)
        self._refresh_soon()

    def _skip(self, given: SkipGiven) -> None:
        self._state.skip(given.clip_id)
        self._refresh_soon()

    def _flag(self, given: FlagGiven) -> None:
        self._state.flag(given.event_id, given.clip_id, is_raised=given.is_raised)
        self._refresh_soon()

    def _more(self, have: list[int]) -> MoreClips:
        self._deck.draw_by(self._state.picture())
        return _more_clips(self._state.claim(have))

    def _refresh_soon(self) -> None:
        """Once for a burst of answers, and never before they are acknowledged."""
        if self._refresh_at is None:
            self._refresh_at = asyncio.get_running_loop().call_later(_REFRESH_AFTER_S, self._refresh)

    def _refresh(self) -> None:
        self._refresh_at = None
        try:
            self.draw(self._state.figures())
            self._state.keep_live()
        except EarmarkError as error:
            self.say_trouble(f"{_NOT_FRESH}: {error}")

    def _change_mode(self, mode: str) -> None:
        """The deck or the grid: whoever leaves lets go of its clips, so that the other may be given them."""
        if self._together.is_open == (mode == _TOGETHER):
            return
        if mode == _TOGETHER:
            self._deck.close()
            self._state.release()
            self._middle.layout.display = "none"
            self._together.open()
            return
        self._together.close()
        self._middle.layout.display = None
        self._show_deck(is_seen=False)
        self._look_again()
        self._refresh_soon()

    def _draw_middle(self, figures: Figures) -> None:
        before, self._n_waiting = self._n_waiting, figures.n_waiting
        if self._together.is_open:
            return self._together.refresh()
        if figures.n_waiting and self._notice.tone == "info":
            self._notice.clear()
        is_hidden = self._deck.layout.display == "none"
        if figures.n_waiting and (before == 0 or is_hidden):
            self._look_again()
        elif is_hidden:
            self._say_why_empty()
        elif figures.n_waiting == 0 < before:
            why = self._state.nothing_waits()
            self._notice.info(f"{why.title}. {why.text}")
            self._fold.is_open = self._fold.is_open or why.is_queue_wanted

    def _show_deck(self, *, is_seen: bool) -> None:
        """An empty deck is hidden, not left out: the browser may still hold answers that it has to send."""
        self._deck.layout.display = None if is_seen else "none"
        self._empty.layout.display = "none" if is_seen else None
        if is_seen:
            self._fold.layout.display = None

    def _say_why_empty(self) -> None:
        why = self._state.nothing_waits()
        if self._empty.title != why.title:
            self._fold.is_open = why.is_queue_wanted
            # Nothing is there yet that a queue could hold.
            self._fold.layout.display = "none" if why.is_early else None
        with self._empty.hold_sync():
            self._empty.title, self._empty.text = why.title, why.text
            self._empty.action_label = why.action
            self._empty.action_href = f"{why.page}.ipynb" if why.page else ""

    def _look_again(self) -> None:
        """A deck that came to its end makes way for a new one; the browser hands it what is not yet saved."""
        if self._together.is_open or not self._state.claim().clips:
            return
        ended, self._deck = self._deck, self._deck_of(self._state.claim(have=[]))
        self._middle.children = (self._empty, self._deck, *self._queue_parts)
        ended.close()
        self._show_deck(is_seen=True)

    # ------------------------------------------------------------------------------------------ the queue

    def _build(self, values: Values) -> str:
        if self._job is not None:
            raise EarmarkError("the queue is being built already", do="wait until it is there")
        self._job = self._state.start_building(queue_words(values, own_strategy=self._state.strategies()[0]))
        self._notice.clear()
        self._progress.show("Building the queue", 0)
        return "Started. Labelling goes on meanwhile."

    def _draw_building(self, figures: Figures) -> None:
        if self._job is not None and not self._job.is_running:
            self._tell_end(self._job)
            self._job = None
        now = figures.building
        if now is not None:
            self._progress.show(f"Building the queue: {now.stage or 'starting'}", now.n_done, total=now.n_total)
        elif self._job is None:
            self._progress.clear()
        elif (reason := self._job.waits_for) is not None:
            self._progress.show(reason, 0)

    def _tell_end(self, job: Job) -> None:
        if job.error is not None:
            self._notice.error(job.error)
            return
        if self._n_waiting == 0:
            self._look_again()
        self._fold.is_open = False
        self._notice.success(built_words(job.results[-1]["detail"]))


def _more_clips(claim: Claim) -> MoreClips:
    return MoreClips(clips=[_deck_clip(clip) for clip in claim.clips], n_total=claim.n_total, n_done=claim.n_done)


def _deck_clip(clip: ClaimedClip) -> DeckClip:
    proposed = clip.proposed_label
    return {
        "id": clip.clip_id,
        "name": clip.recording_name,
        "sub": place(clip),
        "reason": clip.reason,
        "proposed": None if proposed is None else {"label": proposed, "confidence": clip.proposed_confidence},
        "rate_hz": clip.rate_hz,
        "duration_s": clip.duration_s,
    }


def _kpi_items(figures: Figures) -> list[dict[str, object]]:
    left = "" if figures.left_min is None else f"about {max(1, round(figures.left_min))} min at this pace"
    pace = figures.pace
    return [
        {"label": "Answered by me", "value": figures.n_answers, "note": "in this project"},
        {"label": "Today", "value": figures.n_answers_today, "note": "answers"},
        {
            "label": "Pace",
            "value": "–" if pace is None else f"{pace:.1f}" if pace < 10 else f"{pace:.0f}",
            "unit": "" if pace is None else "clips/min",
            "note": "known after an answer" if pace is None else f"{60 / pace:.1f} s a clip",
        },
        {"label": "Waiting", "value": figures.n_waiting, "note": left or "for you"},
        {"label": "Flagged", "value": figures.n_flags, "note": "by me"},
    ]
