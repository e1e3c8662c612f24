"""Augmenter codec: the clip as it sounds after lossy compression."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import av
import numpy as np
import soundfile as sf
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from pipeline.audio.resample import fitted_end
from pipeline.core.types import Audio, Float32
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_choice, demand_range, draw_choice, draw_ratio
from pipeline.plugins.augmenters.shaping import demand_samples, resampled, within_full_scale

Compression = Literal["mp3", "ogg", "opus", "aac", "any"]

_ENCODERS = {"mp3": ("libmp3lame", "mp3"), "opus": ("libopus", "ogg"), "aac": ("aac", "mp4")}
"""FFmpeg's encoder, and a container that notes the encoder's delay, so that the decoder takes it out."""
_CHOICES = ("mp3", "ogg", "opus", "aac")
_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_OPUS_RATE_HZ = 48_000
_VORBIS_KBPS = (16.0, 64.0)
"""Vorbis has no bit rate but a quality: its worst stands for the first of these, its best for the second."""
_PADDING_SAMPLES = 4_096


@dataclass(frozen=True, kw_only=True)
class Codec:
    """Encodes and decodes the clip in memory by ``codec``, at a bit rate drawn from ``min_kbps`` to ``max_kbps``.

    The bit rate is a channel's, for each is encoded alone; the encoder takes the nearest that it has at
    that rate. ogg means Ogg Vorbis, which knows qualities only. any draws one of the four codecs. The
    encoder's delay is taken out and the length stays.
    """

    needs_backgrounds: ClassVar[bool] = False

    codec: Compression = "any"
    min_kbps: float = 16.0
    max_kbps: float = 64.0

    def __post_init__(self) -> None:
        demand_choice("codec", self.codec, (*_CHOICES, "any"))
        demand_range("kbps", self.min_kbps, self.max_kbps, within=(8, 256))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip after the round trip. Raises EmptyAudio."""
        demand_samples(audio)
        codec = draw_choice(rng, _CHOICES) if self.codec == "any" else self.codec
        kbps = draw_ratio(rng, self.min_kbps, self.max_kbps)
        rate_hz = _OPUS_RATE_HZ if codec == "opus" else _rate_of_codec(audio.rate_hz)
        n_samples = math.ceil(audio.n_samples * rate_hz / audio.rate_hz)
        inside = resampled(audio.samples, audio.rate_hz, rate_hz, n_samples=n_samples + _PADDING_SAMPLES)
        # A decoder may fill silence with a hiss; here it stays silence.
        decoded = [_round_trip(codec, channel, rate_hz, kbps) if channel.any() else channel for channel in inside]
        decoded = np.concatenate([fitted_end(channel[np.newaxis], inside.shape[1]) for channel in decoded])
        return within_full_scale(resampled(decoded, rate_hz, audio.rate_hz, n_samples=audio.n_samples), audio.rate_hz)


def _rate_of_codec(rate_hz: int) -> int:
    """The lowest rate of the codecs that loses nothing, at most 48 kHz."""
    return next((rate for rate in _RATES_HZ if rate >= rate_hz), _RATES_HZ[-1])


def _round_trip(codec: str, channel: Float32, rate_hz: int, kbps: float) -> Float32:
    """A channel float32 (n,) encoded and decoded: about as long as before."""
    file = io.BytesIO()
    if codec == "ogg":
        return _through_vorbis(channel, rate_hz, file=file, kbps=kbps)
    encoder, container = _ENCODERS[codec]
    _encode(channel, rate_hz, file=file, encoder=encoder, container=container, kbps=kbps)
    file.seek(0)
    with av.open(file, "r") as source:
        frames = [frame.to_ndarray()[0] for frame in source.decode(audio=0)]
    return np.concatenate(frames).astype(np.float32, copy=False)


def _through_vorbis(channel: Float32, rate_hz: int, *, file: io.BytesIO, kbps: float) -> Float32:
    low, high = map(math.log, _VORBIS_KBPS)
    level = float(np.interp(math.log(kbps), (low, high), (1.0, 0.0)))
    sf.write(file, channel, rate_hz, format="OGG", subtype="VORBIS", compression_level=level)
    file.seek(0)
    return np.asarray(sf.read(file, dtype="float32")[0], dtype=np.float32)


def _encode(channel: Float32, rate_hz: int, *, file: io.BytesIO, encoder: str, container: str, kbps: float) -> None:
    frame = av.AudioFrame.from_ndarray(channel[np.newaxis], format="fltp", layout="mono")
    frame.sample_rate = rate_hz
    # Without a first time stamp the MP4 muxer forgets the delay.
    frame.pts = 0
    with av.open(file, "w", format=container) as target:
        stream = cast(AudioStream, target.add_stream(encoder, rate=rate_hz, layout="mono"))
        stream.bit_rate = round(kbps * 1000)
        resampler = AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate_hz)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
