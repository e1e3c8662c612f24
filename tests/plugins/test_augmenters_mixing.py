"""What background_mix and noise promise: the ratio that was asked for, where the clip sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.background_mix import BackgroundMix
from pipeline.plugins.augmenters.mixing import active_part
from pipeline.plugins.augmenters.noise import Noise
from tests.contracts.sounds import audio, bursts
from tests.plugins.real_sound import digits, environmental

COLOURS = {"white": 0.0, "pink": -3.01, "brown": -6.02, "blue": 3.01}


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 10.0, 30.0])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_background_lies_as_far_below_the_sound_as_asked(snr_db: float, n_channels: int) -> None:
    clip, is_active = tone_between_silence(n_channels)
    mix = BackgroundMix(min_snr_db=snr_db, max_snr_db=snr_db)
    for seed, background in enumerate((hiss(1, 16_000), hiss(2, 44_100), bursts(seed=4), hiss(1, 8_000, n_s=0.3))):
        made = mix.augment(clip, np.random.default_rng(seed), backgrounds=[background])
        assert measured_snr_db(clip, made, is_active) == pytest.approx(snr_db, abs=0.1)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("snr_db", [-5.0, 20.0])
def test_noise_lies_as_far_below_the_sound_as_asked(colour: str, snr_db: float) -> None:
    clip, is_active = tone_between_silence(2)
    noise = Noise(colour=colour, min_snr_db=snr_db, max_snr_db=snr_db)
    made = noise.augment(clip, np.random.default_rng(1))
    assert measured_snr_db(clip, made, is_active) == pytest.approx(snr_db, abs=0.1)


def test_spoken_digits_over_real_backgrounds_meet_the_ratio(test_data: Path) -> None:
    backgrounds = [sound for sound, _, _ in environmental(test_data, 8, seed=1)]
    for number, (digit, _, _) in enumerate(digits(test_data, 25, seed=2)):
        quiet = Audio(samples=digit.samples * np.float32(0.05), rate_hz=digit.rate_hz)
        rng = np.random.default_rng(number)
        made = BackgroundMix(min_snr_db=12, max_snr_db=12).augment(quiet, rng, backgrounds=backgrounds)
        assert measured_snr_db(quiet, made, loud_frames(quiet)) == pytest.approx(12, abs=0.5)


def test_ratios_are_drawn_over_the_whole_range() -> None:
    clip, is_active = tone_between_silence(1)
    noise = Noise(colour="white", min_snr_db=5, max_snr_db=25)
    drawn = [measured_snr_db(clip, noise.augment(clip, np.random.default_rng(n)), is_active) for n in range(60)]
    assert 5 <= min(drawn) < 8
    assert 22 < max(drawn) <= 25.1


def test_mix_beyond_full_scale_is_turned_down_and_keeps_its_ratio() -> None:
    clip, is_active = tone_between_silence(1)
    loud = audio(clip.samples * 20, rate_hz=clip.rate_hz)
    made = Noise(colour="white", min_snr_db=0, max_snr_db=0).augment(loud, np.random.default_rng(0))
    assert np.abs(made.samples).max() == pytest.approx(1, abs=1e-6)
    share = float(np.vdot(loud.samples[0], made.samples[0]) / np.vdot(loud.samples[0], loud.samples[0]))
    assert share < 0.9
    turned_down = Audio(samples=loud.samples * np.float32(share), rate_hz=loud.rate_hz)
    assert measured_snr_db(turned_down, made, is_active) == pytest.approx(0, abs=0.5)


def test_background_that_sounds_but_once_is_put_under_the_sound() -> None:
    clip, is_active = tone_between_silence(1)
    click = np.zeros((1, 60 * 16_000))
    click[0, 700_000:700_100] = 0.5
    made = BackgroundMix(min_snr_db=10, max_snr_db=10).augment(
        clip, np.random.default_rng(0), backgrounds=[audio(click, rate_hz=16_000)]
    )
    assert measured_snr_db(clip, made, is_active) == pytest.approx(10, abs=0.1)


def test_background_quiet_beneath_the_sound_is_not_blown_up() -> None:
    clip, is_active = tone_between_silence(1)
    for seed in range(20):
        made = BackgroundMix(min_snr_db=10, max_snr_db=10).augment(
            clip, np.random.default_rng(seed), backgrounds=[bursts(seed=seed)]
        )
        assert rms(made.samples - clip.samples) < 0.5 * rms(clip.samples[:, is_active])


def test_short_background_goes_round_without_a_click() -> None:
    clip, _ = tone_between_silence(1)
    ramp = np.linspace(0.9, -0.9, 4_001)[np.newaxis]
    made = BackgroundMix(min_snr_db=10, max_snr_db=10).augment(
        clip, np.random.default_rng(0), backgrounds=[audio(ramp, rate_hz=16_000)]
    )
    background = made.samples - clip.samples
    assert np.abs(np.diff(background)).max() < 0.03 * np.ptp(background)


def test_only_the_drawn_background_is_read() -> None:
    class Counted(tuple[Audio, ...]):
        n_read = 0

        def __getitem__(self, index: int) -> Audio:  # type: ignore[override]
            self.n_read += 1
            return super().__getitem__(index)

    backgrounds = Counted(hiss(1, 8_000, seed=seed) for seed in range(50))
    BackgroundMix().augment(bursts(), np.random.default_rng(0), backgrounds=backgrounds)
    assert backgrounds.n_read == 1


@pytest.mark.parametrize(("colour", "slope_db"), COLOURS.items())
def test_noise_has_the_slope_of_its_colour(colour: str, slope_db: float) -> None:
    clip = audio(np.sin(np.arange(10 * 16_000))[np.newaxis] * 1e-3, rate_hz=16_000)
    made = Noise(colour=colour, min_snr_db=-40, max_snr_db=-40).augment(clip, np.random.default_rng(0))
    hz, density = welch(made.samples[0], fs=16_000, nperseg=4_096)
    is_middle = (hz > 60) & (hz < 6_000)
    slope = np.polyfit(np.log2(hz[is_middle]), 10 * np.log10(density[is_middle]), 1)[0]
    assert slope == pytest.approx(slope_db, abs=0.2)


def test_channels_have_noise_of_their_own() -> None:
    clip = audio(np.full((2, 16_000), 0.01), rate_hz=16_000)
    made = Noise(colour="white", min_snr_db=0, max_snr_db=0).augment(clip, np.random.default_rng(0))
    assert abs(np.corrcoef(made.samples)[0, 1]) < 0.05


def test_pauses_are_not_active() -> None:
    clip, is_active = tone_between_silence(1)
    assert np.mean(active_part(clip) != is_active) < 0.03
    assert active_part(audio(np.zeros((1, 500)))).all()


def tone_between_silence(n_channels: int) -> tuple[Audio, np.ndarray]:
    """Two seconds at 16 kHz with a tone from 0.6 to 1.0 s, and where it is."""
    is_active = np.zeros(32_000, dtype=bool)
    is_active[9_600:16_000] = True
    tone = 0.05 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000) * is_active
    return audio(np.stack([tone / (channel + 1) for channel in range(n_channels)]), rate_hz=16_000), is_active


def hiss(n_channels: int, rate_hz: int, *, n_s: float = 5, seed: int = 0) -> Audio:
    rng = np.random.default_rng(seed)
    return audio(rng.normal(scale=0.1, size=(n_channels, int(n_s * rate_hz))), rate_hz=rate_hz)


def measured_snr_db(clip: Audio, made: Audio, is_active: np.ndarray) -> float:
    added = made.samples.astype(np.float64) - clip.samples
    return 20 * np.log10(rms(clip.samples[:, is_active]) / rms(added[:, is_active]))


def loud_frames(clip: Audio) -> np.ndarray:
    """Where the clip's 20 ms frames are within 15.9 dB of their own mean, found by raising a threshold."""
    n_frame = clip.rate_hz // 50
    frames = [clip.samples[:, start : start + n_frame] for start in range(0, clip.n_samples, n_frame)]
    levels = np.array([20 * np.log10(rms(frame) + 1e-12) for frame in frames])
    for threshold in np.arange(-120, 0, 0.05):
        kept = levels >= threshold
        if 10 * np.log10(np.mean(10 ** (levels[kept] / 10))) - threshold <= 15.9:
            return np.repeat(kept, n_frame)[: clip.n_samples]
    raise AssertionError("no threshold fits")


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
