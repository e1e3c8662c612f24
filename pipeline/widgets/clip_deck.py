"""The clip deck: one clip on stage, one key to decide, save and go on. It knows traits, bytes and messages only.

Messages from the browser: ``fetch`` (clip_source.py), ``answer``, ``skip``, ``flag`` and ``more``. To the browser:
``clip``, ``missing``, ``saved``, ``refused``, ``postponed`` and ``queue``. An event may arrive twice, from one tab or
from two: its id is made by the browser, so the callbacks must take the second one as done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast
from uuid import UUID

import anywidget
import traitlets

from pipeline.core.errors import DatabaseUnavailable, EarmarkError
from pipeline.core.picture import PictureRecipe
from pipeline.core.settings import LabelsPerClip
from pipeline.core.types import AnswerGiven
from pipeline.widgets import assets
from pipeline.widgets.clip_source import OpenClip, ReadPart, serve_clips
from pipeline.widgets.given import answer_in, clip_id_in, uuid_in

_log = logging.getLogger(__name__)


class DeckLabel(TypedDict):
    """A label of the project; its colour is CSS (a hex value or ``var(--em-cat-1)``), without one the next token."""

    name: str
    color: NotRequired[str]


class Proposed(TypedDict):
    """The label that a model or a function proposes; confidence in [0, 1]."""

    label: str
    confidence: NotRequired[float | None]


class DeckClip(TypedDict):
    """One clip of the review queue: ``sub`` is its second line, ``reason`` says why it is asked."""

    id: int
    name: str
    sub: NotRequired[str]
    reason: NotRequired[str]
    proposed: NotRequired[Proposed | None]
    is_flagged: NotRequired[bool]
    rate_hz: int
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class MoreClips:
    """What comes next in the queue, and how far the whole queue is: ``n_done`` answered of ``n_total``."""

    clips: Sequence[DeckClip]
    n_total: int
    n_done: int


@dataclass(frozen=True, kw_only=True)
class SkipGiven:
    """The person leaves this clip for later or for somebody else."""

    event_id: UUID
    clip_id: int


@dataclass(frozen=True, kw_only=True)
class FlagGiven:
    """The person raises a doubt about a clip, or takes it back."""

    event_id: UUID
    clip_id: int
    is_raised: bool


class AnsweredElsewhere(EarmarkError):
    """The person answered this clip on another page: it is settled, and the deck asks about it no more."""


class ClipDeck(anywidget.AnyWidget):
    """The review screen's deck.

    ``storage_key`` is unique for database, project and person: under it the browser keeps what is not yet saved.
    ``on_answer``, ``on_skip`` and ``on_flag`` save or raise. An EarmarkError is shown to the person, the event is
    dropped and its clip asked again, unless it is AnsweredElsewhere; DatabaseUnavailable and anything unforeseen leave
    the event in the browser, to be sent again.
    ``on_more`` gets the ids of clips that the deck still holds and gives those that follow. ``guided`` is who is
    taught the keys, once in each browser; None teaches only who asks for it in the help.
    """

    _esm = assets.module(
        "dom.js",
        "kernel.js",
        "spectrogram.js",
        "sound.js",
        "outbox.js",
        "clip_deck_keys.js",
        "clip_deck_state.js",
        "clip_deck_more.js",
        "clip_deck_stage.js",
        "clip_deck_listening.js",
        "clip_deck_panels.js",
        "clip_deck_labels.js",
        "clip_deck_overlays.js",
        "clip_deck_guide.js",
        "clip_deck_view.js",
        "clip_deck.js",
    )
    _css = assets.style("base.css", "clip_deck.css", "clip_deck_overlays.css")

    labels = traitlets.List(traitlets.Dict()).tag(sync=True)
    queue = traitlets.List(traitlets.Dict()).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    prefetch = traitlets.Int(4).tag(sync=True)
    autoplay = traitlets.Bool(True).tag(sync=True)
    storage_key = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)
    labels_per_clip = traitlets.Enum(("one", "many"), "one").tag(sync=True)
    guided = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        *,
        read_clip: OpenClip,
        on_answer: Callable[[AnswerGiven], object],
        on_skip: Callable[[SkipGiven], object],
        on_flag: Callable[[FlagGiven], object],
        on_more: Callable[[list[int]], MoreClips],
        labels: Sequence[DeckLabel],
        first: MoreClips,
        storage_key: str,
        read_part: ReadPart | None = None,
        prefetch: int = 4,
        autoplay: bool = True,
        picture: PictureRecipe | None = None,
        labels_per_clip: LabelsPerClip = "one",
        guided: str | None = None,
    ) -> None:
        super().__init__(
            labels=[dict(label) for label in labels],
            queue=[dict(clip) for clip in first.clips],
            total=first.n_total,
            done=first.n_done,
            prefetch=prefetch,
            autoplay=autoplay,
            storage_key=storage_key,
            picture=_picture_json(picture or PictureRecipe()),
            labels_per_clip=labels_per_clip,
            guided=guided,
        )
        self._on_answer = on_answer
        self._on_skip = on_skip
        self._on_flag = on_flag
        self._on_more = on_more
        serve_clips(self, read_clip, read_part=read_part)
        self.on_msg(self._take)

    def draw_by(self, picture: PictureRecipe) -> None:
        """Draw all spectrograms by this recipe from now on."""
        self.picture = _picture_json(picture)

    def append(self, more: MoreClips) -> None:
        """Send clips that follow those in the deck; ids that it already holds are passed over."""
        clips = [dict(clip) for clip in more.clips]
        self.send({"type": "queue", "clips": clips, "total": more.n_total, "done": more.n_done})

    def _take(self, _: object, content: object, buffers: object) -> None:
        message = cast(dict[str, Any], content) if isinstance(content, dict) else {}
        match message.get("type"):
            case "answer" | "skip" | "flag":
                self._save(message)
            case "more":
                self._send_more([int(clip_id) for clip_id in message["have"]])
            case _:
                return

    def _save(self, message: Mapping[str, Any]) -> None:
        event_id = message.get("event_id")
        try:
            match message["type"]:
                case "answer":
                    names = {label["name"] for label in self.labels}
                    self._on_answer(answer_in(message, names, is_many=self.labels_per_clip == "many"))
                case "skip":
                    self._on_skip(SkipGiven(event_id=uuid_in(event_id), clip_id=clip_id_in(message.get("clip_id"))))
                case _:
                    flag = FlagGiven(
                        event_id=uuid_in(event_id),
                        clip_id=clip_id_in(message.get("clip_id")),
                        is_raised=message.get("is_raised") is True,
                    )
                    self._on_flag(flag)
        except DatabaseUnavailable as error:
            self.send({"type": "postponed", "event_id": event_id, "message": str(error)})
        except EarmarkError as error:
            is_settled = isinstance(error, AnsweredElsewhere)
            self.send({"type": "refused", "event_id": event_id, "message": str(error), "is_settled": is_settled})
        except Exception as error:
            # The outermost edge: nothing that a person decided is lost to a fault of ours.
            _log.exception("cannot save %s", event_id)
            self.send({"type": "postponed", "event_id": event_id, "message": f"{type(error).__name__}: {error}"})
        else:
            self.send({"type": "saved", "event_ids": [event_id]})

    def _send_more(self, have: list[int]) -> None:
        try:
            self.append(self._on_more(have))
        except EarmarkError as error:
            self.send({"type": "no_more", "message": str(error)})
        except Exception as error:
            # The outermost edge: a queue that stops says why.
            _log.exception("cannot get more clips")
            self.send({"type": "no_more", "message": f"{type(error).__name__}: {error}"})


def _picture_json(picture: PictureRecipe) -> dict[str, Any]:
    return picture.to_json() | {"hash": picture.hash}
