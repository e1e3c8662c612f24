"""Made animals: a bird that chirps, a dog that barks, a frog that croaks.

Each gives float32 (n,) at RATE_HZ, of any level. ``pitch`` is the individual: 1 in the middle, 1.2 smaller.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.types import Float32
from pipeline.demo.synthesis import (
    RATE_HZ,
    band,
    convolved,
    curve,
    n_samples_of,
    noise,
    put,
    ringing,
    swell,
    tone,
    wander,
)


def bird(rng: np.random.Generator, pitch: float) -> Float32:
    """A phrase of whistled syllables between 2 and 7 kHz, repeated as songbirds do."""
    length_s = rng.uniform(0.9, 2.5)
    out = np.zeros(n_samples_of(length_s), np.float32)
    base_hz = 3700.0 * pitch * rng.uniform(0.9, 1.12)
    phrase = [_syllable(rng, base_hz) for _ in range(int(rng.integers(1, 4)))]
    gap_s, breath_s = rng.uniform(0.02, 0.09), rng.uniform(0.06, 0.3)
    at_s = 0.0
    while at_s < length_s - 0.12:
        for syllable in phrase:
            put(out, syllable * np.float32(rng.uniform(0.6, 1.0)), at_s)
            at_s += len(syllable) / RATE_HZ + gap_s
        at_s += breath_s
    return out


def _syllable(rng: np.random.Generator, base_hz: float) -> Float32:
    n = n_samples_of(rng.uniform(0.05, 0.2))
    shapes = ((1.35, 0.85), (0.8, 1.3), (0.85, 1.25, 0.9), (1.2, 0.9, 1.2), (1.0, 1.0))
    glide = curve(shapes[rng.integers(len(shapes))], n) * rng.uniform(0.85, 1.2)
    trill = 1.0 + rng.uniform(0.0, 0.07) * np.sin(2 * np.pi * rng.uniform(25, 60) * np.arange(n) / RATE_HZ)
    return tone(base_hz * glide * trill, (1.0, 0.12, 0.04)) * swell(n, attack_s=0.012, release_s=0.03).astype(
        np.float32
    )


def dog(rng: np.random.Generator, pitch: float) -> Float32:
    """One to five barks: a rough voice that jumps up and falls, with breath in it."""
    n_barks = int(rng.integers(1, 6))
    bark_s = rng.uniform(0.14, 0.3)
    every_s = bark_s + rng.uniform(0.06, 0.3)
    voice_hz = 360.0 * pitch**1.6 * rng.uniform(0.85, 1.2)
    roughness = rng.uniform(0.2, 0.6)
    out = np.zeros(n_samples_of(n_barks * every_s + 0.15), np.float32)
    for number in range(n_barks):
        bark = _bark(rng, bark_s * rng.uniform(0.85, 1.1), voice_hz, roughness)
        put(out, bark * np.float32(rng.uniform(0.7, 1.0)), number * every_s * rng.uniform(0.97, 1.03))
    return out


def _bark(rng: np.random.Generator, length_s: float, voice_hz: float, roughness: float) -> Float32:
    n = n_samples_of(length_s)
    frequency_hz = voice_hz * curve((0.75, 1.25, 1.1, 0.7), n, times=(0.0, 0.2, 0.5, 1.0))
    frequency_hz *= 1.0 + 0.03 * wander(rng, n, rate_hz=90.0)
    throat_hz = np.array([1.9, 4.2]) * voice_hz * rng.uniform(0.9, 1.1)
    harmonic_hz = voice_hz * np.arange(1, 26)
    gains = sum(1.0 / (1.0 + ((harmonic_hz - hz) / (0.4 * hz)) ** 2) for hz in throat_hz) / np.arange(1, 26) ** 0.4
    voice = tone(frequency_hz, [float(g) for g in np.asarray(gains)])
    breath = band(noise(rng, n), 1.2 * voice_hz, 12.0 * voice_hz)
    mixed = np.tanh(2.5 * (voice / np.abs(voice).max() + roughness * breath / np.abs(breath).max()))
    falling = curve((0.0, 1.0, 0.8, 0.25, 0.0), n, times=(0.0, 0.04, 0.4, 0.75, 1.0))
    return (mixed * falling).astype(np.float32)


def frog(rng: np.random.Generator, pitch: float) -> Float32:
    """Two to six croaks: each a fast train of pulses through one low, hollow resonance."""
    n_croaks = int(rng.integers(2, 7))
    croak_s = rng.uniform(0.16, 0.45)
    every_s = croak_s + rng.uniform(0.08, 0.28)
    hollow_hz = 950.0 * pitch**1.5 * rng.uniform(0.85, 1.2)
    pulses_hz = rng.uniform(28.0, 65.0)
    body = ringing(
        ((hollow_hz, 1.0, 0.007), (2.1 * hollow_hz, 0.5, 0.004), (0.45 * hollow_hz, 0.35, 0.009)), length_s=0.06
    )
    out = np.zeros(n_samples_of(n_croaks * every_s + 0.1), np.float32)
    for number in range(n_croaks):
        croak = _croak(rng, croak_s * rng.uniform(0.85, 1.1), pulses_hz * rng.uniform(0.95, 1.05), body)
        put(out, croak, number * every_s)
    return out


def _croak(rng: np.random.Generator, length_s: float, pulses_hz: float, body: Float32) -> Float32:
    n = n_samples_of(length_s)
    phase = np.cumsum(pulses_hz * curve((0.8, 1.0, 1.15), n)) / RATE_HZ
    pulses = np.diff(np.floor(phase), prepend=0.0).astype(np.float32)
    pulses *= rng.uniform(0.7, 1.0, n).astype(np.float32)
    rising = curve((0.3, 1.0, 0.9, 0.0), n, times=(0.0, 0.45, 0.85, 1.0)).astype(np.float32)
    return convolved(pulses * rising, body)
