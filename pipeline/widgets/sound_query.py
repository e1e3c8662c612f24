"""Search by sound: a file, the microphone, a clip or a region of one, and what was found, to be heard and ticked.

From the browser: ``part`` {upload, n_bytes, name} with bytes as its buffer (a file or a recording comes in parts),
``like`` {clip_id}, ``region`` {start_s, stop_s, low_hz, high_hz}, ``unlike``, ``more``, ``save`` {name} and ``fetch``
(clip_source.py). To the browser: the traits, ``sound`` {query_id, mime, rate_hz} with the query's bytes as its buffer,
``done``, ``saved`` {message} and ``error`` {message}, of a failed save with ``of`` save.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import anywidget
import traitlets

from pipeline.core.errors import AudioError
from pipeline.widgets.assets import module, style
from pipeline.widgets.clip_source import ClipBytes, ReadClip, serve_clips
from pipeline.widgets.replying import replying

MAX_BYTES = 32_000_000
"""Of a file that is searched by: three minutes of the largest usual format, and nothing that fills a memory."""


class Result(TypedDict):
    """A clip that was found; ``similarity`` -1 to 1."""

    clip_id: int
    name: str
    similarity: float
    detail: NotRequired[str]
    label: NotRequired[str]


@dataclass(frozen=True, kw_only=True)
class Region:
    """What was drawn on the query's spectrogram. None is the end of the sound or of the spectrum."""

    start_s: float | None = None
    stop_s: float | None = None
    low_hz: float | None = None
    high_hz: float | None = None

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Region:
        """The region of a message. Raises AudioError for what is no number."""
        names = ("start_s", "stop_s", "low_hz", "high_hz")
        values = [message.get(name) for name in names]
        if not all(value is None or isinstance(value, (int, float)) for value in values):
            raise AudioError("not a region", expected="numbers", got=values)
        return cls(**dict(zip(names, values, strict=True)))


class SoundQuery(anywidget.AnyWidget):
    """The query with its spectrogram, and the list of what was found.

    ``ticked`` holds the ids of the ticked clips, in the order of the list; they are saved under a name, at first
    ``save_name``.
    """

    _esm = module(
        "dom.js",
        "spectrogram.js",
        "sound.js",
        "sound_query_microphone.js",
        "sound_query_region.js",
        "sound_query_results.js",
        "sound_query_box.js",
        "sound_query.js",
    )
    _css = style("base.css", "sound_query.css", "sound_query_results.css")
    query = traitlets.Dict().tag(sync=True)
    results = traitlets.List(traitlets.Dict()).tag(sync=True)
    heading = traitlets.Unicode().tag(sync=True)
    similarity_words = traitlets.Unicode("similarity").tag(sync=True)
    has_more = traitlets.Bool(False).tag(sync=True)
    ticked = traitlets.List(traitlets.Int()).tag(sync=True)
    save_name = traitlets.Unicode().tag(sync=True)
    is_tickable = traitlets.Bool(True).tag(sync=True)
    max_bytes = traitlets.Int(MAX_BYTES).tag(sync=True)

    def __init__(self, *, read_clip: ReadClip, is_tickable: bool = True) -> None:
        super().__init__(is_tickable=is_tickable)
        self._upload: _Upload | None = None
        self._n_queries = 0
        self._sound: Callable[[bytes, str], None] | None = None
        self._like: Callable[[int], None] | None = None
        self._region: Callable[[Region], None] | None = None
        self._unlike: Callable[[], None] | None = None
        self._more: Callable[[], None] | None = None
        self._save: Callable[[str], str] | None = None
        self.on_msg(self._receive)
        serve_clips(self, read_clip)

    def show_query(self, name: str, sound: ClipBytes | None, *, detail: str = "", clip_id: int | None = None) -> None:
        """What is searched by, whole; without a ``sound`` there is nothing to see (unlike anything)."""
        self._n_queries += 1
        self.query = {"id": self._n_queries, "name": name, "detail": detail, "clip_id": clip_id}
        if sound is not None:
            about = {"query_id": self._n_queries, "mime": sound.mime, "rate_hz": sound.rate_hz}
            self.send({"type": "sound", **about}, buffers=[sound.data])

    def show_results(
        self, results: Sequence[Result], *, heading: str, similarity_words: str = "similarity", has_more: bool = False
    ) -> None:
        """What was found, best first; ticks of clips that are still there stay."""
        found = [dict(result) for result in results]
        here = {result["clip_id"] for result in results}
        with self.hold_sync():
            self.results, self.heading, self.similarity_words, self.has_more = (
                found,
                heading,
                similarity_words,
                has_more,
            )
            self.ticked = [clip_id for clip_id in self.ticked if clip_id in here]

    def on_sound(self, callback: Callable[[bytes, str], None]) -> None:
        """``callback(data, name)`` gets a file or a recording, whole; the name is what the browser said."""
        self._sound = callback

    def on_like(self, callback: Callable[[int], None]) -> None:
        """``callback(clip_id)``: more like this clip."""
        self._like = callback

    def on_region(self, callback: Callable[[Region], None]) -> None:
        """``callback(region)``: by this part of the query; an empty region is all of it."""
        self._region = callback

    def on_unlike(self, callback: Callable[[], None]) -> None:
        """``callback()``: the clips that are unlike anything."""
        self._unlike = callback

    def on_more(self, callback: Callable[[], None]) -> None:
        """``callback()``: a longer list of the same."""
        self._more = callback

    def on_save(self, callback: Callable[[str], str]) -> None:
        """``callback(name)`` keeps what is ``ticked`` and gives the sentence of success."""
        self._save = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        kind = message.get("type")
        if kind == "part":
            with replying(self):
                self._take_part(message, buffers)
        elif kind in ("like", "region", "unlike", "more"):
            with replying(self):
                self._do(kind, message)
                self.send({"type": "done"})
        elif kind == "save" and self._save is not None:
            with replying(self, of="save"):
                self.send({"type": "saved", "message": self._save(str(message["name"]).strip())})

    def _do(self, kind: str, message: Mapping[str, Any]) -> None:
        if kind == "like" and self._like is not None:
            self._like(int(message["clip_id"]))
        elif kind == "region" and self._region is not None:
            self._region(Region.of(message))
        elif kind == "unlike" and self._unlike is not None:
            self._unlike()
        elif kind == "more" and self._more is not None:
            self._more()

    def _take_part(self, message: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        """A part belongs to the upload that began last; of an earlier one that another took the place of, nothing."""
        upload_id, n_bytes = str(message.get("upload")), int(message.get("n_bytes", 0))
        if message.get("is_first"):
            self._upload = _Upload(upload_id, n_bytes)
        upload = self._upload
        if upload is None or upload.upload_id != upload_id:
            return
        upload.add(bytes(buffers[0]) if buffers else b"")
        if upload.is_whole:
            self._upload = None
            if self._sound is not None:
                self._sound(bytes(upload.data), str(message.get("name", "")))
            self.send({"type": "done"})


class _Upload:
    """Bytes that come in parts. Raises AudioError once they are more than was said, or than is taken."""

    def __init__(self, upload_id: str, n_bytes: int) -> None:
        if n_bytes > MAX_BYTES:
            raise _too_large(n_bytes)
        self.upload_id = upload_id
        self.data = bytearray()
        self._n_bytes = n_bytes

    def add(self, part: bytes) -> None:
        if len(self.data) + len(part) > self._n_bytes:
            raise _too_large(len(self.data) + len(part))
        self.data += part

    @property
    def is_whole(self) -> bool:
        return len(self.data) == self._n_bytes


def _too_large(n_bytes: int) -> AudioError:
    return AudioError(
        "the file is too large to search by",
        expected=f"at most {MAX_BYTES / 1e6:.0f} MB",
        got=f"{n_bytes / 1e6:.1f} MB",
        do="cut out the part that you look for",
    )
