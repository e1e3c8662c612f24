"""An answer as it arrives from the browser, and what the browser is told became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast, get_args
from uuid import UUID

import anywidget

from pipeline.core.errors import DatabaseUnavailable, EarmarkError
from pipeline.core.types import AnswerGiven, Heard, Screen

_log = logging.getLogger(__name__)
_ANSWERS = ("label", "unsure", "none_of_these", "bad_audio", "withdrawn")
_MAX_HASH_LETTERS = 64


def answer_in(message: Mapping[str, Any], labels: Collection[str], *, is_many: bool) -> AnswerGiven:
    """The answer in a browser's message, given on the deck where it names no other screen; ``is_many``: a clip may have
    many labels. Raises EarmarkError if it is none.
    """
    answer, label, also = message.get("answer"), message.get("label"), message.get("also") or []
    if answer not in _ANSWERS:
        raise EarmarkError("unknown answer", expected=f"one of {', '.join(_ANSWERS)}", got=repr(answer))
    if (answer == "label") != (label is not None):
        raise EarmarkError("answer and label do not fit", got=f"{answer} with label {label!r}")
    if not isinstance(also, list) or (also and (not is_many or label is None)):
        raise EarmarkError("a clip has one label here", got=repr(also), do="reload the page")
    said: list[object] = [] if label is None else [label, *cast(list[object], also)]
    if unknown := [one for one in said if not isinstance(one, str) or one not in labels]:
        raise EarmarkError("no such label in this project", which=unknown[0], do="reload the page")
    supersedes, screen = message.get("supersedes"), message.get("screen")
    return AnswerGiven(
        annotation_id=uuid_in(message.get("event_id")),
        clip_id=clip_id_in(message.get("clip_id")),
        answer=answer,
        label=label,
        heard=_heard_in(message.get("heard")),
        supersedes=None if supersedes is None else uuid_in(supersedes),
        screen=screen if screen in get_args(Screen) else "deck",
        picture=_hash_in(message.get("picture")),
        also=tuple(dict.fromkeys(str(one) for one in said[1:] if one != label)),
    )


def uuid_in(value: object) -> UUID:
    """The id of an event. Raises EarmarkError if it is none."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise EarmarkError("an event needs a UUID", got=repr(value), do="reload the page") from error


def clip_id_in(value: object) -> int:
    """The id of a clip. Raises EarmarkError if it is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise EarmarkError("an event needs the id of its clip", got=repr(value), do="reload the page")
    return value


def keep(widget: anywidget.AnyWidget, event_id: object, save: Callable[[], object]) -> None:
    """Do ``save`` and tell the browser: ``saved``, ``refused`` (it drops the event) or ``postponed`` (sent again)."""
    try:
        save()
    except DatabaseUnavailable as error:
        widget.send({"type": "postponed", "event_id": event_id, "message": str(error)})
    except EarmarkError as error:
        widget.send({"type": "refused", "event_id": event_id, "message": str(error)})
    except Exception as error:
        # The outermost edge: nothing that a person decided is lost to a fault of ours.
        _log.exception("cannot save %s", event_id)
        widget.send({"type": "postponed", "event_id": event_id, "message": f"{type(error).__name__}: {error}"})
    else:
        widget.send({"type": "saved", "event_ids": [event_id]})


def _heard_in(value: object) -> Heard | None:
    if value is None:
        return None
    try:
        heard = cast(Mapping[str, Any], value)
        return Heard(
            n_plays=int(heard["n_plays"]),
            heard_s=float(heard["heard_s"]),
            response_ms=int(heard["response_ms"]),
            speed=float(heard["speed"]),
            share=_share_in(heard.get("share")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EarmarkError("cannot read what was heard", got=repr(value), do="reload the page") from error


def _share_in(value: object) -> float | None:
    if value is None:
        return None
    share = float(cast(float, value))
    if not 0 <= share <= 1:
        raise ValueError("a share is between 0 and 1")
    return share


def _hash_in(value: object) -> str | None:
    """The hash of the picture that was seen; none with a withdrawal, nor with what an older page kept."""
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_HASH_LETTERS:
        raise EarmarkError("cannot read which picture was seen", got=repr(value), do="reload the page")
    return value
