"""Augmenter background_mix: another sound beneath the clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import AudioError, PluginError
from pipeline.core.types import Audio, Float32
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.drawing import demand_range
from pipeline.plugins.augmenters.mixing import active_part, mean_power, mixed
from pipeline.plugins.augmenters.shaping import demand_samples, resampled, with_channels, within_full_scale

_N_PLACES = 8
_OF_BACKGROUND = 0.1
_OF_STRETCH = 0.5
_SEAM_S = 0.01


@dataclass(frozen=True, kw_only=True)
class BackgroundMix:
    """Mixes a drawn background under the clip at a signal-to-noise ratio drawn from ``min_snr_db`` to ``max_snr_db``.

    The ratio is met over the part of the clip that sounds. The background starts at a drawn place, goes round
    without a click if it is the shorter one, and sounds where the clip does: a place is drawn again while the
    background's level under the clip's active part is more than 10 dB below that of all of it, or more than
    3 dB below that under the whole clip, so that no single noise beside the clip drowns it.
    """

    needs_backgrounds: ClassVar[bool] = True

    min_snr_db: float = 5.0
    max_snr_db: float = 20.0

    def __post_init__(self) -> None:
        demand_range("snr_db", self.min_snr_db, self.max_snr_db, within=(-60, 100))

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip over one of the backgrounds; a silent clip, over which no ratio is defined, stays as it is.

        Backgrounds at the clip's own rate save the time of resampling.
        Raises EmptyAudio, PluginError without backgrounds, AudioError if all of them are silent.
        """
        demand_samples(audio)
        if len(backgrounds) == 0:
            raise PluginError("background_mix needs backgrounds", got="none", do="name a selection of clips to mix in")
        snr_db = rng.uniform(self.min_snr_db, self.max_snr_db)
        is_active = active_part(audio)
        if mean_power(audio.samples, is_active) == 0:
            return within_full_scale(audio.samples, audio.rate_hz)
        for index in rng.permutation(len(backgrounds)).tolist():
            noise = _beneath(audio, backgrounds[index], is_active=is_active, rng=rng)
            if noise is not None:
                return mixed(audio, noise, snr_db=snr_db, is_active=is_active)
        raise AudioError(
            "every background is silent", expected="one that sounds", got=len(backgrounds), do="choose others"
        )


def _beneath(
    audio: Audio, background: Audio, *, is_active: NDArray[np.bool_], rng: np.random.Generator
) -> Float32 | None:
    """A stretch of the background as long as the clip, float32 (channels, n); None if it has no sound."""
    loop = _seamless(with_channels(background.samples, audio.n_channels), round(_SEAM_S * background.rate_hz))
    power = np.square(loop, dtype=np.float64).sum(axis=0)
    if not power.any():
        return None
    places = rng.integers(loop.shape[1], size=_N_PLACES).tolist()
    for start in places:
        noise = _stretch(loop, start, background.rate_hz, audio)
        due = max(_OF_BACKGROUND * power.mean(), _OF_STRETCH * mean_power(noise, np.ones_like(is_active)))
        if mean_power(noise, is_active) >= due:
            return noise
    # It sounds now and then only: its loudest moment goes under the clip's.
    loudest = int(np.argmax(np.square(audio.samples).sum(axis=0)))
    start = int(np.argmax(power)) - round(loudest * background.rate_hz / audio.rate_hz)
    noise = _stretch(loop, start, background.rate_hz, audio)
    return noise if mean_power(noise, is_active) > 0 else None


def _seamless(samples: Float32, n_seam: int) -> Float32:
    """The samples with their end faded into their start at equal power, so that they can go round and round."""
    n_seam = min(n_seam, samples.shape[1] // 4)
    if n_seam == 0:
        return samples
    angle = (np.arange(n_seam, dtype=np.float32) + 0.5) / n_seam * np.float32(math.pi / 2)
    loop = samples[:, :-n_seam].copy()
    loop[:, :n_seam] = loop[:, :n_seam] * np.sin(angle) + samples[:, -n_seam:] * np.cos(angle)
    return loop


def _stretch(loop: Float32, start: int, rate_hz: int, audio: Audio) -> Float32:
    n_loop = math.ceil(audio.n_samples * rate_hz / audio.rate_hz) + 1
    stretch = np.take(loop, np.arange(start, start + n_loop), axis=1, mode="wrap")
    return resampled(stretch, rate_hz, audio.rate_hz, n_samples=audio.n_samples)
