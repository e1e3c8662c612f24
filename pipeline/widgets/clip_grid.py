"""The clip grid: many clips of one label heard together, the odd ones struck, the rest confirmed at once.

From the browser: ``fetch`` (clip_source.py), ``answer`` (given.py), and ``next`` {turn, confirmed, struck,
is_more_wanted} once a batch is settled. To the browser: the trait ``batch``, ``saved``, ``refused``, ``postponed``,
``batch`` {turn, batch} and ``error`` {message}. What a tab left unsaved may be sent by this one: ``skip`` and ``flag``
of a clip deck too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

import anywidget
import traitlets

from pipeline.core.errors import EarmarkError
from pipeline.core.picture import PictureRecipe
from pipeline.core.types import AnswerGiven, Screen
from pipeline.widgets import assets
from pipeline.widgets.clip_deck import DeckLabel, FlagGiven, SkipGiven
from pipeline.widgets.clip_source import ReadClip, serve_clips
from pipeline.widgets.given import answer_in, clip_id_in, keep, uuid_in

_log = logging.getLogger(__name__)

N_MOST = 60


class GridClip(TypedDict):
    """One clip as a tile: ``sub`` is shown when the pointer rests on it; confidence in [0, 1]."""

    id: int
    name: str
    sub: NotRequired[str]
    confidence: NotRequired[float | None]


class GridBatch(TypedDict):
    """Clips to hear together, N_MOST at most, and the label that Enter gives ("": the person chooses one).

    ``n_left`` more wait after these.
    """

    label: str
    clips: Sequence[GridClip]
    n_left: int


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a batch: which clips got the label, which were struck; whether the next batch is wanted."""

    confirmed: list[int]
    struck: list[int]
    is_more_wanted: bool


class ClipGrid(anywidget.AnyWidget):
    """A batch at a time; see ``show``.

    ``storage_key`` is unique for database, project and person: under it the browser keeps what is not yet saved, a clip
    deck of the same key too. ``on_answer`` saves or raises, as with ClipDeck. ``on_settled`` gives the next batch (None
    where none is wanted); it is called once for a batch, however often the browser asks.
    """

    _esm = assets.module(
        "dom.js",
        "kernel.js",
        "spectrogram.js",
        "sound.js",
        "outbox.js",
        "clip_grid_sound.js",
        "clip_grid_hearing.js",
        "clip_grid_keys.js",
        "clip_grid_state.js",
        "clip_grid_tiles.js",
        "clip_grid_screen.js",
        "clip_grid_view.js",
        "clip_grid.js",
    )
    _css = assets.style("base.css", "clip_grid.css", "clip_grid_tiles.css")

    labels = traitlets.List(traitlets.Dict()).tag(sync=True)
    batch = traitlets.Dict().tag(sync=True)
    can_choose = traitlets.Bool(False).tag(sync=True)
    screen = traitlets.Unicode("grid").tag(sync=True)
    storage_key = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        read_clip: ReadClip,
        on_answer: Callable[[AnswerGiven], object],
        on_settled: Callable[[Settled], GridBatch | None],
        labels: Sequence[DeckLabel],
        storage_key: str,
        on_skip: Callable[[SkipGiven], object] | None = None,
        on_flag: Callable[[FlagGiven], object] | None = None,
        screen: Screen = "grid",
        can_choose: bool = False,
        picture: PictureRecipe | None = None,
    ) -> None:
        recipe = picture or PictureRecipe()
        super().__init__(
            labels=[dict(label) for label in labels],
            storage_key=storage_key,
            screen=screen,
            can_choose=can_choose,
            picture=recipe.to_json() | {"hash": recipe.hash},
            batch={"label": "", "clips": [], "n_left": 0, "n_shown": 0},
        )
        self._on_answer, self._on_settled = on_answer, on_settled
        self._on_skip, self._on_flag = on_skip, on_flag
        self._n_shown = 0
        self._answered: tuple[object, GridBatch | None] | None = None
        serve_clips(self, read_clip)
        self.on_msg(self._take)

    def show(self, batch: GridBatch) -> None:
        """Put these clips on screen, in place of what is not confirmed. Raises ValueError if there are too many."""
        if len(batch["clips"]) > N_MOST:
            raise ValueError(f"a grid holds {N_MOST} clips at most, got {len(batch['clips'])}")
        # The count lets the browser see that the same clips were put there once more.
        self._n_shown += 1
        self.batch = dict(batch) | {"n_shown": self._n_shown}

    def _take(self, _: object, content: object, buffers: object) -> None:
        message = cast(dict[str, Any], content) if isinstance(content, dict) else {}
        match message.get("type"):
            case "answer":
                keep(self, message.get("event_id"), lambda: self._answer(message))
            case "skip":
                keep(self, message.get("event_id"), lambda: self._skip(message))
            case "flag":
                keep(self, message.get("event_id"), lambda: self._flag(message))
            case "next":
                self._go_on(message)
            case _:
                return

    def _answer(self, message: Mapping[str, Any]) -> None:
        # A deck that closed may have left an answer of many labels.
        self._on_answer(answer_in(message, {label["name"] for label in self.labels}, is_many=True))

    def _skip(self, message: Mapping[str, Any]) -> None:
        if self._on_skip is not None:
            given = SkipGiven(event_id=uuid_in(message.get("event_id")), clip_id=clip_id_in(message.get("clip_id")))
            self._on_skip(given)

    def _flag(self, message: Mapping[str, Any]) -> None:
        if self._on_flag is not None:
            event_id, clip_id = uuid_in(message.get("event_id")), clip_id_in(message.get("clip_id"))
            self._on_flag(FlagGiven(event_id=event_id, clip_id=clip_id, is_raised=message.get("is_raised") is True))

    def _go_on(self, message: Mapping[str, Any]) -> None:
        turn = message.get("turn")
        try:
            if self._answered is None or self._answered[0] != turn:
                settled = Settled(
                    confirmed=[clip_id_in(one) for one in message["confirmed"]],
                    struck=[clip_id_in(one) for one in message["struck"]],
                    is_more_wanted=message.get("is_more_wanted") is True,
                )
                self._answered = (turn, self._on_settled(settled))
            self.send({"type": "batch", "turn": turn, "batch": self._answered[1]})
        except EarmarkError as error:
            self.send({"type": "error", "turn": turn, "message": str(error)})
        except Exception as error:
            # The outermost edge: a grid that stops says why.
            _log.exception("cannot get more clips")
            self.send({"type": "error", "turn": turn, "message": f"{type(error).__name__}: {error}"})
