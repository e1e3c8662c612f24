"""What every decoder is to the rest of the room: a header and a run of blocks.

A reader goes forward from the first sample to the last one that can be decoded, and the samples are
counted; what headers promise is kept apart. Damage in the middle ends the sound
quietly, so that measuring and cutting see the same samples; the promise tells that some are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av.error
import soundfile as sf

from pipeline.audio.opening import file_name
from pipeline.core.errors import EmptyAudio, UnreadableAudio
from pipeline.core.types import Float32

REFUSALS = (
    sf.SoundFileError,
    av.error.FFmpegError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)
"""Decoders answer hostile bytes with any of these; each is an answer about the file, not about our code."""

_MIN_RATE_HZ, _MAX_RATE_HZ = 10, 10_000_000
_MAX_CHANNELS = 1_024
_BLOCK_VALUES = 2**17


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a decoder says of a file before it is decoded whole. ``claimed_n_samples`` may be a lie, or None."""

    container: str
    codec: str
    rate_hz: int
    n_channels: int
    bit_depth: int | None
    claimed_n_samples: int | None

    def demand_plausible(self, path: str) -> None:
        """Return if rate and channels can be true at all, else raise UnreadableAudio."""
        if not (_MIN_RATE_HZ <= self.rate_hz <= _MAX_RATE_HZ and 1 <= self.n_channels <= _MAX_CHANNELS):
            raise UnreadableAudio(
                "the header cannot be true",
                which=file_name(path),
                expected=f"{_MIN_RATE_HZ} to {_MAX_RATE_HZ} Hz, 1 to {_MAX_CHANNELS} channels",
                got=f"{self.rate_hz} Hz, {self.n_channels} channels",
                do="export the sound again",
            )


@dataclass(frozen=True, kw_only=True)
class Reader:
    """An open recording, read once.

    ``blocks(start)`` gives float32 (n, channels) from sample ``start`` to the last, raw: values may be
    beyond full scale or not finite. ``start`` may only be other than 0 if ``is_exact``, and even then there
    may be no block where the file is damaged.
    """

    header: Header
    is_exact: bool
    blocks: Callable[[int], Iterator[Float32]]


def block_samples(n_channels: int, *, piece_samples: int) -> int:
    """How many samples make a block: a whole number of pieces, half a megabyte unless channels are very many."""
    return max(1, _BLOCK_VALUES // (n_channels * piece_samples)) * piece_samples


def no_sample(path: str, *, container: str) -> EmptyAudio:
    """The error for a file that a decoder knows and finds nothing in."""
    return EmptyAudio(
        "the recording is empty",
        which=file_name(path),
        expected="at least one sample",
        got=f"none that can be decoded ({container})",
        do="record or copy it again",
    )


def disk_failed(path: str, error: OSError) -> UnreadableAudio:
    """The error for a file whose bytes stop coming: that is no news about the recording."""
    return UnreadableAudio(
        "cannot read on",
        which=file_name(path),
        got=(error.strerror or "unknown").lower(),
        do="check the disk or the network",
    )
