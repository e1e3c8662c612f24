"""Two clips side by side, heard at the same place: one, the other, both at once or one in each ear.

From the browser: ``fetch`` (clip_source.py). To the browser: the trait.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.clip_source import ReadClip, serve_clips


class PairedClip(TypedDict):
    """One side of the pair; ``side`` says in a word what it stands for."""

    clip_id: int
    name: str
    side: str
    detail: NotRequired[str]


class PairOfClips(TypedDict):
    """The first begins ``lag_s`` after the second; None where the two share no sound: each from its own beginning."""

    first: PairedClip
    second: PairedClip
    title: str
    about: str
    lag_s: float | None


class ClipPair(anywidget.AnyWidget):
    """The pair that is open; nothing is shown without one."""

    _esm = module("dom.js", "spectrogram.js", "sound.js", "clip_compare_sound.js", "clip_pair.js")
    _css = style("base.css", "clip_compare.css", "clip_pair.css")
    pair = traitlets.Dict().tag(sync=True)

    def __init__(self, *, read_clip: ReadClip) -> None:
        super().__init__()
        serve_clips(self, read_clip)

    def show(self, pair: PairOfClips | None) -> None:
        """Another pair, or none."""
        self.pair = dict(pair) if pair is not None else {}
