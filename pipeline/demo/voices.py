"""The kinds of sound that the demo corpus is made of, by label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.core.types import Float32
from pipeline.demo.animals import bird, dog, frog
from pipeline.demo.things import bell, clock, helicopter, siren
from pipeline.demo.weather import rain, waves

Voice = Callable[[np.random.Generator, float], Float32]
"""Makes one sound, float32 (n,) at RATE_HZ, from a generator and the pitch of the individual."""

VOICES: Mapping[str, Voice] = {
    "bell": bell,
    "bird": bird,
    "clock": clock,
    "dog": dog,
    "frog": frog,
    "helicopter": helicopter,
    "rain": rain,
    "siren": siren,
    "waves": waves,
}

TAKEN_FOR: Mapping[str, tuple[str, ...]] = {
    "bell": ("clock", "siren"),
    "bird": ("siren", "frog"),
    "clock": ("bell", "rain"),
    "dog": ("frog",),
    "frog": ("dog", "helicopter"),
    "helicopter": ("waves", "frog"),
    "rain": ("waves",),
    "siren": ("bird", "bell"),
    "waves": ("rain", "helicopter"),
}
"""What a tired person calls each kind by mistake."""
