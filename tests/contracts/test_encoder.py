"""What every encoder promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from tests.contracts.networks import made_pretrained
from tests.contracts.sounds import audio, boundary_sounds

SOUNDS = boundary_sounds() | {"no sample": audio(np.zeros((1, 0)))}


@pytest.fixture(params=registry.names("encoder"))
def encoder(request: pytest.FixtureRequest) -> Any:
    if request.param == "pretrained":  # the one that is nothing without somebody's network
        return made_pretrained()
    return registry.create("encoder", PluginSpec(name=request.param))


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS.keys())
def test_embedding_is_finite_and_of_unit_length(encoder: Any, sound: Audio) -> None:
    vectors = encoder.encode([sound])
    assert vectors.dtype == np.float32
    assert vectors.shape == (1, encoder.n_dims)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-4)


def test_no_clips_give_no_embeddings(encoder: Any) -> None:
    assert encoder.encode([]).shape == (0, encoder.n_dims)


def test_embedding_does_not_depend_on_the_other_clips(encoder: Any) -> None:
    sounds = list(SOUNDS.values())
    together = encoder.encode(sounds)
    alone = np.concatenate([encoder.encode([sound]) for sound in reversed(sounds)])[::-1]
    assert np.array_equal(together, alone)


def test_the_clip_is_left_as_it_was(encoder: Any) -> None:
    sound = SOUNDS["stereo"]
    before = sound.samples.copy()
    encoder.encode([sound])
    assert np.array_equal(sound.samples, before)
