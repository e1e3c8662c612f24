"""How loud a clip is, and what its loudness says against it."""

from __future__ import annotations

import math

import numpy as np

from pipeline.core.types import Audio, Problem, ProblemKind

SILENCE_DBFS = -60.0
CLIPPED_RATIO = 0.001


def peak_dbfs(audio: Audio) -> float | None:
    """The largest absolute sample in dBFS, None for digital silence."""
    return _dbfs(float(np.max(np.abs(audio.samples), initial=0.0)))


def rms_dbfs(audio: Audio) -> float | None:
    """The root mean square over all channels in dBFS, None for digital silence."""
    if audio.samples.size == 0:
        return None
    return _dbfs(math.sqrt(float(np.mean(np.square(audio.samples, dtype=np.float64)))))


def clip_problems(audio: Audio) -> list[Problem]:
    """What no conversion can mend in a clip: silent, or clipped for more than CLIPPED_RATIO of its samples."""
    problems: list[Problem] = []
    peak = peak_dbfs(audio)
    if peak is None or peak < SILENCE_DBFS:
        level = "no signal at all" if peak is None else f"its peak is {peak:.0f} dBFS"
        problems.append(Problem(kind=ProblemKind.SILENT, message=f"{level}; {SILENCE_DBFS:.0f} dBFS or more expected"))
    ratio = float(np.mean(np.abs(audio.samples) >= 0.9999)) if audio.samples.size else 0.0
    if ratio > CLIPPED_RATIO:
        problems.append(
            Problem(kind=ProblemKind.CLIPPED, message=f"{100 * ratio:.1f} % of its samples are at full scale")
        )
    return problems


def _dbfs(value: float) -> float | None:
    return 20 * math.log10(value) if value > 0 else None
