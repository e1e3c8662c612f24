"""The map by lightly-mundig's two-dimensional embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lightly_mundig import TwoDimEmbedding

from pipeline.core.types import Float32


@dataclass(frozen=True, kw_only=True)
class Mundig:
    """Clips that sound alike lie near each other."""

    def project(self, vectors: Float32, *, seed: int) -> Float32:
        """Places float32 (n, 2) in [-1, 1]; the method draws nothing, so that the seed changes nothing."""
        n = len(vectors)
        if n < 4:
            angles = np.linspace(0, 2 * np.pi, max(n, 1), endpoint=False)[:n]
            ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (0.5 if n > 1 else 0.0)
            return ring.astype(np.float32).reshape(n, 2)
        places = np.asarray(TwoDimEmbedding(vectors.tolist()).calculate_2d_embedding(), np.float64)
        places = np.nan_to_num(places - np.nanmean(places, axis=0))
        extent = np.quantile(np.abs(places), 0.995, axis=0)
        return np.clip(places / np.where(extent > 0, extent, 1), -1, 1).astype(np.float32)
