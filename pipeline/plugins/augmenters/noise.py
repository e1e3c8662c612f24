"""Augmenter noise: steady noise of a colour over the clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_choice, demand_range, draw_choice
from pipeline.plugins.augmenters.mixing import active_part, mean_power, mixed
from pipeline.plugins.augmenters.shaping import demand_samples, within_full_scale

Colour = Literal["white", "pink", "brown", "blue", "any"]

_EXPONENTS = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0}
"""Power goes with frequency to the minus this: 0, -3, -6 and +3 dB an octave."""
_LOWEST_HZ = 20.0


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Adds noise at a signal-to-noise ratio drawn from ``min_snr_db`` to ``max_snr_db`` over the active part.

    Its power falls with frequency f as 1 (white), 1/f (pink), 1/f² (brown) or rises as f (blue); any draws
    one of the four. Below 20 Hz it is flat. Each channel has its own noise.
    """

    needs_backgrounds: ClassVar[bool] = False

    colour: Colour = "any"
    min_snr_db: float = 10.0
    max_snr_db: float = 30.0

    def __post_init__(self) -> None:
        demand_choice("colour", self.colour, (*_EXPONENTS, "any"))
        demand_range("snr_db", self.min_snr_db, self.max_snr_db, within=(-60, 100))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip in noise; a silent clip, over which no ratio is defined, stays as it is. Raises EmptyAudio."""
        demand_samples(audio)
        colour = draw_choice(rng, tuple(_EXPONENTS)) if self.colour == "any" else self.colour
        snr_db = rng.uniform(self.min_snr_db, self.max_snr_db)
        is_active = active_part(audio)
        if mean_power(audio.samples, is_active) == 0:
            return within_full_scale(audio.samples, audio.rate_hz)
        noise = _coloured(audio, rng, exponent=_EXPONENTS[colour])
        return mixed(audio, noise, snr_db=snr_db, is_active=is_active)


def _coloured(audio: Audio, rng: np.random.Generator, *, exponent: float) -> NDArray[np.float64]:
    """Noise float64 (channels, n) of any level, power density as f to the minus ``exponent``."""
    n_fft = cast(int, fft.next_fast_len(audio.n_samples, real=True))
    white = rng.standard_normal((audio.n_channels, n_fft))
    hz = np.maximum(np.fft.rfftfreq(n_fft, 1 / audio.rate_hz), _LOWEST_HZ)
    spectrum = np.asarray(fft.rfft(white, axis=1)) * hz ** (-exponent / 2)
    return np.asarray(fft.irfft(spectrum, n_fft, axis=1), dtype=np.float64)[:, : audio.n_samples]
