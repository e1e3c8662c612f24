"""Clips' bytes on their way to the browser: asked for by message, sent as binary, one message a clip."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
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


ReadClip = Callable[[int], ClipBytes]
"""Gives the bytes of the clip with this id; raises EarmarkError if there are none."""


def serve_clips(widget: anywidget.AnyWidget, read_clip: ReadClip) -> None:
    """Answer the widget's ``fetch`` messages from now on, each clip with ``clip`` or ``missing``."""

    def on_message(_: object, content: object, buffers: object) -> None:
        message = cast(dict[str, Any], content) if isinstance(content, dict) else {}
        if message.get("type") == "fetch":
            for clip_id in message["ids"]:
                _send(widget, read_clip, int(clip_id))

    widget.on_msg(on_message)


def _send(widget: anywidget.AnyWidget, read_clip: ReadClip, clip_id: int) -> None:
    try:
        clip = read_clip(clip_id)
    except EarmarkError as error:
        widget.send({"type": "missing", "id": clip_id, "message": str(error)})
    except Exception as error:
        # The outermost edge: whatever went wrong, the person who waits for the clip is told.
        _log.exception("cannot read clip %s", clip_id)
        widget.send({"type": "missing", "id": clip_id, "message": f"clip {clip_id} cannot be read: {error}"})
    else:
        widget.send({"type": "clip", "id": clip_id, "mime": clip.mime, "rate_hz": clip.rate_hz}, buffers=[clip.data])
