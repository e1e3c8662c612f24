"""Waveforms small enough for a table."""

from __future__ import annotations

import numpy as np

from pipeline.core.errors import EmptyAudio
from pipeline.core.types import Audio

_BOTTOM_DBFS = -60.0


def waveform_thumbnail(audio: Audio, *, n_bars: int = 48) -> bytes:
    """One byte a bar: its peak over all channels, from 0 at -60 dBFS and below to 255 at full scale and above.

    Sound of fewer samples than bars shows some samples in several bars. Raises EmptyAudio for no sample.
    """
    if audio.n_samples == 0:
        raise EmptyAudio("no waveform of nothing", expected="at least one sample", got="none")
    starts = np.arange(n_bars, dtype=np.int64) * audio.n_samples // n_bars
    peaks = np.maximum.reduceat(np.abs(audio.samples).max(axis=0), starts).astype(np.float64)
    levels_dbfs = 20 * np.log10(np.maximum(peaks, 1e-12))
    heights = np.clip(1 - levels_dbfs / _BOTTOM_DBFS, 0, 1) * 255
    return np.rint(heights).astype(np.uint8).tobytes()
