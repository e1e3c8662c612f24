"""Waveforms small enough for a table."""

from __future__ import annotations

import numpy as np

from pipeline.core.errors import EmptyAudio
from pipeline.core.types import Audio, Float32

_BOTTOM_DBFS = -60.0


def waveform_thumbnail(audio: Audio, *, n_bars: int = 48) -> bytes:
    """One byte a bar: its peak over all channels, from 0 at -60 dBFS and below to 255 at full scale and above.

    Sound of fewer samples than bars shows some samples in several bars. Raises EmptyAudio for no sample.
    """
    if audio.n_samples == 0:
        raise EmptyAudio("no waveform of nothing", expected="at least one sample", got="none")
    starts = np.arange(n_bars, dtype=np.int64) * audio.n_samples // n_bars
    return _heights(np.maximum.reduceat(np.abs(audio.samples).max(axis=0), starts))


class ThumbnailMeter:
    """The ``waveform_thumbnail`` of sound of known length, at least as many samples as bars, added block by block."""

    def __init__(self, n_samples: int, *, n_bars: int = 48) -> None:
        self._starts = np.arange(n_bars, dtype=np.int64) * n_samples // n_bars
        self._peaks = np.zeros(n_bars, dtype=np.float32)
        self._n_added = 0

    def add(self, samples: Float32) -> None:
        """Take a block, float32 (channels, n), n at least 1; blocks are consecutive."""
        first, last = np.searchsorted(self._starts, [self._n_added, self._n_added + samples.shape[1] - 1], "right") - 1
        starts = np.maximum(self._starts[first : last + 1] - self._n_added, 0)
        peaks = np.maximum.reduceat(np.abs(samples).max(axis=0), starts)
        self._peaks[first : last + 1] = np.maximum(self._peaks[first : last + 1], peaks)
        self._n_added += samples.shape[1]

    def finish(self) -> bytes:
        """The thumbnail of all that was added."""
        return _heights(self._peaks)


def _heights(peaks: Float32) -> bytes:
    levels_dbfs = 20 * np.log10(np.maximum(peaks.astype(np.float64), 1e-12))
    heights = np.clip(1 - levels_dbfs / _BOTTOM_DBFS, 0, 1) * 255
    return np.rint(heights).astype(np.uint8).tobytes()
