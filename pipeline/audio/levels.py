"""How loud sound is, what counts as silent and as clipped, and what that says against a clip."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Descriptors, Float32, Problem, ProblemKind

SILENCE_DBFS = -60.0
CLIPPED_RATIO = 0.001


class ClippedRuns:
    """Counts the values in runs of three or more at full scale: a single one is a peak, a run is flat.

    ``bit_depth`` is that of integers which hold the sound as it was recorded; None for sound that was compressed
    or resampled, whose flat tops are blurred.
    """

    def __init__(self, bit_depth: int | None, n_channels: int) -> None:
        # One and a half steps below 1 takes in the highest code of an integer format and not the one below it;
        # 11 bits' worth of slack finds blurred tops again.
        self._full_scale = np.float32(1 - 1.5 * 2.0 ** -(min(bit_depth or 11, 16) - 1))
        self._before: NDArray[np.bool_] = np.zeros((3, n_channels), dtype=np.bool_)
        self.n_values = 0

    def add(self, values: Float32, *, peak: float) -> None:
        """Count a block, float32 (n, channels), with its largest absolute value; runs go on from block to block."""
        if peak < self._full_scale:
            self._before = np.zeros_like(self._before)
            return
        is_full = np.concatenate([self._before, np.abs(values) >= self._full_scale])
        self._before = is_full[-3:]
        is_third = is_full[2:] & is_full[1:-1] & is_full[:-2]
        # A run of k has k - 2 thirds and one first third, so that k is the thirds and twice the first thirds.
        n_thirds = int(np.count_nonzero(is_third[1:]))
        n_runs = int(np.count_nonzero(is_third[1:] & ~is_third[:-1]))
        self.n_values += n_thirds + 2 * n_runs


def dbfs(value: float) -> float | None:
    """A level relative to full scale in dB, None for 0."""
    return 20 * math.log10(value) if value > 0 else None


def clip_problems(peak_dbfs: float | None, descriptors: Descriptors) -> list[Problem]:
    """What no conversion can mend in a clip: silent, or clipped for more than CLIPPED_RATIO of its values."""
    problems: list[Problem] = []
    if peak_dbfs is None or peak_dbfs < SILENCE_DBFS:
        level = "no signal at all" if peak_dbfs is None else f"its peak is {peak_dbfs:.0f} dBFS"
        problems.append(Problem(kind=ProblemKind.SILENT, message=f"{level}; {SILENCE_DBFS:.0f} dBFS or more expected"))
    ratio = descriptors.clipped_ratio or 0.0
    if ratio > CLIPPED_RATIO:
        problems.append(
            Problem(kind=ProblemKind.CLIPPED, message=f"{100 * ratio:.1f} % of its samples are flat at full scale")
        )
    return problems
