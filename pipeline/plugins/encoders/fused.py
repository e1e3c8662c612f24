"""Encoder fused: what is known of sound beforehand beside what was learned from the project's clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Audio, Float32
from pipeline.plugins.encoders.instant import Instant
from pipeline.plugins.encoders.lightly_ssl import LightlySsl, TrainedSsl, demand_key, not_given, ready
from pipeline.plugins.encoders.lightly_ssl_network import unit_rows


@dataclass(frozen=True, kw_only=True)
class Fused:
    """The embeddings of instant and lightly_ssl side by side, each block scaled.

    ``learned_share`` is how much of the squared length, and so of every cosine, lightly_ssl has. ``weights`` is the
    object of the store that `earmark train-encoder` wrote; None is the untrained network.
    """

    weights: str | None = None
    learned_share: float = 0.5

    def __post_init__(self) -> None:
        demand_key(self.weights)
        if not 0 < self.learned_share < 1:
            raise ValueError(f"learned_share is more than 0 and less than 1, not {self.learned_share}")

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        return Instant().n_dims + LightlySsl().n_dims

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, with the untrained network.

        Raises PluginError if weights are named: ``with_weights`` takes their bytes.
        """
        if self.weights is not None:
            raise not_given(self.weights)
        return TrainedFused(learned=TrainedSsl(data=None), learned_share=self.learned_share).encode(clips)

    def with_weights(self, data: bytes) -> TrainedFused:
        """The encoder that these bytes of the store make. Raises PluginError if they are not the ones named."""
        learned = LightlySsl(weights=self.weights).with_weights(data)
        return TrainedFused(learned=learned, learned_share=self.learned_share)


@dataclass(frozen=True, kw_only=True)
class TrainedFused:
    """The encoder with its weights at hand."""

    learned: TrainedSsl
    learned_share: float

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        return Instant().n_dims + self.learned.n_dims

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, finite for any clip (also silent, also one sample)."""
        known = Instant().encode(clips)
        if clips:
            # What all clips of the corpus have in common says nothing about one.
            centre = ready(self.learned.data)[0].known_centre
            known = unit_rows(known - (centre if len(centre) == known.shape[1] else 0))
        return side_by_side(known, self.learned.encode(clips), learned_share=self.learned_share)


def side_by_side(known: Float32, learned: Float32, *, learned_share: float) -> Float32:
    """Rows of unit length float32 (n, a + b) of two blocks of such rows, the second with this share of the square."""
    return np.hstack([known * np.sqrt(1 - learned_share), learned * np.sqrt(learned_share)]).astype(np.float32)
