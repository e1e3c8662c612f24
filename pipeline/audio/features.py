"""Log-mel spectrogram and MFCC, equal to librosa's and several times faster on short clips."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.signal import get_window

from pipeline.core.errors import EmptyAudio
from pipeline.core.types import Audio, Float32

_FLOOR = 1e-10
_FRAMES_AT_ONCE = 1_024


def log_mel(
    audio: Audio,
    *,
    n_mels: int = 64,
    n_fft: int = 512,
    hop_samples: int = 160,
    fmin_hz: float = 20.0,
    fmax_hz: float | None = None,
) -> Float32:
    """Power per mel band in dB, float32 (n_mels, frames), absolute, not below -100; frames = 1 + n // hop.

    Channels are mixed by their mean; frames are centred, with silence beyond the ends; periodic Hann window;
    bands after Slaney (Auditory Toolbox, 1998), of equal area. ``fmax_hz`` None is half the rate.
    Raises EmptyAudio for no sample.
    """
    if audio.n_samples == 0:
        raise EmptyAudio("no features of nothing", expected="at least one sample", got="none")
    mono = audio.samples[0] if audio.n_channels == 1 else audio.samples.mean(axis=0, dtype=np.float32)
    padded = np.pad(mono.astype(np.float32, copy=False), n_fft // 2)
    frames = sliding_window_view(padded, n_fft)[::hop_samples]
    bands = _mel_bands(audio.rate_hz, n_mels, n_fft, fmin_hz, fmax_hz or audio.rate_hz / 2)
    window = _window(n_fft)
    out = np.empty((n_mels, len(frames)), dtype=np.float32)
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        # In float64: float32 would be off by a hundredth of a dB in bands 90 dB below the loudest.
        windowed = frames[start : start + _FRAMES_AT_ONCE] * window
        spectrum = np.asarray(fft.rfft(windowed, axis=1), dtype=np.complex128)
        power = (np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float32)
        out[:, start : start + len(power)] = bands @ power.T
    return 10 * np.log10(np.maximum(out, np.float32(_FLOOR)))


def mfcc(
    audio: Audio,
    *,
    n_mfcc: int = 20,
    n_mels: int = 64,
    n_fft: int = 512,
    hop_samples: int = 160,
    fmin_hz: float = 20.0,
    fmax_hz: float | None = None,
    range_db: float | None = 80.0,
) -> Float32:
    """Mel-frequency cepstral coefficients, float32 (n_mfcc, frames): orthonormal DCT-II of ``log_mel``.

    What lies more than ``range_db`` below the loudest value is raised to it, as librosa does; None leaves it.
    """
    mel = log_mel(audio, n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples, fmin_hz=fmin_hz, fmax_hz=fmax_hz)
    if range_db is not None:
        mel = np.maximum(mel, mel.max() - np.float32(range_db))
    return np.asarray(fft.dct(mel, axis=0, type=2, norm="ortho")[:n_mfcc], dtype=np.float32)


@lru_cache(maxsize=16)
def _window(n_fft: int) -> NDArray[np.float64]:
    return np.asarray(get_window("hann", n_fft, fftbins=True), dtype=np.float64)


@lru_cache(maxsize=16)
def _mel_bands(rate_hz: int, n_mels: int, n_fft: int, fmin_hz: float, fmax_hz: float) -> sparse.csr_array:
    """Triangles of equal area, sparse float32 (n_mels, 1 + n_fft // 2)."""
    edges_hz = _hz_of(np.linspace(_mel_of(np.array(fmin_hz)), _mel_of(np.array(fmax_hz)), n_mels + 2))
    bins_hz = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    low, middle, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (bins_hz - low) / (middle - low)
    falling = (high - bins_hz) / (high - middle)
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return sparse.csr_array(triangles.astype(np.float32))


_LINEAR_HZ, _BREAK_HZ, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27
"""Slaney's scale: linear up to 1 kHz, logarithmic above."""


def _mel_of(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ / _LINEAR_HZ + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ, above)


def _hz_of(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    break_mel = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, break_mel) - break_mel))
    return np.where(mel < break_mel, mel * _LINEAR_HZ, above)
