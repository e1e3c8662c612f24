"""Fingerprint: the marks stay where they are, whatever a copy goes through."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from pipeline.audio.fingerprint import FRAME_S, N_BINS, UNITS, fingerprint, low_rate, marks
from pipeline.core.types import Audio
from tests.contracts.sounds import audio, boundary_sounds, bursts


def _eventful(seed: int = 0, *, rate_hz: int = 16_000, duration_s: float = 3.0) -> Audio:
    """Noise whose level changes all the time."""
    rng = np.random.default_rng(seed)
    n = round(rate_hz * duration_s)
    level = np.repeat(rng.uniform(0.01, 0.2, size=n // 400 + 1), 400)[:n]
    return audio((rng.normal(size=n) * level)[np.newaxis], rate_hz=rate_hz)


def _share_found(first: Audio, second: Audio, *, shift_s: float = 0.0) -> float:
    """The share of the first's marks that the second has too, a bin and a frame beside, so much later."""
    ours, theirs = fingerprint(first), fingerprint(second)
    shift = round(shift_s / FRAME_S * UNITS)
    near = [
        np.any((np.abs(theirs.frames - frame - shift) <= UNITS) & (np.abs(theirs.bins - bin_) <= UNITS))
        for frame, bin_ in zip(ours.frames, ours.bins, strict=True)
    ]
    return float(np.mean(near))


def test_silence_offset_and_crumbs_have_no_marks() -> None:
    sounds = boundary_sounds()
    for name in ("silent", "one sample", "one silent sample", "shorter than a frame", "constant"):
        assert fingerprint(sounds[name]).n_marks == 0, name


def test_no_sample_has_no_marks() -> None:
    assert fingerprint(Audio(samples=np.zeros((1, 0), dtype=np.float32), rate_hz=44_100)).n_marks == 0


def test_marks_come_in_the_order_of_time_within_the_band() -> None:
    found = fingerprint(_eventful())
    assert found.n_marks > 100
    assert np.all(np.diff(found.frames) >= 0)
    assert found.bins.min() >= 0
    assert found.bins.max() < N_BINS * UNITS
    assert found.frames.max() * FRAME_S / UNITS <= found.duration_s == 3.0


def test_marks_of_a_long_sound_are_those_of_its_parts() -> None:
    samples = low_rate(_eventful(duration_s=20.0))
    whole, begin = marks(samples), round(6.4 / FRAME_S)  # what is handled at once ends within this part
    part = marks(samples[begin * 64 : (begin + 500) * 64])
    inside = (part.frames > 100 * UNITS) & (part.frames < 400 * UNITS)
    there = (whole.frames > (begin + 100) * UNITS) & (whole.frames < (begin + 400) * UNITS)
    assert np.count_nonzero(inside) > 100
    assert np.array_equal(part.frames[inside] + begin * UNITS, whole.frames[there])
    assert np.array_equal(part.bins[inside], whole.bins[there])


def test_level_moves_no_mark() -> None:
    sound = _eventful()
    quiet = audio(sound.samples * 0.25, rate_hz=sound.rate_hz)
    assert np.array_equal(fingerprint(quiet).frames, fingerprint(sound).frames)
    assert np.array_equal(fingerprint(quiet).bins, fingerprint(sound).bins)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100])
def test_another_rate_moves_few_marks(rate_hz: int) -> None:
    sound = _eventful()
    other = Audio(samples=soxr.resample(sound.samples[0], sound.rate_hz, rate_hz)[np.newaxis], rate_hz=rate_hz)
    assert _share_found(sound, other) > 0.95


def test_shift_by_less_than_a_frame_moves_few_marks() -> None:
    sound = _eventful()
    late = audio(np.pad(sound.samples, ((0, 0), (1_000 + 65, 0))), rate_hz=sound.rate_hz)
    assert _share_found(sound, late, shift_s=1_065 / 16_000) > 0.9


def test_other_sound_has_other_marks() -> None:
    assert _share_found(_eventful(0), _eventful(1)) < 0.3


def test_steady_tone_has_hardly_a_mark() -> None:
    tone = audio(0.3 * np.sin(2 * np.pi * 1_000 * np.arange(5 * 8_000) / 8_000)[np.newaxis])
    assert fingerprint(tone).n_marks < 10


def test_channels_count_by_their_mean_and_the_rate_is_8_khz() -> None:
    sound = bursts(2, rate_hz=16_000)
    mean = audio(sound.samples.mean(axis=0, keepdims=True), rate_hz=16_000)
    assert np.allclose(low_rate(sound), low_rate(mean), atol=1e-6)
    assert len(low_rate(sound)) == 24_000
    assert np.array_equal(marks(low_rate(sound)).frames, fingerprint(sound).frames)
