"""Augmenter time_shift: earlier or later within the clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_choice, demand_range
from pipeline.plugins.augmenters.shaping import demand_samples, within_full_scale

Fill = Literal["silence", "wrap"]


@dataclass(frozen=True, kw_only=True)
class TimeShift:
    """Moves the sound by seconds drawn from ``min_shift_s`` to ``max_shift_s`` (later is positive); the length stays.

    ``fill`` silence leaves silence behind, and then never moves a clip by more than half of its length;
    wrap brings what leaves at one end in again at the other.
    """

    needs_backgrounds: ClassVar[bool] = False

    min_shift_s: float = -0.1
    max_shift_s: float = 0.1
    fill: Fill = "silence"

    def __post_init__(self) -> None:
        demand_range("shift_s", self.min_shift_s, self.max_shift_s, within=(-86_400, 86_400))
        demand_choice("fill", self.fill, get_args(Fill))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip with its sound elsewhere, by whole samples. Raises EmptyAudio."""
        demand_samples(audio)
        shift = round(rng.uniform(self.min_shift_s, self.max_shift_s) * audio.rate_hz)
        if self.fill == "wrap":
            return within_full_scale(np.roll(audio.samples, shift, axis=1), audio.rate_hz)
        half = audio.n_samples // 2
        shift = min(max(shift, -half), half)
        moved = np.zeros_like(audio.samples)
        kept = audio.samples[:, max(0, -shift) : audio.n_samples - max(0, shift)]
        moved[:, max(0, shift) : max(0, shift) + kept.shape[1]] = kept
        return within_full_scale(moved, audio.rate_hz)
