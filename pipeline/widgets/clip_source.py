"""Clips' bytes on their way to the browser: asked for by message, sent as binary, one message a clip.

A long clip is not sent whole: its outline comes first, then the parts that are played or looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import anywidget

from pipeline.core.errors import EarmarkError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClipBytes:
    """One clip as the browser decodes it: an encoded file's bytes, its MIME type and its sampling rate."""

    data: bytes
    mime: str
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class ClipOutline:
    """A long clip before its sound comes: ``peaks`` are float32 low, high, low, high …; parts are ``part_s`` long."""

    peaks: bytes
    rate_hz: int
    n_channels: int
    duration_s: float
    part_s: float


ReadClip = Callable[[int], ClipBytes]
"""Gives the bytes of the clip with this id; raises EarmarkError if there are none."""
OpenClip = Callable[[int], ClipBytes | ClipOutline]
"""The same, or the outline of a long clip."""
ReadPart = Callable[[int, int], ClipBytes]
"""Gives the bytes of a long clip's part by its number; raises EarmarkError if there are none."""


def serve_clips(widget: anywidget.AnyWidget, read_clip: OpenClip, *, read_part: ReadPart | None = None) -> None:
    """Answer the widget's ``fetch`` messages from now on, each clip with ``clip``, ``outline`` or ``missing``.

    With ``read_part`` its ``fetch_part`` messages too, with ``part`` or ``missing``.
    """

    def on_message(_: object, content: object, buffers: object) -> None:
        message = cast(dict[str, Any], content) if isinstance(content, dict) else {}
        if message.get("type") == "fetch":
            for clip_id in message["ids"]:
                _send(widget, partial(read_clip, int(clip_id)), {"id": int(clip_id)})
        elif message.get("type") == "fetch_part" and read_part is not None:
            place = {"id": int(message["id"]), "part": int(message["part"])}
            _send(widget, partial(read_part, place["id"], place["part"]), place)

    widget.on_msg(on_message)


def _send(widget: anywidget.AnyWidget, read: Callable[[], ClipBytes | ClipOutline], place: dict[str, int]) -> None:
    try:
        clip = read()
    except EarmarkError as error:
        widget.send({"type": "missing", **place, "message": str(error)})
    except Exception as error:
        # The outermost edge: whatever went wrong, the person who waits for the clip is told.
        _log.exception("cannot read clip %s", place)
        widget.send({"type": "missing", **place, "message": f"clip {place['id']} cannot be read: {error}"})
    else:
        if isinstance(clip, ClipBytes):
            kind = "part" if "part" in place else "clip"
            widget.send({"type": kind, **place, "mime": clip.mime, "rate_hz": clip.rate_hz}, buffers=[clip.data])
        else:
            facts = {key: getattr(clip, key) for key in ("rate_hz", "n_channels", "duration_s", "part_s")}
            widget.send({"type": "outline", **place, **facts}, buffers=[clip.peaks])
