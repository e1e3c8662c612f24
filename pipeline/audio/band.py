"""A sound with nothing left outside a band of frequencies, and nothing moved in time."""

from __future__ import annotations

import numpy as np
from scipy import fft

from pipeline.core.errors import AudioError
from pipeline.core.types import Audio, Float32

_EDGE_OCTAVES = 1 / 6
_LEAST_EDGE_HZ = 20.0
_RINGING_S = 0.1
"""The narrowest edge rings for some periods of 20 Hz: what rings out of the end must not come in at the start."""


def within_band(audio: Audio, low_hz: float | None, high_hz: float | None) -> Audio:
    """The sound between two frequencies, of the same length; None is the end of the spectrum.

    Zero phase: the spectrum is multiplied by 1 inside the band and by 0 outside, with a raised cosine of a sixth of an
    octave between them, so that a narrow band does not ring for long. Raises AudioError if no frequency of the sound
    lies in the band.
    """
    nyquist_hz = audio.rate_hz / 2
    low = 0.0 if low_hz is None else low_hz
    high = nyquist_hz if high_hz is None else min(high_hz, nyquist_hz)
    if not 0 <= low < high:
        raise AudioError(
            "the band holds no sound",
            expected=f"Hz from 0 to {nyquist_hz:g}, the lower one first",
            got=f"{low:g} to {nyquist_hz if high_hz is None else high_hz:g}",
        )
    n_wanted = audio.n_samples + round(_RINGING_S * audio.rate_hz)
    n_padded = fft.next_fast_len(n_wanted, real=True) or n_wanted
    gains = _gains(np.fft.rfftfreq(n_padded, 1 / audio.rate_hz), low, high, nyquist_hz)
    spectrum = np.asarray(fft.rfft(audio.samples, n_padded, axis=1))
    samples = np.asarray(fft.irfft(spectrum * gains, n_padded, axis=1))[:, : audio.n_samples]
    return Audio(samples=np.ascontiguousarray(samples, dtype=np.float32), rate_hz=audio.rate_hz)


def _gains(bins_hz: np.ndarray, low: float, high: float, nyquist_hz: float) -> Float32:
    """The gain float32 (bins,) of each frequency, 0 to 1."""
    gains = np.ones(len(bins_hz), np.float64)
    if low > 0:
        edge_hz = max(low * (1 - 2**-_EDGE_OCTAVES), _LEAST_EDGE_HZ)
        gains *= _rise((bins_hz - low) / edge_hz + 1)
    if high < nyquist_hz:
        edge_hz = max(high * (2**_EDGE_OCTAVES - 1), _LEAST_EDGE_HZ)
        gains *= _rise((high - bins_hz) / edge_hz + 1)
    return gains.astype(np.float32)


def _rise(at: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, half a cosine between."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(at, 0, 1))
