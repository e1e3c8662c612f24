"""The marks by which a recording is known again: peaks of its spectrogram, which level, codec, rate and noise spare.

After Wang, An industrial-strength audio search algorithm (ISMIR 2003): what is kept of a sound is where its spectrogram
has its peaks, and nothing of how high they are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import rfft

from pipeline.audio.mel_bands import hann_window
from pipeline.core.types import Audio, Float32

UNITS = 8
"""Marks are placed to an eighth of a frame and of a frequency bin."""
FRAME_S = 0.008
"""From frame to frame."""
LOW_RATE_HZ = 8_000
"""The rate at which sounds are compared."""
N_BINS = 220
"""Marks lie in as many bins of 15.625 Hz, from 187.5 Hz up to 3.6 kHz: what every codec and rate keeps."""

_HOP_SAMPLES = 64
_N_FFT = 512
_FIRST_BIN = 12
_BATCH_FRAMES = 320
_TILE_FRAMES = 1_024
_REACH = 4
_WIDTH = N_BINS + 2 * _REACH
_EDGE_FRAMES = 2
_LOCAL_FRAMES = 64
_RANGE = np.float32(10**-4.5)
_RISE = np.float32(10**0.1)
_FLOOR = np.float32(1e-7)
_QUALITY = "LQ"


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """The marks of a sound, in the order of time: where each lies, in eighths of a frame and of a bin.

    ``frames`` int32 (n,) from the sound's beginning, ``bins`` int32 (n,).
    """

    frames: NDArray[np.int32]
    bins: NDArray[np.int32]
    duration_s: float

    @property
    def n_marks(self) -> int:
        return len(self.frames)

    def to_bytes(self) -> bytes:
        """Six bytes a mark, and eight for the duration; ``fingerprint_from`` reads them back."""
        return (
            struct.pack("<d", self.duration_s) + self.frames.astype("<u4").tobytes() + self.bins.astype("<u2").tobytes()
        )


def fingerprint_from(data: bytes) -> Fingerprint:
    """The fingerprint whose ``to_bytes`` these are."""
    n = (len(data) - 8) // 6
    return Fingerprint(
        frames=np.frombuffer(data, "<u4", n, 8).astype(np.int32),
        bins=np.frombuffer(data, "<u2", n, 8 + 4 * n).astype(np.int32),
        duration_s=struct.unpack_from("<d", data)[0],
    )


def fingerprint(audio: Audio) -> Fingerprint:
    """The marks of a sound. The same as of its ``low_rate``."""
    return marks(low_rate(audio))


def marks(samples: Float32) -> Fingerprint:
    """The marks of a sound at 8 kHz, float32 (n,); none of silence or of a steady offset.

    A mark is a peak among its neighbours 4 bins and 4 frames around, at most 45 dB below the loudest of the half
    second before and after it: some hundred a second in sound that is full of events.
    """
    power = _power(samples)
    places = _peaks(power)
    frames, bins = _between(power, places)
    order = np.lexsort((bins, frames))
    return Fingerprint(frames=frames[order], bins=bins[order], duration_s=len(samples) / LOW_RATE_HZ)


def low_rate(audio: Audio) -> Float32:
    """The channels' mean at 8 kHz, float32 (n,)."""
    mono = audio.samples[0] if audio.n_channels == 1 else audio.samples.mean(axis=0, dtype=np.float32)
    if audio.rate_hz == LOW_RATE_HZ or len(mono) == 0:
        return mono
    return soxr.resample(np.ascontiguousarray(mono), audio.rate_hz, LOW_RATE_HZ, quality=_QUALITY)


def _power(samples: Float32) -> Float32:
    """Power spectrogram float32 (frames, N_BINS) of frames centred 8 ms apart, with _REACH noughts on all sides."""
    margin = np.zeros(_N_FFT // 2, dtype=np.float32)
    padded = np.concatenate((margin, samples, margin))
    n_frames = 1 + (len(padded) - _N_FFT) // _HOP_SAMPLES
    strides = (_HOP_SAMPLES * padded.itemsize, padded.itemsize)
    frames: Float32 = np.ndarray((n_frames, _N_FFT), np.float32, padded, 0, strides)
    window = hann_window(_N_FFT).astype(np.float32)
    power = np.zeros((n_frames + 2 * _REACH, _WIDTH), dtype=np.float32)
    inside = power[_REACH:-_REACH, _REACH:-_REACH]
    shown = np.empty((min(n_frames, _BATCH_FRAMES), _N_FFT), dtype=np.float32)
    for start in range(0, n_frames, _BATCH_FRAMES):
        batch = frames[start : start + _BATCH_FRAMES]
        spectrum = np.asarray(rfft(np.multiply(batch, window, out=shown[: len(batch)]), axis=1), dtype=np.complex64)
        squares = np.square(spectrum[:, _FIRST_BIN : _FIRST_BIN + N_BINS].view(np.float32))
        np.add(squares[:, ::2], squares[:, 1::2], out=inside[start : start + _BATCH_FRAMES])
    return power


def _peaks(power: Float32) -> NDArray[np.intp]:
    """The places in the flat spectrogram that are the highest among their neighbours, but for its edges."""
    # Room for what is in between is taken once: taking it anew costs more than the sums in it.
    spare = np.empty((2, min(len(power), _TILE_FRAMES + 2 * _REACH) * _WIDTH), dtype=np.float32)
    found, loudest = list[NDArray[np.intp]](), list[Float32]()
    for start in range(0, len(power) - 2 * _REACH, _TILE_FRAMES):
        places, loud = _events(power[start : start + _TILE_FRAMES + 2 * _REACH], spare)
        found.append(places + start * _WIDTH)
        loudest.append(loud)
    floor = _floor(np.concatenate(loudest))
    places = np.concatenate(found)
    frames, bins = np.divmod(places - _REACH * _WIDTH, _WIDTH)
    is_inside = (bins > _REACH) & (bins < _WIDTH - _REACH - 1)
    return places[is_inside & (power.reshape(-1)[places] > floor[frames])]


def _events(power: Float32, spare: Float32) -> tuple[NDArray[np.intp], Float32]:
    """Places that are the highest around and rise or fall, and how loud each frame is; _REACH at both ends left out."""
    # The noughts between the rows let all neighbours be looked at in one flat array, which is much faster.
    flat, reach = power.reshape(-1), _REACH * _WIDTH
    aside = _highest_after(flat, 2 * _REACH + 1, spare=spare)
    loud = aside[reach : len(flat) - reach].reshape(-1, _WIDTH)[:, : N_BINS : 2 * _REACH + 1].max(axis=1)
    around = _highest_after(aside, 2 * _REACH + 1, apart=_WIDTH, spare=spare)
    first = reach + _REACH
    here = flat[first:-first]
    is_event = here == around
    # Noise on the even level of a tone or a hum makes no event.
    beside = np.maximum(
        flat[_REACH : -2 * reach - _REACH], flat[2 * reach + _REACH : -_REACH], out=spare[0, : len(here)]
    )
    is_event &= here > np.multiply(beside, _RISE, out=beside)
    return np.flatnonzero(is_event) + first, loud


def _floor(loudest: Float32) -> Float32:
    """From which power on a place counts, by how loud the frames are, float32 (n,) both."""
    silence = np.zeros(_LOCAL_FRAMES, dtype=np.float32)
    around = np.concatenate((silence, loudest, silence))
    highest = _highest_after(around, 2 * _LOCAL_FRAMES + 1, spare=np.empty((2, len(around)), dtype=np.float32))
    floor = np.maximum(highest * _RANGE, _FLOOR)
    # Where a steady sound is cut off is no event in it.
    floor[:_EDGE_FRAMES] = floor[-_EDGE_FRAMES:] = np.inf
    return floor


def _highest_after(values: Float32, n: int, *, spare: Float32, apart: int = 1) -> Float32:
    """The highest of each of the values and the n - 1 after it that lie ``apart``, as far as there are so many.

    It lies in one of the two rows of ``spare``: after an even number of doublings in the second, as the values may.
    """
    highest, span, row = values, 1, 0
    while span < n:
        step = min(span, n - span)
        before, after = highest[: -step * apart], highest[step * apart :]
        highest = np.maximum(before, after, out=spare[row, : len(before)])
        span, row = span + step, 1 - row
    return highest


def _between(power: Float32, places: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where the parabola through each peak and its neighbours, in decibels, has its top: frames, bins in units."""
    flat = power.reshape(-1)
    level = _log(flat[places])
    tops: list[NDArray[np.int32]] = []
    for apart, whole in ((_WIDTH, places // _WIDTH), (1, places % _WIDTH)):
        before, after = _log(flat[places - apart]), _log(flat[places + apart])
        bend = np.minimum(before + after - 2 * level, np.float32(-1e-3))
        offset = np.clip((before - after) / (2 * bend), -0.5, 0.5)
        tops.append(np.rint((whole - _REACH + offset) * UNITS).astype(np.int32))
    return tops[0], tops[1]


def _log(power: Float32) -> Float32:
    return np.log(np.maximum(power, np.float32(1e-12)))
