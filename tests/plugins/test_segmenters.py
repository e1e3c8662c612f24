"""Whole, fixed and silence: where their spans lie."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from pipeline.core.types import Audio, Segment
from pipeline.plugins.segmenters.fixed import Fixed, Tail
from pipeline.plugins.segmenters.silence import Silence
from pipeline.plugins.segmenters.whole import Whole
from tests.contracts.sounds import RATE_HZ, BlockSound, audio, bursts


def test_whole_gives_the_recording_as_one_span() -> None:
    assert _spans(Whole().segment(BlockSound(bursts()))) == [(0, 3 * RATE_HZ)]


@pytest.mark.parametrize(
    ("n", "plugin", "expected"),
    [
        (25, Fixed(length_s=0.01), [(0, 10), (10, 20)]),
        (25, Fixed(length_s=0.01, tail="keep"), [(0, 10), (10, 20), (20, 25)]),
        (25, Fixed(length_s=0.01, tail="shift"), [(0, 10), (10, 20), (15, 25)]),
        (20, Fixed(length_s=0.01, tail="keep"), [(0, 10), (10, 20)]),
        (20, Fixed(length_s=0.01, tail="shift"), [(0, 10), (10, 20)]),
        (23, Fixed(length_s=0.01, hop_s=0.005), [(0, 10), (5, 15), (10, 20)]),
        (23, Fixed(length_s=0.01, hop_s=0.005, tail="keep"), [(0, 10), (5, 15), (10, 20), (15, 23)]),
        (23, Fixed(length_s=0.01, hop_s=0.005, tail="shift"), [(0, 10), (5, 15), (10, 20), (13, 23)]),
        (35, Fixed(length_s=0.01, hop_s=0.02), [(0, 10), (20, 30)]),
        (35, Fixed(length_s=0.01, hop_s=0.02, tail="shift"), [(0, 10), (20, 30)]),
        (45, Fixed(length_s=0.01, hop_s=0.02, tail="keep"), [(0, 10), (20, 30), (40, 45)]),
        (7, Fixed(length_s=0.01), []),
        (7, Fixed(length_s=0.01, tail="keep"), [(0, 7)]),
        (7, Fixed(length_s=0.01, tail="shift"), [(0, 7)]),
        (1, Fixed(length_s=0.01, tail="shift"), [(0, 1)]),
    ],
)
def test_fixed_spans_lie_where_the_docstring_says(n: int, plugin: Fixed, expected: list[tuple[int, int]]) -> None:
    sound = BlockSound(audio(np.zeros((1, n)), rate_hz=1_000))
    assert _spans(plugin.segment(sound)) == expected


@pytest.mark.parametrize("tail", ["keep", "shift"])
@pytest.mark.parametrize("hop_s", [None, 0.0007, 0.002])
def test_fixed_with_a_tail_leaves_no_sample_out(tail: Tail, hop_s: float | None) -> None:
    for n in range(1, 60):
        sound = BlockSound(audio(np.zeros((1, n)), rate_hz=11_025))
        segments = Fixed(length_s=0.002, hop_s=None if hop_s is None else max(hop_s, 0.001), tail=tail).segment(sound)
        covered = np.zeros(n, dtype=bool)
        for segment in segments:
            covered[segment.start : segment.stop] = True
        assert covered.all()


def test_fixed_hops_do_not_drift() -> None:
    sound = BlockSound(audio(np.zeros((1, 1)), rate_hz=11_025))
    sound.audio = Audio(samples=np.broadcast_to(np.float32(0), (1, 11_025 * 1_000)), rate_hz=11_025)
    assert Fixed(length_s=0.01).segment(sound)[-1].start == round(99_999 * 110.25)


@pytest.mark.parametrize("noise_dbfs", [None, -120, -90, -70, -60])
def test_silent_recording_gives_no_segments(noise_dbfs: float | None) -> None:
    for seed in range(3):
        level = 0 if noise_dbfs is None else 10 ** (noise_dbfs / 20)
        noise = np.random.default_rng(seed).normal(size=(1, 20 * RATE_HZ)) * level
        assert Silence().segment(BlockSound(audio(noise))) == []


def test_steady_noise_alone_gives_no_segments() -> None:
    noise = np.random.default_rng(0).normal(scale=10 ** (-45 / 20), size=(1, 60 * RATE_HZ))
    assert Silence().segment(BlockSound(audio(noise))) == []


def test_loud_recording_without_a_pause_is_one_segment() -> None:
    noise = np.random.default_rng(0).normal(scale=0.2, size=(1, 5 * RATE_HZ))
    assert _spans(Silence().segment(BlockSound(audio(noise)))) == [(0, 5 * RATE_HZ)]


def test_constant_offset_is_silence() -> None:
    assert Silence().segment(BlockSound(audio(np.full((1, 5 * RATE_HZ), 0.5)))) == []


@pytest.mark.parametrize("n_channels", [1, 2])
def test_each_burst_becomes_one_segment(n_channels: int) -> None:
    segments = Silence().segment(BlockSound(bursts(n_channels)))
    assert len(segments) == 3
    for segment, start_s in zip(segments, (0.4, 1.4, 2.2), strict=True):
        assert segment.start / RATE_HZ == pytest.approx(start_s, abs=0.02)
        assert segment.stop / RATE_HZ == pytest.approx(start_s + 0.5, abs=0.02)


def test_sound_in_one_channel_only_is_heard() -> None:
    mono = bursts()
    one_sided = audio(np.concatenate((np.zeros_like(mono.samples), mono.samples)))
    assert Silence().segment(BlockSound(one_sided)) == Silence().segment(BlockSound(mono))


def test_short_gaps_are_joined_short_bursts_dropped_and_padding_never_overlaps() -> None:
    sound = BlockSound(bursts())
    assert len(Silence(min_gap_s=0.4).segment(sound)) == 2
    assert Silence(min_segment_s=0.8).segment(sound) == []
    padded = Silence(pad_s=2.0).segment(sound)
    assert padded[0].start == 0 and padded[-1].stop == sound.n_samples
    assert all(first.stop == second.start for first, second in pairwise(padded))


def test_recording_below_the_given_length_stays_whole() -> None:
    sound = BlockSound(bursts())
    assert _spans(Silence(whole_below_s=3.01).segment(sound)) == [(0, sound.n_samples)]
    assert len(Silence(whole_below_s=3.0).segment(sound)) == 3


@pytest.mark.parametrize("pad_s", [-0.1, float("nan"), float("inf")])
def test_padding_that_is_no_length_is_refused(pad_s: float) -> None:
    with pytest.raises(ValueError, match="pad_s"):
        Silence(pad_s=pad_s)


def test_memory_stays_flat_over_a_long_recording() -> None:
    class Hours:
        """Two hours of a block of noise with one loud second, never in memory at once."""

        rate_hz, n_channels, n_samples = RATE_HZ, 1, 2 * 3_600 * RATE_HZ

        def blocks(self) -> Iterator[Audio]:
            block = audio(np.random.default_rng(0).normal(scale=1e-3, size=(1, 60 * RATE_HZ)))
            block.samples[:, :RATE_HZ] *= 100
            for _ in range(120):
                yield block

        def span(self, start: int, stop: int) -> Audio:
            raise AssertionError("a segmenter reads by block")

    tracemalloc.start()
    segments = Silence().segment(Hours())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(segments) == 120
    n_recording_bytes = 4 * Hours.n_samples
    assert peak_bytes < n_recording_bytes / 8


def _spans(segments: list[Segment]) -> list[tuple[int, int]]:
    return [(segment.start, segment.stop) for segment in segments]
