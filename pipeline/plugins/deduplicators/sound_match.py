"""Whether two clips hold the same sound, whatever their level, codec, rate, trim and shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import uniform_filter1d

from pipeline.audio.features import log_mel
from pipeline.core.types import Audio, Float32

_RATE_HZ = 16_000
_HOP_SAMPLES = 80
_N_FFT = 512
_N_MELS = 48
_FMIN_HZ = 100.0
_RANGE_DB = 50.0
_N_SMOOTHED_BANDS = 9
_STEPS_PER_DB = 4
_PREEMPHASIS = 0.9
_SILENT_PEAK = 1e-4
_MIN_LENGTH_S = 0.1
_MIN_OVERLAP = 0.8
_MIN_ENERGY = 0.5


@dataclass(frozen=True, kw_only=True)
class Match:
    """How alike two sounds are at the lag where they are most alike: 1 the same, 0 unlike.

    ``lag_s`` is where the second begins, counted from the beginning of the first; negative: before it.
    """

    score: float
    lag_s: float


def sound_print(audio: Audio) -> NDArray[np.int8] | None:
    """What is peculiar to a sound: the fine structure of its log-mel spectrogram, int8 (48, frames), in 0.25 dB.

    Without the spectrum's broad shape and without its mean over time, so that a voice, a room or a
    filter alone makes no two sounds alike. None if it is silent or shorter than 0.1 s: nothing to compare.
    """
    samples = _levelled(audio)
    if samples is None:
        return None
    levelled = Audio(samples=samples[np.newaxis], rate_hz=_RATE_HZ)
    mel_db = log_mel(levelled, n_mels=_N_MELS, n_fft=_N_FFT, hop_samples=_HOP_SAMPLES, fmin_hz=_FMIN_HZ)
    mel_db = np.maximum(mel_db - mel_db.max(), -_RANGE_DB)
    fine_db = mel_db - uniform_filter1d(mel_db, _N_SMOOTHED_BANDS, axis=0, mode="nearest")
    fine_db -= fine_db.mean(axis=1, keepdims=True)
    return np.clip(np.rint(fine_db * _STEPS_PER_DB), -127, 127).astype(np.int8)


def match_prints(first: NDArray[np.int8], second: NDArray[np.int8]) -> Match:
    """How well two sound prints lie on each other."""
    score, lag = _best_lag(first.astype(np.float32), second.astype(np.float32))
    return Match(score=score, lag_s=lag * _HOP_SAMPLES / _RATE_HZ)


def match_waves(first: Audio, second: Audio) -> Match:
    """How well two waves lie on each other, their spectra flattened: settles what the prints leave open."""
    waves = _levelled(first), _levelled(second)
    if waves[0] is None or waves[1] is None:
        return Match(score=0.0, lag_s=0.0)
    score, lag = _best_lag(_preemphasised(waves[0]), _preemphasised(waves[1]))
    return Match(score=score, lag_s=lag / _RATE_HZ)


def _levelled(audio: Audio) -> Float32 | None:
    """The channels' mean without offset at 16 kHz, float32 (n,), peak 1; None if silent or too short."""
    if audio.duration_s < _MIN_LENGTH_S:
        return None
    samples = audio.samples.mean(axis=0)
    samples = samples - samples.mean()
    peak = np.abs(samples).max()
    if not peak > _SILENT_PEAK:
        return None
    samples /= peak
    return samples if audio.rate_hz == _RATE_HZ else soxr.resample(samples, audio.rate_hz, _RATE_HZ)


def _preemphasised(samples: Float32) -> Float32:
    flat = samples.copy()
    flat[1:] -= np.float32(_PREEMPHASIS) * samples[:-1]
    return flat[np.newaxis]


def _best_lag(first: Float32, second: Float32) -> tuple[float, int]:
    """The highest correlation of rows (rows, n) and (rows, m) over the lags, and where second begins in first.

    Each lag is judged by what overlaps there: at least 0.8 of the shorter, with half of its energy.
    """
    n_first, n_second = first.shape[1], second.shape[1]
    n_fft = 1 << (n_first + n_second - 1).bit_length()
    spectra = [np.asarray(rfft(rows, n_fft, axis=1), dtype=np.complex64) for rows in (first, second)]
    products = np.asarray(irfft((spectra[0] * np.conj(spectra[1])).sum(axis=0), n_fft), dtype=np.float32)
    min_overlap = int(np.ceil(_MIN_OVERLAP * min(n_first, n_second)))
    lags = np.arange(min_overlap - n_second, n_first - min_overlap + 1)
    starts, stops = np.maximum(0, lags), np.minimum(n_first, n_second + lags)
    energies = []
    for rows, shift in ((first, 0), (second, lags)):
        running = np.concatenate(([0.0], np.cumsum(np.square(rows).sum(axis=0), dtype=np.float64)))
        energies.append((running[stops - shift] - running[starts - shift], running[-1]))
    shorter = energies[0] if n_first <= n_second else energies[1]
    is_judged = shorter[0] >= _MIN_ENERGY * shorter[1]
    level = np.sqrt(energies[0][0] * energies[1][0])
    scores = np.where(is_judged & (level > 0), products[lags] / np.maximum(level, 1e-9), 0.0)
    best = int(scores.argmax())
    return min(1.0, max(0.0, float(scores[best]))), int(lags[best])
