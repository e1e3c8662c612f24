"""Segmenter silence: what rises above the recording's own noise floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from pipeline.core.types import Float32, Segment, Sound

_LOWEST_DBFS = -120.0
_DIGITAL_SILENCE_DBFS = -100.0
_MAX_SPREAD_DB = 2.0
_N_FLOOR_FRAMES = 200_000


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Proposes the stretches that are not silence, by an energy gate with two thresholds.

    The noise floor is the level at which the quieter half of the frames lies densest. A segment
    needs a frame ``open_db`` above it and reaches as far as the level stays ``close_db`` above it;
    both grow with unsteady noise, until the gate opens ``n_spreads`` spreads above the floor.
    Whatever lies below ``silent_dbfs`` is silence in any recording, and whatever lies above
    ``loud_dbfs`` is sound, so that neither an all-silent nor an all-loud recording is misread.
    Segments nearer than ``min_gap_s`` become one; then those shorter than ``min_segment_s`` are
    dropped, and the others get ``pad_s`` on both sides as far as there is room. A recording shorter
    than ``whole_below_s`` is one sound already and stays whole.
    """

    open_db: float = 3.0
    close_db: float = 1.0
    n_spreads: float = 4.0
    silent_dbfs: float = -60.0
    loud_dbfs: float = -25.0
    min_segment_s: float = 0.08
    min_gap_s: float = 0.12
    pad_s: float = 0.0
    frame_s: float = 0.01
    whole_below_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.close_db <= self.open_db <= 60:
            raise ValueError(f"0 < close_db <= open_db <= 60, not {self.close_db} and {self.open_db}")
        if not _DIGITAL_SILENCE_DBFS <= self.silent_dbfs <= self.loud_dbfs <= 0:
            raise ValueError(f"-100 <= silent_dbfs <= loud_dbfs <= 0, not {self.silent_dbfs} and {self.loud_dbfs}")
        if not 0.001 <= self.frame_s <= 1:
            raise ValueError(f"frame_s is 0.001 to 1, not {self.frame_s}")
        rest = (self.n_spreads, self.min_segment_s, self.min_gap_s, self.pad_s, self.whole_below_s)
        if not all(0 <= value <= 86_400 for value in rest):
            raise ValueError("n_spreads, min_segment_s, min_gap_s, pad_s and whole_below_s are 0 to 86400")

    def segment(self, sound: Sound) -> list[Segment]:
        """The spans that are not silence; none for an all-silent recording.

        Only one float32 a frame is kept of what was read: 14 MB for ten hours.
        """
        if 0 < sound.n_samples < self.whole_below_s * sound.rate_hz:
            return [Segment(start=0, stop=sound.n_samples)]
        frame = max(1, round(self.frame_s * sound.rate_hz))
        level_dbfs = _frame_levels(sound, frame)
        if level_dbfs.size == 0:
            return []
        open_dbfs, close_dbfs = self._thresholds(*_noise_floor(level_dbfs))
        return self._tidy(_gate(level_dbfs, open_dbfs, close_dbfs) * frame, sound)

    def _thresholds(self, floor_dbfs: float, spread_db: float) -> tuple[float, float]:
        """The levels at which the gate opens and closes, in dBFS."""
        stretch = max(1.0, self.n_spreads * spread_db / self.open_db)
        open_dbfs = min(max(floor_dbfs + self.open_db * stretch, self.silent_dbfs), self.loud_dbfs)
        return open_dbfs, open_dbfs - (self.open_db - self.close_db) * stretch

    def _tidy(self, runs: np.ndarray, sound: Sound) -> list[Segment]:
        """Spans in samples int64 (n, 2): joined over short gaps, short ones dropped, padded, clipped to the end."""
        if len(runs) == 0:
            return []
        runs = np.minimum(runs, sound.n_samples)
        is_apart = runs[1:, 0] - runs[:-1, 1] >= self.min_gap_s * sound.rate_hz
        starts = runs[np.concatenate(([True], is_apart)), 0]
        stops = runs[np.concatenate((is_apart, [True])), 1]
        is_long = (stops - starts >= self.min_segment_s * sound.rate_hz) & (stops > starts)
        starts, stops = starts[is_long], stops[is_long]
        if len(starts) == 0:
            return []
        pad = round(self.pad_s * sound.rate_hz)
        middles = (stops[:-1] + starts[1:]) // 2
        starts = np.maximum(starts - pad, np.concatenate(([0], middles)))
        stops = np.minimum(stops + pad, np.concatenate((middles, [sound.n_samples])))
        return [Segment(start=start, stop=stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


def _frame_levels(sound: Sound, frame: int) -> Float32:
    """Level of each frame, the loudest channel, in dBFS float32 (n_frames,).

    The median of three frames, so that one click does not open the gate and edges stay sharp.
    A frame's own mean is taken out, so that a constant offset is silence; what lies below half a
    period a frame (50 Hz for 10 ms) counts less.
    """
    levels = np.full(-(-sound.n_samples // frame), _LOWEST_DBFS, dtype=np.float32)
    n_done = 0
    rest = np.zeros((sound.n_channels, 0), dtype=np.float32)
    for block in sound.blocks():
        samples = np.concatenate((rest, block.samples), axis=1)
        n_whole = samples.shape[1] // frame
        frames = samples[:, : n_whole * frame].reshape(len(samples), n_whole, frame)
        levels[n_done : n_done + n_whole] = _levels(frames)
        rest = samples[:, n_whole * frame :]
        n_done += n_whole
    if rest.shape[1] > 0:
        levels[n_done : n_done + 1] = _levels(rest[:, np.newaxis, :])
    return median_filter(levels, size=3, mode="nearest") if levels.size else levels


def _levels(frames: Float32) -> Float32:
    """dBFS float32 (n,) of frames float32 (channels, n, frame)."""
    n_frame = frames.shape[2]
    power = np.einsum("cnf,cnf->cn", frames, frames) / n_frame
    power -= np.square(frames.mean(axis=2))
    loudest = np.nan_to_num(power).max(axis=0, initial=0.0)
    return (10 * np.log10(np.maximum(loudest, 10 ** (_LOWEST_DBFS / 10)))).astype(np.float32)


def _noise_floor(level_dbfs: Float32) -> tuple[float, float]:
    """The level of the noise in dBFS and how far it spreads downwards in dB.

    The middle of the narrowest tenth among the quieter half: noise lies dense, sound lies scattered.
    Digital silence says nothing about the noise and is left out.
    """
    every = level_dbfs[:: 1 + len(level_dbfs) // _N_FLOOR_FRAMES]
    levels = np.sort(every[every > _DIGITAL_SILENCE_DBFS])
    quiet = levels[: (len(levels) + 1) // 2]
    n_tenth = max(3, len(levels) // 10)
    if len(quiet) <= n_tenth:
        return (float(quiet[0]) if len(quiet) else _DIGITAL_SILENCE_DBFS), 0.0
    narrowest = int(np.argmin(quiet[n_tenth:] - quiet[:-n_tenth]))
    floor_dbfs = float(quiet[narrowest + n_tenth // 2])
    below_db = floor_dbfs - quiet[quiet <= floor_dbfs]
    return floor_dbfs, min(float(np.sqrt(np.mean(np.square(below_db)))), _MAX_SPREAD_DB)


def _gate(level_dbfs: Float32, open_dbfs: float, close_dbfs: float) -> np.ndarray:
    """Runs int64 (n, 2) of frames at or above ``close_dbfs`` that reach ``open_dbfs`` somewhere, half-open."""
    is_above = np.concatenate(([False], level_dbfs >= close_dbfs, [False]))
    edges = np.flatnonzero(is_above[1:] != is_above[:-1])
    if len(edges) == 0:
        return edges.reshape(0, 2)
    # The last stop may lie past the end; what follows a run is below it, so its maximum stays true.
    loudest_dbfs = np.maximum.reduceat(level_dbfs, edges[:-1])[::2]
    return edges.reshape(-1, 2)[loudest_dbfs >= open_dbfs]
