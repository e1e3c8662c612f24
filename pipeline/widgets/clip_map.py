"""The map of an encoder's embeddings: every clip a point to hear, colour and select.

From the browser: ``points``, ``selected`` {ids}, ``like`` {id} and ``fetch`` (clip_source.py). To the browser:
``points`` with its buffers, ``told`` and ``error`` {message}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from pipeline.widgets.assets import module, style
from pipeline.widgets.clip_source import ReadClip, serve_clips
from pipeline.widgets.replying import replying


class Category(TypedDict):
    """What colours points: a label, a split, a recording; ``colour`` is CSS, else the next token."""

    name: str
    colour: NotRequired[str]


class ClipMap(anywidget.AnyWidget):
    """Points sent once, as bytes; pan, zoom, hover, hear, and select by drawing a line with Shift held."""

    _esm = module("dom.js", "spectrogram.js", "sound.js", "clip_map_points.js", "clip_map_frame.js", "clip_map.js")
    _css = style("base.css", "clip_map.css")
    title = traitlets.Unicode().tag(sync=True)
    categories = traitlets.List(traitlets.Dict()).tag(sync=True)
    height = traitlets.Int(520).tag(sync=True)
    has_search = traitlets.Bool(False).tag(sync=True)
    empty_text = traitlets.Unicode("No clip has an embedding yet.").tag(sync=True)

    def __init__(self, *, read_clip: ReadClip, title: str = "Map", height: int = 520) -> None:
        super().__init__(title=title, height=height)
        self._points: tuple[bytes, ...] = (b"", b"", b"", b"")
        self._is_on_screen = False
        self._select: Callable[[list[int]], str | None] | None = None
        self._like: Callable[[int], None] | None = None
        self.on_msg(self._receive)
        serve_clips(self, read_clip)

    def show(
        self,
        xy: NDArray[np.floating[Any]],
        category: NDArray[np.integer[Any]],
        *,
        ids: NDArray[np.integer[Any]],
        categories: Sequence[Category],
        names: Sequence[str] | None = None,
        is_view_kept: bool = False,
    ) -> None:
        """xy float (n, 2); category (n,) indexes ``categories``; ids (n,) name the clips.

        With ``is_view_kept`` the same clips are only coloured anew: what is selected and zoomed to stays.

        Raises ValueError if the lengths differ, a category has no name, or a coordinate is not finite.
        """
        n = len(ids)
        if xy.shape != (n, 2) or category.shape != (n,) or (names is not None and len(names) != n):
            raise ValueError(f"{n} ids, but xy {xy.shape}, category {category.shape}, names {names and len(names)}")
        if n and (category.min() < 0 or category.max() >= len(categories)):
            raise ValueError(f"categories {category.min()} to {category.max()}, but {len(categories)} names")
        if not np.isfinite(xy).all():
            raise ValueError("coordinates of the map must be finite")
        joined = "\0".join(name.replace("\0", " ") for name in names or ())
        self._points = (
            np.ascontiguousarray(xy, dtype="<f4").tobytes(),
            np.ascontiguousarray(category, dtype="<u2").tobytes(),
            np.ascontiguousarray(ids, dtype="<i4").tobytes(),
            joined.encode(),
        )
        self.categories = [dict(entry) for entry in categories]
        if self._is_on_screen:
            self._send_points(is_view_kept=is_view_kept)

    def on_selected(self, callback: Callable[[list[int]], str | None]) -> None:
        """``callback(clip_ids)`` runs after each selection, [] when it is cleared; it may give a sentence to show."""
        self._select = callback

    def on_like(self, callback: Callable[[int], None]) -> None:
        """``callback(clip_id)`` runs when a person wants more like the clip that they heard last."""
        self._like = callback
        self.has_search = True

    def _send_points(self, *, is_view_kept: bool = False) -> None:
        how = {"is_view_kept": True} if is_view_kept else {}
        self.send({"type": "points", **how}, buffers=list(self._points))

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") == "points":
            self._is_on_screen = True
            self._send_points()
        elif message.get("type") == "selected" and self._select is not None:
            with replying(self):
                sentence = self._select([int(clip_id) for clip_id in message["ids"]])
                if sentence:
                    self.send({"type": "told", "message": sentence})
        elif message.get("type") == "like" and self._like is not None:
            with replying(self):
                self._like(int(message["id"]))
