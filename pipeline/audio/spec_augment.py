"""Features with stretches of time and bands of frequency masked, for training."""

from __future__ import annotations

import numpy as np

from pipeline.core.types import Float32


def spec_augment(
    features: Float32,
    rng: np.random.Generator,
    *,
    n_time_masks: int = 2,
    max_time_mask_frames: int = 40,
    max_time_mask_ratio: float = 0.2,
    n_frequency_masks: int = 2,
    max_frequency_mask_bands: int = 12,
    max_warp_frames: int = 0,
    fill: float | None = None,
) -> Float32:
    """A masked copy of features float32 (n_mels, frames), the same shape; n_mels and frames maybe 0.

    Each mask is as wide as drawn, from 0 to its maximum: time masks are also at most ``max_time_mask_ratio``
    of all frames, frequency masks at most all bands. Masked values become ``fill``, or the mean of the
    features if it is None. First, a drawn frame moves by up to ``max_warp_frames`` and time is warped
    linearly on both sides of it. After Park et al., SpecAugment (Interspeech 2019).
    Raises ValueError for a negative number or a ratio above 1.
    """
    counts = (n_time_masks, max_time_mask_frames, n_frequency_masks, max_frequency_mask_bands, max_warp_frames)
    if min(counts) < 0 or not 0 <= max_time_mask_ratio <= 1:
        raise ValueError(f"numbers are 0 or more and the ratio 0 to 1, not {counts} and {max_time_mask_ratio}")
    n_mels, n_frames = features.shape
    masked = _warped(features, rng, max_warp_frames).astype(np.float32, copy=True)
    if features.size == 0:
        return masked
    value = float(features.mean(dtype=np.float64)) if fill is None else fill
    widest = min(max_time_mask_frames, int(max_time_mask_ratio * n_frames))
    for start, stop in _spans(rng, n_time_masks, widest, n_frames):
        masked[:, start:stop] = value
    for start, stop in _spans(rng, n_frequency_masks, min(max_frequency_mask_bands, n_mels), n_mels):
        masked[start:stop] = value
    return masked


def _spans(rng: np.random.Generator, n_spans: int, widest: int, length: int) -> list[tuple[int, int]]:
    """Half-open spans inside the length, each 0 to ``widest`` wide."""
    spans: list[tuple[int, int]] = []
    for _ in range(n_spans):
        width = int(rng.integers(widest + 1))
        start = int(rng.integers(length - width + 1))
        spans.append((start, start + width))
    return spans


def _warped(features: Float32, rng: np.random.Generator, max_warp_frames: int) -> Float32:
    """The features with one inner frame moved, the ends where they were; unchanged if there is no room."""
    last = features.shape[1] - 1
    furthest = min(max_warp_frames, (last - 1) // 2)
    if furthest < 1:
        return features
    anchor = int(rng.integers(furthest + 1, last - furthest)) if last - furthest > furthest + 1 else last // 2
    moved = anchor + int(rng.integers(-furthest, furthest + 1))
    sources = np.interp(np.arange(last + 1), (0, moved, last), (0, anchor, last))
    before = np.minimum(sources.astype(int), last - 1)
    share = (sources - before).astype(np.float32)
    return features[:, before] * (1 - share) + features[:, before + 1] * share
