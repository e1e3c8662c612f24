"""What every deduplicator promises."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio, DuplicateGroup
from tests.contracts.sounds import audio, boundary_sounds, bursts


@pytest.fixture(params=registry.names("deduplicator"))
def deduplicator(request: pytest.FixtureRequest) -> Any:
    return registry.create("deduplicator", PluginSpec(name=request.param))


def test_no_clips_and_one_clip_give_no_groups(deduplicator: Any) -> None:
    assert _group(deduplicator, []) == []
    assert _group(deduplicator, [bursts()]) == []


def test_different_sounds_give_no_groups(deduplicator: Any) -> None:
    assert _group(deduplicator, [bursts(seed=seed) for seed in range(6)]) == []


def test_silent_clips_of_different_samples_are_not_grouped(deduplicator: Any) -> None:
    rng = np.random.default_rng(0)
    silent = [audio(np.zeros((1, n))) for n in (4_000, 8_000, 8_001)]
    silent += [audio(rng.normal(scale=1e-5, size=(1, 8_000))) for _ in range(3)]
    silent += [audio(np.full((1, 8_000), offset)) for offset in (0.1, 0.2)]
    assert _group(deduplicator, silent) == []


def test_identical_samples_are_grouped_even_if_silent_or_short(deduplicator: Any) -> None:
    for sound in boundary_sounds().values():
        (group,) = _group(deduplicator, [sound, bursts(seed=9), sound])
        assert [member.index for member in group.members] == [0, 2]
        assert all(member.distance == 0 and member.finding == "identical" for member in group.members)
        assert "identical" in " ".join(member.reason for member in group.members)


def test_copy_at_another_level_is_found(deduplicator: Any) -> None:
    quiet = audio(bursts(seed=3).samples * 0.2)
    (group,) = _group(deduplicator, [bursts(seed=1), bursts(seed=3), bursts(seed=2), quiet])
    assert [member.index for member in group.members] == [1, 3]


def test_groups_are_disjoint_and_hold_their_representative_at_distance_nought(deduplicator: Any) -> None:
    originals = [bursts(seed=seed) for seed in range(5)]
    clips = originals + [audio(clip.samples * 0.5) for clip in originals] + originals[:2]
    groups = _group(deduplicator, clips)
    members = [member.index for group in groups for member in group.members]
    assert len(groups) == 5
    assert sorted(members) == sorted(set(members)) == list(range(12))
    for group in groups:
        (leader,) = [member for member in group.members if member.index == group.representative]
        assert leader.distance == 0
        assert all(0 <= member.distance <= 1 and member.reason for member in group.members)


def test_same_input_gives_same_groups(deduplicator: Any) -> None:
    clips = [bursts(seed=seed % 4) for seed in range(8)]
    assert _group(deduplicator, clips) == _group(deduplicator, clips)


def _group(deduplicator: Any, clips: Sequence[Audio]) -> list[DuplicateGroup]:
    """Groups with no preference among the clips."""
    return deduplicator.group(
        [deduplicator.marks(clip) for clip in clips],
        pcm_sha256=[hashlib.sha256(clip.samples.tobytes()).digest() for clip in clips],
        rank=[0] * len(clips),
        read_clip=lambda index: clips[index],
    )
