"""Made things: a clock that ticks, a bell that rings, a helicopter, a siren.

Each gives float32 (n,) at RATE_HZ, of any level. ``pitch`` is the one thing: above 1 is smaller.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.types import Float32
from pipeline.demo.synthesis import (
    RATE_HZ,
    Curve,
    band,
    curve,
    n_samples_of,
    noise,
    put,
    ringing,
    swell,
    tone,
    wander,
)

_BELLS = {
    "church": ((0.5, 0.6, 1.3), (1.0, 1.0, 1.0), (1.19, 0.7, 0.8), (1.5, 0.4, 0.6), (2.0, 0.9, 0.7), (2.66, 0.4, 0.4)),
    "hand": ((1.0, 1.0, 1.1), (2.76, 0.6, 0.7), (5.4, 0.35, 0.4), (8.9, 0.15, 0.2)),
    "marimba": ((1.0, 1.0, 0.35), (3.93, 0.35, 0.12), (9.6, 0.15, 0.05)),
    "chime": ((1.0, 0.8, 1.4), (2.0, 0.5, 1.0), (3.01, 0.7, 0.9), (4.17, 0.3, 0.6)),
}


def clock(rng: np.random.Generator, pitch: float) -> Float32:
    """Even ticks, every second one a little lower, through the wood of the case."""
    length_s = rng.uniform(1.4, 3.0)
    every_s = 1.0 / rng.uniform(2.4, 5.5)
    tick, tock = _tick(rng, 3000.0 * pitch), _tick(rng, 2400.0 * pitch * rng.uniform(0.9, 1.1))
    out = np.zeros(n_samples_of(length_s), np.float32)
    for number in range(int(length_s / every_s)):
        loudness = np.float32(rng.uniform(0.85, 1.0))
        put(out, (tock if number % 2 else tick) * loudness, number * every_s + rng.uniform(0.0, 0.004))
    return out


def _tick(rng: np.random.Generator, click_hz: float) -> Float32:
    metal = [(click_hz * ratio * rng.uniform(0.92, 1.08), 1.0, rng.uniform(0.002, 0.006)) for ratio in (1.0, 1.7, 2.6)]
    wood = (rng.uniform(350.0, 900.0), rng.uniform(0.3, 0.9), rng.uniform(0.01, 0.03))
    return ringing([*metal, wood], length_s=0.12)


def bell(rng: np.random.Generator, pitch: float) -> Float32:
    """One to four strikes on metal or wood that ring out: church bell, hand bell, chime, marimba."""
    partials = _BELLS[str(rng.choice(list(_BELLS)))]
    note_hz = 560.0 * pitch * float(rng.choice((0.67, 0.75, 0.89, 1.0, 1.12, 1.33, 1.5)))
    ring_s = rng.uniform(0.7, 1.3)
    n_strikes = int(rng.integers(1, 5))
    every_s = rng.uniform(0.25, 0.6)
    out = np.zeros(n_samples_of(min(n_strikes * every_s + 1.4 * ring_s, 3.2)), np.float32)
    for number in range(n_strikes):
        step = float(rng.choice((1.0, 1.0, 1.25, 1.5)))
        struck = [(note_hz * step * r, g * rng.uniform(0.7, 1.2), d * ring_s * 0.6) for r, g, d in partials]
        put(out, ringing(struck, length_s=1.8) * np.float32(rng.uniform(0.6, 1.0)), number * every_s)
    attack = swell(len(out), attack_s=0.002, release_s=0.2).astype(np.float32)
    return out * attack


def helicopter(rng: np.random.Generator, pitch: float) -> Float32:
    """The chop of the blades, ten to twenty a second, over a dull roar and a thin turbine."""
    n = n_samples_of(rng.uniform(1.8, 3.2))
    blades_hz = rng.uniform(10.0, 19.0) * pitch
    beat = np.cumsum(blades_hz * (1.0 + 0.04 * wander(rng, n, rate_hz=0.8))) / RATE_HZ % 1.0
    sharpness = rng.uniform(5.0, 11.0)
    chop = np.exp(-sharpness * beat) * (1.0 - np.exp(-60.0 * beat))
    air = noise(rng, n)
    thump = band(air, 45.0, 320.0 * pitch) * chop
    slap = band(air, 300.0, 1800.0 * pitch) * chop
    roar = band(noise(rng, n), 80.0, 1200.0)
    whine = tone(rng.uniform(700.0, 1500.0) * pitch * (1.0 + 0.01 * wander(rng, n, rate_hz=2.0)), (1.0, 0.5, 0.2))
    out = 3.0 * thump + rng.uniform(0.5, 1.2) * slap + 0.12 * roar + rng.uniform(0.005, 0.03) * whine
    passing = curve((rng.uniform(0.35, 1.0), 1.0, rng.uniform(0.35, 1.0)), n)
    return (out * passing * swell(n, attack_s=0.2, release_s=0.3)).astype(np.float32)


def siren(rng: np.random.Generator, pitch: float) -> Float32:
    """A horn whose pitch wails slowly, yelps fast, or steps between two notes."""
    n = n_samples_of(rng.uniform(1.8, 3.2))
    time_s = np.arange(n) / RATE_HZ
    frequency_hz = 850.0 * pitch * rng.uniform(0.88, 1.14) * _sweep(rng, time_s + rng.uniform(0.0, 3.0))
    shine = rng.uniform(0.45, 0.75)
    horn = tone(frequency_hz, [shine**k for k in range(10)])
    distance = 1.0 + 0.2 * wander(rng, n, rate_hz=1.0)
    return (np.tanh(1.2 * horn) * distance * swell(n, attack_s=0.12, release_s=0.2)).astype(np.float32)


def _sweep(rng: np.random.Generator, time_s: Curve) -> Curve:
    """The pitch of a siren over time, around 1: a wail, a yelp or two tones."""
    kind = int(rng.integers(3))
    if kind == 0:
        return 1.0 + 0.4 * np.sin(2.0 * np.pi * rng.uniform(0.3, 0.6) * time_s)
    if kind == 1:
        return 0.75 + 0.7 * (rng.uniform(2.2, 4.0) * time_s % 1.0) ** 0.7
    steps = np.floor(time_s / rng.uniform(0.35, 0.7)) % 2.0
    return np.where(steps > 0, 1.0, rng.choice((0.75, 0.8, 0.84))) * 0.75
