"""Together: the clips for which one label is proposed, in a grid; the odd ones struck, the rest confirmed at once."""

from __future__ import annotations

from collections.abc import Callable

from apps.review.state import ReviewState
from apps.review.words import place
from pipeline.catalog.reviews import ClaimedClip, WaitingLabel
from pipeline.core.errors import AudioError
from pipeline.core.types import AnswerGiven
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_deck import FlagGiven, SkipGiven
from pipeline.widgets.clip_grid import ClipGrid, GridBatch, GridClip, Settled
from pipeline.widgets.clip_source import ClipBytes
from pipeline.widgets.layout import stack
from pipeline.widgets.shell import EmptyState

N_TOGETHER = 40


class Together:
    """The grid, and the choice of labels as ``controls``; ``on_saved()`` is told of every answer that was saved.

    Clips are held only while they are on screen. What was struck here is not put into the grid again; it waits to be
    asked one by one.
    """

    def __init__(self, state: ReviewState, *, on_saved: Callable[[], None]) -> None:
        self._state, self._on_saved = state, on_saved
        self._waiting: list[WaitingLabel] = []
        self._held: set[int] = set()
        self._struck: dict[int, set[int]] = {}
        self._names: dict[int, str] = {}
        self._labels = Buttons(kind="choice", label="Proposed as")
        self._labels.on_press(lambda key: self._open_label(int(key)))
        self._empty = EmptyState("")
        self._empty.on_act(self.refresh)
        self._grid: ClipGrid | None = None
        self.controls = self._labels
        self.root = stack(self._empty)
        for part in (self.controls, self.root):
            part.layout.display = "none"

    @property
    def is_open(self) -> bool:
        """Whether the grid is what the person sees."""
        return self._grid is not None

    def open(self) -> None:
        """Claim clips of the most frequent label and show them. Raises EarmarkError."""
        self._grid = self._make_grid()
        self.root.children = (self._empty, self._grid)
        self.root.layout.display = self.controls.layout.display = None
        self._labels.chosen = ""
        self.refresh()

    def close(self) -> None:
        """Let go of what is not settled. What the browser has not sent yet, the next deck sends."""
        grid, self._grid = self._grid, None
        self.root.layout.display = self.controls.layout.display = "none"
        self.root.children = (self._empty,)
        if grid is not None:
            grid.close()
        self._let_go()

    def refresh(self) -> None:
        """Follow what waits; where no clips are on screen, put some there. Raises EarmarkError."""
        self._draw_labels()
        if not self._held and self._waiting and not self._is_chosen_there():
            self._open_label(self._waiting[0].label_id)
        self._draw_empty()

    def answer(self, given: AnswerGiven) -> None:
        """Save one answer. Raises as ``ReviewState.save``."""
        self._state.save(given)
        (self._held.add if given.answer == "withdrawn" else self._held.discard)(given.clip_id)
        self._on_saved()

    def settle(self, settled: Settled) -> GridBatch | None:
        """Struck clips go back to the queue; gives the next ones. Raises EarmarkError."""
        label_id = int(self._labels.chosen)
        self._struck.setdefault(label_id, set()).update(settled.struck)
        self._state.release(settled.struck)
        self._held -= {*settled.struck, *settled.confirmed}
        batch = self._claim(label_id, without=settled.confirmed) if settled.is_more_wanted else None
        self._draw_labels()
        return batch

    # ------------------------------------------------------------------------------------------ clips

    def _open_label(self, label_id: int) -> None:
        self._let_go()
        self._labels.chosen = str(label_id)
        batch = self._claim(label_id)
        if self._grid is not None:
            self._grid.show(batch)
        self._draw_labels()

    def _claim(self, label_id: int, *, without: list[int] | None = None) -> GridBatch:
        passed_over = [*self._struck.get(label_id, ()), *self._held, *(without or ())]
        clips = self._state.claim_together(label_id, N_TOGETHER, without=passed_over)
        self._held |= {clip.clip_id for clip in clips}
        n_waiting = next((self._n_wanted(one) for one in self._read() if one.label_id == label_id), 0)
        n_left = max(0, n_waiting - len(self._held))
        return {"label": self._names.get(label_id, ""), "clips": [_tile(clip) for clip in clips], "n_left": n_left}

    def _read(self) -> list[WaitingLabel]:
        self._waiting = [one for one in self._state.labels_together() if self._n_wanted(one) > 0]
        self._names |= {one.label_id: one.label for one in self._waiting}
        return self._waiting

    def _let_go(self) -> None:
        if self._held:
            self._state.release(sorted(self._held))
        self._held = set()

    def _n_wanted(self, waiting: WaitingLabel) -> int:
        return waiting.n - len(self._struck.get(waiting.label_id, ()))

    # ------------------------------------------------------------------------------------------ the screen

    def _make_grid(self) -> ClipGrid:
        return ClipGrid(
            read_clip=self._read_clip,
            on_answer=self.answer,
            on_skip=self._skip,
            on_flag=self._flag,
            on_settled=self.settle,
            labels=[{"name": name} for name in self._state.labels()],
            storage_key=self._state.storage_key,
            picture=self._state.picture(),
        )

    def _read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip. Raises AudioError for a long one: nobody hears an hour among others."""
        clip = self._state.open_clip(clip_id)
        if isinstance(clip, ClipBytes):
            return clip
        raise AudioError("too long to be heard among others", got=f"{clip.duration_s / 60:.0f} min")

    def _skip(self, given: SkipGiven) -> None:
        """What a deck left unsent."""
        self._state.skip(given.clip_id)

    def _flag(self, given: FlagGiven) -> None:
        self._state.flag(given.event_id, given.clip_id, is_raised=given.is_raised)

    def _is_chosen_there(self) -> bool:
        return self._labels.chosen in {str(one.label_id) for one in self._waiting}

    def _draw_labels(self) -> None:
        waiting = self._read()
        items = [
            {
                "key": str(one.label_id),
                "label": one.label,
                "count": self._n_wanted(one),
                "title": f"{100 * one.mean_confidence:.0f} % sure on average",
            }
            for one in waiting
        ]
        if self._labels.items != items:
            self._labels.items = items

    def _draw_empty(self) -> None:
        has_any = bool(self._waiting or self._held)
        self._empty.layout.display = "none" if has_any else None
        if self._grid is not None:
            # Hidden, not left out: the browser may still hold answers that it has to send, or take one back.
            self._grid.layout.display = None if has_any or self._struck else "none"
        if not has_any:
            who = (
                "Build it under “One by one”."
                if self._state.may_build
                else "Ask a reviewer of this project to build it."
            )
            with self._empty.hold_sync():
                self._empty.title = "Nothing is proposed"
                self._empty.text = (
                    "A label is proposed once a model has learned from a few labelled clips of at least two labels and "
                    f"the queue was built after that. {who}"
                )
                self._empty.action_label = "Look again"


def _tile(clip: ClaimedClip) -> GridClip:
    sub = f"{place(clip)}\n{clip.reason}"
    return {"id": clip.clip_id, "name": clip.recording_name, "sub": sub, "confidence": clip.proposed_confidence}
