"""A long clip conformed into a file block by block: the bytes that ``conform`` and ``encode`` make of a short one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from pipeline.audio.conform import conform_blocks, conformed_n_samples, encode_dtype, quantised, stamp_time_0
from pipeline.audio.descriptors import DescriptorMeter
from pipeline.audio.resample import resampled_n_samples
from pipeline.audio.thumbnail import ThumbnailMeter
from pipeline.core.errors import AudioError, NotConforming
from pipeline.core.types import Audio, AudioFormat, Descriptors, Segment, Sound

_SPAN_SAMPLES = 2**20
_BLOCK_SAMPLES = 2**18
_MOST_WAV_BYTES = 2**32 - 2**16


@dataclass(frozen=True, kw_only=True)
class WrittenClip:
    """What is known of a clip after it was written, read back and proven."""

    n_samples: int
    peak_dbfs: float | None
    rms_dbfs: float | None
    thumbnail: bytes
    descriptors: Descriptors


def write_long_clip(
    sound: Sound, segment: Segment, audio_format: AudioFormat, path: Path, *, bit_depth: int | None
) -> WrittenClip:
    """Write the span of the sound, conformed, to ``path`` and prove it; memory does not grow with its length.

    It must be longer than 48 samples. ``bit_depth`` is as for DescriptorMeter. Raises AudioError for a clip that
    WAV cannot hold, NotConforming if what is read back differs from what was written.
    """
    n_samples = conformed_n_samples(segment.stop - segment.start, sound.rate_hz, audio_format)
    _demand_room(n_samples, audio_format)
    meter = DescriptorMeter(audio_format.rate_hz, audio_format.n_channels, bit_depth=bit_depth)
    thumbnail = ThumbnailMeter(n_samples)
    written = hashlib.sha256()
    with sf.SoundFile(
        path,
        "w",
        samplerate=audio_format.rate_hz,
        channels=audio_format.n_channels,
        subtype=audio_format.subtype,
        format=audio_format.container,
    ) as target:
        for block in _conformed(sound, segment, audio_format, n_samples):
            meter.add(block.samples)
            thumbnail.add(block.samples)
            values = np.ascontiguousarray(quantised(block.samples, audio_format.subtype).T)
            written.update(values.data)
            target.write(values)
    if audio_format.subtype == "FLOAT":
        stamp_time_0(path)
    _prove(path, audio_format, n_samples, written.digest())
    descriptors = meter.finish()
    return WrittenClip(
        n_samples=n_samples,
        peak_dbfs=meter.peak_dbfs,
        rms_dbfs=meter.rms_dbfs,
        thumbnail=thumbnail.finish(),
        descriptors=descriptors,
    )


def _conformed(sound: Sound, segment: Segment, audio_format: AudioFormat, n_samples: int) -> Iterator[Audio]:
    """The conformed blocks by the length policy: the middle if long, silence after the end if short."""
    n_resampled = resampled_n_samples(segment.stop - segment.start, sound.rate_hz, audio_format.rate_hz)
    n_skipped = max(0, n_resampled - n_samples) // 2
    n_missing = n_samples
    blocks = conform_blocks(
        _span_blocks(sound, segment), rate_hz=audio_format.rate_hz, n_channels=audio_format.n_channels
    )
    for block in blocks:
        samples = block.samples[:, n_skipped : n_skipped + n_missing]
        n_skipped = max(0, n_skipped - block.n_samples)
        n_missing -= samples.shape[1]
        if samples.shape[1]:
            yield Audio(samples=samples, rate_hz=audio_format.rate_hz)
    while n_missing:
        silence = np.zeros((audio_format.n_channels, min(n_missing, _BLOCK_SAMPLES)), dtype=np.float32)
        n_missing -= silence.shape[1]
        yield Audio(samples=silence, rate_hz=audio_format.rate_hz)


def _span_blocks(sound: Sound, segment: Segment) -> Iterator[Audio]:
    if (segment.start, segment.stop) == (0, sound.n_samples):
        yield from sound.blocks()
        return
    for start in range(segment.start, segment.stop, _SPAN_SAMPLES):
        yield sound.span(start, min(start + _SPAN_SAMPLES, segment.stop))


def _demand_room(n_samples: int, audio_format: AudioFormat) -> None:
    n_bytes = n_samples * audio_format.n_channels * {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}[audio_format.subtype]
    if audio_format.container == "WAV" and n_bytes > _MOST_WAV_BYTES:
        raise AudioError(
            "the clip is too long for a WAV file",
            expected="at most 4 GiB",
            got=f"{n_bytes / 2**30:.1f} GiB",
            do="choose FLAC as container, or a segmenter that cuts shorter",
        )


def _prove(path: Path, audio_format: AudioFormat, n_samples: int, written: bytes) -> None:
    """Read back by a fresh decoder, the file must hold the very steps that were written."""
    read = hashlib.sha256()
    try:
        with sf.SoundFile(path) as source:
            found = (source.format, source.subtype, source.samplerate, source.channels, source.frames)
            dtype = encode_dtype(audio_format.subtype)
            for values in source.blocks(_BLOCK_SAMPLES, dtype=dtype, always_2d=True):
                read.update(np.ascontiguousarray(values).data)
    except (sf.SoundFileError, ValueError, TypeError) as error:
        raise NotConforming("what was written cannot be read back", got=str(error)) from error
    wanted = (
        audio_format.container,
        audio_format.subtype,
        audio_format.rate_hz,
        audio_format.n_channels,
        n_samples,
    )
    if found != wanted:
        raise NotConforming("what was written is wrong", expected=wanted, got=found, do="write it again")
    if read.digest() != written:
        raise NotConforming("the samples of what was written are wrong", which=path.name, do="write it again")
