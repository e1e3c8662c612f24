"""What an encoder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipeline.core.types import Audio, Float32


class Encoder(Protocol):
    """Turns clips into embeddings."""

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        ...

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, finite for any clip (also silent, also one sample).

        The embedding of a clip does not depend on the others in the call.
        """
        ...
