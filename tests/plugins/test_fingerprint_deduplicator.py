"""Deduplicator fingerprint: copies are found, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.copies import COPIES
from pipeline.audio.fingerprint import fingerprint, fingerprint_from
from pipeline.core.types import Audio, DuplicateGroup
from pipeline.plugins.deduplicators.fingerprint import Fingerprint
from pipeline.plugins.deduplicators.fingerprint_index import candidates
from pipeline.plugins.deduplicators.fingerprint_proof import Match, calibrated_threshold, waves_alike
from tests.contracts.sounds import audio
from tests.plugins.real_sound import digits, environmental

RATE_HZ = 8_000


@pytest.mark.parametrize("kind", list(COPIES))
def test_copies_among_real_clips_are_found_and_nothing_else(test_data: Path, kind: str) -> None:
    clips = [clip for clip, _, _ in digits(test_data, 60, seed=3)] + [
        clip for clip, _, _ in environmental(test_data, 10, seed=3)
    ]
    n_originals, rng = len(clips), np.random.default_rng(0)
    clips += [COPIES[kind](clip, rng) for clip in clips[::4]]
    pairs = {(4 * number, n_originals + number) for number in range(len(clips) - n_originals)}
    found = {tuple(member.index for member in group.members) for group in _group(Fingerprint(), clips)}
    assert found <= pairs
    assert len(found) >= 0.9 * len(pairs)


def test_the_longest_clip_represents_and_reasons_say_where_the_others_begin() -> None:
    whole = _noise(1)
    late = audio(whole.samples[:, 2_000:] * 0.5)
    (group,) = _group(Fingerprint(), [late, _noise(2), whole, whole])
    assert group.representative == 2
    members = {member.index: member for member in group.members}
    assert members[3].reason == "identical samples"
    assert members[0].reason.startswith("same recording, 0.25 s later, ")
    assert members[0].reason.endswith(" marks agree")
    assert members[0].lag_s == pytest.approx(0.25, abs=0.008)
    assert members[0].finding == "same recording" and members[0].overlap_s == pytest.approx(2.75, abs=0.02)


def test_the_preferred_clip_represents_and_lags_are_seen_from_it() -> None:
    whole = _noise(1)
    late = audio(whole.samples[:, 2_000:] * 0.5)
    (group,) = _group(Fingerprint(), [late, _noise(2), whole, whole], rank=[0, 1, 1, 1])
    assert group.representative == 0
    assert {member.index: round(member.lag_s, 1) for member in group.members} == {0: 0, 2: -0.2, 3: -0.2}


def test_marks_are_read_back_as_they_were() -> None:
    for sound in (_noise(1), audio(np.zeros((1, 8_000)))):
        made, read = fingerprint(sound), fingerprint_from(fingerprint(sound).to_bytes())
        assert np.array_equal(made.frames, read.frames) and np.array_equal(made.bins, read.bins)
        assert made.duration_s == read.duration_s


def test_a_hundred_copies_of_one_sound_are_one_group() -> None:
    rng = np.random.default_rng(0)
    copies = [audio(_noise(1).samples * rng.uniform(0.1, 1)) for _ in range(100)]
    (group,) = _group(Fingerprint(), [*copies, _noise(2), _noise(3)])
    assert [member.index for member in group.members] == list(range(100))


def test_overlapping_spans_of_one_recording_do_not_become_one_group() -> None:
    recording = np.random.default_rng(0).normal(scale=0.1, size=(1, 12 * RATE_HZ))
    spans = [audio(recording[:, start : start + 16_000]) for start in range(0, 80_000, 2_000)]
    groups = _group(Fingerprint(), spans)
    assert groups
    for group in groups:
        starts = [2_000 * member.index for member in group.members]
        assert max(starts) - min(starts) < 16_000


def test_sounds_of_one_kind_are_no_copies() -> None:
    """Noise, hum of one mains, clicks of one beat, a machine's beat: each time recorded anew."""
    rng, n = np.random.default_rng(0), 4 * RATE_HZ
    time_s = np.arange(n) / RATE_HZ
    clips: list[Audio] = []
    for _ in range(8):
        hum = sum(np.sin(2 * np.pi * 50 * k * time_s + rng.uniform(0, 6)) / k for k in range(1, 60))
        clicks = np.zeros(n)
        clicks[int(rng.uniform(0, 4_000)) :: 4_000] = 0.8
        beat = (time_s * 4 + rng.uniform(0, 1)) % 1 < 0.5
        clips += [
            audio(0.1 * rng.normal(size=(1, n))),
            audio(0.1 * hum + 1e-3 * rng.normal(size=(1, n))),
            audio(clicks + 1e-3 * rng.normal(size=(1, n))),
            audio(0.1 * rng.normal(size=(1, n)) * beat),
        ]
    assert _group(Fingerprint(), clips) == []


def test_small_cache_gives_the_same_groups() -> None:
    clips = [_noise(seed) for seed in range(20)]
    clips += [COPIES["opus 16k"](clip, np.random.default_rng(0)) for clip in clips]
    groups = _group(Fingerprint(cache_mb=1), clips)
    assert len(groups) == 20
    assert groups == _group(Fingerprint(), clips)


def test_a_demanding_min_score_proves_less() -> None:
    clips = [_noise(seed) for seed in range(4)]
    clips += [COPIES["opus 16k"](clip, np.random.default_rng(0)) for clip in clips]
    assert len(_group(Fingerprint(min_score=0.3), clips)) == 4
    assert _group(Fingerprint(min_score=1.0), clips) == []


@pytest.mark.parametrize("wrong", [{"n_candidates": 0}, {"min_score": 0.1}, {"min_score": 1.1}, {"cache_mb": 0}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Fingerprint(**wrong)  # pyright: ignore[reportArgumentType]


def test_candidates_tell_the_lag_in_frames() -> None:
    whole = _noise(4)
    prints = [fingerprint(clip) for clip in (_noise(5), whole, audio(whole.samples[:, 6_400:]))]
    found = candidates(prints, n_best=3)
    best = int(np.argmax(found.votes))
    assert (found.firsts[best], found.seconds[best], found.lags[best]) == (1, 2, 100)


def test_candidates_of_nothing_are_none() -> None:
    assert len(candidates([], n_best=3)) == 0
    assert len(candidates([fingerprint(audio(np.zeros((1, 8_000))))] * 3, n_best=3)) == 0


def test_threshold_rises_where_unlike_clips_are_alike() -> None:
    rng = np.random.default_rng(0)
    alike = [_match(2 * pair, score) for pair, score in enumerate(0.3 + rng.exponential(0.08, size=500))]
    assert calibrated_threshold([], 1_000) == 0.5
    assert calibrated_threshold([_match(0, 0.95), _match(2, 0.1)], 1_000) == 0.5
    assert 0.6 < calibrated_threshold(alike, 1_000) <= 0.72


def test_waves_lie_on_each_other_only_where_they_are_the_same() -> None:
    first, other = _noise(1).samples[0], _noise(2).samples[0]
    assert waves_alike(first, first[800:] * np.float32(0.1), 800) == pytest.approx(1, abs=0.02)
    assert waves_alike(first, first[800:], 1_600) < 0.2
    assert waves_alike(first, other, 0) < 0.2
    assert waves_alike(first, first, len(first) - 10) == 0
    assert waves_alike(first, np.zeros_like(first), 0) == 0


def _match(first: int, score: float) -> Match:
    return Match(first=first, second=first + 1, score=score, lag_s=0, overlap_s=1, n_agreeing=1, n_marks=1)


def _noise(seed: int) -> Audio:
    """Three seconds of noise whose level changes all the time."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.uniform(0.01, 0.2, size=3 * RATE_HZ // 200), 200)
    return audio((rng.normal(size=3 * RATE_HZ) * level)[np.newaxis])


def _group(plugin: Fingerprint, clips: Sequence[Audio], *, rank: Sequence[int] | None = None) -> list[DuplicateGroup]:
    """By length, unless a rank says otherwise."""
    return plugin.group(
        [plugin.marks(clip) for clip in clips],
        pcm_sha256=[hashlib.sha256(clip.samples.tobytes()).digest() for clip in clips],
        rank=[-clip.n_samples for clip in clips] if rank is None else rank,
        read_clip=lambda index: clips[index],
    )
