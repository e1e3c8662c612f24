"""The places where the demo corpus was recorded: room, microphone, recorder, noise floor, inhabitants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import soxr

from pipeline.core.types import Float32
from pipeline.demo.synthesis import RATE_HZ, band, convolved, n_samples_of, noise, tilted_noise


@dataclass(frozen=True, kw_only=True)
class Site:
    """One source group: everything recorded here shares its room, its microphone and its noise."""

    name: str
    rate_hz: int
    long_rate_hz: int
    reverb_s: float
    wet: float
    low_hz: float
    high_hz: float
    noise_dbfs: float
    noise_tilt_db: float
    hum_hz: float | None = None


SITES: tuple[Site, ...] = (
    Site(
        name="garden",
        rate_hz=44_100,
        long_rate_hz=22_050,
        reverb_s=0.15,
        wet=0.1,
        low_hz=60.0,
        high_hz=18_000.0,
        noise_dbfs=-54.0,
        noise_tilt_db=-3.0,
    ),
    Site(
        name="harbour",
        rate_hz=22_050,
        long_rate_hz=22_050,
        reverb_s=0.5,
        wet=0.25,
        low_hz=80.0,
        high_hz=9_500.0,
        noise_dbfs=-47.0,
        noise_tilt_db=-5.0,
    ),
    Site(
        name="farm",
        rate_hz=16_000,
        long_rate_hz=16_000,
        reverb_s=0.3,
        wet=0.2,
        low_hz=120.0,
        high_hz=7_200.0,
        noise_dbfs=-50.0,
        noise_tilt_db=-4.0,
    ),
    Site(
        name="station",
        rate_hz=48_000,
        long_rate_hz=24_000,
        reverb_s=1.0,
        wet=0.35,
        low_hz=50.0,
        high_hz=20_000.0,
        noise_dbfs=-49.0,
        noise_tilt_db=-4.0,
        hum_hz=100.0,
    ),
    Site(
        name="kitchen",
        rate_hz=22_050,
        long_rate_hz=16_000,
        reverb_s=0.4,
        wet=0.3,
        low_hz=150.0,
        high_hz=9_800.0,
        noise_dbfs=-51.0,
        noise_tilt_db=-2.0,
        hum_hz=50.0,
    ),
    Site(
        name="park",
        rate_hz=32_000,
        long_rate_hz=22_050,
        reverb_s=0.2,
        wet=0.12,
        low_hz=200.0,
        high_hz=11_000.0,
        noise_dbfs=-56.0,
        noise_tilt_db=-1.5,
    ),
)


def individuals(labels: tuple[str, ...], *, seed: int) -> Mapping[tuple[str, str], float]:
    """The pitch of each site's own bird, dog, bell ..., by (site, label)."""
    rng = np.random.default_rng([seed, 1])
    return {(site.name, label): float(rng.uniform(0.82, 1.22)) for site in SITES for label in labels}


def heard(dry: Float32, site: Site, rng: np.random.Generator, *, rate_hz: int) -> Float32:
    """The sound as the site's microphone hears it, float32 (n,) at ``rate_hz``, peak 1, with its echo."""
    room = np.zeros(len(dry) + n_samples_of(0.6 * site.reverb_s), np.float32)
    room[: len(dry)] = dry
    wet = site.wet * rng.uniform(0.5, 1.5)
    echo = convolved(room, _echo(rng, site.reverb_s))
    loudest = max(float(np.abs(echo).max()), 1e-9)
    mixed = (1.0 - wet) * room / max(float(np.abs(room).max()), 1e-9) + wet * echo / loudest
    picked_up = band(mixed.astype(np.float32), site.low_hz, site.high_hz, order=1)
    sound = np.asarray(soxr.resample(picked_up, RATE_HZ, rate_hz), dtype=np.float32)
    return sound / max(float(np.abs(sound).max()), 1e-9)


def background(site: Site, rng: np.random.Generator, n: int, *, rate_hz: int) -> Float32:
    """The site's noise floor, float32 (n,), at its own level in dBFS give or take a few dB."""
    floor = tilted_noise(rng, n, tilt_db=site.noise_tilt_db + rng.uniform(-1.0, 1.0), rate_hz=rate_hz)
    if site.hum_hz is not None:
        turn = np.linspace(0.0, 2.0 * np.pi, round(rate_hz / site.hum_hz), endpoint=False)
        period = 0.5 * np.sin(turn) + 0.25 * np.sin(2.0 * turn) + 0.17 * np.sin(3.0 * turn)
        floor += np.resize(period.astype(np.float32), n)
    return floor * np.float32(10.0 ** ((site.noise_dbfs + rng.uniform(-5.0, 4.0)) / 20.0))


def _echo(rng: np.random.Generator, reverb_s: float) -> Float32:
    """An exponential tail of noise that is 60 dB down after ``reverb_s``, darker than the sound itself."""
    n = n_samples_of(reverb_s)
    tail = noise(rng, n) * np.exp(-6.9 * np.linspace(0.0, 1.0, n)).astype(np.float32)
    return band(tail, 150.0, 6_000.0, order=1)
