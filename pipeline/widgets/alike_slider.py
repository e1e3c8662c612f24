"""A slider over distances: what would go because it sounds alike, and the pairs on the border, to be heard at once.

From the browser: ``apply`` {distance} (null: off) and ``fetch`` (clip_source.py). To the browser: the traits,
``applied`` and ``error`` {message}. Which pairs a person marks as different stays in the browser: it moves the slider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.clip_source import ReadClip, serve_clips
from pipeline.widgets.replying import replying


class HeardClip(TypedDict):
    """A clip of a pair."""

    clip_id: int
    name: str
    detail: str


class BorderPair(TypedDict):
    """A clip that would only just go, for one that stays."""

    stays: HeardClip
    goes: HeardClip
    distance: float


class AlikeStep(TypedDict):
    """A distance, and in words and as a share [0, 1] of all clips what goes up to it; its pairs, the farthest first."""

    distance: float
    share: float
    words: str
    pairs: Sequence[BorderPair]


class AlikeSlider(anywidget.AnyWidget):
    """Off and the steps, by rising distance. ``applied`` is the distance in force, None where it is off.

    ``trouble`` says what to do where there are no steps.
    """

    _esm = module("dom.js", "spectrogram.js", "sound.js", "alike_slider_parts.js", "alike_slider.js")
    _css = style("base.css", "alike_slider.css")
    steps = traitlets.List(traitlets.Dict()).tag(sync=True)
    applied = traitlets.Float(None, allow_none=True).tag(sync=True)
    trouble = traitlets.Unicode().tag(sync=True)
    may_apply = traitlets.Bool(False).tag(sync=True)

    def __init__(self, *, read_clip: ReadClip) -> None:
        super().__init__()
        self._apply: Callable[[float | None], None] | None = None
        self.on_msg(self._receive)
        serve_clips(self, read_clip)

    def show(
        self, steps: Sequence[AlikeStep], *, applied: float | None, trouble: str = "", may_apply: bool = True
    ) -> None:
        """The steps; the slider stands at what is in force."""
        with self.hold_sync():
            self.steps = [dict(step) for step in steps]
            self.applied, self.trouble, self.may_apply = applied, trouble, may_apply

    def on_apply(self, callback: Callable[[float | None], None]) -> None:
        """``callback(distance)`` removes what sounds alike within that distance, nothing for None."""
        self._apply = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") != "apply" or self._apply is None:
            return
        with replying(self):
            distance = message.get("distance")
            self._apply(None if distance is None else float(distance))
            self.send({"type": "applied"})
