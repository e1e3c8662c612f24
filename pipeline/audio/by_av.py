"""MP3, M4A, 3GP, AMR, CAF, WebM and the sound of video by PyAV, that is FFmpeg. Nothing is resampled or mixed."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from itertools import chain

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from pipeline.audio.opening import file_name
from pipeline.audio.promised_length import has_mp3_count
from pipeline.audio.reader import REFUSALS, Header, Reader, block_samples, disk_failed, no_sample
from pipeline.core.errors import UnreadableAudio
from pipeline.core.types import Float32

# Playlists are left out on purpose: FFmpeg would open whatever address a hostile file names.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpegts,mpeg,ogg,caf,amr,amrnb,amrwb,aac,ac3,eac3,dts,"
    "mp3,wav,w64,aiff,au,flac,ape,wv,tta,tak,mpc,mpc8,rm,voc,gsm,loas,mxf"
)
_GUESSING = frozenset({"AAC", "AC3", "EAC3", "DTS", "AMR", "LOAS", "GSM", "MPEGTS", "MPEG"})
"""Containers without a length, for which FFmpeg divides the size by the bit rate."""
_LOSSLESS = frozenset({"flac", "alac", "wavpack", "tta", "ape"})
_INT_SCALES = {"s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}


def read_by_av(handle: io.FileIO, path: str) -> Reader | None:
    """A reader over the open file, valid as long as the handle is; None if FFmpeg does not know the format.

    ``blocks`` starts at 0 only, and raises UnreadableAudio if rate or channels change in mid-file. Raises
    EmptyAudio if no sample can be decoded; UnreadableAudio if there is no sound, if the header cannot be
    true, or if the disk fails.
    """
    handle.seek(0)
    try:
        container = av.open(
            _Bytes(handle),
            mode="r",
            metadata_errors="replace",
            io_open=_refuse,
            options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"},
        )
    except REFUSALS:
        return None
    except OSError as error:
        raise disk_failed(path, error) from error
    name = container.format.name.partition(",")[0].upper()
    if not container.streams.audio:
        kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
        raise UnreadableAudio(
            "no sound in the file",
            which=file_name(path),
            expected="a recording",
            got=f"a {name} file that holds {' and '.join(kinds)} only",
            do="export the sound again",
        )
    stream = container.streams.audio[0]
    frames = _frames(container, stream, path)
    first = next(frames, None)
    if first is None:
        raise no_sample(path, container=name)
    header = _header(name, stream, first, handle.fileno())
    header.demand_plausible(path)
    return Reader(header=header, is_exact=False, blocks=lambda start: _blocks(chain([first], frames), header, path))


class _Bytes:
    """The file as FFmpeg sees it. A damaged file sends it to places that do not exist; PyAV would print a traceback."""

    def __init__(self, handle: io.FileIO) -> None:
        self._handle = handle
        self.read = handle.read
        self.tell = handle.tell

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._handle.seek(offset, whence)
        except OSError:
            return -1


def _frames(container: InputContainer, stream: AudioStream, path: str) -> Iterator[AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except REFUSALS:
            return
        except OSError as error:
            raise disk_failed(path, error) from error
        if packet is None:
            return
        try:
            frames = packet.decode()
        except REFUSALS:
            # One damaged packet; the next ones may be sound again.
            continue
        yield from (frame for frame in frames if frame.samples > 0)


def _header(container: str, stream: AudioStream, first: AudioFrame, fd: int) -> Header:
    # The first frame knows the true rate and channels; the stream says half of them for HE-AAC.
    codec = stream.codec_context.codec.canonical_name
    return Header(
        container=container,
        codec=codec.upper(),
        rate_hz=first.sample_rate,
        n_channels=first.layout.nb_channels,
        bit_depth=_bit_depth(codec, first.format.name),
        claimed_n_samples=_promised(container, stream, first.sample_rate, fd),
    )


def _promised(container: str, stream: AudioStream, rate_hz: int, fd: int) -> int | None:
    if container in _GUESSING or (container == "MP3" and not has_mp3_count(fd)):
        return None
    if stream.duration is None or stream.time_base is None or stream.duration <= 0:
        return None
    return round(stream.duration * stream.time_base * rate_hz)


def _bit_depth(codec: str, sample_format: str) -> int | None:
    if pcm := re.fullmatch(r"pcm_[suf](\d+)(le|be)?(_planar)?", codec):
        return int(pcm[1])
    # What is wider than 16 bits is handed out as 32, so that the true depth is not known.
    return 16 if codec in _LOSSLESS and sample_format.startswith("s16") else None


def _blocks(frames: Iterator[AudioFrame], header: Header, path: str) -> Iterator[Float32]:
    length = block_samples(header.n_channels, piece_samples=1_024)
    pieces: list[Float32] = []
    n_pending = 0
    for frame in frames:
        found = (frame.sample_rate, frame.layout.nb_channels)
        if found != (header.rate_hz, header.n_channels):
            raise UnreadableAudio(
                "rate or channels change in the middle of the file",
                which=file_name(path),
                expected=f"{header.rate_hz} Hz, {header.n_channels} channels to the end",
                got=f"{found[0]} Hz, {found[1]} channels",
                do="split the file where it changes",
            )
        pieces.append(_values(frame))
        n_pending += frame.samples
        if n_pending >= length:
            yield np.concatenate(pieces)
            pieces, n_pending = [], 0
    if pieces:
        yield np.concatenate(pieces)


def _values(frame: AudioFrame) -> Float32:
    """The frame as float32 (n, channels), full scale at 1."""
    raw = frame.to_ndarray()
    values = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    kind = frame.format.name.removesuffix("p")
    if kind == "u8":
        return (values.astype(np.float32) - np.float32(128)) / np.float32(128)
    if kind in _INT_SCALES:
        return (values * _INT_SCALES[kind]).astype(np.float32)
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _refuse(url: str, flags: int, options: object) -> object:
    """A recording is one file: nothing that it names is opened."""
    raise PermissionError(url)
