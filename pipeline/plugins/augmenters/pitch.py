"""Augmenter pitch: higher or lower at the same speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_range
from pipeline.plugins.augmenters.shaping import demand_samples, resampled, within_full_scale
from pipeline.plugins.augmenters.stretching import stretched


@dataclass(frozen=True, kw_only=True)
class Pitch:
    """Shifts the pitch by semitones drawn from ``min_semitones`` to ``max_semitones``; the length stays.

    The clip is stretched and then resampled, which sets the pitch exactly. Formants move along.
    """

    needs_backgrounds: ClassVar[bool] = False

    min_semitones: float = -2.0
    max_semitones: float = 2.0

    def __post_init__(self) -> None:
        demand_range("semitones", self.min_semitones, self.max_semitones, within=(-24, 24))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip at another pitch, as long as before. Raises EmptyAudio."""
        demand_samples(audio)
        ratio = 2 ** (rng.uniform(self.min_semitones, self.max_semitones) / 12)
        longer = stretched(audio.samples, audio.rate_hz, speed=1 / ratio, rng=rng)
        shifted = resampled(longer, audio.rate_hz * ratio, audio.rate_hz, n_samples=audio.n_samples)
        return within_full_scale(shifted, audio.rate_hz)
