"""Silence on spoken digits as recorded, between pauses, in noise; and the levels it decides on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.silence import GOALS, RATE_HZ, noisy, placed_digits, score, white
from pipeline.audio.noise_floor import frame_levels, heights, noise_of
from pipeline.core.types import Float32
from pipeline.plugins.segmenters.silence import Silence
from tests.contracts.sounds import BlockSound, audio, bursts


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("noise_dbfs", "least"), GOALS.items())
def test_digits_of_all_speakers_are_found_as_recorded(
    test_data: Path, noise_dbfs: float, least: float, seed: int
) -> None:
    if not (test_data / "fsdd").is_dir():
        pytest.skip(f"no fsdd in {test_data}: set EARMARK_TEST_DATA")
    digits = placed_digits(test_data, seed=seed)
    assert score(Silence().segment(noisy(digits, noise_dbfs, seed=seed)), digits).trimmed >= least


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
@pytest.mark.parametrize("noise_dbfs", GOALS)
def test_noise_alone_gives_no_segments(noise_dbfs: float, rate_hz: int) -> None:
    for seed in range(3):
        noise = white(60 * rate_hz, noise_dbfs, seed=seed)[np.newaxis]
        assert Silence().segment(BlockSound(audio(noise, rate_hz=rate_hz), n_block=65_536)) == []


def test_digital_silence_gives_no_segments() -> None:
    assert Silence().segment(BlockSound(audio(np.zeros((1, 60 * RATE_HZ))))) == []


@pytest.mark.parametrize("seed", range(6))
def test_call_in_a_narrow_band_is_found_in_noise_as_loud_as_itself(seed: int) -> None:
    samples = white(20 * RATE_HZ, -42, seed=seed)
    call = 10 ** (-42 / 20) * np.sqrt(2) * np.sin(2 * np.pi * 900 * np.arange(RATE_HZ) / RATE_HZ)
    samples[8 * RATE_HZ : 9 * RATE_HZ] += call.astype(np.float32)
    found = Silence().segment(BlockSound(audio(samples[np.newaxis])))
    longest = max(found, key=lambda segment: segment.stop - segment.start)
    assert (longest.start / RATE_HZ, longest.stop / RATE_HZ) == (pytest.approx(8, abs=0.03), pytest.approx(9, abs=0.03))


def test_rumble_neither_is_sound_nor_hides_one() -> None:
    rumble = _rumble(60 * RATE_HZ)
    assert Silence().segment(BlockSound(audio(rumble[np.newaxis]))) == []
    chirp = 0.02 * np.sin(2 * np.pi * 2_500 * np.arange(RATE_HZ // 2) / RATE_HZ)
    rumble[30 * RATE_HZ : 30 * RATE_HZ + len(chirp)] += chirp.astype(np.float32)
    (segment,) = Silence().segment(BlockSound(audio(rumble[np.newaxis])))
    assert segment.start / RATE_HZ == pytest.approx(30, abs=0.03)


@pytest.mark.parametrize(("n_channels", "rate_hz"), [(1, 8_000), (2, 44_100)])
def test_levels_are_the_same_bits_whatever_the_blocks(n_channels: int, rate_hz: int) -> None:
    sound = audio(np.random.default_rng(0).normal(scale=0.01, size=(n_channels, 20 * rate_hz + 7)), rate_hz=rate_hz)
    frame = rate_hz // 100
    first, *others = (frame_levels(BlockSound(sound, n_block=n), frame) for n in (10**7, 65_536, 997, frame))
    for other in others:
        assert first.whole_dbfs.tobytes() == other.whole_dbfs.tobytes()
        assert first.band_dbfs.tobytes() == other.band_dbfs.tobytes()


def test_levels_are_those_of_the_sound() -> None:
    tone = 0.1 * np.sqrt(2) * np.sin(2 * np.pi * 1_000 * np.arange(RATE_HZ) / RATE_HZ)
    levels = frame_levels(BlockSound(audio(tone[np.newaxis] + 0.3)), RATE_HZ // 100)
    assert levels.whole_dbfs.astype(float) == pytest.approx(-20, abs=0.05)
    assert levels.band_dbfs.astype(float).max(axis=0) == pytest.approx(-20, abs=0.3)
    assert (np.sort(levels.band_dbfs.astype(float), axis=0)[-2] < -35).all()


def test_click_counts_for_nothing() -> None:
    samples = np.zeros((1, RATE_HZ))
    samples[0, RATE_HZ // 2] = 1.0
    levels = frame_levels(BlockSound(audio(samples)), RATE_HZ // 100)
    assert levels.whole_dbfs.max() == levels.band_dbfs.max() == -120


def test_heights_of_noise_stay_near_their_floor() -> None:
    levels = frame_levels(BlockSound(audio(white(60 * RATE_HZ, -50, seed=0)[np.newaxis])), RATE_HZ // 100)
    height_db = heights(levels, steady_db=0.75)
    noise = noise_of(height_db)
    assert height_db.min() >= 0
    assert np.mean(height_db > noise.floor_db + 3.0) < 0.001


@pytest.mark.parametrize("n", [0, 1, 79, 80, 81, 160, 161, 400])
def test_every_length_gives_all_its_frames(n: int) -> None:
    levels = frame_levels(BlockSound(audio(np.full((2, n), 0.5))), 80)
    assert levels.whole_dbfs.shape == (-(-n // 80),)
    assert levels.band_dbfs.shape[1] == -(-n // 80)


@pytest.mark.parametrize("frame_s", [0.001, 0.3, 1.0])
def test_any_frame_length_finds_the_loud_part(frame_s: float) -> None:
    sound = audio(np.concatenate((np.zeros((1, 2_000)), bursts().samples[:, ::8]), axis=1), rate_hz=1_000)
    assert all(segment.start >= 1_000 for segment in Silence(frame_s=frame_s).segment(BlockSound(sound)))


def _rumble(n: int) -> Float32:
    """Noise that falls by 6 dB an octave above 40 Hz, float32 (n,) at -35 dBFS, over a faint hiss."""
    rng = np.random.default_rng(4)
    hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum = np.fft.rfft(rng.normal(size=n)) / np.maximum(hz, 40)
    low = np.fft.irfft(spectrum, n)
    return (low * 10 ** (-35 / 20) / np.sqrt(np.mean(np.square(low))) + rng.normal(scale=3e-4, size=n)).astype(
        np.float32
    )
