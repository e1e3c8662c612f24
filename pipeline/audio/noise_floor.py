"""How loud a recording is from frame to frame, in all and in bands, and how high that rises above its own noise.

Noise spreads over the spectrum, voices and calls keep to a few bands: there they stand out when their energy over
the whole spectrum no longer does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import get_window

from pipeline.core.types import Float32, Sound

DIGITAL_SILENCE_DBFS = -100.0
"""What lies below says nothing about the noise."""

_LOWEST_DBFS, _LOWEST_POWER, _HIGHEST_POWER = -120.0, 1e-12, 1e12
_N_BANDS = 6
_BREAK_HZ = 700.0
_MAX_SPREAD_DB = 2.0
_N_FLOOR_FRAMES = 200_000
_N_SURE_FRAMES = 300
_GROUP_VALUES = 2**17
_N_HEIGHT_FRAMES = 2**15

Float16 = NDArray[np.float16]


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Levels of frames in dBFS, the loudest channel: float16 (n_frames,) of all, (bands, n_frames) of the bands.

    Not float32, because ten hours are 25 million of them; it is exact to 0.03 dB where it matters.
    """

    whole_dbfs: Float16
    band_dbfs: Float16


class Noise(NamedTuple):
    """The level about which noise lies dense, and how far it spreads downwards."""

    floor_db: float
    spread_db: float


def frame_levels(sound: Sound, frame: int) -> Levels:
    """The levels of consecutive frames of so many samples, the last one perhaps shorter.

    A frame's own mean is taken out, so that a constant offset is silence; what lies below half a period a frame
    (50 Hz for 10 ms) counts less. Each value is the median of three frames, so that one click counts for nothing and
    edges stay sharp; those of the bands are the mean of three such, because noise is unsteady in a band. The same
    samples give the same bits, whatever the blocks.
    """
    levels = np.full((1 + _N_BANDS, -(-sound.n_samples // frame)), _LOWEST_DBFS, dtype=np.float16)
    n_done = 0
    for power in _smoothed(_powers(frames, frame, sound.rate_hz) for frames in _groups(sound, frame)):
        room = levels[:, n_done : n_done + power.shape[1]]
        room[:] = 10 * np.log10(np.clip(power[:, : room.shape[1]], _LOWEST_POWER, _HIGHEST_POWER))
        n_done += power.shape[1]
    return Levels(whole_dbfs=levels[0], band_dbfs=levels[1:])


def noise_of(level_db: NDArray[np.floating]) -> Noise:
    """The noise among levels (n,): the middle of the narrowest tenth among the quieter half.

    Noise lies dense, sound lies scattered. Of a short recording it is a quarter, because a tenth of few frames lies
    dense by chance. Digital silence is left out.
    """
    every = level_db[:: 1 + len(level_db) // _N_FLOOR_FRAMES].astype(np.float32)
    levels = np.sort(every[every > DIGITAL_SILENCE_DBFS])
    quiet = levels[: (len(levels) + 1) // 2]
    n_dense = max(3, len(levels) // 10, min(_N_SURE_FRAMES, len(levels) // 4))
    if len(quiet) <= n_dense:
        return Noise(float(quiet[0]) if len(quiet) else DIGITAL_SILENCE_DBFS, 0.0)
    narrowest = int(np.argmin(quiet[n_dense:] - quiet[:-n_dense]))
    floor_db = float(quiet[narrowest + n_dense // 2])
    below_db = floor_db - quiet[quiet <= floor_db]
    return Noise(floor_db, min(float(np.sqrt(np.mean(np.square(below_db)))), _MAX_SPREAD_DB))


def heights(levels: Levels, *, steady_db: float) -> Float16:
    """How far each frame rises above the noise of its bands, float16 (n_frames,), in dB: 0 or more.

    The root of the summed squares over the bands, each above its own floor, so that one band is enough and several
    help each other. A band whose noise spreads further than ``steady_db`` counts less in proportion. Frames of digital
    silence lie at DIGITAL_SILENCE_DBFS, so that they stay out of the noise here too.
    """
    noises = np.array([noise_of(band) for band in levels.band_dbfs], dtype=np.float32)
    floors_db, weights = noises[:, :1], 1 / np.maximum(1, noises[:, 1:] / np.float32(steady_db))
    height_db = np.empty(levels.whole_dbfs.shape, dtype=np.float16)
    for start in range(0, len(height_db), _N_HEIGHT_FRAMES):
        part = slice(start, start + _N_HEIGHT_FRAMES)
        above = np.maximum(levels.band_dbfs[:, part] - floors_db, 0) * weights
        is_heard = levels.whole_dbfs[part] > DIGITAL_SILENCE_DBFS
        height_db[part] = np.where(is_heard, np.sqrt(np.square(above).sum(axis=0)), DIGITAL_SILENCE_DBFS)
    return height_db


def _groups(sound: Sound, frame: int) -> Iterator[Float32]:
    """Frames float32 (channels, n, frame), the last shorter: the same groups whatever the blocks.

    Vector arithmetic rounds by the place in the group.
    """
    n_group = frame * max(1, _GROUP_VALUES // (frame * sound.n_channels))
    rest = np.zeros((sound.n_channels, 0), dtype=np.float32)
    for block in sound.blocks():
        rest = np.concatenate((rest, block.samples), axis=1)
        n_whole = rest.shape[1] // n_group * n_group
        for start in range(0, n_whole, n_group):
            yield np.ascontiguousarray(rest[:, start : start + n_group]).reshape(len(rest), -1, frame)
        rest = rest[:, n_whole:]
    n_whole = rest.shape[1] // frame * frame
    for last in (rest[:, :n_whole].reshape(len(rest), -1, frame), rest[:, np.newaxis, n_whole:]):
        if last.size:
            yield np.ascontiguousarray(last)


def _powers(frames: Float32, frame: int, rate_hz: int) -> Float32:
    """Mean power float32 (1 + bands, n) of frames float32 (channels, n, frame or less), each of the loudest channel."""
    n = frames.shape[2]
    centred = frames - (frames @ np.full(n, 1 / n, dtype=np.float32))[:, :, np.newaxis]
    whole = np.einsum("cnf,cnf->cn", centred, centred)[:, :, np.newaxis] / n
    centred *= _window(n)
    # Real and imaginary parts lie in turns: each is squared and counts in its bin's band.
    parts = np.asarray(fft.rfft(centred, n=frame, axis=2)).view(np.float32)
    in_bands = np.square(parts, out=parts) @ _band_weights(frame, rate_hz) / np.float32(n * frame)
    # The greatest that is a number: a sample that is none silences its frame.
    return np.fmax.reduce(np.concatenate((whole, in_bands), axis=2), axis=0, initial=0.0).T


@lru_cache(maxsize=16)
def _window(n: int) -> Float32:
    """Tukey window float32 (n,) of mean square 1: a quarter of it rises, half is flat, a quarter falls.

    A rumble must not leak into the other bands, but frames do not overlap: a Hann window would leave half unheard.
    """
    window = get_window(("tukey", 0.5), n, fftbins=False) if n > 8 else np.ones(n)
    return (window / np.sqrt(np.mean(np.square(window)))).astype(np.float32)


@lru_cache(maxsize=16)
def _band_weights(frame: int, rate_hz: int) -> Float32:
    """Which part of a bin counts in which band, float32 (2 * (1 + frame // 2), bands).

    The bands are equally wide in mel; 0 Hz is in none.
    """
    hz = np.arange(1 + frame // 2) * rate_hz / frame
    mel = np.log1p(hz / _BREAK_HZ) / np.log1p(rate_hz / 2 / _BREAK_HZ)
    band = np.minimum(np.floor(mel * _N_BANDS), _N_BANDS - 1)
    is_in = (band[:, np.newaxis] == np.arange(_N_BANDS)) & (hz[:, np.newaxis] > 0)
    return np.asarray(np.repeat(is_in, 2, axis=0) * 2.0, dtype=np.float32)


def _smoothed(powers: Iterable[Float32]) -> Iterator[Float32]:
    """As many frames in all, float32 (rows, n): the median of three; but for the first row the mean of three such.

    Before the first and after the last frame the same goes on.
    """
    kept: Float32 | None = None
    for power in powers:
        kept = np.concatenate((np.repeat(power[:, :1], 2, axis=1) if kept is None else kept, power), axis=1)
        if kept.shape[1] > 4:
            yield _smooth(kept)
            kept = kept[:, -4:]
    if kept is not None:
        yield _smooth(np.concatenate((kept, np.repeat(kept[:, -1:], 2, axis=1)), axis=1))


def _smooth(power: Float32) -> Float32:
    first, middle, last = power[:, :-2], power[:, 1:-1], power[:, 2:]
    median = np.maximum(np.minimum(first, middle), np.minimum(np.maximum(first, middle), last))
    smooth = np.asarray((median[:, :-2] + median[:, 1:-1] + median[:, 2:]) / 3, dtype=np.float32)
    smooth[0] = median[0, 1:-1]
    return smooth
