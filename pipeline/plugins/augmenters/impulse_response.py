"""Augmenter impulse_response: the clip in a room, or through a device, whose response was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.signal import oaconvolve

from pipeline.core.errors import AudioError, PluginError
from pipeline.core.types import Audio, Float32
from pipeline.plugins.augmenters.base import Backgrounds
from pipeline.plugins.augmenters.shaping import demand_samples, resampled, with_channels, within_full_scale


@dataclass(frozen=True, kw_only=True)
class ImpulseResponse:
    """Convolves the clip with one of the backgrounds, drawn, each the impulse response of a room or a device.

    The response counts up to ``max_response_s`` after its strongest sample, which is taken for the direct
    sound, so that nothing is delayed; its energy is brought to 1. The length stays; what rings on is cut.
    """

    needs_backgrounds: ClassVar[bool] = True

    max_response_s: float = 3.0

    def __post_init__(self) -> None:
        if not 0.001 <= self.max_response_s <= 60:
            raise ValueError(f"max_response_s is 0.001 to 60, not {self.max_response_s}")

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The clip through one of the responses.

        Raises EmptyAudio, PluginError without backgrounds, AudioError if all of them are silent.
        """
        demand_samples(audio)
        if len(backgrounds) == 0:
            raise PluginError(
                "impulse_response needs backgrounds", got="none", do="name a selection of recorded impulse responses"
            )
        for index in rng.permutation(len(backgrounds)).tolist():
            response = self._response(backgrounds[index], audio)
            if response is not None:
                # The direct sound is where the response begins: only what follows it is kept.
                convolved = np.asarray(oaconvolve(audio.samples.astype(np.float64), response, axes=1))
                return within_full_scale(convolved[:, : audio.n_samples], audio.rate_hz)
        raise AudioError(
            "every impulse response is silent", expected="one that sounds", got=len(backgrounds), do="choose others"
        )

    def _response(self, background: Audio, audio: Audio) -> Float32 | None:
        """The response float32 (channels, n) at the clip's rate from its strongest sample on; None if silent."""
        n_samples = max(1, round(background.n_samples * audio.rate_hz / background.rate_hz))
        response = with_channels(background.samples, audio.n_channels)
        response = resampled(response, background.rate_hz, audio.rate_hz, n_samples=n_samples)
        power = np.square(response, dtype=np.float64)
        direct = int(np.argmax(power.sum(axis=0)))
        kept = slice(direct, direct + max(1, round(self.max_response_s * audio.rate_hz)))
        energy = power[:, kept].sum() / audio.n_channels
        return response[:, kept] / np.float32(np.sqrt(energy)) if energy > 0 else None
