"""What every augmenter does to samples at its start and at its end: demand, resample, fit, keep below full scale."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from pipeline.audio.resample import fitted_end
from pipeline.core.errors import EmptyAudio
from pipeline.core.types import Audio, Float32

Samples = Float32 | NDArray[np.float64]
"""Sound on its way through an augmenter: (channels, n)."""

_MARGIN_SAMPLES = 64


def demand_samples(audio: Audio) -> None:
    """Return if there is a sample in it. Raises EmptyAudio."""
    if audio.n_samples == 0 or audio.n_channels == 0:
        raise EmptyAudio("nothing to augment", expected="at least one sample", got="none")


def within_full_scale(samples: Samples, rate_hz: int) -> Audio:
    """The samples as Audio of its own, turned down as a whole if their peak is above 1."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    scaled = np.array(samples if peak <= 1 else samples / peak, dtype=np.float32, order="C")
    return Audio(samples=np.clip(scaled, -1, 1, out=scaled), rate_hz=rate_hz)


def resampled(samples: Float32, from_hz: float, to_hz: float, *, n_samples: int) -> Float32:
    """float32 (channels, n_samples): as if recorded at ``to_hz``, with silence after the end if it is short."""
    if from_hz == to_hz:
        return fitted_end(samples, n_samples)
    # soxr gives nothing for the shortest sounds; with silence behind them it gives what they are.
    longer = np.pad(samples, ((0, 0), (0, _MARGIN_SAMPLES)))
    return fitted_end(np.asarray(soxr.resample(longer.T, from_hz, to_hz, quality="HQ"), dtype=np.float32).T, n_samples)


def with_channels(samples: Float32, n_channels: int) -> Float32:
    """float32 (n_channels, n): as it is if that fits, else the mean of its channels on every channel."""
    if samples.shape[0] == n_channels:
        return samples
    return np.repeat(samples.mean(axis=0, keepdims=True, dtype=np.float32), n_channels, axis=0)
