"""How a recording misses what is asked of it, in numbers, and what cut does about it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.audio.levels import CLIPPED_RATIO, SILENCE_DBFS
from pipeline.core.types import AudioFacts, AudioFormat, Problem, ProblemKind

_DEPTHS = {"PCM_16": 16, "PCM_24": 24, "FLOAT": 32}
_CLAIM_SLACK_S = 0.2
"""Headers of compressed sound count whole packets and the encoder's delay: so much less is nothing missing."""
_UP_SAMPLED_RATIO = 0.55
"""Of half the rate: 22.05 kHz made 44.1 kHz is seen. What ends above looks like any compressed sound."""
_UP_SAMPLED_FROM_HZ = 3_000
"""A telephone's band. Below it rumble and low voices end as steeply by nature."""


def check(
    facts: AudioFacts,
    audio_format: AudioFormat,
    *,
    min_s: float = 0.05,
    max_s: float | None = None,
    silence_dbfs: float = SILENCE_DBFS,
    clipped_ratio: float = CLIPPED_RATIO,
    dc_offset: float = 0.02,
) -> list[Problem]:
    """Every problem of the recording, in the order of ProblemKind; none if it is fit as it is.

    A recording is silent if its loudest sample is below ``silence_dbfs``: one word in an hour is not silence.
    ``max_s`` None asks for no longest length.
    """
    problems = [
        *_length_problems(facts, audio_format, min_s, max_s),
        *_level_problems(facts, silence_dbfs, clipped_ratio, dc_offset),
        *_format_problems(facts, audio_format),
        *_damage_problems(facts),
        *_origin_problems(facts),
    ]
    order = list(ProblemKind)
    return sorted(problems, key=lambda problem: order.index(problem.kind))


def _length_problems(
    facts: AudioFacts, audio_format: AudioFormat, min_s: float, max_s: float | None
) -> Iterator[Problem]:
    policy, length_s = audio_format.length_policy, audio_format.length_s
    if facts.duration_s < min_s:
        yield Problem(
            kind=ProblemKind.TOO_SHORT,
            message=f"{facts.duration_s:.3f} s, less than {min_s:g} s",
            fix=f"padded with silence to {length_s:g} s" if length_s and policy in ("pad", "pad_or_crop") else None,
        )
    if max_s is not None and facts.duration_s > max_s:
        yield Problem(
            kind=ProblemKind.TOO_LONG,
            message=f"{facts.duration_s:.3f} s, more than {max_s:g} s",
            fix=f"cropped to the middle {length_s:g} s" if length_s and policy in ("crop", "pad_or_crop") else None,
        )


def _level_problems(
    facts: AudioFacts, silence_dbfs: float, clipped_ratio: float, dc_offset: float
) -> Iterator[Problem]:
    if facts.peak_dbfs is None:
        yield Problem(kind=ProblemKind.SILENT, message="every sample is 0")
    elif facts.peak_dbfs < silence_dbfs:
        message = f"peak {facts.peak_dbfs:.1f} dBFS, below {silence_dbfs:g} dBFS"
        yield Problem(kind=ProblemKind.SILENT, message=message)
    if facts.clipped_ratio > clipped_ratio:
        message = f"{facts.clipped_ratio:.2%} of samples flat at full scale, more than {clipped_ratio:.2%}"
        yield Problem(kind=ProblemKind.CLIPPED, message=message)
    if abs(facts.dc_offset) > dc_offset:
        message = f"mean {facts.dc_offset:.3f} of full scale, more than {dc_offset:g}"
        yield Problem(kind=ProblemKind.DC_OFFSET, message=message)


def _format_problems(facts: AudioFacts, audio_format: AudioFormat) -> Iterator[Problem]:
    if facts.rate_hz != audio_format.rate_hz:
        yield Problem(
            kind=ProblemKind.WRONG_RATE,
            message=f"{facts.rate_hz} Hz, not {audio_format.rate_hz} Hz",
            fix=f"resampled to {audio_format.rate_hz} Hz",
        )
    if facts.n_channels != audio_format.n_channels:
        wanted = _channels(audio_format.n_channels)
        yield Problem(
            kind=ProblemKind.WRONG_CHANNELS,
            message=f"{_channels(facts.n_channels)}, not {audio_format.n_channels}",
            fix=f"copied to {wanted}" if facts.n_channels == 1 else f"mixed down to {wanted}",
        )
    if facts.bit_depth is not None and facts.bit_depth != _DEPTHS[audio_format.subtype]:
        yield Problem(
            kind=ProblemKind.WRONG_DEPTH,
            message=f"{facts.bit_depth} bit ({facts.codec}), not {audio_format.subtype}",
            fix=f"written as {audio_format.subtype}",
        )


def _damage_problems(facts: AudioFacts) -> Iterator[Problem]:
    slack = 0.0 if facts.bit_depth is not None else _CLAIM_SLACK_S * facts.rate_hz
    if facts.claimed_n_samples is not None and facts.claimed_n_samples - facts.n_samples > slack:
        claimed_s = facts.claimed_n_samples / facts.rate_hz
        yield Problem(
            kind=ProblemKind.TRUNCATED,
            message=f"{facts.n_samples} samples ({facts.duration_s:.3f} s) can be decoded, "
            f"the header promises {facts.claimed_n_samples} ({claimed_s:.3f} s)",
        )
    if facts.n_not_finite:
        yield Problem(
            kind=ProblemKind.NOT_FINITE,
            message=f"{facts.n_not_finite} values are not numbers or infinite",
            fix="set to 0",
        )
    # More zeros than sound is how some sound is made, not what a recorder lost.
    if 0 < facts.n_dropped_samples <= facts.n_samples / 2:
        yield Problem(
            kind=ProblemKind.DROPPED_OUT,
            message=f"{facts.n_dropped_samples} samples ({1000 * facts.n_dropped_samples / facts.rate_hz:.0f} ms) "
            "are exact zeros in mid sound",
        )


def _origin_problems(facts: AudioFacts) -> Iterator[Problem]:
    bandwidth_hz = facts.bandwidth_hz
    if bandwidth_hz is not None and _UP_SAMPLED_FROM_HZ <= bandwidth_hz <= _UP_SAMPLED_RATIO * facts.rate_hz / 2:
        yield Problem(
            kind=ProblemKind.UP_SAMPLED,
            message=f"{facts.rate_hz} Hz, but the sound ends at {bandwidth_hz:.0f} Hz: it was once recorded at less",
        )


def _channels(n_channels: int) -> str:
    return f"{n_channels} channel" if n_channels == 1 else f"{n_channels} channels"
