"""What every segmenter promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from tests.contracts.sounds import BlockSound, audio, boundary_sounds, bursts

SOUNDS = boundary_sounds()


@pytest.fixture(params=registry.names("segmenter"))
def segmenter(request: pytest.FixtureRequest) -> Any:
    return registry.create("segmenter", PluginSpec(name=request.param))


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS.keys())
def test_spans_are_sorted_not_empty_and_inside(segmenter: Any, sound: Audio) -> None:
    segments = segmenter.segment(BlockSound(sound))
    assert all(0 <= segment.start < segment.stop <= sound.n_samples for segment in segments)
    assert segments == sorted(segments, key=lambda segment: (segment.start, segment.stop))
    assert all(type(segment.start) is int and type(segment.stop) is int for segment in segments)


def test_recording_without_samples_gives_no_segments(segmenter: Any) -> None:
    assert segmenter.segment(BlockSound(audio(np.zeros((1, 0))))) == []


def test_same_sound_gives_same_spans_whatever_the_blocks(segmenter: Any) -> None:
    results = [segmenter.segment(BlockSound(bursts(2), n_block=n)) for n in (24_000, 24_000, 997, 64)]
    assert all(result == results[0] for result in results)
