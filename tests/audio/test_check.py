from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.audio.check import check
from pipeline.core.types import AudioFacts, AudioFormat, ProblemKind

GOOD = AudioFacts(
    container="WAV",
    codec="PCM_16",
    rate_hz=16_000,
    n_channels=1,
    n_samples=16_000,
    claimed_n_samples=16_000,
    bit_depth=16,
    pcm_sha256=bytes(32),
    peak_dbfs=-6.0,
    rms_dbfs=-20.0,
    clipped_ratio=0.0,
    dc_offset=0.0,
    n_not_finite=0,
    bandwidth_hz=8_000.0,
    n_dropped_samples=0,
)


def test_recording_that_fits_has_no_problem() -> None:
    assert check(GOOD, AudioFormat()) == []


@pytest.mark.parametrize(
    ("change", "kind", "words", "fix"),
    [
        ({"n_samples": 100, "claimed_n_samples": 100}, ProblemKind.TOO_SHORT, "0.006 s", None),
        ({"n_samples": 1, "claimed_n_samples": None}, ProblemKind.TOO_SHORT, "0.05 s", None),
        ({"n_samples": 800_000, "claimed_n_samples": 800_000}, ProblemKind.TOO_LONG, "50.000 s", None),
        ({"peak_dbfs": None, "rms_dbfs": None}, ProblemKind.SILENT, "every sample is 0", None),
        ({"peak_dbfs": -60.1}, ProblemKind.SILENT, "-60.1 dBFS", None),
        ({"clipped_ratio": 0.0123}, ProblemKind.CLIPPED, "1.23%", None),
        ({"dc_offset": 0.03}, ProblemKind.DC_OFFSET, "0.030", None),
        ({"dc_offset": -0.03}, ProblemKind.DC_OFFSET, "-0.030", None),
        ({"rate_hz": 15_000}, ProblemKind.WRONG_RATE, "15000 Hz, not 16000 Hz", "resampled to 16000 Hz"),
        ({"n_channels": 2}, ProblemKind.WRONG_CHANNELS, "2 channels, not 1", "mixed down to 1 channel"),
        ({"bit_depth": 24, "codec": "PCM_24"}, ProblemKind.WRONG_DEPTH, "24 bit", "written as PCM_16"),
        ({"claimed_n_samples": 16_001}, ProblemKind.TRUNCATED, "promises 16001", None),
        ({"n_dropped_samples": 160}, ProblemKind.DROPPED_OUT, "160 samples (10 ms)", None),
        ({"bandwidth_hz": 4_000.0}, ProblemKind.UP_SAMPLED, "ends at 4000 Hz", None),
        ({"n_not_finite": 3}, ProblemKind.NOT_FINITE, "3 values", "set to 0"),
    ],
)
def test_each_problem_is_told_in_numbers(change: dict[str, object], kind: str, words: str, fix: str | None) -> None:
    (problem,) = check(replace(GOOD, **change), AudioFormat(), max_s=20.0)
    assert (problem.kind, problem.fix) == (kind, fix)
    assert words in problem.message


def test_limits_themselves_are_no_problem() -> None:
    edge = replace(GOOD, n_samples=800, claimed_n_samples=800, peak_dbfs=-60.0, clipped_ratio=0.001, dc_offset=0.02)
    assert check(edge, AudioFormat(), max_s=0.05) == []


def test_length_problems_are_mended_by_the_length_policy() -> None:
    one_s = AudioFormat(length_policy="pad_or_crop", length_s=1.0)
    (short,) = check(replace(GOOD, n_samples=100, claimed_n_samples=100), one_s)
    (long,) = check(replace(GOOD, n_samples=99_000, claimed_n_samples=99_000), one_s, max_s=2.0)
    assert (short.fix, long.fix) == ("padded with silence to 1 s", "cropped to the middle 1 s")


def test_mono_is_copied_and_not_mixed() -> None:
    (problem,) = check(GOOD, AudioFormat(n_channels=2))
    assert problem.fix == "copied to 2 channels"


def test_compressed_sound_has_no_depth_and_some_slack_in_length() -> None:
    lossy = replace(GOOD, bit_depth=None, codec="AAC")
    assert check(replace(lossy, claimed_n_samples=16_000 + 3_200), AudioFormat()) == []
    (problem,) = check(replace(lossy, claimed_n_samples=16_000 + 3_201), AudioFormat())
    assert problem.kind == ProblemKind.TRUNCATED


def test_header_that_claims_less_or_nothing_is_no_problem() -> None:
    assert check(replace(GOOD, claimed_n_samples=None), AudioFormat()) == []
    assert check(replace(GOOD, claimed_n_samples=10), AudioFormat()) == []


def test_many_problems_come_in_the_order_of_their_kinds() -> None:
    wreck = replace(GOOD, n_samples=10, peak_dbfs=None, rate_hz=8_000, n_channels=12, bit_depth=8, n_not_finite=1)
    kinds = [problem.kind for problem in check(wreck, AudioFormat())]
    assert kinds == sorted(kinds, key=list(ProblemKind).index) and len(kinds) == 7
