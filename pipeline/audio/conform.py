"""Sound made to fit the audio format: converted, written, read back and proven."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from pipeline.audio.decode import finite
from pipeline.audio.resample import fitted_end, resample, resample_blocks, resampled_n_samples
from pipeline.core.errors import EmptyAudio, NotConforming
from pipeline.core.types import Audio, AudioFormat, Float32

_INTEGER_BITS = {"PCM_16": 16, "PCM_24": 24}
_AT_ONCE = 2**14
_Integer = TypeVar("_Integer", np.int16, np.int32)


def conform(audio: Audio, audio_format: AudioFormat) -> Audio:
    """The sound in the rate, channels and length of the format, float32, not clipped.

    Values that are not finite become 0. Mono is copied to more channels; any other change of channels goes
    by their mean. ``conformed_n_samples`` says how long it becomes. Raises EmptyAudio for no sample,
    UnreadableAudio if the rate is beyond resampling.
    """
    if audio.n_samples == 0 or audio.n_channels == 0:
        raise _empty("conform")
    resampled = resample(_mixed(audio, audio_format.n_channels), audio_format.rate_hz).samples
    samples = _fitted(resampled, _with_policy(resampled.shape[1], audio_format))
    return Audio(samples=np.ascontiguousarray(samples), rate_hz=audio_format.rate_hz)


def conformed_n_samples(n_samples: int, rate_hz: int, audio_format: AudioFormat) -> int:
    """How many samples ``conform`` makes of ``n_samples`` at ``rate_hz``.

    The same duration rounded to the nearest sample, half up, at least one; then the length policy.
    """
    return _with_policy(resampled_n_samples(n_samples, rate_hz, audio_format.rate_hz), audio_format)


def conform_blocks(blocks: Iterable[Audio], *, rate_hz: int, n_channels: int) -> Iterator[Audio]:
    """What ``conform`` makes of a long recording, block by block: end to end they are the whole, bit for bit.

    ``blocks`` are consecutive, as ``Sound.blocks`` gives them; little more than one of them is in memory. Lengths
    are kept: policies are for clips. Raises EmptyAudio for no sample, UnreadableAudio as ``conform`` does.
    """
    mixed = (_mixed(block, n_channels) for block in blocks if block.n_samples)
    is_empty = True
    for block in resample_blocks(mixed, rate_hz):
        is_empty = False
        if block.n_samples:
            yield block
    if is_empty:
        raise _empty("conform")


def encode(audio: Audio, audio_format: AudioFormat) -> bytes:
    """The conformed sound as a WAV or FLAC file: the same sound, the same bytes.

    Integer subtypes round to the nearest step and clip at full scale.
    """
    return encode_blocks([audio], audio_format)


def encode_blocks(blocks: Iterable[Audio], audio_format: AudioFormat) -> bytes:
    """What ``encode`` makes of consecutive blocks of conformed sound: the same bytes as of the whole.

    Raises EmptyAudio for no block.
    """
    waiting = iter(blocks)
    first = next(waiting, None)
    if first is None:
        raise _empty("encode")
    out = io.BytesIO()
    with sf.SoundFile(
        out,
        "w",
        samplerate=first.rate_hz,
        channels=first.n_channels,
        subtype=audio_format.subtype,
        format=audio_format.container,
    ) as target:
        for block in chain([first], waiting):
            target.write(quantised(block.samples, audio_format.subtype).T)
    data = out.getvalue()
    return _without_time_of_day(data) if audio_format.subtype == "FLOAT" else data


def prove(data: bytes, audio_format: AudioFormat, audio: Audio) -> None:
    """Return if ``data``, read back by a fresh decoder, is ``audio`` in the format; else raise NotConforming.

    Samples may differ by one quantisation step at most, and lie beyond full scale only in FLOAT.
    """
    try:
        with sf.SoundFile(io.BytesIO(data)) as source:
            found = (source.format, source.subtype, source.samplerate, source.channels)
            samples = np.asarray(source.read(dtype="float32", always_2d=True), dtype=np.float32).T
    except (sf.SoundFileError, ValueError, TypeError) as error:
        raise NotConforming("what was written cannot be read back", got=str(error)) from error
    wanted = (audio_format.container, audio_format.subtype, audio_format.rate_hz, audio_format.n_channels)
    if found != wanted:
        raise _not_conforming("the audio format", " ".join(map(str, wanted)), " ".join(map(str, found)))
    n_samples = _with_policy(audio.n_samples, audio_format)
    if not samples.shape[1] == audio.n_samples == n_samples:
        raise _not_conforming("the length", f"{n_samples} samples", f"{samples.shape[1]} samples")
    bits = _INTEGER_BITS.get(audio_format.subtype)
    expected = audio.samples if bits is None else np.clip(audio.samples, -1, 1)
    # One step more at the top: full scale itself has no code in integers.
    step = 0.0 if bits is None else 2.0 ** (1 - bits)
    off = np.abs(samples.astype(np.float64) - expected)
    if not (off <= step).all():
        raise _not_conforming("the samples", f"at most {step:.3g} off", f"{np.max(off):.3g} off")


def _mixed(audio: Audio, n_channels: int) -> Audio:
    """The sound in so many channels, without values that are not finite."""
    samples = finite(audio.samples)
    if samples.shape[0] != n_channels:
        # In float64, so that the mean of two loudest finite values does not become infinite.
        mono = samples if samples.shape[0] == 1 else samples.mean(axis=0, keepdims=True, dtype=np.float64)
        samples = np.repeat(mono.astype(np.float32), n_channels, axis=0)
    return Audio(samples=samples, rate_hz=audio.rate_hz)


def _with_policy(n_samples: int, audio_format: AudioFormat) -> int:
    if audio_format.length_s is None:
        return n_samples
    demanded = max(1, int(audio_format.length_s * audio_format.rate_hz + 0.5))
    if audio_format.length_policy == "pad":
        return max(n_samples, demanded)
    if audio_format.length_policy == "crop":
        return min(n_samples, demanded)
    return demanded


def _fitted(samples: Float32, n_samples: int) -> Float32:
    """Silence after the end if short, the middle if long."""
    start = max(0, samples.shape[1] - n_samples) // 2
    return fitted_end(samples[:, start:], n_samples)


def quantised(samples: Float32, subtype: str) -> Float32 | NDArray[np.int16] | NDArray[np.int32]:
    """Integers as libsndfile stores them unchanged; left to itself it would round down and shift every sample."""
    bits = _INTEGER_BITS.get(subtype)
    if bits is None:
        return samples
    if bits == 16:
        return _steps(samples, bits, np.empty(samples.shape, dtype=np.int16))
    return _steps(samples, bits, np.empty(samples.shape, dtype=np.int32)) << (32 - bits)


def encode_dtype(subtype: str) -> Literal["int16", "int32", "float32"]:
    """The numpy name of the values that ``quantised`` gives."""
    bits = _INTEGER_BITS.get(subtype)
    return "float32" if bits is None else "int16" if bits == 16 else "int32"


def stamp_time_0(path: Path) -> None:
    """Make a float WAV at ``path`` the same bytes whenever it was written."""
    with path.open("r+b") as file:
        head = file.read(4096)
        file.seek(0)
        file.write(_without_time_of_day(head))


def _steps(samples: Float32, bits: int, out: NDArray[_Integer]) -> NDArray[_Integer]:
    """The nearest steps, written into ``out``; a few at a time, so that what is between stays in the cache."""
    full = np.float32(2 ** (bits - 1))
    for start in range(0, samples.shape[1], _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        # Exact in float32: it holds every step, and the factor is a power of two.
        steps = np.clip(samples[:, part], np.float32(-1), np.float32(1))
        np.rint(np.multiply(steps, full, out=steps), out=steps)
        out[:, part] = np.minimum(steps, full - 1, out=steps)
    return out


def _without_time_of_day(data: bytes) -> bytes:
    """libsndfile stamps the PEAK chunk of float WAV with the time of writing; here it says 0."""
    start = data.find(b"PEAK", 12, data.find(b"data", 12))
    return data if start < 0 else data[: start + 12] + b"\0\0\0\0" + data[start + 16 :]


def _not_conforming(what: str, expected: str, got: str) -> NotConforming:
    return NotConforming(f"{what} of what was written is wrong", expected=expected, got=got, do="write it again")


def _empty(verb: str) -> EmptyAudio:
    return EmptyAudio(f"nothing to {verb}", expected="at least one sample", got="none")
