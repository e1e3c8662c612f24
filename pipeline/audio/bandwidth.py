"""Up to which frequency sound really reaches: up-sampling leaves nothing above half the rate it came from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.core.types import Float32

FRAMES_PER_S = 10
_N_BANDS = 64
_ALL_UP_TO = 64
_EVERY = 8
_CLIFF_DB = 20.0
_N_BEFORE, _N_WITHIN = 4, 2
_LEAST_DBFS = -130.0
"""About what rounding to 16 bits leaves in a bin. Lossy codecs leave less still, which is no cliff of its own."""


class BandwidthMeter:
    """Finds the edge in the mean power spectrum of frames of 100 ms, sound added block by block.

    The first 64 frames are all looked at, of the rest every eighth: a mean needs no more.
    """

    def __init__(self, rate_hz: int) -> None:
        self.n_fft = max(2, round(rate_hz / FRAMES_PER_S))
        self._rate_hz = rate_hz
        self._rest: Float32 | None = None
        self._power: NDArray[np.float64] | None = None
        self._n_frames = 0

    def add(self, samples: Float32) -> None:
        """Take a block, float32 (channels, n); blocks are consecutive."""
        if self._rest is not None:
            samples = np.concatenate([self._rest, samples], axis=1)
        n_new = samples.shape[1] // self.n_fft
        self._rest = samples[:, n_new * self.n_fft :].copy()
        if n_new:
            frames = samples[:, : n_new * self.n_fft].reshape(len(samples), n_new, self.n_fft)
            self._add_power(spectra(frames[:, self._taken(n_new)]))

    def add_spectra(self, found: Float32) -> None:
        """Take the ``spectra`` of consecutive frames of ``n_fft`` samples."""
        self._add_power(found[:, self._taken(found.shape[1])])

    def bandwidth_hz(self) -> float | None:
        """The frequency of the edge, half the rate if there is none, None for less than a frame or no sound."""
        power = self._power
        if power is None or power.max() <= 0:
            return None
        n_bins = max(1, round(len(power) / _N_BANDS))
        # So that a full-scale sine is 0 dB in its first frame; only differences matter but for what is nothing.
        levels = _band_levels(power * (4 / self.n_fft) ** 2, n_bins)
        edge = _edge(levels)
        return self._rate_hz / 2 if edge is None else edge * n_bins * self._rate_hz / self.n_fft

    def _taken(self, n_new: int) -> slice | NDArray[np.bool_]:
        """Which of so many new frames are looked at."""
        n_before, self._n_frames = self._n_frames, self._n_frames + n_new
        if self._n_frames <= _ALL_UP_TO:
            return slice(None)
        position = np.arange(n_before, self._n_frames)
        return (position < _ALL_UP_TO) | (position % _EVERY == 0)

    def _add_power(self, found: Float32) -> None:
        # Half a bin less a quarter of both neighbours is the spectrum through a Hann window.
        hann = found[:, :, 2:-2] - 0.5 * (found[:, :, :-4] + found[:, :, 4:])
        squares = np.einsum("cfk,cfk->k", hann, hann)
        power = np.add(squares[::2], squares[1::2], dtype=np.float64)
        self._power = power if self._power is None else self._power + power


def spectra(frames: Float32) -> Float32:
    """``rfft`` of frames, float32 (channels, frames, n), as (channels, frames, 2 * bins): real, imaginary."""
    return np.asarray(fft.rfft(frames, axis=2)).view(np.float32)


def _band_levels(power: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """The median of each band of so many bins in dB: a tone does not fill a band, a floor does."""
    n_bands = len(power) // n_bins
    middle = np.sort(power[: n_bands * n_bins].reshape(n_bands, n_bins), axis=1)[:, n_bins // 2]
    return 10 * np.log10(np.maximum(middle, 10 ** (_LEAST_DBFS / 10)))


def _edge(levels: NDArray[np.float64]) -> int | None:
    """The last band before which four lie 20 dB and more above all that lies two bands on and higher."""
    n_edges = len(levels) - _N_BEFORE - 2 * _N_WITHIN
    if n_edges < 1:
        return None
    before = levels[:n_edges]
    for later in range(1, _N_BEFORE):
        before = np.minimum(before, levels[later : later + n_edges])
    beyond = np.maximum.accumulate(levels[::-1])[::-1][_N_BEFORE + _N_WITHIN :][:n_edges]
    cliffs = np.flatnonzero(before - beyond >= _CLIFF_DB)
    return int(cliffs[-1]) + _N_BEFORE if len(cliffs) else None
