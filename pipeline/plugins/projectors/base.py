"""What a projector is."""

from __future__ import annotations

from typing import Protocol

from pipeline.core.types import Float32


class Projector(Protocol):
    """Lays embeddings out on a map."""

    def project(self, vectors: Float32, *, seed: int) -> Float32:
        """Places float32 (n, 2) in [-1, 1], near for clips that sound alike; n maybe 0 or 1.

        ``vectors`` float32 (n, d), rows of unit length. The same input and seed give the same places.
        """
        ...
