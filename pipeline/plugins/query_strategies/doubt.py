"""How undecided a model is about clips, by its probabilities."""

from __future__ import annotations

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32


def demand(values: Float32 | None, *, strategy: str, what: str) -> Float32:
    """The values. Raises PluginError if there are none."""
    if values is None:
        raise PluginError(
            f"{strategy} needs {what}", got="none", do="label two clips differently, or use diversity meanwhile"
        )
    return values


def closeness(probabilities: Float32) -> Float32:
    """1 - (p1 - p2), float32 (n,) in [0, 1]: 1 where two labels are equally likely, 0 where one is certain."""
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities), dtype=np.float32)
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return np.clip(1 - (two[:, 1] - two[:, 0]), 0, 1).astype(np.float32)


def entropy(probabilities: Float32) -> Float32:
    """The entropy over the last axis in nats, float32 of the other axes; 0 where one label is certain."""
    safe = np.maximum(probabilities, np.finfo(np.float32).tiny)
    return np.maximum(-(probabilities * np.log(safe)).sum(axis=-1), 0).astype(np.float32)
