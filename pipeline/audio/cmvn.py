"""Cepstral mean and variance normalisation: by the clip itself, or by what a whole corpus is like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import EmptyAudio, NotConforming
from pipeline.core.types import Float32

_LEAST_SPREAD = float(np.finfo(np.float32).eps)
"""Of the largest mean: what varies by less is constant, as no more is left of it by a cosine transform in float32."""


@dataclass(frozen=True, kw_only=True)
class CorpusStats:
    """Mean and variance (of the population) of each coefficient over so many frames, as plain numbers, fit for JSON."""

    n_frames: int
    mean: tuple[float, ...]
    variance: tuple[float, ...]

    def normalised(self, coefficients: Float32) -> Float32:
        """The coefficients (n, frames), also one block of many, shifted and scaled to this mean 0 and variance 1.

        A coefficient that is constant here is only shifted. Raises NotConforming for another number of coefficients.
        """
        _demand_rows(len(self.mean), len(coefficients))
        mean, spread = np.array(self.mean), np.sqrt(np.array(self.variance))
        scale = np.where(spread > _LEAST_SPREAD * np.abs(mean).max(initial=0.0), spread, 1.0)
        return ((coefficients - mean[:, np.newaxis]) / scale[:, np.newaxis]).astype(np.float32)


def cmvn(coefficients: Float32) -> Float32:
    """A clip's coefficients (n, frames) with mean 0 and variance 1 each, a constant one 0: float32 (n, frames).

    Raises EmptyAudio for no frame.
    """
    return fitted_stats([coefficients]).normalised(coefficients)


def fitted_stats(clips: Iterable[Float32]) -> CorpusStats:
    """The statistics of clips, or of blocks of them, float32 (n, frames), of which one at a time is in memory.

    Raises EmptyAudio for no frame in all of them, NotConforming if they differ in the number of coefficients.
    """
    sums: _Sums | None = None
    for clip in clips:
        if clip.shape[1]:
            sums = _of_clip(clip) if sums is None else _together(sums, _of_clip(clip))
    return _stats(sums)


def merged_stats(parts: Sequence[CorpusStats]) -> CorpusStats:
    """The statistics of parts that were fitted apart, as if fitted at once. Raises as ``fitted_stats`` does."""
    sums: _Sums | None = None
    for part in parts:
        one = _Sums(part.n_frames, np.array(part.mean), np.array(part.variance) * part.n_frames)
        sums = one if sums is None else _together(sums, one)
    return _stats(sums)


@dataclass(frozen=True)
class _Sums:
    """Frames, mean float64 (n,), and sum of squared deviations from it float64 (n,)."""

    n_frames: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]


def _of_clip(clip: Float32) -> _Sums:
    values = clip.astype(np.float64)
    mean = values.mean(axis=1)
    return _Sums(values.shape[1], mean, np.square(values - mean[:, np.newaxis]).sum(axis=1))


def _together(one: _Sums, other: _Sums) -> _Sums:
    """Both at once, without the cancellation of sums of squares (Chan, Golub & LeVeque, 1983)."""
    _demand_rows(len(one.mean), len(other.mean))
    n_frames = one.n_frames + other.n_frames
    apart = other.mean - one.mean
    return _Sums(
        n_frames,
        one.mean + apart * (other.n_frames / n_frames),
        one.squares + other.squares + np.square(apart) * (one.n_frames * other.n_frames / n_frames),
    )


def _stats(sums: _Sums | None) -> CorpusStats:
    if sums is None:
        raise EmptyAudio("no statistics of nothing", expected="at least one frame", got="none")
    variance = sums.squares / sums.n_frames
    return CorpusStats(n_frames=sums.n_frames, mean=tuple(sums.mean.tolist()), variance=tuple(variance.tolist()))


def _demand_rows(expected: int, got: int) -> None:
    if expected != got:
        raise NotConforming(
            "these coefficients and statistics do not belong together",
            expected=f"{expected} coefficients",
            got=got,
            do="make both with the same parameters",
        )
