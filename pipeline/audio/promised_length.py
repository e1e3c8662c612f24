"""How many samples a file promises, read from its own bytes where the decoders do not tell.

libsndfile trims the word of WAV and AIFF headers to the bytes that are there and that of Ogg to what follows the
first damage; FFmpeg guesses from the bit rate where an MP3 says nothing.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

_MAX_CHUNKS = 1_000
_OGG_HEAD = 27
_MAX_OGG_PAGE = 65_307
_UNKNOWN_SIZES = frozenset({0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFFF})
"""What recorders that stream or crash leave in a size field; sox, ffmpeg and libsndfile each have their own."""


def riff_length(fd: int) -> int | None:
    """Samples per channel that the header of an uncompressed RIFF WAV promises; None if it says nothing."""
    block_align = 0
    for kind, start, size in _chunks(fd, "<"):
        if kind == b"fmt ":
            body = os.pread(fd, 16, start)
            block_align = struct.unpack("<H", body[12:14])[0] if len(body) == 16 else 0
        elif kind == b"data":
            return None if size in _UNKNOWN_SIZES or not block_align else size // block_align
    return None


def aiff_length(fd: int) -> int | None:
    """Samples per channel that the header of an uncompressed AIFF promises; None if it says nothing."""
    for kind, start, _ in _chunks(fd, ">"):
        if kind == b"COMM":
            body = os.pread(fd, 6, start)
            n_samples = struct.unpack(">I", body[2:6])[0] if len(body) == 6 else 0
            return None if n_samples in _UNKNOWN_SIZES else n_samples
    return None


def vorbis_length(fd: int) -> int | None:
    """Samples per channel up to the last page of one Ogg Vorbis stream (RFC 3533); None if it began in the middle."""
    last = _last_ogg_page(fd)
    if last is None:
        return None
    blocks = os.pread(fd, 1, _OGG_HEAD + 1 + 28)
    position = 0
    for _ in range(_MAX_CHUNKS):
        head = os.pread(fd, _OGG_HEAD + 255, position)
        if len(head) < _OGG_HEAD or not head.startswith(b"OggS"):
            return None
        lacing = head[_OGG_HEAD : _OGG_HEAD + head[_OGG_HEAD - 1]]
        granule = _granule(head)
        if granule > 0 and blocks:
            # A stream that was joined in the middle counts from somebody else's start.
            most = (sum(size < 255 for size in lacing) + 1) << (blocks[0] >> 4)
            return _granule(last) if granule <= most and _granule(last) > 0 else None
        position += _OGG_HEAD + len(lacing) + sum(lacing)
    return None


def is_chained_ogg(fd: int) -> bool:
    """Whether the Ogg file ends in another stream than it begins with; libsndfile reads the first only."""
    last = _last_ogg_page(fd)
    return last is not None and last[14:18] != os.pread(fd, 4, 14)


def has_mp3_count(fd: int) -> bool:
    """Whether the first MPEG frame carries a count of frames (Xing, Info or VBRI)."""
    tag = os.pread(fd, 10, 0)
    start = 0
    if tag.startswith(b"ID3") and len(tag) == 10:
        start = 10 + sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(reversed(tag[6:10])))
    frame = os.pread(fd, 2_048, start)
    return any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))


def _last_ogg_page(fd: int) -> bytes | None:
    size = os.fstat(fd).st_size
    tail = os.pread(fd, _MAX_OGG_PAGE, max(0, size - _MAX_OGG_PAGE))
    at = tail.rfind(b"OggS", 0, len(tail) - _OGG_HEAD + 4)
    return None if at < 0 else tail[at : at + _OGG_HEAD]


def _granule(page: bytes) -> int:
    return struct.unpack("<q", page[6:14])[0]


def _chunks(fd: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the body and claimed size of each chunk."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        head = os.pread(fd, 8, position)
        if len(head) < 8:
            return
        size: int = struct.unpack(order + "I", head[4:])[0]
        yield head[:4], position + 8, size
        position += 8 + size + size % 2
