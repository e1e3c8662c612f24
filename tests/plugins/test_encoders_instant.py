"""Instant: what near and far mean to it, and that many clips at once are what each is alone."""

from __future__ import annotations

import numpy as np
import soxr

from pipeline.core.types import Audio
from pipeline.plugins.encoders.instant import Instant
from tests.contracts.sounds import audio, bursts


def test_level_and_silence_around_do_not_matter() -> None:
    clip = audio(bursts().samples[:, 2_400:8_000])
    padding = np.zeros((1, 4_000))
    quiet = audio(clip.samples * 0.05)
    padded = audio(np.concatenate((padding, clip.samples, padding), axis=1))
    original, *others = Instant().encode([clip, quiet, padded])
    assert original @ others[0] > 0.9999
    assert original @ others[1] > 0.99


def test_rate_hardly_matters() -> None:
    clip = bursts(rate_hz=16_000)
    resampled = Audio(samples=soxr.resample(clip.samples.T, 16_000, 48_000).T, rate_hz=48_000)
    first, second = Instant().encode([clip, resampled])
    assert first @ second > 0.99


def test_sample_that_is_not_a_number_leaves_the_embedding_finite() -> None:
    broken = bursts()
    broken.samples[0, 100:103] = np.nan, np.inf, -np.inf
    assert np.isfinite(Instant().encode([broken])).all()


def test_more_clips_than_are_worked_on_together_give_each_its_own() -> None:
    clips = [bursts(seed=seed) for seed in range(70)]
    together = Instant().encode(clips)
    assert np.array_equal(together[[0, 33, 69]], Instant().encode([clips[0], clips[33], clips[69]]))
    assert len(np.unique(together, axis=0)) == 70
