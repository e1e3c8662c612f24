"""Encoder instant: handcrafted features of many clips at once, thousands in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.mel_bands import cosine_rows
from pipeline.core.types import Audio, Float32
from pipeline.plugins.encoders.instant_mel import FRAME_S, N_MELS, demand_mel_settings, levelled_mel

_N_MFCC = 16
_N_MFCC_STRETCHES = 8
_N_BANDS = 32
_N_MEL_STRETCHES = 3
_PERCENTILES = (10, 50, 90)
_N_WIDE_BANDS = 4
_MODULATION_EDGES_HZ = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_MAX_FRAMES = 20_000
"""Of the clips that are worked on together: some 20 MB."""


@dataclass(frozen=True, kw_only=True)
class Instant:
    """How a clip sounds over its course, whatever its level and the silence around it.

    Eight blocks: mean MFCC, MFCC of eight stretches as deviations from that mean, how much and how fast the MFCC move,
    the level of the eight stretches, mel bands of three stretches, percentiles of the bands over time, and the
    modulation spectrum (0.5 to 32 Hz) of four wide bands. Each is centred and scaled by fixed constants, not by the
    clips given. What lies ``trim_db`` below the loudest frame at either end is left out. Clips are taken at
    ``rate_hz``.
    """

    rate_hz: int = 16_000
    trim_db: float = 25.0

    def __post_init__(self) -> None:
        demand_mel_settings(rate_hz=self.rate_hz, trim_db=self.trim_db)

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        n_modulation = _N_WIDE_BANDS * (len(_MODULATION_EDGES_HZ) - 1)
        n_mel = _N_BANDS * (_N_MEL_STRETCHES + len(_PERCENTILES))
        return _N_MFCC * (3 + _N_MFCC_STRETCHES) + _N_MFCC_STRETCHES + n_mel + n_modulation

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, finite for any clip (also silent, also one sample)."""
        vectors = np.zeros((len(clips), self.n_dims), dtype=np.float32)
        done = 0
        for mels in self._batches(clips):
            vectors[done : done + len(mels)] = statistics(mels)
            done += len(mels)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _batches(self, clips: Sequence[Audio]) -> Iterator[list[Float32]]:
        waiting: list[Float32] = []
        n_frames = 0
        for clip in clips:
            waiting.append(levelled_mel(clip, rate_hz=self.rate_hz, trim_db=self.trim_db))
            n_frames += waiting[-1].shape[1]
            if n_frames > _MAX_FRAMES:
                yield waiting
                waiting, n_frames = [], 0
        if waiting:
            yield waiting


def statistics(mels: Sequence[Float32]) -> Float32:
    """The blocks side by side, float32 (n, d), of log-mel spectrograms float32 (64, frames)."""
    n = len(mels)
    lengths = np.array([mel.shape[1] for mel in mels])
    frames = np.concatenate([mel.T for mel in mels]).astype(np.float64)
    # Cosine sums by einsum: a matrix product's last bits depend on how many rows it has.
    cosines = cosine_rows(1 + _N_MFCC, N_MELS).astype(np.float64)
    spreads = np.concatenate(([1 / 80], np.sqrt(np.arange(1, 1 + _N_MFCC)) / 60))
    cepstrum = np.einsum("fm,cm->fc", frames, cosines) * spreads
    course = _stretch_means(cepstrum, lengths, _N_MFCC_STRETCHES)
    mean = course[:, :, 1:].mean(axis=1, keepdims=True)
    level = course[:, :, 0]
    mfcc = cepstrum[:, 1:]
    average = _stretch_means(mfcc, lengths, 1)
    spread = np.sqrt(_stretch_means(np.square(mfcc - np.repeat(average[:, 0], lengths, axis=0)), lengths, 1))
    bands = frames.reshape(len(frames), _N_BANDS, -1).mean(axis=2)
    blocks = (
        (1.0, mean),
        (2.0, course[:, :, 1:] - mean),
        (0.5, 2.5 * (spread - 0.4)),
        (0.5, 5 * (_stretch_means(_steps(mfcc, lengths), lengths, 1) - 0.15)),
        (0.3, level - level.mean(axis=1, keepdims=True)),
        (0.5, (_stretch_means(bands, lengths, _N_MEL_STRETCHES) + 33) / 12),
        (0.5, (_percentiles(bands, lengths) + 33) / 12),
        (0.5, (np.stack([_modulation(mel) for mel in mels]) - 1.4) / 0.7),
    )
    parts = [np.sqrt(weight / (block.size / n)) * block.reshape(n, -1) for weight, block in blocks]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _stretch_means(rows: NDArray[np.float64], lengths: NDArray[np.int64], n_stretches: int) -> NDArray[np.float64]:
    """Means float64 (n, n_stretches, k) over equal stretches, at least a row each, of clips that lie end to end."""
    edges = lengths[:, np.newaxis] * np.linspace(0, 1, n_stretches + 1)
    starts = np.minimum(edges[:, :-1].astype(int), lengths[:, np.newaxis] - 1)
    stops = np.maximum(np.ceil(edges[:, 1:] - 1e-9).astype(int), starts + 1)
    begin = (np.cumsum(lengths) - lengths)[:, np.newaxis]
    spans = np.stack((begin + starts, begin + stops), axis=2).ravel()
    padded = np.concatenate((rows, np.zeros((1, rows.shape[1]))))
    # Every second sum runs from a stop to the next start and is not wanted.
    sums = np.add.reduceat(padded, spans, axis=0)[::2].reshape(len(lengths), n_stretches, -1)
    return sums / (stops - starts)[:, :, np.newaxis]


def _steps(rows: NDArray[np.float64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far each row lies from the one before it in the same clip; 0 for a clip's first."""
    steps = np.abs(np.diff(rows, axis=0, prepend=rows[:1]))
    steps[np.cumsum(lengths) - lengths] = 0
    return steps


def _percentiles(bands: NDArray[np.float64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """The levels float64 (n, percentiles, bands) that each band stays below for such shares of the clip."""
    shares = np.array(_PERCENTILES) / 100
    stops = np.cumsum(lengths)
    return np.stack(
        [
            np.sort(bands[stop - length : stop], axis=0)[np.round(shares * (length - 1)).astype(int)]
            for stop, length in zip(stops.tolist(), lengths.tolist(), strict=True)
        ]
    )


def _modulation(mel_db: Float32) -> NDArray[np.float64]:
    """How fast four wide bands rise and fall: log power float64 (4, 6) between the modulation edges."""
    n_frames = mel_db.shape[1]
    wide = mel_db.reshape(_N_WIDE_BANDS, -1, n_frames).mean(axis=1, dtype=np.float64)
    n_fft = 1 << max(9, (n_frames - 1).bit_length())
    spectrum = np.fft.rfft(wide - wide.mean(axis=1, keepdims=True), n_fft, axis=1)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)) / n_frames
    edges = np.round(np.array(_MODULATION_EDGES_HZ) * FRAME_S * n_fft).astype(int)
    return np.log10(1 + np.stack([power[:, start:stop].mean(axis=1) for start, stop in pairwise(edges)], axis=1))
