"""A doubtful clip beside the two clips that it is compared with: three sounds by one key, a verdict by another.

Messages from the browser: ``fetch`` (clip_source.py), ``verdict`` and ``more``. To the browser: ``clip``, ``missing``,
``saved``, ``refused``, ``postponed``, ``cases`` and ``no_more``. A verdict may arrive twice, from one tab or from two:
its id is made by the browser, so ``on_verdict`` must take the second one as done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast, get_args
from uuid import UUID

import anywidget
import traitlets

from pipeline.core.errors import DatabaseUnavailable, EarmarkError
from pipeline.core.picture import PictureRecipe
from pipeline.core.types import Heard
from pipeline.core.verdicts import Doubt, SettledMeanwhile, Verdict, VerdictGiven
from pipeline.widgets import assets
from pipeline.widgets.clip_source import ReadClip, serve_clips

_log = logging.getLogger(__name__)
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_DOUBTS: tuple[Doubt, ...] = get_args(Doubt)
_MAX_HASH_LETTERS = 64


class NearClip(TypedDict):
    """The clip of a label that is nearest to the doubtful one."""

    id: int
    name: str


class Evidence(TypedDict):
    """What the other clips say: chances in [0, 1], and of ``n_near`` nearest clips how many have which label."""

    given: float
    suggested: float
    n_near: int
    n_near_given: int
    n_near_suggested: int


class Camp(TypedDict):
    """What some people said of the clip."""

    words: str
    label: NotRequired[str | None]
    people: Sequence[str]


class VerdictCase(TypedDict):
    """One clip in doubt: ``sub`` is its second line, ``reason`` says why it is here."""

    id: int
    doubt: Doubt
    name: str
    sub: str
    reason: str
    given: str | None
    suggested: str | None
    near_given: NearClip | None
    near_suggested: NearClip | None
    evidence: Evidence | None
    camps: Sequence[Camp]
    score: float | None


@dataclass(frozen=True, kw_only=True)
class MoreCases:
    """What comes next in the list; ``n_open`` of it wait for a verdict in all."""

    cases: Sequence[VerdictCase]
    n_open: int


class ClipVerdict(anywidget.AnyWidget):
    """One list of doubtful clips, settled one after the other.

    ``storage_key`` is unique for database, project and person: under it the browser keeps what is not yet saved.
    ``on_verdict`` saves or raises. An EarmarkError is shown to the person and the clip is asked again, unless it is
    SettledMeanwhile; DatabaseUnavailable and anything unforeseen leave the verdict in the browser, to be sent again.
    ``on_more`` gets the ids of clips that the list still holds and gives those that follow.
    """

    _esm = assets.module(
        "dom.js",
        "kernel.js",
        "spectrogram.js",
        "sound.js",
        "outbox.js",
        "clip_verdict_keys.js",
        "clip_verdict_state.js",
        "clip_verdict_trio.js",
        "clip_verdict_evidence.js",
        "clip_verdict_overlays.js",
        "clip_verdict_parts.js",
        "clip_verdict_view.js",
        "clip_verdict.js",
    )
    _css = assets.style("base.css", "clip_verdict.css", "clip_verdict_parts.css")

    labels = traitlets.List(traitlets.Dict()).tag(sync=True)
    cases = traitlets.List(traitlets.Dict()).tag(sync=True)
    list_key = traitlets.Int(0).tag(sync=True)
    n_open = traitlets.Int(0).tag(sync=True)
    prefetch = traitlets.Int(3).tag(sync=True)
    autoplay = traitlets.Bool(True).tag(sync=True)
    storage_key = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        read_clip: ReadClip,
        on_verdict: Callable[[VerdictGiven], object],
        on_more: Callable[[list[int]], MoreCases],
        labels: Sequence[str],
        first: MoreCases,
        storage_key: str,
        picture: PictureRecipe | None = None,
        autoplay: bool = True,
    ) -> None:
        recipe = picture or PictureRecipe()
        super().__init__(
            labels=[{"name": name} for name in labels],
            cases=[dict(case) for case in first.cases],
            n_open=first.n_open,
            autoplay=autoplay,
            storage_key=storage_key,
            picture=recipe.to_json() | {"hash": recipe.hash},
        )
        self._on_verdict = on_verdict
        self._on_more = on_more
        serve_clips(self, read_clip)
        self.on_msg(self._take)

    def show(self, first: MoreCases) -> None:
        """Another list, or the same one read anew."""
        with self.hold_sync():
            self.cases = [dict(case) for case in first.cases]
            self.n_open = first.n_open
            self.list_key += 1

    def show_labels(self, names: Sequence[str]) -> None:
        """The label set as it is now."""
        self.labels = [{"name": name} for name in names]

    def _take(self, _: object, content: object, buffers: object) -> None:
        message = cast(dict[str, Any], content) if isinstance(content, dict) else {}
        match message.get("type"):
            case "verdict":
                self._save(message)
            case "more":
                self._send_more([int(clip_id) for clip_id in message["have"]], key=message.get("list_key"))
            case _:
                return

    def _save(self, message: Mapping[str, Any]) -> None:
        event_id = message.get("event_id")
        try:
            self._on_verdict(_verdict_in(message))
        except DatabaseUnavailable as error:
            self.send({"type": "postponed", "event_id": event_id, "message": str(error)})
        except EarmarkError as error:
            is_settled = isinstance(error, SettledMeanwhile)
            self.send({"type": "refused", "event_id": event_id, "message": str(error), "is_settled": is_settled})
        except Exception as error:
            # The outermost edge: nothing that a person decided is lost to a fault of ours.
            _log.exception("cannot save %s", event_id)
            self.send({"type": "postponed", "event_id": event_id, "message": f"{type(error).__name__}: {error}"})
        else:
            self.send({"type": "saved", "event_ids": [event_id]})

    def _send_more(self, have: list[int], *, key: object) -> None:
        try:
            more = self._on_more(have)
        except EarmarkError as error:
            self.send({"type": "no_more", "message": str(error)})
        except Exception as error:
            # The outermost edge: a list that stops says why.
            _log.exception("cannot get more clips")
            self.send({"type": "no_more", "message": f"{type(error).__name__}: {error}"})
        else:
            cases = [dict(case) for case in more.cases]
            self.send({"type": "cases", "cases": cases, "n_open": more.n_open, "list_key": key})


def _verdict_in(message: Mapping[str, Any]) -> VerdictGiven:
    """The verdict in a browser's message. Raises EarmarkError if it is none."""
    verdict, doubt, clip_id = message.get("verdict"), message.get("doubt"), message.get("clip_id")
    if verdict not in _VERDICTS or doubt not in _DOUBTS or not isinstance(clip_id, int):
        raise EarmarkError("cannot read this verdict", got=f"{verdict} on clip {clip_id}", do="reload the page")
    supersedes = message.get("supersedes")
    return VerdictGiven(
        verdict_id=_uuid(message.get("event_id")),
        clip_id=clip_id,
        doubt=doubt,
        verdict=verdict,
        given=_word(message.get("given")),
        suggested=_word(message.get("suggested")),
        label=_word(message.get("label")),
        score=_number(message.get("score")),
        supersedes=None if supersedes is None else _uuid(supersedes),
        heard=_heard_in(message.get("heard")),
        picture=(_word(message.get("picture")) or "")[:_MAX_HASH_LETTERS] or None,
    )


def _heard_in(value: object) -> Heard | None:
    if value is None:
        return None
    try:
        heard = cast(Mapping[str, Any], value)
        share = _number(heard.get("share"))
        return Heard(
            n_plays=int(heard["n_plays"]),
            heard_s=float(heard["heard_s"]),
            response_ms=int(heard["response_ms"]),
            share=None if share is None else min(1.0, max(0.0, share)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EarmarkError("cannot read what was heard", got=repr(value), do="reload the page") from error


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise EarmarkError("a verdict needs a UUID", got=repr(value), do="reload the page") from error
