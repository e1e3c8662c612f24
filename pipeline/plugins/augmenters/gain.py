"""Augmenter gain: louder or quieter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_choice, demand_range
from pipeline.plugins.augmenters.shaping import demand_samples, within_full_scale

BeyondFullScale = Literal["reduce", "limit"]

_LOOK_AHEAD_S = 0.005


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Changes the level by a gain drawn from ``min_gain_db`` to ``max_gain_db``; the peak stays within full scale.

    ``beyond_full_scale`` says what becomes of a gain that would clip: reduce gives no more than the peak
    allows, limit gives it in full and presses the loud moments down, 5 ms before and after each.
    """

    needs_backgrounds: ClassVar[bool] = False

    min_gain_db: float = -12.0
    max_gain_db: float = 6.0
    beyond_full_scale: BeyondFullScale = "reduce"

    def __post_init__(self) -> None:
        demand_range("gain_db", self.min_gain_db, self.max_gain_db, within=(-100, 100))
        demand_choice("beyond_full_scale", self.beyond_full_scale, get_args(BeyondFullScale))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip at another level. Raises EmptyAudio."""
        demand_samples(audio)
        gain = 10 ** (rng.uniform(self.min_gain_db, self.max_gain_db) / 20)
        samples = audio.samples.astype(np.float64) * gain
        if self.beyond_full_scale == "limit":
            samples *= _limiter(samples, max(1, round(_LOOK_AHEAD_S * audio.rate_hz)))
        return within_full_scale(samples, audio.rate_hz)


def _limiter(samples: NDArray[np.float64], n_look_ahead: int) -> NDArray[np.float64]:
    """Gains float64 (n,) up to 1, smooth, the same for all channels, that bring every sample to 1 or below.

    The mean of minima that all cover a sample is not above the gain which that sample needs.
    """
    needed = 1 / np.maximum(np.abs(samples).max(axis=0), 1)
    n_window = 2 * n_look_ahead + 1
    return uniform_filter1d(minimum_filter1d(needed, n_window, mode="nearest"), n_window, mode="nearest")
