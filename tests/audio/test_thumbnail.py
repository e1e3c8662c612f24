from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio.thumbnail import waveform_thumbnail
from pipeline.core.errors import EmptyAudio
from pipeline.core.types import Audio


def _thumbnail(values: list[float] | np.ndarray, n_bars: int) -> list[int]:
    samples = np.atleast_2d(np.asarray(values, dtype="f4"))
    return list(waveform_thumbnail(Audio(samples=samples, rate_hz=16_000), n_bars=n_bars))


def test_bars_are_peaks_on_a_scale_of_60_db() -> None:
    assert _thumbnail([1.0, 0.5, -0.1, 0.0, 1e-3, 0.0, 1e-4, 0.0], 4) == [255, 170, 0, 0]


def test_full_scale_and_beyond_is_255() -> None:
    assert _thumbnail([-1.0, 3.0], 2) == [255, 255]


def test_silence_is_flat() -> None:
    assert _thumbnail(np.zeros(1_000), 48) == [0] * 48


@pytest.mark.parametrize("n_samples", [1, 2, 47, 48, 49, 16_000])
def test_any_length_gives_all_bars(n_samples: int) -> None:
    assert _thumbnail(np.ones(n_samples), 48) == [255] * 48


def test_every_sample_counts_in_some_bar() -> None:
    for at in range(101):
        values = np.zeros(101)
        values[at] = 1.0
        assert max(_thumbnail(values, 7)) == 255


def test_loudest_channel_shows() -> None:
    assert _thumbnail(np.array([[0.0, 0.0], [0.0, 1.0]]), 2) == [0, 255]


def test_no_sample_has_no_waveform() -> None:
    with pytest.raises(EmptyAudio):
        _thumbnail(np.zeros((1, 0)), 48)
