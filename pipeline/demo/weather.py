"""Made weather: rain on leaves and roofs, waves on a beach.

Each gives float32 (n,) at RATE_HZ, of any level. ``pitch`` is the place: above 1 is brighter.
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
    ringing,
    swell,
    tilted_noise,
    wander,
)


def rain(rng: np.random.Generator, pitch: float) -> Float32:
    """A steady hiss with single drops in it, from drizzle on leaves to a downpour on a roof."""
    n = n_samples_of(rng.uniform(1.9, 3.3))
    hiss = band(tilted_noise(rng, n, tilt_db=rng.uniform(-2.5, 1.0)), 500.0 * pitch, 13_000.0)
    drops = np.zeros(n, np.float32)
    for _ in range(5):
        drop_hz = 3200.0 * pitch * rng.uniform(0.4, 2.2)
        drop = ringing(((drop_hz, 1.0, rng.uniform(0.0003, 0.0015)),), length_s=0.008)
        n_falls = int(rng.poisson(rng.uniform(20.0, 160.0) * n / RATE_HZ))
        falls = np.zeros(n, np.float32)
        falls[rng.integers(0, n, n_falls)] = rng.exponential(1.0, n_falls)
        drops += convolved(falls, drop)
    gusts = 1.0 + rng.uniform(0.05, 0.3) * wander(rng, n, rate_hz=1.5)
    shower = hiss / np.sqrt(np.mean(hiss**2)) + rng.uniform(0.4, 1.6) * drops / np.sqrt(np.mean(drops**2) + 1e-9)
    return (np.tanh(0.25 * shower) * gusts * swell(n, attack_s=0.25, release_s=0.35)).astype(np.float32)


def waves(rng: np.random.Generator, pitch: float) -> Float32:
    """One wave that rolls in dark, breaks bright and draws back hissing; at times a second one behind it."""
    n = n_samples_of(rng.uniform(2.4, 3.4))
    out = _wave(rng, n, pitch, breaks_at=rng.uniform(0.3, 0.55))
    if rng.random() < 0.4:
        out += rng.uniform(0.3, 0.7) * _wave(rng, n, pitch, breaks_at=rng.uniform(0.65, 0.85))
    return (out * swell(n, attack_s=0.3, release_s=0.4)).astype(np.float32)


def _wave(rng: np.random.Generator, n: int, pitch: float, *, breaks_at: float) -> Float32:
    """Bands of noise, the higher the later and the shorter, which is what a breaking wave is."""
    out, water = np.zeros(n, np.float32), noise(rng, n)
    bands_hz = ((60.0, 280.0, 1.0), (250.0, 900.0, 0.8), (800.0, 2600.0, 0.55), (2400.0, 8000.0, 0.3))
    for number, (low_hz, high_hz, gain) in enumerate(bands_hz):
        peak_at = min(breaks_at + 0.05 * number, 0.93)
        times = (0.0, 0.45 * peak_at, peak_at, min(peak_at + 0.25, 0.97), 1.0)
        level = curve((0.06, 0.4 / (1 + number), 1.0, 0.55, 0.25), n, times=times)
        colour = band(np.roll(water, 4001 * number), low_hz * pitch, high_hz * pitch)
        loudness = gain * rng.uniform(0.75, 1.3) / float(np.sqrt(np.mean(colour**2)))
        out += (loudness * level * level * colour).astype(np.float32)
    return out * (1.0 + 0.25 * wander(rng, n, rate_hz=9.0)).astype(np.float32)
