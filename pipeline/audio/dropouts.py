"""Samples that a recorder lost: short runs of exact zeros that begin and end in mid sound."""

from __future__ import annotations

import numpy as np

from pipeline.core.types import Float32

_SHORTEST_S = 0.005
_LONGEST_S = 1.0
_EDGE_S = 0.002
_SOUND_DBFS = -50.0
_SOUND_STEPS = 4


class DropoutMeter:
    """Counts samples in runs of zeros of 5 ms to 1 s whose 2 ms before and after both reach -50 dBFS.

    Sound that fades into digital silence, or a pause that somebody set, is none. Sound of few bits must also
    reach four of its steps: there quiet sound itself is zeros.
    """

    def __init__(self, rate_hz: int, bit_depth: int | None) -> None:
        self._shortest = max(2, round(_SHORTEST_S * rate_hz))
        self._longest = round(_LONGEST_S * rate_hz)
        self._edge = max(1, round(_EDGE_S * rate_hz))
        step = 2.0 ** -((bit_depth or 16) - 1)
        self._sound = max(10 ** (_SOUND_DBFS / 20), _SOUND_STEPS * step)
        self._carried: Float32 = np.zeros(0, dtype=np.float32)
        self.n_samples = 0

    def add(self, magnitude: Float32) -> None:
        """Take a block, float32 (n,): the largest absolute value of any channel; blocks are consecutive."""
        sound = np.concatenate([self._carried, magnitude]) if len(self._carried) else magnitude
        keep = self._shortest + self._edge
        # A run of the shortest length or more covers at least one of these.
        if (sound[self._shortest - 1 :: self._shortest] == 0).any():
            keep = self._count(sound)
        self._carried = sound[max(0, len(sound) - keep) :].copy()

    def _count(self, sound: Float32) -> int:
        """Count the runs that are whole; how many samples at the end must be seen again with the next block."""
        is_zero = np.concatenate([[False], sound == 0, [False]])
        turns = np.flatnonzero(is_zero[1:] != is_zero[:-1])
        starts, stops = turns[::2], turns[1::2]
        matters = (stops - starts >= self._shortest) | (stops == len(sound))
        for start, stop in zip(starts[matters].tolist(), stops[matters].tolist(), strict=True):
            if stop + self._edge > len(sound):
                return min(len(sound) - start, self._longest + 1) + self._edge
            if start > 0 and stop - start <= self._longest:
                before = sound[max(0, start - self._edge) : start].max()
                after = sound[stop : stop + self._edge].max()
                if min(before, after) >= self._sound:
                    self.n_samples += stop - start
        return self._edge
