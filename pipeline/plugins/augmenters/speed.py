"""Augmenter speed: slower and lower or faster and higher, as a tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_range, draw_ratio
from pipeline.plugins.augmenters.shaping import demand_samples, resampled, within_full_scale


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Resamples the clip to a speed drawn from ``min_speed`` to ``max_speed``: pitch and duration change together.

    Speeds are drawn on a logarithmic scale, so that slower and faster are alike.
    """

    needs_backgrounds: ClassVar[bool] = False

    min_speed: float = 0.9
    max_speed: float = 1.1

    def __post_init__(self) -> None:
        demand_range("speed", self.min_speed, self.max_speed, within=(0.25, 4))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip at another speed, round(n / speed) samples long, at least one. Raises EmptyAudio."""
        demand_samples(audio)
        speed = draw_ratio(rng, self.min_speed, self.max_speed)
        n_samples = max(1, round(audio.n_samples / speed))
        faster = resampled(audio.samples, audio.rate_hz * speed, audio.rate_hz, n_samples=n_samples)
        return within_full_scale(faster, audio.rate_hz)
