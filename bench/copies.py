"""Copies of clips as they turn up in collections: other level, codec, rate, noise, shift, ends cut off."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import cast

import av
import numpy as np
import soundfile
import soxr
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from pipeline.core.types import Audio, Float32

Copy = Callable[[Audio, np.random.Generator], Audio]

_SHIFT_S = (0.05, 0.2)
_MOST_TRIMMED = 0.4
_OPUS_RATES_HZ = (8_000, 16_000, 48_000)


def _gain(db: float) -> Copy:
    return lambda audio, rng: _like(audio, np.clip(audio.samples * 10 ** (db / 20), -1, 1))


def _coded(encoder: str, container: str, kbps: float) -> Copy:
    """Through FFmpeg's encoder; the copy keeps the rate at which the decoder gives it."""

    def copy(audio: Audio, rng: np.random.Generator) -> Audio:
        rate_hz = audio.rate_hz
        if encoder == "libopus":
            rate_hz = next(rate for rate in _OPUS_RATES_HZ if rate >= min(rate_hz, 48_000))
        samples = _mono(audio)
        samples = samples if rate_hz == audio.rate_hz else soxr.resample(samples, audio.rate_hz, rate_hz)
        file = io.BytesIO()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate_hz, 0
        with av.open(file, "w", format=container) as target:
            stream = cast(AudioStream, target.add_stream(encoder, rate=rate_hz, layout="mono"))
            stream.bit_rate = round(kbps * 1000)
            resampler = AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate_hz)
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                target.mux(stream.encode(piece))
            target.mux(stream.encode(None))
        file.seek(0)
        with av.open(file, "r") as source:
            frames = list(source.decode(audio=0))
        decoded = np.concatenate([piece.to_ndarray()[0] for piece in frames]).astype(np.float32)
        return Audio(samples=decoded[np.newaxis], rate_hz=frames[0].sample_rate)

    return copy


def _vorbis(audio: Audio, rng: np.random.Generator) -> Audio:
    file = io.BytesIO()
    soundfile.write(file, _mono(audio), audio.rate_hz, format="OGG", subtype="VORBIS")
    file.seek(0)
    return _like(audio, np.asarray(soundfile.read(file, dtype="float32")[0])[np.newaxis])


def _round_trip(rate_hz: int) -> Copy:
    """To another rate and back; the rate that the clip has anyway: to a rate a tenth off and back."""

    def copy(audio: Audio, rng: np.random.Generator) -> Audio:
        via_hz = rate_hz if rate_hz != audio.rate_hz else round(1.1 * rate_hz)
        there = soxr.resample(_mono(audio), audio.rate_hz, via_hz)
        return _like(audio, soxr.resample(there, via_hz, audio.rate_hz)[np.newaxis])

    return copy


def _noise(audio: Audio, rng: np.random.Generator) -> Audio:
    """White noise 30 dB below the clip's mean power."""
    samples = _mono(audio)
    scale = np.sqrt(np.mean(np.square(samples, dtype=np.float64))) * 10 ** (-30 / 20)
    noisy = samples + rng.normal(scale=max(scale, 1e-9), size=len(samples))
    return _like(audio, np.clip(noisy, -1, 1).astype(np.float32)[np.newaxis])


def _shifted(audio: Audio, rng: np.random.Generator) -> Audio:
    """50 to 200 ms later within the same length: silence before, as much cut off at the end."""
    samples, n_shift = _mono(audio), _n_drawn(audio, rng)
    return _like(audio, np.concatenate((np.zeros(n_shift, np.float32), samples[: len(samples) - n_shift]))[np.newaxis])


def _trimmed(audio: Audio, rng: np.random.Generator) -> Audio:
    """50 to 200 ms cut off, at the beginning or at the end."""
    samples, n_cut = _mono(audio), _n_drawn(audio, rng)
    return _like(audio, (samples[n_cut:] if rng.random() < 0.5 else samples[: len(samples) - n_cut])[np.newaxis])


def _n_drawn(audio: Audio, rng: np.random.Generator) -> int:
    return min(round(rng.uniform(*_SHIFT_S) * audio.rate_hz), int(_MOST_TRIMMED * audio.n_samples))


def _mono(audio: Audio) -> Float32:
    return audio.samples.mean(axis=0, dtype=np.float32)


def _like(audio: Audio, samples: Float32) -> Audio:
    return Audio(samples=np.ascontiguousarray(samples, dtype=np.float32), rate_hz=audio.rate_hz)


COPIES: dict[str, Copy] = {
    "gain +6 dB": _gain(6),
    "gain -6 dB": _gain(-6),
    "mp3 64k": _coded("libmp3lame", "mp3", 64),
    "ogg": _vorbis,
    "opus 24k": _coded("libopus", "ogg", 24),
    "opus 16k": _coded("libopus", "ogg", 16),
    "via 8 kHz": _round_trip(8_000),
    "via 16 kHz": _round_trip(16_000),
    "via 44.1 kHz": _round_trip(44_100),
    "noise 30 dB": _noise,
    "shift": _shifted,
    "trim": _trimmed,
}
"""What a copy went through, by the name that the tables show."""
