"""What pitch, time_stretch and speed promise: the pitch within cents, the duration within a hundredth."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.pitch import Pitch
from pipeline.plugins.augmenters.speed import Speed
from pipeline.plugins.augmenters.time_stretch import TimeStretch
from tests.contracts.sounds import audio
from tests.plugins.real_sound import digits


def tone(f0_hz: float, rate_hz: int) -> Audio:
    """A second and a half of twelve harmonics, or as many as there is room for."""
    t = np.arange(int(1.5 * rate_hz)) / rate_hz
    n_harmonics = min(12, int(0.45 * rate_hz / f0_hz))
    sound = sum(np.cos(2 * np.pi * k * f0_hz * t + k * k) / k for k in range(1, n_harmonics + 1))
    return audio(0.3 * sound[np.newaxis] / np.abs(sound).max(), rate_hz=rate_hz)


def voice(f0_hz: float, rate_hz: int) -> Audio:
    """A second and a half of a pulse train through three formants, its level trembling, in a little breath."""
    t = np.arange(int(1.5 * rate_hz)) / rate_hz
    sound = sum(np.cos(2 * np.pi * k * f0_hz * t) for k in range(1, int(0.45 * rate_hz / f0_hz)))
    sound = sound + 0.1 * np.random.default_rng(0).normal(size=len(t))
    for formant_hz, width_hz in ((700, 110), (1_220, 120), (2_600, 160)):
        radius = np.exp(-np.pi * width_hz / rate_hz)
        sound = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * formant_hz / rate_hz), radius**2], sound)
    sound = sound * (1 + 0.2 * np.sin(2 * np.pi * 4 * t)) * np.minimum(1, np.minimum(t, t[::-1]) / 0.05)
    return audio(0.3 * sound[np.newaxis] / np.abs(sound).max(), rate_hz=rate_hz)


sounds = pytest.mark.parametrize("sound", [tone, voice])
places = pytest.mark.parametrize(
    ("f0_hz", "rate_hz"), [(80.0, 8_000), (117.0, 16_000), (220.0, 16_000), (311.0, 44_100)]
)


@sounds
@places
@pytest.mark.parametrize("semitones", [-7.0, -2.0, 0.3, 2.0, 5.0])
def test_pitch_is_shifted_within_cents_and_the_length_stays(
    sound, f0_hz: float, rate_hz: int, semitones: float
) -> None:
    clip = sound(f0_hz, rate_hz)
    made = once(Pitch(min_semitones=semitones, max_semitones=semitones), clip)
    assert off_cents(made, f0_hz * 2 ** (semitones / 12)) == pytest.approx(0, abs=2)
    assert made.n_samples == clip.n_samples


@sounds
@places
@pytest.mark.parametrize("speed", [0.5, 0.8, 1.1, 1.9])
def test_stretched_clip_has_its_pitch_and_the_duration_asked(sound, f0_hz: float, rate_hz: int, speed: float) -> None:
    clip = sound(f0_hz, rate_hz)
    made = once(TimeStretch(min_speed=speed, max_speed=speed), clip)
    assert off_cents(made, f0_hz) == pytest.approx(0, abs=2)
    assert made.duration_s == pytest.approx(clip.duration_s / speed, rel=0.001)


@sounds
@places
@pytest.mark.parametrize("speed", [0.7, 0.95, 1.2])
def test_speed_moves_pitch_and_duration_together(sound, f0_hz: float, rate_hz: int, speed: float) -> None:
    clip = sound(f0_hz, rate_hz)
    made = once(Speed(min_speed=speed, max_speed=speed), clip)
    assert off_cents(made, f0_hz * speed) == pytest.approx(0, abs=2)
    assert made.duration_s == pytest.approx(clip.duration_s / speed, rel=0.001)


@pytest.mark.parametrize(
    "augmenter", [Pitch(min_semitones=-3, max_semitones=-3), Pitch(min_semitones=3, max_semitones=3)]
)
def test_attacks_stay_in_place_when_the_pitch_moves(augmenter: Pitch) -> None:
    clip, starts = clicks()
    assert share_in_place(once(augmenter, clip), starts) > 0.95


@pytest.mark.parametrize("speed", [0.7, 0.9, 1.3])
def test_attacks_are_sharp_where_they_are_due_after_a_stretch(speed: float) -> None:
    clip, starts = clicks()
    made = once(TimeStretch(min_speed=speed, max_speed=speed), clip)
    assert share_in_place(made, starts / speed) > 0.95


def test_level_stays_within_a_decibel() -> None:
    clip = voice(150, 16_000)
    for augmenter in (Pitch(min_semitones=2, max_semitones=2), TimeStretch(min_speed=0.8, max_speed=0.8), Speed()):
        made = once(augmenter, clip)
        assert 20 * np.log10(np.std(made.samples) / np.std(clip.samples)) == pytest.approx(0, abs=1)


def test_stereo_image_stands_still() -> None:
    mono = voice(150, 16_000).samples
    clip = Audio(samples=np.concatenate((mono, mono * np.float32(0.5))), rate_hz=16_000)
    for augmenter in (Pitch(min_semitones=2, max_semitones=2), TimeStretch(min_speed=0.8, max_speed=0.8), Speed()):
        left, right = once(augmenter, clip).samples
        assert np.abs(right - left / 2).max() < 0.01 * np.abs(left).max()


@pytest.mark.parametrize("speed", [0.3, 0.8, 3.0])
def test_same_seed_gives_same_bytes_in_many_threads(speed: float) -> None:
    clip, augmenter = voice(150, 8_000), TimeStretch(min_speed=speed, max_speed=speed)
    with ThreadPoolExecutor(8) as pool:
        made = {sound.samples.tobytes() for sound in pool.map(lambda _: once(augmenter, clip), range(24))}
    assert len(made) == 1


def test_speeds_and_pitches_are_drawn_over_the_whole_range() -> None:
    clip = audio(np.zeros((1, 10_000)))
    speeds = [10_000 / TimeStretch().augment(clip, np.random.default_rng(n)).n_samples for n in range(200)]
    assert 0.8 <= min(speeds) < 0.82
    assert 1.22 < max(speeds) <= 1.2501
    assert np.median(speeds) == pytest.approx(1, abs=0.05)


def test_spoken_digits_keep_their_duration(test_data: Path) -> None:
    for number, (digit, _, _) in enumerate(digits(test_data, 20, seed=3)):
        rng = np.random.default_rng(number)
        assert Pitch().augment(digit, rng).n_samples == digit.n_samples
        made = TimeStretch(min_speed=0.9, max_speed=0.9).augment(digit, rng)
        assert made.duration_s == pytest.approx(digit.duration_s / 0.9, rel=0.01)
        assert np.std(made.samples) == pytest.approx(np.std(digit.samples), rel=0.2)


def once(augmenter: Pitch | TimeStretch | Speed, clip: Audio) -> Audio:
    return augmenter.augment(clip, np.random.default_rng(0))


def off_cents(sound: Audio, f0_hz: float) -> float:
    """How far the fundamental is from ``f0_hz``: the comb of six harmonics that holds most, out of a fine spectrum."""
    n = sound.n_samples
    middle = sound.samples[0, n // 5 : n - n // 5].astype(np.float64)
    n_fft = 1 << 19
    spectrum = np.abs(np.fft.rfft(middle * np.blackman(len(middle)), n_fft))
    candidates_hz = f0_hz * 2 ** (np.arange(-80, 80.01, 0.1) / 1_200)
    harmonics = [k for k in range(1, 7) if k * f0_hz * 1.05 < sound.rate_hz / 2]
    bins = np.outer(harmonics, candidates_hz) * n_fft / sound.rate_hz
    heights = np.log(np.interp(bins, np.arange(len(spectrum)), spectrum) + 1e-9).sum(axis=0)
    return float(1_200 * np.log2(candidates_hz[np.argmax(heights)] / f0_hz))


def clicks() -> tuple[Audio, np.ndarray]:
    """Two seconds at 16 kHz with a short burst every quarter of a second, and where they start."""
    rng = np.random.default_rng(0)
    starts = np.arange(2_000, 30_001, 4_000)
    samples = np.zeros((1, 32_000))
    for start in starts:
        samples[0, start : start + 40] = rng.normal(size=40) * 0.2 * np.exp(-np.arange(40) / 10)
    return audio(samples, rate_hz=16_000), starts


def share_in_place(sound: Audio, starts: np.ndarray) -> float:
    """How much of the energy lies from 5 ms before to 7.5 ms after the starts."""
    energy = np.square(sound.samples[0], dtype=np.float64)
    return sum(energy[round(start) - 80 : round(start) + 120].sum() for start in starts) / energy.sum()
