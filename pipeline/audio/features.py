"""Log-mel spectrogram and MFCC, equal to librosa's and several times faster on short clips.

Frames are worked on a few at a time, so that what lies between stays in the cache, and on a fixed grid, so that a
recording taken by block gives the same bits as taken whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.audio.mel_bands import cosine_rows, hann_window, mel_bands
from pipeline.core.errors import EmptyAudio
from pipeline.core.types import Audio, Float32

_FLOOR = np.float32(1e-10)
_GRID_FRAMES = 64
_BATCH_VALUES = 2**15


@dataclass(frozen=True, kw_only=True)
class Features:
    """Of the same frames: ``log_mel`` float32 (n_mels, frames) in dB and ``mfcc`` float32 (n_mfcc, frames)."""

    log_mel: Float32
    mfcc: Float32


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
    mel = _Mel(n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples, fmin_hz=fmin_hz, fmax_hz=fmax_hz)
    return mel.of_whole(audio)


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
    ``features`` gives both for little more. Raises EmptyAudio for no sample.
    """
    mel = _Mel(n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples, fmin_hz=fmin_hz, fmax_hz=fmax_hz)
    mel_db = mel.of_whole(audio)
    return cepstrum(mel_db, n_mfcc=n_mfcc, floor_db=_floor_db(mel_db, range_db))


def features(
    audio: Audio,
    *,
    n_mfcc: int = 20,
    n_mels: int = 64,
    n_fft: int = 512,
    hop_samples: int = 160,
    fmin_hz: float = 20.0,
    fmax_hz: float | None = None,
    range_db: float | None = 80.0,
) -> Features:
    """What ``log_mel`` and ``mfcc`` give, from one spectrogram. Raises EmptyAudio for no sample."""
    mel = _Mel(n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples, fmin_hz=fmin_hz, fmax_hz=fmax_hz)
    mel_db = mel.of_whole(audio)
    return Features(log_mel=mel_db, mfcc=cepstrum(mel_db, n_mfcc=n_mfcc, floor_db=_floor_db(mel_db, range_db)))


def log_mel_blocks(
    blocks: Iterable[Audio],
    *,
    n_mels: int = 64,
    n_fft: int = 512,
    hop_samples: int = 160,
    fmin_hz: float = 20.0,
    fmax_hz: float | None = None,
) -> Iterator[Float32]:
    """``log_mel`` of a long recording, some frames at a time: side by side they are those of the whole, bit for bit.

    ``blocks`` are consecutive; little more than one of them is in memory. Raises EmptyAudio for no sample.
    """
    mel = _Mel(n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples, fmin_hz=fmin_hz, fmax_hz=fmax_hz)
    return mel.of_blocks(blocks)


def feature_blocks(
    blocks: Iterable[Audio],
    *,
    n_mfcc: int = 20,
    n_mels: int = 64,
    n_fft: int = 512,
    hop_samples: int = 160,
    fmin_hz: float = 20.0,
    fmax_hz: float | None = None,
    floor_db: float | None = None,
) -> Iterator[Features]:
    """``features`` of a long recording, as ``log_mel_blocks`` gives its spectrogram.

    The loudest value is not known before the end, so that what lies below ``floor_db``, an absolute level, is raised
    to it for the MFCC; None leaves it. Raises EmptyAudio for no sample.
    """
    mel = _Mel(n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples, fmin_hz=fmin_hz, fmax_hz=fmax_hz)
    for mel_db in mel.of_blocks(blocks):
        yield Features(log_mel=mel_db, mfcc=cepstrum(mel_db, n_mfcc=n_mfcc, floor_db=floor_db))


def cepstrum(mel_db: Float32, *, n_mfcc: int = 20, floor_db: float | None = None) -> Float32:
    """MFCC float32 (n_mfcc, frames) of a log-mel spectrogram float32 (n_mels, frames) that is there already.

    What lies below ``floor_db`` is raised to it; None leaves it.
    """
    n_mels, n_frames = mel_db.shape
    rows = cosine_rows(n_mfcc, n_mels)
    out = np.empty((len(rows), n_frames), dtype=np.float32)
    for start in range(0, n_frames, _GRID_FRAMES):
        stop = min(start + _GRID_FRAMES, n_frames)
        part = mel_db[:, start:stop]
        out[:, start:stop] = rows @ (part if floor_db is None else np.maximum(part, np.float32(floor_db)))
    return out


@dataclass(frozen=True, kw_only=True)
class _Mel:
    """How log-mel spectrograms are made."""

    n_mels: int
    n_fft: int
    hop_samples: int
    fmin_hz: float
    fmax_hz: float | None

    def of_whole(self, audio: Audio) -> Float32:
        if audio.n_samples == 0:
            raise _empty()
        margin = self._margin()
        return self._levels_db(np.concatenate([margin, _mono(audio), margin]), audio.rate_hz)

    def of_blocks(self, blocks: Iterable[Audio]) -> Iterator[Float32]:
        """Consecutive spectrograms, each but the last of a whole number of grids, so that batches stay the same."""
        waiting, rate_hz = self._margin(), None
        for block in blocks:
            if block.n_samples == 0:
                continue
            rate_hz = block.rate_hz
            waiting = np.concatenate([waiting, _mono(block)])
            n_ready = min(1 + (len(waiting) - self.n_fft) // self.hop_samples, len(waiting) // self.hop_samples)
            n_frames = max(0, n_ready) // _GRID_FRAMES * _GRID_FRAMES
            if n_frames:
                yield self._levels_db(waiting[: (n_frames - 1) * self.hop_samples + self.n_fft], rate_hz)
                waiting = waiting[n_frames * self.hop_samples :]
        if rate_hz is None:
            raise _empty()
        waiting = np.concatenate([waiting, self._margin()])
        if len(waiting) >= self.n_fft:
            yield self._levels_db(waiting, rate_hz)

    def _margin(self) -> Float32:
        return np.zeros(self.n_fft // 2, dtype=np.float32)

    def _levels_db(self, samples: Float32, rate_hz: int) -> Float32:
        """Log-mel float32 (n_mels, frames) of every frame that lies in the samples whole."""
        n_frames = 1 + (len(samples) - self.n_fft) // self.hop_samples
        strides = (self.hop_samples * samples.itemsize, samples.itemsize)
        frames: Float32 = np.ndarray((n_frames, self.n_fft), np.float32, samples, 0, strides)
        bands = mel_bands(rate_hz, self.n_mels, self.n_fft, self.fmin_hz, self.fmax_hz or rate_hz / 2)
        window = hann_window(self.n_fft)
        out = np.empty((self.n_mels, n_frames), dtype=np.float32)
        # A power of two divides the grid.
        n_batch = min(_GRID_FRAMES, 1 << max(0, (_BATCH_VALUES // self.n_fft).bit_length() - 1))
        windowed = np.empty((min(n_batch, n_frames), self.n_fft))
        spectrum = np.empty((len(windowed), self.n_fft // 2 + 1), dtype=np.complex128)
        power = np.empty(spectrum.shape, dtype=np.float32)
        for start in range(0, n_frames, n_batch):
            batch = frames[start : start + n_batch]
            # In float64: float32 would be off by a hundredth of a dB in bands 90 dB below the loudest.
            np.multiply(batch, window, out=windowed[: len(batch)])
            np.fft.rfft(windowed[: len(batch)], axis=1, out=spectrum[: len(batch)])
            squares = spectrum[: len(batch)].view(np.float64)
            np.square(squares, out=squares)
            np.add(squares[:, ::2], squares[:, 1::2], out=power[: len(batch)], casting="same_kind")
            out[:, start : start + n_batch] = bands @ power[: len(batch)].T
        np.maximum(out, _FLOOR, out=out)
        np.log10(out, out=out)
        return np.multiply(out, np.float32(10), out=out)


def _mono(audio: Audio) -> Float32:
    mono = audio.samples[0] if audio.n_channels == 1 else audio.samples.mean(axis=0, dtype=np.float32)
    return mono.astype(np.float32, copy=False)


def _floor_db(mel_db: Float32, range_db: float | None) -> float | None:
    return None if range_db is None else float(mel_db.max() - np.float32(range_db))


def _empty() -> EmptyAudio:
    return EmptyAudio("no features of nothing", expected="at least one sample", got="none")
