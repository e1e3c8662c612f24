"""Ranges from which augmenters draw: checked when a plug-in is made, drawn from its Generator."""

from __future__ import annotations

import math

import numpy as np


def demand_range(name: str, low: float, high: float, *, within: tuple[float, float]) -> None:
    """Return if ``within[0] <= low <= high <= within[1]``. Raises ValueError naming min_NAME and max_NAME."""
    if not within[0] <= low <= high <= within[1]:
        limits = f"{within[0]:g} <= min_{name} <= max_{name} <= {within[1]:g}"
        raise ValueError(f"{limits}, not {low} and {high}")


def demand_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Return if ``value`` is one of ``choices``. Raises ValueError naming them."""
    if value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")


def draw_ratio(rng: np.random.Generator, low: float, high: float) -> float:
    """A value from ``low`` to ``high``, both above 0, even on a logarithmic scale: a half as likely as a double."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def draw_choice(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    """One of the choices, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]
