"""Log_mel_stats: what near and far mean to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr

from pipeline.core.types import Audio, Float32
from pipeline.plugins.encoders.log_mel_stats import LogMelStats
from tests.contracts.sounds import audio, bursts
from tests.plugins.real_sound import digits, environmental


def test_level_and_silence_around_do_not_matter() -> None:
    clip = audio(bursts().samples[:, 2_400:8_000])
    padding = np.zeros((1, 4_000))
    quiet = audio(clip.samples * 0.05)
    padded = audio(np.concatenate((padding, clip.samples, padding), axis=1))
    original, *others = LogMelStats().encode([clip, quiet, padded])
    assert original @ others[0] > 0.9999
    assert original @ others[1] > 0.99


def test_rate_hardly_matters() -> None:
    clip = bursts(rate_hz=16_000)
    resampled = Audio(samples=soxr.resample(clip.samples.T, 16_000, 48_000).T, rate_hz=48_000)
    first, second = LogMelStats().encode([clip, resampled])
    assert first @ second > 0.99


def test_stereo_of_equal_channels_is_its_mono() -> None:
    mono = bursts()
    first, second = LogMelStats().encode([mono, audio(np.repeat(mono.samples, 2, axis=0))])
    assert first @ second == pytest.approx(1, abs=1e-5)


def test_sample_that_is_not_a_number_leaves_the_embedding_finite() -> None:
    broken = bursts()
    broken.samples[0, 100:103] = np.nan, np.inf, -np.inf
    assert np.isfinite(LogMelStats().encode([broken])).all()


def test_new_speakers_digits_lie_near_the_same_digit(test_data: Path) -> None:
    assert _left_out_accuracy(digits(test_data, 1_000, seed=0)) > 0.65


def test_new_recordings_lie_near_the_same_kind_of_sound(test_data: Path) -> None:
    assert _left_out_accuracy(environmental(test_data, 150, seed=0)) > 0.6


def _left_out_accuracy(clips: list[tuple[Audio, str, str]]) -> float:
    """Share of clips whose five nearest neighbours from the other groups agree with their label."""
    vectors: Float32 = LogMelStats().encode([clip for clip, _, _ in clips])
    labels = np.array([label for _, label, _ in clips])
    groups = np.array([group for _, _, group in clips])
    cosines = np.where(groups[:, np.newaxis] == groups, -np.inf, vectors @ vectors.T)
    nearest = labels[np.argsort(-cosines, axis=1)[:, :5]]
    votes = [max(sorted(set(row)), key=list(row).count) for row in nearest.tolist()]
    return float(np.mean(np.array(votes) == labels))
