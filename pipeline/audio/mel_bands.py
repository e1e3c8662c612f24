"""The tables that features are made with, each made once: window, mel bands after Slaney, cosines."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.signal import get_window

from pipeline.core.types import Float32


@lru_cache(maxsize=16)
def hann_window(n_fft: int) -> NDArray[np.float64]:
    """Periodic Hann window float64 (n_fft,)."""
    return np.asarray(get_window("hann", n_fft, fftbins=True), dtype=np.float64)


@lru_cache(maxsize=16)
def mel_bands(rate_hz: int, n_mels: int, n_fft: int, fmin_hz: float, fmax_hz: float) -> sparse.csr_array:
    """Triangles of equal area, sparse float32 (n_mels, 1 + n_fft // 2), after the Auditory Toolbox (Slaney, 1998)."""
    edges_hz = _hz_of(np.linspace(_mel_of(np.array(fmin_hz)), _mel_of(np.array(fmax_hz)), n_mels + 2))
    bins_hz = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    low, middle, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (bins_hz - low) / (middle - low)
    falling = (high - bins_hz) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return sparse.csr_array(triangles.astype(np.float32))


@lru_cache(maxsize=16)
def cosine_rows(n_rows: int, n_mels: int) -> Float32:
    """The first rows of the orthonormal DCT-II, float32 (n_rows, n_mels), as many as there are bands at most."""
    return np.asarray(fft.dct(np.eye(n_mels), axis=0, type=2, norm="ortho")[:n_rows], dtype=np.float32)


_LINEAR_HZ, _BREAK_HZ, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27
"""Slaney's scale: linear up to 1 kHz, logarithmic above."""


def _mel_of(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ / _LINEAR_HZ + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ, above)


def _hz_of(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    break_mel = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, break_mel) - break_mel))
    return np.where(mel < break_mel, mel * _LINEAR_HZ, above)
