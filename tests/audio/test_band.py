"""A band: what is in it stays where it is, what is outside is gone."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio.band import within_band
from pipeline.core.errors import AudioError
from pipeline.core.types import Audio

RATE_HZ = 16_000


def tone(hz: float, n: int = RATE_HZ) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(n) / RATE_HZ).astype(np.float32)


def sound(*channels: np.ndarray) -> Audio:
    return Audio(samples=np.stack(channels).astype(np.float32), rate_hz=RATE_HZ)


@pytest.mark.parametrize(("low_hz", "high_hz"), [(1_000, 3_000), (None, 3_000), (1_000, None), (0, 8_000)])
def test_tone_within_stays_sample_for_sample(low_hz: float | None, high_hz: float | None) -> None:
    inner = slice(1_000, -1_000)  # a tone that begins and ends at once has more than its own frequency there
    given = sound(tone(2_000), 0.5 * tone(1_500))
    found = within_band(given, low_hz, high_hz)
    assert found.samples.shape == given.samples.shape and found.samples.dtype == np.float32
    np.testing.assert_allclose(found.samples[:, inner], given.samples[:, inner], atol=2e-3)


@pytest.mark.parametrize("hz", [700, 4_000, 50])
def test_tone_outside_is_gone(hz: float) -> None:
    kept = within_band(sound(tone(hz)), 1_000, 3_000).samples[0, 1_000:-1_000]
    assert np.abs(kept).max() < 1e-3


def test_click_stays_where_it_was() -> None:
    click = np.zeros(4_001, np.float32)
    click[2_000] = 1
    kept = within_band(sound(click), 500, 2_000).samples[0]
    assert np.abs(kept).argmax() == 2_000
    np.testing.assert_allclose(kept, kept[::-1], atol=1e-6)


def test_end_does_not_ring_into_the_start() -> None:
    late = np.zeros(RATE_HZ, np.float32)
    late[-400:] = tone(2_000, 400)
    assert np.abs(within_band(sound(late), 1_900, 2_100).samples[0, :4_000]).max() < 1e-3


def test_one_sample_and_silence_are_borne() -> None:
    assert within_band(sound(np.ones(1)), 100, 200).samples.shape == (1, 1)
    assert not within_band(sound(np.zeros(500)), 100, 200).samples.any()


@pytest.mark.parametrize(
    ("low_hz", "high_hz"), [(3_000, 1_000), (2_000, 2_000), (8_000, None), (9_000, 9_500), (-1, 5)]
)
def test_band_without_a_frequency_of_the_sound_is_refused(low_hz: float, high_hz: float | None) -> None:
    with pytest.raises(AudioError, match="Hz from 0 to 8000"):
        within_band(sound(tone(2_000)), low_hz, high_hz)
