"""A clip and noise at a signal-to-noise ratio that is met where the clip sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.shaping import Samples, within_full_scale

_FRAME_S = 0.02
_MARGIN_DB = 15.9


def active_part(audio: Audio) -> NDArray[np.bool_]:
    """Which samples bool (n,) lie in the 20 ms frames that sound.

    Those not more than 15.9 dB below their own mean level, all channels together, after ITU-T P.56 (2011):
    pauses do not count as signal. All of a silent clip.
    """
    n_frame = max(1, round(_FRAME_S * audio.rate_hz))
    starts = np.arange(0, audio.n_samples, n_frame)
    frame_powers = np.add.reduceat(_power(audio.samples), starts) / np.diff(np.append(starts, audio.n_samples))
    loudest_first = np.sort(frame_powers)[::-1]
    means = np.cumsum(loudest_first) / np.arange(1, len(starts) + 1)
    threshold = loudest_first[np.flatnonzero(loudest_first >= means * 10 ** (-_MARGIN_DB / 10))[-1]]
    return np.repeat(frame_powers >= threshold, n_frame)[: audio.n_samples]


def mean_power(samples: Samples, is_counted: NDArray[np.bool_]) -> float:
    """Mean square of the counted samples, summed over the channels."""
    return float(_power(samples)[is_counted].mean())


def mixed(audio: Audio, noise: Samples, *, snr_db: float, is_active: NDArray[np.bool_]) -> Audio:
    """The clip with the noise (channels, n) so far below it, both measured over the active part.

    The clip itself keeps its level, unless the sum is beyond full scale: then both are turned down alike.
    """
    ratio = mean_power(audio.samples, is_active) / mean_power(noise, is_active)
    gain = np.sqrt(ratio) * 10 ** (-snr_db / 20)
    return within_full_scale(audio.samples + gain * noise.astype(np.float64), audio.rate_hz)


def _power(samples: Samples) -> NDArray[np.float64]:
    return np.square(samples, dtype=np.float64).sum(axis=0)
