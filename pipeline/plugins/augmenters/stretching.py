"""Slower or faster at the same pitch, by the phase vocoder Signalsmith Stretch."""

from __future__ import annotations

import numpy as np
from python_stretch.Signalsmith import Stretch

from pipeline.audio.resample import fitted_end
from pipeline.core.types import Float32


def stretched(samples: Float32, rate_hz: int, *, speed: float, rng: np.random.Generator) -> Float32:
    """Sound float32 (channels, round(n / speed)), at least one sample, of unchanged pitch, aligned at the start.

    All channels are stretched as one, so that a stereo image stands still. Measured against librosa and
    Rubber Band on clicks, tones and spoken digits, it keeps attacks best and takes the least time.
    """
    n_samples = max(1, round(samples.shape[1] / speed))
    # Far stretches scatter phases by lot.
    seed = int(rng.integers(2**31))
    stretch = Stretch(seed)
    stretch.preset(samples.shape[0], rate_hz)
    stretch.setTimeFactor(speed)
    return fitted_end(np.asarray(stretch.process(np.ascontiguousarray(samples)), dtype=np.float32), n_samples)
