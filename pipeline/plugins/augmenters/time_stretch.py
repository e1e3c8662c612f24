"""Augmenter time_stretch: slower or faster at the same pitch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_range, draw_ratio
from pipeline.plugins.augmenters.shaping import demand_samples, within_full_scale
from pipeline.plugins.augmenters.stretching import stretched


@dataclass(frozen=True, kw_only=True)
class TimeStretch:
    """Plays the clip at a speed drawn from ``min_speed`` to ``max_speed`` (2 is twice as fast); the pitch stays.

    Speeds are drawn on a logarithmic scale, so that slower and faster are alike.
    """

    needs_backgrounds: ClassVar[bool] = False

    min_speed: float = 0.8
    max_speed: float = 1.25

    def __post_init__(self) -> None:
        demand_range("speed", self.min_speed, self.max_speed, within=(0.25, 4))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip at another speed, round(n / speed) samples long. Raises EmptyAudio."""
        demand_samples(audio)
        speed = draw_ratio(rng, self.min_speed, self.max_speed)
        return within_full_scale(stretched(audio.samples, audio.rate_hz, speed=speed, rng=rng), audio.rate_hz)
