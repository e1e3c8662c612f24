"""How many marks of two clips agree when one is laid on the other at a lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.fingerprint import FRAME_S, N_BINS, UNITS, Fingerprint

_NEAR = 1
_MARGIN = 192
_WIDTH = N_BINS + 2
_OTHER_LAGS = np.array([sign * lag for lag in range(7, _MARGIN - 2, 3) for sign in (-1, 1)], dtype=np.int32)
_N_SAMPLED_ELSEWHERE = 100
_FEWEST_MARKS = 8
_N_SAMPLED = 150
_SURELY = 0.9


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well two clips agree at a lag: ``n_agreeing`` of ``n_marks`` marks in the span that they share.

    ``by_chance`` is the share that agrees at the best other lag: as much as a sound of that kind, a hum or the
    beat of a machine, agrees with any other. ``score`` is the share above it: 0 unlike, 1 the same, less where
    marks are few.
    """

    n_agreeing: int
    n_marks: int
    by_chance: float
    score: float
    overlap_s: float


NOTHING = Agreement(n_agreeing=0, n_marks=0, by_chance=0.0, score=0.0, overlap_s=0.0)


class Grid:
    """Where the marks of one clip are, and a frame and a bin around: flat bool over frames and bins with margins.

    ``frames`` as its fingerprint has them.
    """

    def __init__(self, print_: Fingerprint) -> None:
        self.n_frames = round(print_.duration_s / FRAME_S)
        self.duration_s = print_.duration_s
        self.frames = print_.frames
        n_rows = max(self.n_frames, int(self.frames[-1]) // UNITS + 1 if print_.n_marks else 0) + 2 * _MARGIN
        places = _places(print_.frames, print_.bins)
        self._cells = np.zeros(n_rows * _WIDTH, dtype=bool)
        for step in range(-_NEAR, _NEAR + 1):
            for shift in range(-_NEAR, _NEAR + 1):
                self._cells[places + (step * _WIDTH + shift)] = True

    def n_met(self, places: NDArray[np.int32], lag: int) -> int:
        """How many of the places, so many frames later, lie near a mark; all must lie within the margins."""
        return int(np.count_nonzero(self._cells.take(places + lag * _WIDTH)))

    def share_elsewhere(self, places: NDArray[np.int32], lag: int) -> float:
        """The share of the places met at the best but one of the lags up to 1.5 s before and after that lag."""
        met = self._cells.take(places + (lag + _OTHER_LAGS[:, np.newaxis]) * _WIDTH).sum(axis=1)
        return float(np.partition(met, -2)[-2]) / len(places)


def is_hopeless(first: Grid, second: Fingerprint, lag: int, *, enough: float) -> bool:
    """Whether a sample of the second's marks already shows that less than ``enough`` of them agree."""
    # Most pairs end here, so only what is sampled is placed.
    span = _within(second.frames, -lag, first.n_frames - lag)
    step = 1 + second.n_marks // _N_SAMPLED
    sampled = _places(second.frames[span][::step], second.bins[span][::step])
    n_marks = min(len(sampled), len(first.frames) / step)
    return first.n_met(sampled, lag) < enough * n_marks * _SURELY


def agreement(first: Grid, second: Fingerprint, lag: int) -> Agreement:
    """The agreement of two clips, the second beginning ``lag`` frames later than the first."""
    start, stop = max(0, lag), min(first.n_frames, round(second.duration_s / FRAME_S) + lag)
    span = _within(second.frames, start - lag, stop - lag)
    places = _places(second.frames[span], second.bins[span])
    shared = _within(first.frames, start, stop)
    n_marks = min(len(places), shared.stop - shared.start)
    if n_marks == 0:
        return NOTHING
    n_agreeing = min(first.n_met(places, lag), n_marks)
    sampled = places[:: 1 + len(places) // _N_SAMPLED_ELSEWHERE]
    by_chance = min(1.0, first.share_elsewhere(sampled, lag) * len(places) / n_marks)
    above, possible = n_agreeing - by_chance * n_marks, (1 - by_chance) * n_marks
    return Agreement(
        n_agreeing=n_agreeing,
        n_marks=n_marks,
        by_chance=by_chance,
        score=float(min(1.0, max(0.0, above / max(_FEWEST_MARKS, possible)))),
        overlap_s=max(0, stop - start) * FRAME_S,
    )


def _places(frames: NDArray[np.int32], bins: NDArray[np.int32]) -> NDArray[np.int32]:
    """The places of marks in a grid, by their nearest frames and bins: int32 (n,)."""
    half = UNITS // 2
    return ((frames + half) // UNITS + _MARGIN) * _WIDTH + (bins + (half + UNITS)) // UNITS


def _within(frames: NDArray[np.int32], start: int, stop: int) -> slice:
    """The marks whose nearest frames are from one to another, and one farther on both sides."""
    edges = np.array((start - _NEAR, stop + _NEAR + 1), dtype=np.int32) * UNITS - UNITS // 2
    begin, end = frames.searchsorted(edges).tolist()
    return slice(begin, end)
