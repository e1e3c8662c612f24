"""What gain, time_shift and band_limit promise."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.types import Audio
from pipeline.plugins.augmenters.band_limit import BandLimit
from pipeline.plugins.augmenters.gain import Gain
from pipeline.plugins.augmenters.time_shift import TimeShift
from tests.contracts.sounds import audio, bursts


@pytest.mark.parametrize("gain_db", [-20.0, 0.0, 6.0])
@pytest.mark.parametrize("beyond", ["reduce", "limit"])
def test_gain_is_what_was_asked_where_there_is_room(gain_db: float, beyond: str) -> None:
    clip = audio(bursts().samples * 0.2)
    made = gained(clip, gain_db, beyond=beyond)
    assert np.allclose(made.samples, clip.samples * 10 ** (gain_db / 20), atol=1e-6)


def test_gain_beyond_full_scale_is_reduced_to_what_the_peak_allows() -> None:
    clip = bursts()
    made = gained(clip, 40, beyond="reduce")
    assert np.abs(made.samples).max() == 1
    assert np.allclose(made.samples, clip.samples / np.abs(clip.samples).max(), atol=1e-6)


def test_limiter_gives_the_gain_in_full_but_at_the_loud_moments() -> None:
    rng = np.random.default_rng(0)
    samples = 0.01 * rng.normal(size=(2, 16_000))
    samples[0, 8_000:8_040] = 0.9
    clip = audio(samples)
    made = gained(clip, 12, beyond="limit")
    assert np.abs(made.samples).max() <= 1
    far = np.r_[0:7_900, 8_140:16_000]
    assert np.allclose(made.samples[:, far], clip.samples[:, far] * 10 ** (12 / 20), atol=1e-5)
    assert made.samples[0, 8_000:8_040].min() > 0.9


def test_limiter_never_lets_a_sample_beyond_full_scale() -> None:
    for seed in range(10):
        samples = np.random.default_rng(seed).standard_t(df=2, size=(1, 4_000)) * 0.1
        assert np.abs(gained(audio(samples), 30, beyond="limit").samples).max() <= 1


@pytest.mark.parametrize("shift_s", [-0.25, 0.0, 0.1])
def test_sound_is_moved_and_silence_left_behind(shift_s: float) -> None:
    clip = bursts(2)
    made = shifted(clip, shift_s, fill="silence").samples
    n = round(shift_s * clip.rate_hz)
    inside = slice(max(0, n), clip.n_samples + min(0, n))
    assert np.array_equal(made[:, inside], clip.samples[:, max(0, -n) : clip.n_samples - max(0, n)])
    assert not np.delete(made, np.arange(clip.n_samples)[inside], axis=1).any()
    assert made.shape == clip.samples.shape


def test_wrapped_sound_loses_nothing() -> None:
    clip = bursts()
    assert np.array_equal(shifted(clip, 1.2, fill="wrap").samples, np.roll(clip.samples, 9_600, axis=1))
    assert np.array_equal(shifted(clip, -4, fill="wrap").samples, np.roll(clip.samples, -32_000, axis=1))


def test_shift_longer_than_the_clip_leaves_half_of_it() -> None:
    clip = audio(np.arange(1, 11)[np.newaxis] / 10)
    assert shifted(clip, 60, fill="silence").samples[0].tolist() == [0] * 5 + clip.samples[0, :5].tolist()
    assert shifted(clip, -60, fill="silence").samples[0].tolist() == clip.samples[0, 5:].tolist() + [0] * 5


def test_shifts_go_both_ways() -> None:
    click = audio(np.eye(1, 8_000, 4_000))
    places = [int(np.argmax(TimeShift().augment(click, np.random.default_rng(n)).samples)) for n in range(80)]
    assert 3_200 <= min(places) < 3_300
    assert 4_700 < max(places) <= 4_800


@pytest.mark.parametrize(
    ("band", "edges_hz"), [("low_pass", [2_000]), ("high_pass", [300]), ("band_pass", [300, 2_000])]
)
def test_band_ends_at_its_edges_and_falls_as_its_order_says(band: str, edges_hz: list[int]) -> None:
    assert [response_db(band, hz) for hz in edges_hz] == pytest.approx([-3.01] * len(edges_hz), abs=0.1)
    assert response_db(band, 800) == pytest.approx(0, abs=0.1)
    if 300 in edges_hz:
        assert response_db(band, 150) == pytest.approx(-24.1, abs=0.3)
    if 2_000 in edges_hz:
        assert response_db(band, 4_000) == pytest.approx(-24.1, abs=0.3)


def test_band_limited_sound_is_not_delayed() -> None:
    click = audio(np.eye(1, 16_000, 8_000), rate_hz=16_000)
    for band in ("low_pass", "high_pass", "band_pass"):
        made = BandLimit(band=band).augment(click, np.random.default_rng(0))
        assert np.argmax(np.abs(made.samples)) == 8_000


def test_upper_edge_above_half_the_rate_takes_nothing() -> None:
    clip = bursts()
    made = BandLimit(band="low_pass", min_upper_hz=6_000, max_upper_hz=8_000).augment(clip, np.random.default_rng(0))
    assert np.allclose(made.samples, clip.samples, atol=1e-6)


def test_edges_that_leave_no_band_are_refused() -> None:
    with pytest.raises(ValueError, match="max_lower_hz"):
        BandLimit(max_lower_hz=2_000, min_upper_hz=1_000)


def gained(clip: Audio, gain_db: float, *, beyond: str) -> Audio:
    gain = Gain(min_gain_db=gain_db, max_gain_db=gain_db, beyond_full_scale=beyond)
    return gain.augment(clip, np.random.default_rng(0))


def shifted(clip: Audio, shift_s: float, *, fill: str) -> Audio:
    shift = TimeShift(min_shift_s=shift_s, max_shift_s=shift_s, fill=fill)
    return shift.augment(clip, np.random.default_rng(0))


def response_db(band: str, hz: float) -> float:
    """How much of a tone comes through a band of order 4 from 300 to 2000 Hz, measured away from its ends."""
    tone = audio(0.5 * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)[np.newaxis], rate_hz=16_000)
    limit = BandLimit(band=band, min_lower_hz=300, max_lower_hz=300, min_upper_hz=2_000, max_upper_hz=2_000, order=4)
    made = limit.augment(tone, np.random.default_rng(0))
    middle = slice(4_000, 12_000)
    return float(20 * np.log10(np.std(made.samples[0, middle]) / np.std(tone.samples[0, middle])))
