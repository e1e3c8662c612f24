"""What an augmenter is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np

from pipeline.core.types import Audio

Backgrounds = Sequence[Audio]
"""Other sounds lent to an augmenter: what is mixed under a clip, or the responses of rooms.

Any rate, channels and length. Only the ones that are drawn are read, so that the sequence may load them then.
"""


class Augmenter(Protocol):
    """Makes another sound of a clip that means the same."""

    needs_backgrounds: ClassVar[bool]
    """Whether ``augment`` cannot do without ``backgrounds``; the others leave them unread."""

    def augment(self, audio: Audio, rng: np.random.Generator, *, backgrounds: Backgrounds = ()) -> Audio:
        """The augmented sound: same rate and channels, float32, finite, in [-1, 1], ``audio`` left as it was.

        Whatever is drawn is drawn from ``rng``: the same parameters, sounds and seed give the same bytes. What
        would lie beyond full scale is turned down as a whole, never clipped. Silence stays silence.
        Raises EmptyAudio for no sample, PluginError if backgrounds are needed and none are given, AudioError
        if none of them has a sound.
        """
        ...
