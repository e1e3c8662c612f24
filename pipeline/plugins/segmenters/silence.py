"""Segmenter silence: what rises above the recording's own noise floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.audio.noise_floor import DIGITAL_SILENCE_DBFS, Float16, Levels, frame_levels, heights, noise_of
from pipeline.core.types import Segment, Sound


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Proposes the stretches that are not silence, by an energy gate with two thresholds.

    Six bands of the spectrum have a noise floor each, the level at which the quieter half of the frames
    lies densest; how far a frame rises above them is its height. A segment needs a frame whose height
    is ``open_db`` more than the noise's own and reaches as far as it stays ``close_db`` more; both grow
    with unsteady noise, until the gate opens ``n_spreads`` spreads above it.
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
        if not DIGITAL_SILENCE_DBFS <= self.silent_dbfs <= self.loud_dbfs <= 0:
            raise ValueError(f"-100 <= silent_dbfs <= loud_dbfs <= 0, not {self.silent_dbfs} and {self.loud_dbfs}")
        if not 0.001 <= self.frame_s <= 1:
            raise ValueError(f"frame_s is 0.001 to 1, not {self.frame_s}")
        rest = (self.n_spreads, self.min_segment_s, self.min_gap_s, self.pad_s, self.whole_below_s)
        if not all(0 <= value <= 86_400 for value in rest):
            raise ValueError("n_spreads, min_segment_s, min_gap_s, pad_s and whole_below_s are 0 to 86400")

    def segment(self, sound: Sound) -> list[Segment]:
        """The spans that are not silence; none for an all-silent recording.

        Only eight float16 a frame are kept of what was read: 58 MB for ten hours.
        """
        if 0 < sound.n_samples < self.whole_below_s * sound.rate_hz:
            return [Segment(start=0, stop=sound.n_samples)]
        frame = max(1, round(self.frame_s * sound.rate_hz))
        levels = frame_levels(sound, frame)
        if levels.whole_dbfs.size == 0:
            return []
        return self._tidy(self._runs(levels) * frame, sound)

    def _runs(self, levels: Levels) -> np.ndarray:
        """Runs of frames that are not silence, int64 (n, 2), half-open."""
        height_db = heights(levels, steady_db=self.open_db / max(self.n_spreads, 1e-9))
        noise = noise_of(height_db)
        stretch = max(1.0, self.n_spreads * noise.spread_db / self.open_db)
        open_db = noise.floor_db + self.open_db * stretch
        # At silent_dbfs a frame can just open the gate, at loud_dbfs it opens it whatever the noise.
        np.minimum(height_db, levels.whole_dbfs + np.float16(open_db - self.silent_dbfs), out=height_db)
        np.maximum(height_db, levels.whole_dbfs + np.float16(open_db - self.loud_dbfs), out=height_db)
        return _gate(height_db, open_db, open_db - (self.open_db - self.close_db) * stretch)

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


def _gate(height_db: Float16, open_db: float, close_db: float) -> np.ndarray:
    """Runs int64 (n, 2) of frames at or above ``close_db`` that reach ``open_db`` somewhere, half-open."""
    is_above = np.concatenate(([False], height_db >= close_db, [False]))
    edges = np.flatnonzero(is_above[1:] != is_above[:-1])
    if len(edges) == 0:
        return edges.reshape(0, 2)
    # The last stop may lie past the end; what follows a run is below it, so its maximum stays true.
    highest_db = np.maximum.reduceat(height_db, edges[:-1])[::2]
    return edges.reshape(-1, 2)[highest_db >= open_db]
