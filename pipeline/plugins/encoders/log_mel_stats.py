"""Encoder log_mel_stats: handcrafted statistics of the log-mel spectrogram, thousands of clips in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import soxr
from scipy.fft import dct, rfft

from pipeline.audio.features import log_mel
from pipeline.core.types import Audio, Float32

_FRAME_S = 0.01
_N_MELS = 64
_N_MEL_BANDS = 32
_N_MEL_STRETCHES = 3
_N_MFCC = 14
_N_MFCC_STRETCHES = 8
_N_MODULATION_BANDS = 4
_MODULATION_EDGES_HZ = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_RANGE_DB = 55.0


@dataclass(frozen=True, kw_only=True)
class LogMelStats:
    """How a clip sounds over its course, whatever its level and the silence around it.

    Six blocks: mean MFCC; MFCC of eight stretches as deviations from that mean; how much the MFCC
    move; the level of the eight stretches; mel bands of three stretches; the modulation spectrum
    (0.5 to 32 Hz) of four wide bands. Each is centred and scaled by fixed constants. What lies
    ``trim_db`` below the loudest frame at either end is left out. Clips are taken at ``rate_hz``.
    """

    rate_hz: int = 16_000
    trim_db: float = 25.0

    def __post_init__(self) -> None:
        if not 4_000 <= self.rate_hz <= 384_000:
            raise ValueError(f"rate_hz is 4000 to 384000, not {self.rate_hz}")
        if not 10 <= self.trim_db <= 100:
            raise ValueError(f"trim_db is 10 to 100, not {self.trim_db}")

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        n_modulation = _N_MODULATION_BANDS * (len(_MODULATION_EDGES_HZ) - 1)
        return _N_MFCC * (2 + _N_MFCC_STRETCHES) + _N_MFCC_STRETCHES + _N_MEL_BANDS * _N_MEL_STRETCHES + n_modulation

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, finite for any clip (also silent, also one sample)."""
        vectors = np.zeros((len(clips), self.n_dims), dtype=np.float32)
        for row, clip in zip(vectors, clips, strict=True):
            row[:] = _statistics(self._spectrogram(clip))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _spectrogram(self, clip: Audio) -> Float32:
        """Log-mel float32 (64, frames) from -55 dB to about 0, at least one frame."""
        hop_samples = round(self.rate_hz * _FRAME_S)
        n_fft = round(self.rate_hz * 0.016) * 2
        samples = _level_mono(clip)
        if samples.size and clip.rate_hz != self.rate_hz:
            samples = soxr.resample(samples, clip.rate_hz, self.rate_hz)
        samples = np.pad(samples, (0, max(0, n_fft - len(samples))))
        audio = Audio(samples=samples[np.newaxis], rate_hz=self.rate_hz)
        mel_db = log_mel(audio, n_mels=_N_MELS, n_fft=n_fft, hop_samples=hop_samples)
        energy_db = 10 * np.log10(np.power(10, mel_db / 10).sum(axis=0))
        heard = np.flatnonzero(energy_db >= energy_db.max() - self.trim_db)
        kept = slice(int(heard[0]), int(heard[-1]) + 1)
        return np.maximum(mel_db[:, kept] - np.percentile(energy_db[kept], 95), -_RANGE_DB).astype(np.float32)


def _level_mono(clip: Audio) -> Float32:
    """The mean of the channels without its offset, float32 (n,), its peak at 1 unless it is silent."""
    samples = np.nan_to_num(clip.samples, posinf=0.0, neginf=0.0).mean(axis=0)
    if samples.size == 0:
        return samples
    samples = samples - samples.mean()
    peak = np.abs(samples).max()
    return samples / peak if peak > 0 else samples


def _statistics(mel_db: Float32) -> Float32:
    """The six blocks side by side, float32 (d,). The constants are fixed: typical centres and spreads of sounds."""
    cepstrum = np.asarray(dct(mel_db, axis=0, norm="ortho"), dtype=np.float32)
    spreads = (np.sqrt(np.arange(1, 1 + _N_MFCC)) / 60).astype(np.float32)
    mfcc = cepstrum[1 : 1 + _N_MFCC] * spreads[:, np.newaxis]
    mfcc_course = _stretch_means(mfcc, _N_MFCC_STRETCHES)
    mfcc_mean = mfcc_course.mean(axis=1, keepdims=True)
    level_course = _stretch_means(cepstrum[:1], _N_MFCC_STRETCHES)
    bands = mel_db.reshape(_N_MEL_BANDS, -1, mel_db.shape[1]).mean(axis=1)
    blocks = (
        (1.0, mfcc_mean),
        (2.0, mfcc_course - mfcc_mean),
        (0.5, (cepstrum[1 : 1 + _N_MFCC].std(axis=1) - 9) / 5),
        (0.3, (level_course - level_course.mean()) / 80),
        (0.5, (_stretch_means(bands, _N_MEL_STRETCHES) + 33) / 12),
        (0.5, (_modulation(mel_db) - 1.4) / 0.7),
    )
    return np.concatenate([np.sqrt(weight / block.size) * block.ravel() for weight, block in blocks])


def _stretch_means(rows: Float32, n_stretches: int) -> Float32:
    """Means float32 (rows, n_stretches) over equal stretches of rows float32 (rows, frames), at least a frame each."""
    n_frames = rows.shape[1]
    edges = np.linspace(0, n_frames, n_stretches + 1)
    starts = np.minimum(edges[:-1].astype(int), n_frames - 1)
    stops = np.maximum(np.ceil(edges[1:]).astype(int), starts + 1)
    sums = np.concatenate((np.zeros((len(rows), 1)), np.cumsum(rows, axis=1, dtype=np.float64)), axis=1)
    return ((sums[:, stops] - sums[:, starts]) / (stops - starts)).astype(np.float32)


def _modulation(mel_db: Float32) -> Float32:
    """How fast four wide bands rise and fall: log power float32 (4, 6) between the modulation edges."""
    n_frames = mel_db.shape[1]
    wide = mel_db.reshape(_N_MODULATION_BANDS, -1, n_frames).mean(axis=1)
    n_fft = 1 << max(9, (n_frames - 1).bit_length())
    spectrum = np.asarray(rfft(wide - wide.mean(axis=1, keepdims=True), n_fft, axis=1), dtype=np.complex64)
    power = np.square(np.abs(spectrum)) / n_frames
    edges = np.round(np.array(_MODULATION_EDGES_HZ) * _FRAME_S * n_fft).astype(int)
    means = [power[:, start:stop].mean(axis=1) for start, stop in pairwise(edges)]
    return np.log10(1 + np.stack(means, axis=1)).astype(np.float32)
