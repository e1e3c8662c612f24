"""Log_mel_match: copies are found, and nothing else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.core.types import Audio, DuplicateGroup
from pipeline.plugins.deduplicators.log_mel_match import LogMelMatch
from pipeline.plugins.deduplicators.sound_match import match_prints, match_waves, sound_print
from pipeline.plugins.encoders.log_mel_stats import LogMelStats
from tests.contracts.sounds import audio, boundary_sounds, bursts
from tests.plugins.real_sound import digits, environmental


def _through(container: str, subtype: str) -> Callable[[Audio], Audio]:
    def transcode(clip: Audio) -> Audio:
        file = io.BytesIO()
        soundfile.write(file, clip.samples.T, clip.rate_hz, format=container, subtype=subtype)
        file.seek(0)
        samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        return audio(samples.T, rate_hz=rate_hz)

    return transcode


def _quieter(clip: Audio) -> Audio:
    return audio(clip.samples * 0.25, rate_hz=clip.rate_hz)


def _beginning_cut(clip: Audio) -> Audio:
    return audio(clip.samples[:, round(0.08 * clip.rate_hz) :], rate_hz=clip.rate_hz)


def _delayed(clip: Audio) -> Audio:
    silence = np.zeros((clip.n_channels, round(0.07 * clip.rate_hz)))
    return audio(np.concatenate((silence, clip.samples), axis=1), rate_hz=clip.rate_hz)


COPIES = {
    "quieter": _quieter,
    "mp3": _through("MP3", "MPEG_LAYER_III"),
    "ogg": _through("OGG", "VORBIS"),
    "beginning cut": _beginning_cut,
    "delayed": _delayed,
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_copies_among_real_clips_are_found_and_nothing_else(test_data: Path, copy: Callable[[Audio], Audio]) -> None:
    clips = [clip for clip, _, _ in digits(test_data, 60, seed=2)] + [
        clip for clip, _, _ in environmental(test_data, 10, seed=2)
    ]
    n_originals = len(clips)
    clips += [copy(clip) for clip in clips[::4]]
    pairs = {(4 * number, n_originals + number) for number in range(len(clips) - n_originals)}
    found = {_pair(group) for group in _group(LogMelMatch(), clips)}
    assert found <= pairs
    assert len(found) >= 0.8 * len(pairs)


def test_the_longest_clip_represents_and_reasons_say_where_the_others_begin() -> None:
    whole = bursts(seed=1)
    late = audio(whole.samples[:, 2_000:])
    (group,) = _group(LogMelMatch(), [late, bursts(seed=2), whole, whole])
    assert group.representative == 2
    reasons = {member.index: member.reason for member in group.members}
    assert reasons[3] == "identical samples"
    assert "0.25 s later" in reasons[0]
    assert "match 0.9" in reasons[0] or "match 1.0" in reasons[0]


def test_overlapping_spans_of_one_recording_do_not_become_one_group() -> None:
    recording = np.random.default_rng(0).normal(scale=0.1, size=(1, 12 * 8_000))
    spans = [audio(recording[:, start : start + 16_000]) for start in range(0, 80_000, 2_000)]
    groups = _group(LogMelMatch(), spans)
    assert groups
    for group in groups:
        starts = [2_000 * member.index for member in group.members]
        assert max(starts) - min(starts) < 16_000


def test_small_cache_gives_the_same_groups() -> None:
    clips = [bursts(seed=seed) for seed in range(6)]
    clips += [audio(clip.samples * 0.5) for clip in clips]
    assert _group(LogMelMatch(cache_mb=1), clips) == _group(LogMelMatch(), clips)


def test_silence_has_no_print() -> None:
    sounds = boundary_sounds()
    for name in ("silent", "one sample", "one silent sample", "shorter than a frame", "constant"):
        assert sound_print(sounds[name]) is None


def test_match_of_a_sound_with_itself_is_one_without_lag() -> None:
    sound = bursts()
    made = sound_print(sound)
    assert made is not None
    assert match_prints(made, made).score == pytest.approx(1, abs=1e-4)
    assert match_prints(made, made).lag_s == 0
    assert match_waves(sound, sound).score == pytest.approx(1, abs=1e-4)


def test_lag_says_where_the_second_begins_in_the_first() -> None:
    sound = bursts()
    late = audio(sound.samples[:, 1_600:])
    first, second = sound_print(sound), sound_print(late)
    assert first is not None and second is not None
    assert match_prints(first, second).lag_s == pytest.approx(0.2, abs=0.005)
    assert match_waves(late, sound).lag_s == pytest.approx(-0.2, abs=0.001)


def _group(plugin: LogMelMatch, clips: Sequence[Audio]) -> list[DuplicateGroup]:
    return plugin.group(
        LogMelStats().encode(clips),
        pcm_sha256=[hashlib.sha256(clip.samples.tobytes()).digest() for clip in clips],
        duration_s=[clip.duration_s for clip in clips],
        read_clip=lambda index: clips[index],
    )


def _pair(group: DuplicateGroup) -> tuple[int, ...]:
    return tuple(member.index for member in group.members)
