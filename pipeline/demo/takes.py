"""Recordings in memory: one sound with a little air around it, or many in a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Float32
from pipeline.demo.places import Site, background, heard
from pipeline.demo.truth import PlantedSpan
from pipeline.demo.voices import VOICES


@dataclass(frozen=True, kw_only=True)
class Take:
    """A made recording: mono float32 (n,) in [-1, 1]."""

    site: Site
    label: str
    samples: Float32
    rate_hz: int

    @property
    def peak_dbfs(self) -> float:
        return 20.0 * float(np.log10(np.abs(self.samples).max()))


@dataclass(frozen=True, kw_only=True)
class LongTake:
    """A made recording of many sounds, float32 (n,), and where each can be heard."""

    samples: Float32
    rate_hz: int
    spans: tuple[PlantedSpan, ...]


def short_take(label: str, site: Site, *, pitch: float, rng: np.random.Generator, rate_hz: int | None = None) -> Take:
    """One sound of 1 to 4 s over the site's noise floor, with a peak between -12 and -3 dBFS."""
    rate_hz = rate_hz or site.rate_hz
    sound = heard(VOICES[label](rng, pitch), site, rng, rate_hz=rate_hz)
    n_before, n_after = (round(rng.uniform(0.05, 0.35) * rate_hz) for _ in range(2))
    sound = sound[: 4 * rate_hz - n_before]
    n = min(max(n_before + len(sound) + n_after, rate_hz), 4 * rate_hz)
    samples = background(site, rng, n, rate_hz=rate_hz)
    samples[n_before : n_before + len(sound)] += sound * np.float32(10.0 ** (rng.uniform(-10.0, -4.0) / 20.0))
    return Take(site=site, label=label, samples=_at_peak(samples, rng.uniform(-11.8, -3.2)), rate_hz=rate_hz)


def long_take(labels: Sequence[str], site: Site, *, pitches: Sequence[float], rng: np.random.Generator) -> LongTake:
    """The sounds one after another, near and far, with gaps of seconds: one to three minutes in all."""
    rate_hz = site.long_rate_hz
    sounds = [
        heard(VOICES[label](rng, pitch), site, rng, rate_hz=rate_hz)
        * np.float32(10.0 ** (rng.uniform(-18.0, -4.0) / 20.0))
        for label, pitch in zip(labels, pitches, strict=True)
    ]
    gaps_s = rng.uniform(1.5, 7.0, len(sounds) + 1)
    sounding_s = sum(map(len, sounds)) / rate_hz
    gaps_s *= max(1.0, (rng.uniform(61.0, 90.0) - sounding_s) / float(gaps_s.sum()))
    samples = background(site, rng, round((sounding_s + float(gaps_s.sum())) * rate_hz), rate_hz=rate_hz)
    noise_rms = float(np.sqrt(np.mean(samples**2)))
    spans: list[PlantedSpan] = []
    at = 0
    for sound, label, gap_s in zip(sounds, labels, gaps_s, strict=False):
        at += round(float(gap_s) * rate_hz)
        samples[at : at + len(sound)] += sound
        first, last = _audible(sound, noise_rms, rate_hz)
        spans.append(PlantedSpan(round((at + first) / rate_hz, 3), round((at + last) / rate_hz, 3), label))
        at += len(sound)
    return LongTake(samples=_at_peak(samples, rng.uniform(-9.0, -3.2)), rate_hz=rate_hz, spans=tuple(spans))


def _at_peak(samples: Float32, peak_dbfs: float) -> Float32:
    return samples * np.float32(10.0 ** (peak_dbfs / 20.0) / np.abs(samples).max())


def _audible(sound: Float32, noise_rms: float, rate_hz: int) -> tuple[int, int]:
    """First and last sample of what stands out of the noise and lies within 35 dB of the loudest moment."""
    n_frame = rate_hz // 100
    frames = sound[: len(sound) // n_frame * n_frame].reshape(-1, n_frame)
    rms = np.sqrt(np.mean(frames**2, axis=1))
    loud = np.flatnonzero(rms >= max(noise_rms, float(rms.max()) * 10.0 ** (-35.0 / 20.0)))
    return (int(loud[0]) * n_frame, int(loud[-1] + 1) * n_frame) if len(loud) else (0, len(sound))
