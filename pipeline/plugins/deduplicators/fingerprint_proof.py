"""Whether two clips are the same recording: how many marks agree, and where that leaves doubt, how the waves lie."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from pipeline.audio.fingerprint import FRAME_S, LOW_RATE_HZ, Fingerprint
from pipeline.core.types import Float32
from pipeline.plugins.deduplicators.fingerprint_match import Agreement, Grid, agreement, is_hopeless

_HOP_SAMPLES = round(FRAME_S * LOW_RATE_HZ)
_MIN_SHARED, _MIN_SHARED_OF_SHORT, _MOST_UNSHARED_S = 0.8, 0.5, 0.25
_CERTAIN, _HOPELESS = 0.75, 0.15
_MANY_MARKS = 40
_MOST_SAMPLES = 2 * LOW_RATE_HZ
_STEP_SAMPLES = _MOST_SAMPLES // 8
_LEAST_SAMPLES = LOW_RATE_HZ // 20
_SLACK_SAMPLES = 96
_ENVELOPE_HZ, _BAND_HZ = 150.0, (200.0, 3_600.0)
_ENVELOPE_FLOOR = 0.01


@dataclass(frozen=True, kw_only=True)
class Match:
    """Two clips laid on each other: 0 unlike, 1 the same. ``lag_s``: the second begins so much later than the first."""

    first: int
    second: int
    score: float
    lag_s: float
    overlap_s: float
    n_agreeing: int
    n_marks: int

    def mirrored(self) -> Match:
        return Match(
            first=self.second,
            second=self.first,
            score=self.score,
            lag_s=-self.lag_s,
            overlap_s=self.overlap_s,
            n_agreeing=self.n_agreeing,
            n_marks=self.n_marks,
        )


class Prover:
    """Lays clips on each other; keeps their low-rate sound as far as ``cache_bytes`` go, then reads it again.

    ``low_rate`` gives the sound of a clip as ``pipeline.audio.fingerprint.low_rate`` does.
    """

    def __init__(
        self, fingerprints: Sequence[Fingerprint], low_rate: Callable[[int], Float32], *, cache_bytes: int
    ) -> None:
        self._fingerprints = fingerprints
        self._low_rate = low_rate
        self._n_bytes_left = cache_bytes
        self._sounds: OrderedDict[int, Float32] = OrderedDict()
        self._grid: tuple[int, Grid] | None = None

    def match(self, first: int, second: int, lag: int) -> Match:
        """The match of two clips at a lag in frames; pairs come cheapest in the order of their first clip.

        Of the shorter clip 0.8 must be shared, or all but a quarter of a second and at least half. The score is the
        share of marks that agree above chance; where that is neither certain nor hopeless, its mean with how well
        the waves lie on each other.
        """
        if self._grid is None or self._grid[0] != first:
            self._grid = (first, Grid(self._fingerprints[first]))
        grid, print_ = self._grid[1], self._fingerprints[second]
        if is_hopeless(grid, print_, lag, enough=_HOPELESS):
            return _match(first, second, 0.0, lag, None)
        found = agreement(grid, print_, lag)
        if found.overlap_s < _least_overlap_s(grid.duration_s, print_.duration_s) or found.score < _HOPELESS:
            return _match(first, second, 0.0, lag, found)
        if found.score >= _CERTAIN and found.n_marks >= _MANY_MARKS:
            return _match(first, second, found.score, lag, found)
        by_wave = waves_alike(self._sound(first), self._sound(second), lag * _HOP_SAMPLES)
        return _match(first, second, (found.score + by_wave) / 2, lag, found)

    def remember(self, clip: int, sound: Float32) -> None:
        """Keep a sound that is at hand anyway."""
        self._sounds[clip] = sound
        self._n_bytes_left -= sound.nbytes
        while self._n_bytes_left < 0 and len(self._sounds) > 1:
            _, oldest = self._sounds.popitem(last=False)
            self._n_bytes_left += oldest.nbytes

    def _sound(self, clip: int) -> Float32:
        if clip not in self._sounds:
            self.remember(clip, self._low_rate(clip))
        self._sounds.move_to_end(clip)
        return self._sounds[clip]


def _least_overlap_s(first_s: float, second_s: float) -> float:
    shorter_s = min(first_s, second_s)
    return max(_MIN_SHARED_OF_SHORT * shorter_s, min(_MIN_SHARED * shorter_s, shorter_s - _MOST_UNSHARED_S))


def waves_alike(first: Float32, second: Float32, lag_samples: int) -> float:
    """How well two waves lie on each other within 12 ms of a lag, their spectra flattened: 0 unlike, 1 the same.

    The louder two seconds of what they share are compared: a voice's few strongest partials alone make no copy.
    """
    start, stop = max(0, lag_samples), min(len(first), len(second) + lag_samples)
    if stop - start < _LEAST_SAMPLES:
        return 0.0
    start, stop = _loudest_span(first, start, stop)
    n_fft = int(next_fast_len(stop - start + _SLACK_SAMPLES, real=True) or 0)
    spectra = [
        _flattened(sound[begin : begin + stop - start], n_fft)
        for sound, begin in ((first, start), (second, start - lag_samples))
    ]
    level = np.sqrt(np.prod([np.square(np.abs(spectrum)).sum() for spectrum in spectra])) * 2 / n_fft
    if not level > 0:
        return 0.0
    product = np.asarray(irfft(spectra[0] * np.conj(spectra[1]), n_fft))
    best = max(product[:_SLACK_SAMPLES].max(), product[-_SLACK_SAMPLES:].max())
    return float(np.clip(best / level, 0, 1))


def _loudest_span(sound: Float32, start: int, stop: int) -> tuple[int, int]:
    if stop - start <= _MOST_SAMPLES:
        return start, stop
    n_steps = (stop - start) // _STEP_SAMPLES
    steps = sound[start : start + n_steps * _STEP_SAMPLES].reshape(n_steps, _STEP_SAMPLES)
    energy = np.convolve(np.vecdot(steps, steps), np.ones(_MOST_SAMPLES // _STEP_SAMPLES), "valid")
    begin = start + int(np.argmax(energy)) * _STEP_SAMPLES
    return begin, begin + _MOST_SAMPLES


def _flattened(sound: Float32, n_fft: int) -> NDArray[np.complex64]:
    """The spectrum within the band, each frequency by the level around it: complex64 (1 + n_fft // 2,)."""
    spectrum = np.asarray(rfft(sound, n_fft), dtype=np.complex64)
    low, high = (round(hz * n_fft / LOW_RATE_HZ) for hz in _BAND_HZ)
    power = np.square(np.abs(spectrum))
    around = uniform_filter1d(power, max(3, round(_ENVELOPE_HZ * n_fft / LOW_RATE_HZ)))
    flat = np.zeros_like(spectrum)
    loudest = around[low:high].max()
    if loudest > 0:
        flat[low:high] = spectrum[low:high] / np.sqrt(around[low:high] + _ENVELOPE_FLOOR * loudest)
    return flat


def _match(first: int, second: int, score: float, lag: int, found: Agreement | None) -> Match:
    return Match(
        first=first,
        second=second,
        score=score,
        lag_s=lag * FRAME_S,
        overlap_s=found.overlap_s if found else 0.0,
        n_agreeing=found.n_agreeing if found else 0,
        n_marks=found.n_marks if found else 0,
    )


def calibrated_threshold(matches: Sequence[Match], n_clips: int) -> float:
    """From which score on a pair is the same recording, told by the corpus itself: 0.5 to 0.72.

    Below 0.5 are each clip's most alike of the unlike ones. How fast the number of clips that have one falls off from
    0.3 on tells where no more than two in a thousand would be taken for a copy by mistake: at once where unlike
    sounds are unlike, late where a few voices say few words again and again.
    """
    best = np.zeros(n_clips)
    doubtful = [match for match in matches if _TAIL_FROM <= match.score < _LEAST_THRESHOLD]
    for clips in ([match.first for match in doubtful], [match.second for match in doubtful]):
        np.maximum.at(best, clips, [match.score for match in doubtful])
    tail = best[best >= _TAIL_FROM]
    if len(tail) == 0:
        return _LEAST_THRESHOLD
    width = _LEAST_THRESHOLD - _TAIL_FROM
    scale = _scale_of_tail(float(np.mean(tail - _TAIL_FROM)), width)
    n_tail = len(tail) / (1 - np.exp(-width / scale))
    threshold = _TAIL_FROM + scale * np.log(n_tail / max(1.0, n_clips / 500))
    return float(np.clip(threshold, _LEAST_THRESHOLD, _HIGHEST_THRESHOLD))


_TAIL_FROM, _LEAST_THRESHOLD, _HIGHEST_THRESHOLD = 0.3, 0.5, 0.72
_WIDEST_SCALE = 0.1


def _scale_of_tail(mean_excess: float, width: float) -> float:
    """The scale of an exponential law cut off at ``width`` that has this mean, by halving."""
    low, high = 1e-3, _WIDEST_SCALE
    for _ in range(40):
        scale = (low + high) / 2
        mean = scale - width / np.expm1(width / scale)
        low, high = (scale, high) if mean < mean_excess else (low, scale)
    return (low + high) / 2
