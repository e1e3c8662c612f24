"""What every augmenter promises."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.errors import AudioError, EmptyAudio, PluginError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from tests.contracts.sounds import audio, boundary_sounds, bursts

NAMES = registry.names("augmenter")
SOUNDS = boundary_sounds()
BACKGROUNDS = (bursts(seed=5), bursts(2, rate_hz=44_100, seed=6))


@pytest.fixture(params=NAMES)
def augmenter(request: pytest.FixtureRequest) -> Any:
    return registry.create("augmenter", PluginSpec(name=request.param))


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS.keys())
def test_sound_keeps_rate_and_channels_and_stays_finite_within_full_scale(augmenter: Any, sound: Audio) -> None:
    for seed in range(3):
        made = augmented(augmenter, sound, seed=seed)
        assert made.rate_hz == sound.rate_hz
        assert made.n_channels == sound.n_channels
        assert made.n_samples >= 1
        assert made.samples.dtype == np.float32
        assert made.samples.flags.c_contiguous
        assert np.isfinite(made.samples).all()
        assert np.abs(made.samples).max() <= 1


def test_silence_stays_silence(augmenter: Any) -> None:
    for name in ("silent", "one silent sample"):
        assert not augmented(augmenter, SOUNDS[name], seed=1).samples.any()


@pytest.mark.parametrize("name", ["mono", "stereo", "one sample", "six channels at 44.1 kHz"])
def test_same_spec_and_seed_give_same_bytes(augmenter: Any, name: str) -> None:
    twin = type(augmenter)(**dataclasses.asdict(augmenter))
    np.random.seed(1)
    first = augmented(augmenter, SOUNDS[name], seed=7)
    np.random.seed(2)
    second = augmented(twin, SOUNDS[name], seed=7)
    assert first.samples.tobytes() == second.samples.tobytes()


def test_different_seeds_give_different_sounds(augmenter: Any) -> None:
    assert len({augmented(augmenter, SOUNDS["mono"], seed=seed).samples.tobytes() for seed in range(4)}) > 1


def test_augmented_sound_is_not_the_clip(augmenter: Any) -> None:
    made = augmented(augmenter, SOUNDS["mono"], seed=0)
    assert made.samples.tobytes() != SOUNDS["mono"].samples.tobytes()


def test_clip_and_backgrounds_are_left_as_they_were(augmenter: Any) -> None:
    for sound in (bursts(2), audio(np.full((1, 1), 0.5))):
        given = (sound, *BACKGROUNDS)
        before = [one.samples.copy() for one in given]
        made = augmented(augmenter, sound, seed=3)
        made.samples[:] = 9
        assert all(np.array_equal(one.samples, copy) for one, copy in zip(given, before, strict=True))


def test_no_sample_is_refused(augmenter: Any) -> None:
    with pytest.raises(EmptyAudio):
        augmented(augmenter, audio(np.zeros((1, 0))), seed=0)


@pytest.mark.parametrize("name", [name for name in NAMES if registry.load("augmenter", name).needs_backgrounds])
def test_augmenter_that_needs_backgrounds_refuses_to_go_without_and_to_take_silence(name: str) -> None:
    augmenter = registry.create("augmenter", PluginSpec(name=name))
    with pytest.raises(PluginError, match="background"):
        augmenter.augment(bursts(), np.random.default_rng(0))
    with pytest.raises(AudioError, match="silent"):
        augmenter.augment(bursts(), np.random.default_rng(0), backgrounds=(SOUNDS["silent"],) * 2)


@pytest.mark.parametrize("name", [name for name in NAMES if not registry.load("augmenter", name).needs_backgrounds])
def test_augmenter_that_needs_no_backgrounds_leaves_them_unread(name: str) -> None:
    augmenter = registry.create("augmenter", PluginSpec(name=name))
    without = augmenter.augment(bursts(), np.random.default_rng(0))
    assert augmented(augmenter, bursts(), seed=0).samples.tobytes() == without.samples.tobytes()


@pytest.mark.parametrize("name", [name for name in NAMES if registry.load("augmenter", name).needs_backgrounds])
def test_background_may_be_any_sound_that_sounds(name: str) -> None:
    augmenter = registry.create("augmenter", PluginSpec(name=name))
    for kind, background in SOUNDS.items():
        if background.samples.any():
            rng = np.random.default_rng(0)
            made = augmenter.augment(SOUNDS["stereo"], rng, backgrounds=(SOUNDS["silent"], background))
            assert np.isfinite(made.samples).all(), kind
            assert made.samples.shape == SOUNDS["stereo"].samples.shape, kind


def test_range_that_ends_before_it_begins_is_refused(augmenter: Any) -> None:
    lows = [field.name for field in dataclasses.fields(augmenter) if field.name.startswith("min_")]
    for low in lows:
        high = re.sub("^min_", "max_", low)
        name = next(name for name in NAMES if registry.load("augmenter", name) is type(augmenter))
        backwards = {low: getattr(augmenter, high), high: getattr(augmenter, low)}
        assert backwards[low] > backwards[high]
        with pytest.raises(PluginError, match=high):
            registry.create("augmenter", PluginSpec(name=name, params=backwards))


def test_not_a_number_is_refused_as_a_limit(augmenter: Any) -> None:
    for field in dataclasses.fields(augmenter):
        if field.name.startswith(("min_", "max_")):
            with pytest.raises(ValueError, match=field.name.removeprefix("min_").removeprefix("max_")):
                dataclasses.replace(augmenter, **{field.name: float("nan")})


def augmented(augmenter: Any, sound: Audio, *, seed: int) -> Audio:
    return augmenter.augment(sound, np.random.default_rng(seed), backgrounds=BACKGROUNDS)
