"""Sound made to fit the audio format: converted, written, read back and proven."""

from __future__ import annotations

import io

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from pipeline.core.errors import EmptyAudio, NotConforming, UnreadableAudio
from pipeline.core.types import Audio, AudioFormat, Float32

_INTEGER_BITS = {"PCM_16": 16, "PCM_24": 24}


def conform(audio: Audio, audio_format: AudioFormat) -> Audio:
    """The sound in the rate, channels and length of the format, float32, not clipped.

    Values that are not finite become 0. Mono is copied to more channels; any other change of channels goes
    by their mean. ``conformed_n_samples`` says how long it becomes. Raises EmptyAudio for no sample,
    UnreadableAudio if the rate is beyond resampling.
    """
    if audio.n_samples == 0 or audio.n_channels == 0:
        raise EmptyAudio("nothing to conform", expected="at least one sample", got="none")
    samples = _mixed(_finite(audio.samples), audio_format.n_channels)
    samples = _resampled(samples, audio.rate_hz, audio_format.rate_hz)
    samples = _fitted(samples, _with_policy(samples.shape[1], audio_format))
    return Audio(samples=np.ascontiguousarray(samples), rate_hz=audio_format.rate_hz)


def conformed_n_samples(n_samples: int, rate_hz: int, audio_format: AudioFormat) -> int:
    """How many samples ``conform`` makes of ``n_samples`` at ``rate_hz``.

    The same duration rounded to the nearest sample, half up, at least one; then the length policy.
    """
    return _with_policy(_resampled_n_samples(n_samples, rate_hz, audio_format.rate_hz), audio_format)


def encode(audio: Audio, audio_format: AudioFormat) -> bytes:
    """The conformed sound as a WAV or FLAC file: the same sound, the same bytes.

    Integer subtypes round to the nearest step and clip at full scale.
    """
    out = io.BytesIO()
    sf.write(
        out,
        _quantised(audio.samples, audio_format.subtype).T,
        audio.rate_hz,
        subtype=audio_format.subtype,
        format=audio_format.container,
    )
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


def _finite(samples: Float32) -> Float32:
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32, copy=False)


def _mixed(samples: Float32, n_channels: int) -> Float32:
    if samples.shape[0] == n_channels:
        return samples
    # In float64, so that the mean of two loudest finite values does not become infinite.
    mono = samples if samples.shape[0] == 1 else samples.mean(axis=0, keepdims=True, dtype=np.float64)
    return np.repeat(mono.astype(np.float32), n_channels, axis=0)


def _resampled(samples: Float32, rate_hz: int, target_hz: int) -> Float32:
    if rate_hz == target_hz:
        return samples
    try:
        resampled = soxr.resample(samples.T, rate_hz, target_hz, quality="HQ").T
    except (ValueError, RuntimeError) as error:
        raise UnreadableAudio(
            "cannot resample", expected=f"a rate that leads to {target_hz} Hz", got=f"{rate_hz} Hz ({error})"
        ) from error
    # Values near the end of float32 overflow in the filter; and soxr rounds lengths its own way, here they are defined.
    return _fitted_end(_finite(resampled), _resampled_n_samples(samples.shape[1], rate_hz, target_hz))


def _resampled_n_samples(n_samples: int, rate_hz: int, target_hz: int) -> int:
    return max(1, (2 * n_samples * target_hz + rate_hz) // (2 * rate_hz))


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
    return _fitted_end(samples[:, start:], n_samples)


def _fitted_end(samples: Float32, n_samples: int) -> Float32:
    n_missing = n_samples - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, n_missing))) if n_missing > 0 else samples[:, :n_samples]


def _quantised(samples: Float32, subtype: str) -> Float32 | NDArray[np.int16] | NDArray[np.int32]:
    """Integers as libsndfile stores them unchanged; left to itself it would round down and shift every sample."""
    bits = _INTEGER_BITS.get(subtype)
    if bits is None:
        return samples
    full = 2 ** (bits - 1)
    steps = np.clip(np.rint(samples.astype(np.float64) * full), -full, full - 1)
    return steps.astype(np.int16) if bits == 16 else steps.astype(np.int32) << (32 - bits)


def _without_time_of_day(data: bytes) -> bytes:
    """libsndfile stamps the PEAK chunk of float WAV with the time of writing; here it says 0."""
    start = data.find(b"PEAK", 12, data.find(b"data", 12))
    return data if start < 0 else data[: start + 12] + b"\0\0\0\0" + data[start + 16 :]


def _not_conforming(what: str, expected: str, got: str) -> NotConforming:
    return NotConforming(f"{what} of what was written is wrong", expected=expected, got=got, do="write it again")
