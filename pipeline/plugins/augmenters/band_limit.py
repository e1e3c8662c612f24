"""Augmenter band_limit: the clip through a narrow band, as over a telephone or a bad microphone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_choice, demand_range, draw_choice, draw_ratio
from pipeline.plugins.augmenters.shaping import demand_samples, within_full_scale

Band = Literal["low_pass", "high_pass", "band_pass", "any"]

_CHOICES = ("low_pass", "high_pass", "band_pass")
_PADDING_S = 0.25


@dataclass(frozen=True, kw_only=True)
class BandLimit:
    """Takes out what lies above an upper edge (low_pass), below a lower edge (high_pass), or both (band_pass).

    The edges are drawn, on a logarithmic scale, from ``min_upper_hz`` to ``max_upper_hz`` and from
    ``min_lower_hz`` to ``max_lower_hz``; an upper edge above half the rate takes nothing. any draws one of
    the three. The response is Butterworth's of ``order``, 3 dB down at the edge and 6 dB an octave and
    order beyond it, without its phase: nothing is delayed.
    """

    needs_backgrounds: ClassVar[bool] = False

    band: Band = "any"
    min_lower_hz: float = 100.0
    max_lower_hz: float = 500.0
    min_upper_hz: float = 1_500.0
    max_upper_hz: float = 4_000.0
    order: int = 6

    def __post_init__(self) -> None:
        demand_choice("band", self.band, (*_CHOICES, "any"))
        demand_range("lower_hz", self.min_lower_hz, self.max_lower_hz, within=(1, 200_000))
        demand_range("upper_hz", self.min_upper_hz, self.max_upper_hz, within=(1, 200_000))
        if self.max_lower_hz >= self.min_upper_hz:
            raise ValueError(f"max_lower_hz is below min_upper_hz, not {self.max_lower_hz} and {self.min_upper_hz}")
        if not 1 <= self.order <= 32:
            raise ValueError(f"order is 1 to 32, not {self.order}")

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip in the band, as long as before. Raises EmptyAudio."""
        demand_samples(audio)
        band = draw_choice(rng, _CHOICES) if self.band == "any" else self.band
        lower_hz = draw_ratio(rng, self.min_lower_hz, self.max_lower_hz)
        upper_hz = draw_ratio(rng, self.min_upper_hz, self.max_upper_hz)
        # Silence behind the end, so that what rings on does not come in again at the start.
        n_padded = audio.n_samples + round(_PADDING_S * audio.rate_hz)
        n_fft = cast(int, fft.next_fast_len(n_padded, real=True))
        hz = np.asarray(np.fft.rfftfreq(n_fft, 1 / audio.rate_hz), dtype=np.float64)
        response = np.ones(len(hz))
        if band != "high_pass" and upper_hz < audio.rate_hz / 2:
            response *= _low_pass(hz / upper_hz, self.order)
        if band != "low_pass":
            # A high pass is the low pass mirrored at its edge; 0 Hz lies infinitely far beyond it.
            response[0] = 0
            response[1:] *= _low_pass(lower_hz / hz[1:], self.order)
        spectrum = np.asarray(fft.rfft(audio.samples.astype(np.float64), n_fft, axis=1)) * response
        limited = np.asarray(fft.irfft(spectrum, n_fft, axis=1), dtype=np.float64)
        return within_full_scale(limited[:, : audio.n_samples], audio.rate_hz)


def _low_pass(ratio: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Butterworth's amplitude at frequencies given as multiples of the edge."""
    # Where the power would overflow nothing passes anyway.
    return 1 / np.sqrt(1 + np.minimum(ratio, 1e4) ** (2 * order))
