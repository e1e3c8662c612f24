"""Projector tsne: neighbours stay neighbours, heaps of like sounds stand apart.

van der Maaten, Hinton: Visualizing Data using t-SNE (2008); Barnes-Hut by scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Float32

_N_ANCHORS_A_CLIP = 3
_BLOCK = 2_048


@dataclass(frozen=True, kw_only=True)
class Tsne:
    """Lays out at most ``max_fitted`` clips, drawn by the seed; the others go among their nearest ones on the map.

    About 4 s for 1,000 clips and 20 s for 4,000 on one core; beyond that the time grows with n only.
    """

    perplexity: float = 20.0
    max_fitted: int = 4_000

    def __post_init__(self) -> None:
        if not 2 <= self.perplexity <= 200:
            raise ValueError(f"perplexity: expected 2 to 200, got {self.perplexity}")
        if self.max_fitted < 10:
            raise ValueError(f"max_fitted: expected 10 or more, got {self.max_fitted}")

    def project(self, vectors: Float32, *, seed: int) -> Float32:
        """Places float32 (n, 2) in [-1, 1]; fewer than 5 clips stand on a circle."""
        n = len(vectors)
        if n < 5:
            angles = np.arange(n) * (2 * np.pi / max(n, 1))
            circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (0.5 if n > 1 else 0.0)
            return circle.astype(np.float32)
        rng = np.random.default_rng(seed)
        fitted = np.sort(rng.permutation(n)[: self.max_fitted])
        places = np.zeros((n, 2), np.float32)
        places[fitted] = self._fit(vectors[fitted], seed)
        rest = np.setdiff1d(np.arange(n), fitted)
        places[rest] = _placed_among(vectors[rest], vectors[fitted], places[fitted])
        return places

    def _fit(self, vectors: Float32, seed: int) -> Float32:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        # Equal vectors have no direction; a hair of noise keeps the fit from dividing by nothing.
        jittered = vectors + np.random.default_rng(seed).normal(0, 1e-6, vectors.shape).astype(np.float32)
        perplexity = min(self.perplexity, (len(vectors) - 1) / 3)
        # One thread: several add up in whatever order they finish, and the map would not be equal to the bit.
        with threadpool_limits(1):
            model = TSNE(perplexity=perplexity, init="random", random_state=seed, max_iter=750, n_jobs=1)
            places = np.asarray(model.fit_transform(jittered), np.float64)
        return _on_the_map(places)


def _on_the_map(places: np.ndarray) -> Float32:
    """The places centred and scaled by one factor, so that the longer side fills [-1, 1]."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = float((high - low).max()) / 2 or 1.0
    return np.clip((places - (low + high) / 2) / half, -1, 1).astype(np.float32)


def _placed_among(vectors: Float32, fitted: Float32, places: Float32) -> Float32:
    """For vectors float32 (m, d) the mean place of the most alike among the fitted, weighted by likeness."""
    placed = np.zeros((len(vectors), 2), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        likeness = vectors[start : start + _BLOCK] @ fitted.T
        nearest = np.argpartition(-likeness, _N_ANCHORS_A_CLIP - 1, axis=1)[:, :_N_ANCHORS_A_CLIP]
        weight = np.exp(20 * (np.take_along_axis(likeness, nearest, axis=1) - 1))
        weight /= weight.sum(axis=1, keepdims=True)
        placed[start : start + _BLOCK] = (places[nearest] * weight[:, :, None]).sum(axis=1)
    return placed
