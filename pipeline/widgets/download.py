"""Files that a person takes along: the kernel makes the bytes, the browser saves them; no file is served.

From the browser: ``download`` {key} and ``act`` {key}. To the browser: ``file`` {key, name, mime} with the bytes as its
buffer, ``done`` {key} and ``error`` {key, message}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.replying import replying

Tone = Literal["muted", "ok", "warn", "bad"]


@dataclass(frozen=True, kw_only=True)
class FileBytes:
    """One whole file as the browser saves it."""

    name: str
    mime: str
    data: bytes


class Fact(TypedDict):
    """One line of the card. ``is_copyable`` adds a button that copies the value."""

    label: str
    value: str
    tone: NotRequired[Tone]
    is_copyable: NotRequired[bool]


class CardButton(TypedDict):
    """A button: one of ``is_download`` saves a file, any other acts."""

    key: str
    label: str
    is_download: NotRequired[bool]
    is_primary: NotRequired[bool]


class DownloadCard(anywidget.AnyWidget):
    """Facts about something finished, and buttons to take it along; hidden while it has no title."""

    _esm = module("dom.js", "download.js")
    _css = style("base.css", "download.css")
    title = traitlets.Unicode().tag(sync=True)
    facts = traitlets.List(traitlets.Dict()).tag(sync=True)
    buttons = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._download: Callable[[str], FileBytes] | None = None
        self._act: Callable[[str], None] | None = None
        self.on_msg(self._receive)

    def show(self, title: str, *, facts: Sequence[Fact], buttons: Sequence[CardButton]) -> None:
        """Everything at once, in one message."""
        with self.hold_sync():
            self.title = title
            self.facts = [dict(fact) for fact in facts]
            self.buttons = [dict(button) for button in buttons]

    def on_download(self, callback: Callable[[str], FileBytes]) -> None:
        """``callback(key)`` makes the file of that button, or raises an EarmarkError that is shown on the card."""
        self._download = callback

    def on_act(self, callback: Callable[[str], None]) -> None:
        """``callback(key)`` does what that button says, or raises an EarmarkError that is shown on the card."""
        self._act = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        key = str(message.get("key"))
        if message.get("type") == "download" and self._download is not None:
            with replying(self, key=key):
                file = self._download(key)
                self.send({"type": "file", "key": key, "name": file.name, "mime": file.mime}, buffers=[file.data])
        elif message.get("type") == "act" and self._act is not None:
            with replying(self, key=key):
                self._act(key)
                self.send({"type": "done", "key": key})
