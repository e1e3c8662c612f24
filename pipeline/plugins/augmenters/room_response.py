"""Augmenter room_response: the clip in a made-up room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_range, draw_ratio
from pipeline.plugins.augmenters.shaping import demand_samples, within_full_scale

_FIRST_REFLECTION_S = 0.002


@dataclass(frozen=True, kw_only=True)
class RoomResponse:
    """Adds the reverberation of a room whose sound falls by 60 dB in a time from ``min_rt60_s`` to ``max_rt60_s``.

    The response is made: the direct sound, 2 ms later noise that decays exponentially, its energy below the
    direct sound's by a ratio drawn from ``min_direct_to_reverb_db`` to ``max_direct_to_reverb_db``. Each
    channel has its own tail. The length stays; what rings on after the end is cut.
    """

    needs_backgrounds: ClassVar[bool] = False

    min_rt60_s: float = 0.2
    max_rt60_s: float = 0.8
    min_direct_to_reverb_db: float = 0.0
    max_direct_to_reverb_db: float = 12.0

    def __post_init__(self) -> None:
        demand_range("rt60_s", self.min_rt60_s, self.max_rt60_s, within=(0.02, 20))
        ratios = (self.min_direct_to_reverb_db, self.max_direct_to_reverb_db)
        demand_range("direct_to_reverb_db", *ratios, within=(-40, 60))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip in the room, the direct sound where it was. Raises EmptyAudio."""
        demand_samples(audio)
        rt60_s = draw_ratio(rng, self.min_rt60_s, self.max_rt60_s)
        ratio_db = rng.uniform(self.min_direct_to_reverb_db, self.max_direct_to_reverb_db)
        tail = _tail(audio, rt60_s, rng) * 10 ** (-ratio_db / 20)
        samples = audio.samples.astype(np.float64)
        delay = max(1, round(_FIRST_REFLECTION_S * audio.rate_hz))
        wet = np.asarray(oaconvolve(samples, tail, axes=1), dtype=np.float64)[:, : max(0, audio.n_samples - delay)]
        samples[:, delay:] += wet
        return within_full_scale(samples, audio.rate_hz)


def _tail(audio: Audio, rt60_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Decaying noise float64 (channels, rt60), energy 1 a channel."""
    n_tail = max(1, round(rt60_s * audio.rate_hz))
    decay = np.exp(-math.log(1000) * np.arange(n_tail) / n_tail)
    tail = rng.standard_normal((audio.n_channels, n_tail)) * decay
    return tail / np.sqrt(np.square(tail).sum(axis=1, keepdims=True))
