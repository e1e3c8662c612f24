"""The descriptors of a clip, measured block by block in one pass."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.bandwidth import BandwidthMeter, spectra
from pipeline.audio.levels import SILENCE_DBFS, ClippedRuns, dbfs
from pipeline.audio.loudness import STEPS_PER_BLOCK, energy_weights, integrated_lufs, trends
from pipeline.core.types import Descriptors, Float32

_FRAMES_PER_STEP = 5
_QUIETEST = 0.1
_LOUD_DB = 3.0
_DIGITAL_SILENCE = 10 ** (-110.0 / 10)
_SILENT = 10 ** (SILENCE_DBFS / 10)

Float64 = NDArray[np.float64]


class DescriptorMeter:
    """Peak, RMS and descriptors of sound added block by block; an hour costs 3 MB.

    Frames are of 20 ms, their level is without DC and the mean over channels. A frame below -60 dBFS is silent.
    ``bit_depth`` is as for ClippedRuns. Loudness weighs all channels alike, as the standard does left and right.
    """

    def __init__(self, rate_hz: int, n_channels: int, *, bit_depth: int | None) -> None:
        self._n_channels = n_channels
        self._clipped = ClippedRuns(bit_depth, n_channels)
        self._bandwidth = BandwidthMeter(rate_hz)
        self._step = self._bandwidth.n_fft
        self._frame = max(1, self._step // _FRAMES_PER_STEP)
        self._weights = energy_weights(rate_hz, self._step)
        self._rest: Float32 = np.zeros((n_channels, 0), dtype=np.float32)
        self._powers: list[Float64] = []
        self._energies: list[Float64] = []
        self._sums = np.zeros(n_channels)
        self._sum_of_squares = 0.0
        self._peak = 0.0
        self._n_samples = 0

    def add(self, samples: Float32) -> None:
        """Take a block, float32 (channels, n), finite; blocks are consecutive and of any length."""
        peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
        self._peak = max(self._peak, peak)
        self._clipped.add(samples.T, peak=peak)
        self._sums += samples.sum(axis=1, dtype=np.float64)
        self._sum_of_squares += float(np.vdot(samples, samples)) if samples.shape[1] else 0.0
        self._n_samples += samples.shape[1]
        if self._rest.shape[1]:
            samples = np.concatenate([self._rest, samples], axis=1)
        n_steps = samples.shape[1] // self._step
        self._rest = samples[:, n_steps * self._step :].copy()
        if n_steps:
            steps = samples[:, : n_steps * self._step].reshape(self._n_channels, n_steps, self._step)
            found = spectra(steps)
            self._bandwidth.add_spectra(found)
            self._energies.append(self._energy(steps, found))
            self._add_frames(steps.reshape(self._n_channels, -1), self._frame)

    def finish(self) -> Descriptors:
        """The descriptors of all that was added; nothing can be added after."""
        if not self._n_samples:
            return Descriptors()
        n_rest = self._rest.shape[1]
        if n_rest >= self._frame or not self._powers:
            self._add_frames(self._rest, min(n_rest, self._frame))
        powers = np.concatenate(self._powers)
        return Descriptors(
            loudness_lufs=integrated_lufs(self._step_energies()),
            snr_db=_snr_db(powers),
            silence_ratio=float(np.count_nonzero(powers < _SILENT)) / len(powers),
            clipped_ratio=self._clipped.n_values / (self._n_samples * self._n_channels),
            dc_offset=float(np.abs(self._sums).max()) / self._n_samples,
            bandwidth_hz=self._bandwidth.bandwidth_hz(),
        )

    @property
    def peak_dbfs(self) -> float | None:
        """The largest absolute value, None for digital silence."""
        return dbfs(self._peak)

    @property
    def rms_dbfs(self) -> float | None:
        """The root mean square over all channels, of all that was there when finished; None for digital silence."""
        return dbfs(math.sqrt(self._sum_of_squares / max(1, self._n_samples * self._n_channels)))

    def _energy(self, steps: Float32, found: Float32) -> Float64:
        basis, its_spectra = trends(self._step)
        level = found - np.inner(steps, basis) @ its_spectra
        return (np.square(level, out=level) @ self._weights).sum(axis=0, dtype=np.float64)

    def _step_energies(self) -> Float64:
        """The energy of the steps; of less than a block, the one mean energy, the rest of a step included."""
        energies = np.concatenate(self._energies) if self._energies else np.zeros(0)
        n_rest = self._rest.shape[1]
        if len(energies) >= STEPS_PER_BLOCK or not n_rest:
            return energies
        padded = np.zeros((self._n_channels, 1, self._step), dtype=np.float32)
        padded[:, 0, :n_rest] = self._rest
        whole = energies.sum(keepdims=True) + self._energy(padded, spectra(padded))
        return whole * (self._step / self._n_samples)

    def _add_frames(self, samples: Float32, frame: int) -> None:
        """Take consecutive frames, float32 (channels, n); what is less than a frame at the end is left out."""
        n_frames = samples.shape[1] // frame
        frames = samples[:, : n_frames * frame].reshape(self._n_channels, n_frames, frame)
        means = np.einsum("cfi->cf", frames) / frame
        powers = np.einsum("cfi,cfi->cf", frames, frames) / frame - np.square(means)
        self._powers.append(np.maximum(powers, 0).mean(axis=0, dtype=np.float64))


def _snr_db(powers: Float64) -> float | None:
    """Loud frames against the noise floor, which is the mean of the quietest tenth of frames (of one at least).

    Loud are frames 3 dB and more above the floor; the floor is taken off their mean power. Digital silence is
    no floor and left out. None if nothing is loud: whether steady sound is signal or noise cannot be told.
    """
    audible = np.sort(powers[powers > _DIGITAL_SILENCE])
    if len(audible) < 5:
        return None
    floor = float(audible[: max(1, int(_QUIETEST * len(audible)))].mean())
    loud = audible[audible >= floor * 10 ** (_LOUD_DB / 10)]
    return 10 * math.log10(float(loud.mean()) / floor - 1) if len(loud) else None
