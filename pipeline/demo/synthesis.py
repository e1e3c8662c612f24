"""The parts that every made sound is built from: tones, noises, strikes and their shapes in time.

Sound is float32 (n,) at RATE_HZ, of any level: places.py gives it one. Curves are float64 (n,).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import butter, oaconvolve, sosfilt

from pipeline.core.types import Float32

RATE_HZ = 32_000

Curve = NDArray[np.float64]


def n_samples_of(length_s: float) -> int:
    """The number of samples in so many seconds, at least one."""
    return max(1, round(length_s * RATE_HZ))


def curve(values: Sequence[float], n: int, *, times: Sequence[float] | None = None) -> Curve:
    """A curve through the values, evenly spread over n samples or at ``times`` in 0 to 1."""
    at = np.linspace(0.0, 1.0, len(values)) if times is None else np.asarray(times)
    return np.interp(np.linspace(0.0, 1.0, n), at, np.asarray(values))


def wander(rng: np.random.Generator, n: int, *, rate_hz: float) -> Curve:
    """A smooth random curve in about [-1, 1] that turns ``rate_hz`` times a second."""
    n_points = max(4, round(n / RATE_HZ * rate_hz) + 2)
    return curve([float(v) for v in rng.uniform(-1.0, 1.0, n_points)], n)


def tone(frequency_hz: Curve, gains: Sequence[float]) -> Float32:
    """Harmonics 1, 2, 3 ... of a moving pitch with these gains; what lies above hearing is left out."""
    phase = 2.0 * np.pi * np.cumsum(frequency_hz) / RATE_HZ
    n_heard = int(0.45 * RATE_HZ / max(float(frequency_hz.max(initial=0.0)), 1.0))
    # sin((k + 1) x) = 2 cos(x) sin(k x) - sin((k - 1) x): one sine and one cosine serve all harmonics.
    twice_cosine, before, now = 2.0 * np.cos(phase), np.zeros(len(phase)), np.sin(phase)
    out = np.zeros(len(phase))
    for gain in gains[:n_heard]:
        out += gain * now
        before, now = now, twice_cosine * now - before
    return out.astype(np.float32)


def ringing(partials: Iterable[tuple[float, float, float]], length_s: float) -> Float32:
    """Decaying sines from (frequency_hz, gain, decay_s): the sound of one thing struck once."""
    n = n_samples_of(length_s)
    out = np.zeros(n)
    for frequency_hz, gain, decay_s in partials:
        if frequency_hz < 0.45 * RATE_HZ:
            out += gain * _powers(complex(-1.0 / decay_s, 2.0 * np.pi * frequency_hz) / RATE_HZ, n).imag
    return out.astype(np.float32)


def noise(rng: np.random.Generator, n: int) -> Float32:
    """White noise of RMS 1."""
    return rng.standard_normal(n, dtype=np.float32)


def tilted_noise(rng: np.random.Generator, n: int, *, tilt_db: float, rate_hz: float = RATE_HZ) -> Float32:
    """Noise of RMS 1 whose spectrum falls (tilt below 0) or rises by ``tilt_db`` per octave above 50 Hz."""
    n_fast = int(next_fast_len(n, real=True) or n)
    frequency_hz = rfftfreq(n_fast, 1.0 / rate_hz).astype(np.float32)
    gain = (np.maximum(frequency_hz, 50.0) / 1000.0) ** np.float32(tilt_db / 6.0206)
    spectrum = np.asarray(rfft(noise(rng, n_fast)))
    shaped = np.asarray(irfft(spectrum * gain, n_fast), dtype=np.float32)[:n]
    return shaped / max(float(np.sqrt(np.mean(shaped**2))), 1e-9)


def band(sound: Float32, low_hz: float, high_hz: float, *, order: int = 2, rate_hz: float = RATE_HZ) -> Float32:
    """What lies between the two frequencies, by a Butterworth filter."""
    sections = _band_filter(max(low_hz, 5.0), min(high_hz, 0.49 * rate_hz), order, rate_hz)
    return np.asarray(sosfilt(sections, sound), dtype=np.float32)


def swell(n: int, *, attack_s: float, release_s: float) -> Curve:
    """A gain that rises from 0 to 1, stays, and falls to 0, in raised cosines."""
    out = np.ones(n)
    n_attack, n_release = min(n_samples_of(attack_s), n), min(n_samples_of(release_s), n)
    out[:n_attack] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n_attack) / n_attack)
    out[n - n_release :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_release + 1) / n_release)
    return out


def convolved(sound: Float32, kernel: Float32) -> Float32:
    """The sound with every sample ringing like the kernel, as long as before."""
    return np.asarray(oaconvolve(sound, kernel)[: len(sound)], dtype=np.float32)


def put(into: Float32, sound: Float32, at_s: float) -> None:
    """Add a sound to another from this time on; what would hang over the end is cut off."""
    start = round(at_s * RATE_HZ)
    stop = min(start + len(sound), len(into))
    if start < stop:
        into[start:stop] += sound[: stop - start]


def _powers(exponent: complex, n: int) -> NDArray[np.complex128]:
    """exp(exponent * 0), exp(exponent * 1) ... for n steps, as products of a coarse and a fine row."""
    n_fine = int(np.ceil(np.sqrt(n)))
    coarse = np.exp(exponent * n_fine * np.arange(-(-n // n_fine)))
    return np.outer(coarse, np.exp(exponent * np.arange(n_fine))).ravel()[:n]


@lru_cache(maxsize=64)
def _band_filter(low_hz: float, high_hz: float, order: int, rate_hz: float) -> Curve:
    return np.asarray(butter(order, [low_hz, high_hz], "bandpass", fs=rate_hz, output="sos"), dtype=np.float64)
