"""Loudness as ITU-R BS.1770-4 has it: K-weighting, blocks of 400 ms, an absolute and a relative gate."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32

_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_LOW_CUT_HZ, _LOW_CUT_Q = 38.13547087602444, 0.5003270373238773
_OFFSET_LU = -0.691
_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
STEPS_PER_BLOCK = 4
"""A block is four steps of 100 ms, so that blocks overlap by 75 %."""


@lru_cache
def k_weighting(rate_hz: int) -> NDArray[np.float64]:
    """Second-order sections, float64 (sections, 6), whose response at 48 kHz is the standard's own.

    The standard gives coefficients for 48 kHz only; these are its two analogue filters brought to any rate by
    the bilinear transform. Below a rate of 4 kHz the shelf would lie beyond the sound and is left out.
    """
    k = math.tan(math.pi * _LOW_CUT_HZ / rate_hz)
    low_cut = [1.0, -2.0, 1.0, *_poles(k, _LOW_CUT_Q)]
    if rate_hz < 4_000:
        return np.array([low_cut])
    k = math.tan(math.pi * _SHELF_HZ / rate_hz)
    high = 10 ** (_SHELF_DB / 20)
    middle = high**0.4996667741545416 * k / _SHELF_Q
    a0 = 1 + k / _SHELF_Q + k * k
    zeros = [(high + middle + k * k) / a0, 2 * (k * k - high) / a0, (high - middle + k * k) / a0]
    return np.array([[*zeros, *_poles(k, _SHELF_Q)], low_cut])


@lru_cache
def energy_weights(rate_hz: int, n_fft: int) -> Float32:
    """What to weigh the squared real and imaginary parts of ``rfft`` with, float32 (2 * bins,), interleaved.

    Their sum is the mean square of the K-weighted ``n_fft`` samples, as if they went round: the filters' ringing
    from one step into the next is given to the step that caused it, which the mean over blocks evens out.
    """
    turns = np.exp(-2j * math.pi * np.arange(n_fft // 2 + 1) / n_fft)
    delays = np.stack([np.ones_like(turns), turns, turns**2])
    response = np.ones_like(turns)
    for section in k_weighting(rate_hz):
        response *= (section[:3] @ delays) / (section[3:] @ delays)
    weights = np.abs(response) ** 2 * 2 / n_fft**2
    weights[0] /= 2
    if n_fft % 2 == 0:
        weights[-1] /= 2
    return np.repeat(weights, 2).astype(np.float32)


@lru_cache
def trends(n_fft: int) -> tuple[Float32, Float32]:
    """Orthonormal polynomials of degree 1 to 3, float32 (3, n_fft), and their ``rfft``, (3, 2 * bins), interleaved.

    What swings below 20 Hz is a trend within a step, and the jump from its end to its beginning would be heard.
    """
    powers = np.linspace(-1, 1, n_fft)[:, np.newaxis] ** np.arange(min(4, n_fft))
    basis = np.ascontiguousarray(np.linalg.qr(powers)[0].T[1:])
    return basis.astype(np.float32), np.fft.rfft(basis).view(np.float64).astype(np.float32)


def integrated_lufs(energies: NDArray[np.float64]) -> float | None:
    """Gated loudness of steps of 100 ms, float64 (n,): mean square after K-weighting, summed over channels.

    None if every block is below -70 LUFS. Fewer steps than a block are measured as one block.
    """
    if len(energies) < STEPS_PER_BLOCK:
        blocks = energies.mean(keepdims=True) if len(energies) else energies
    else:
        blocks = np.convolve(energies, np.full(STEPS_PER_BLOCK, 1 / STEPS_PER_BLOCK), "valid")
    heard = blocks[blocks > _energy(_GATE_LUFS)]
    if not len(heard):
        return None
    gate = float(heard.mean()) * 10 ** (_RELATIVE_GATE_LU / 10)
    return _OFFSET_LU + 10 * math.log10(float(heard[heard > gate].mean()))


def _poles(k: float, q: float) -> list[float]:
    a0 = 1 + k / q + k * k
    return [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def _energy(lufs: float) -> float:
    return 10 ** ((lufs - _OFFSET_LU) / 10)
