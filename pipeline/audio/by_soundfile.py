"""WAV, FLAC, Ogg, AIFF and more by libsndfile.

Not MP3: where it carries no count of frames, libsndfile guesses the length from the bit rate and stops there, which
can be half way. Nor Ogg files of several streams in a row, of which it reads the first.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from pipeline.audio.promised_length import aiff_length, is_chained_ogg, riff_length, vorbis_length
from pipeline.audio.reader import REFUSALS, Header, Reader, block_samples, no_sample
from pipeline.core.types import Float32

_PIECE_SAMPLES = 4_096
"""What one call decodes: where a file is damaged, no more good sound than this is lost."""
_PLAIN_PIECE_VALUES = 2**14
"""The same where nothing is decoded, so that nothing is lost: small enough to stay in the cache."""
_STEP_16_BIT = np.float32(2**-15)
_UNKNOWN_LENGTH = 2**62

_DEPTHS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "ULAW": 8,
    "ALAW": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
}
"""Subtypes in which every sample stands alone. In Vorbis, MP3 and Opus a seek changes the last bits."""
_EXACT_CONTAINERS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "FLAC", "CAF"})


def read_by_soundfile(handle: io.FileIO, path: str) -> Reader | None:
    """A reader over the open file, valid as long as the handle is; None if the file is not for libsndfile.

    Raises EmptyAudio if no sample can be decoded, UnreadableAudio if the header cannot be true.
    """
    fd = handle.fileno()
    if _is_mpeg(os.pread(fd, 3, 0)):
        return None
    handle.seek(0)
    try:
        source = _ForwardFile(fd, closefd=False)
    except REFUSALS:
        return None
    if source.subtype.startswith("MPEG") or (source.format == "OGG" and is_chained_ogg(fd)):
        return None
    header = Header(
        container=source.format,
        codec=source.subtype,
        rate_hz=source.samplerate,
        n_channels=source.channels,
        bit_depth=_DEPTHS.get(source.subtype),
        claimed_n_samples=_promised(source, fd),
    )
    header.demand_plausible(path)
    is_exact = header.bit_depth is not None and header.container in _EXACT_CONTAINERS
    is_plain = is_exact and header.container != "FLAC"
    first = np.empty((_PIECE_SAMPLES, header.n_channels), dtype=np.float32)
    first = first[: _read_into(first, source)]
    if not len(first):
        raise no_sample(path, container=header.container)

    def blocks(start: int) -> Iterator[Float32]:
        if start == 0:
            return _blocks(source, first, is_plain=is_plain)
        try:
            source.seek(start)
        except REFUSALS:
            return iter(())
        return _blocks(source, first[:0], is_plain=is_plain)

    return Reader(header=header, is_exact=is_exact, blocks=blocks)


class _ForwardFile(sf.SoundFile):
    """soundfile seeks after every read of a seekable file, which costs time and is not exact in Vorbis."""

    def seekable(self) -> bool:
        return False


def _blocks(source: sf.SoundFile, first: Float32, *, is_plain: bool) -> Iterator[Float32]:
    piece_samples = max(1, _PLAIN_PIECE_VALUES // source.channels) if is_plain else _PIECE_SAMPLES
    # libsndfile copies 16-bit steps as they are, many times faster than it makes floats of them one by one.
    is_in_steps = is_plain and source.subtype == "PCM_16"
    steps = np.empty((piece_samples if is_in_steps else 0, source.channels), dtype=np.int16)
    length = block_samples(source.channels, piece_samples=piece_samples)
    block, n_read = np.empty((length, source.channels), dtype=np.float32), len(first)
    block[:n_read] = first
    while True:
        piece = block[n_read : n_read + piece_samples]
        n_more = _steps_into(piece, source, steps) if is_in_steps else _read_into(piece, source)
        n_read += n_more
        if not n_more:
            break
        if n_read == length:
            yield block
            block, n_read = np.empty((length, source.channels), dtype=np.float32), 0
    if n_read:
        yield block[:n_read]


def _read_into(piece: Float32, source: sf.SoundFile) -> int:
    """How many samples were read."""
    try:
        # Straight into the array: half the cost of read, which counts where there are hundreds of pieces.
        return source.buffer_read_into(piece, dtype="float32")
    except REFUSALS:
        return 0


def _steps_into(piece: Float32, source: sf.SoundFile, steps: NDArray[np.int16]) -> int:
    """The same by way of ``steps``, which is overwritten: the same bits, as the step is a power of two."""
    try:
        n_read = source.buffer_read_into(steps[: len(piece)], dtype="int16")
    except REFUSALS:
        return 0
    np.multiply(steps[:n_read], _STEP_16_BIT, out=piece[:n_read])
    return n_read


def _promised(source: sf.SoundFile, fd: int) -> int | None:
    if source.subtype == "VORBIS":
        return vorbis_length(fd)
    magic = os.pread(fd, 4, 0) if source.subtype in _DEPTHS else b""
    if magic == b"RIFF":
        return riff_length(fd)
    if magic == b"FORM":
        return aiff_length(fd)
    return source.frames if 0 < source.frames < _UNKNOWN_LENGTH else None


def _is_mpeg(head: bytes) -> bool:
    return head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")
