"""Sounds made on the spot for the boundaries, and a Sound that gives them block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.core.types import Audio, Float32

RATE_HZ = 8_000


@dataclass
class BlockSound:
    """Audio as a Sound that refuses to be read in any way but by block."""

    audio: Audio
    n_block: int = 1_000
    n_largest_block: int = 0

    @property
    def rate_hz(self) -> int:
        return self.audio.rate_hz

    @property
    def n_channels(self) -> int:
        return self.audio.n_channels

    @property
    def n_samples(self) -> int:
        return self.audio.n_samples

    def blocks(self) -> Iterator[Audio]:
        for start in range(0, self.n_samples, self.n_block):
            block = self.audio.samples[:, start : start + self.n_block]
            yield Audio(samples=block, rate_hz=self.rate_hz)

    def span(self, start: int, stop: int) -> Audio:
        return Audio(samples=self.audio.samples[:, start:stop], rate_hz=self.rate_hz)


def bursts(n_channels: int = 1, *, rate_hz: int = RATE_HZ, seed: int = 0) -> Audio:
    """Three seconds: noise at -70 dBFS, in it three bursts of half a second at 0.4, 1.4 and 2.2 s."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(scale=10 ** (-70 / 20), size=(n_channels, 3 * rate_hz))
    for start_s in (0.4, 1.4, 2.2):
        start = round(start_s * rate_hz)
        stop = start + rate_hz // 2
        tone = np.sin(2 * np.pi * rng.uniform(300, 1500) * np.arange(stop - start) / rate_hz)
        samples[:, start:stop] += 0.2 * tone + rng.normal(scale=0.05, size=(n_channels, stop - start))
    return audio(samples, rate_hz=rate_hz)


def boundary_sounds() -> dict[str, Audio]:
    """What every plug-in that takes sound must bear."""
    return {
        "silent": audio(np.zeros((1, RATE_HZ))),
        "one sample": audio(np.full((1, 1), 0.5)),
        "one silent sample": audio(np.zeros((1, 1))),
        "shorter than a frame": audio(np.full((1, 37), 0.1)),
        "constant": audio(np.full((1, RATE_HZ), 0.3)),
        "full scale": audio(np.sign(np.random.default_rng(0).normal(size=(1, RATE_HZ)))),
        "one click": audio(np.eye(1, RATE_HZ, RATE_HZ // 2)),
        "mono": bursts(),
        "stereo": bursts(2),
        "six channels at 44.1 kHz": bursts(6, rate_hz=44_100),
    }


def audio(samples: np.ndarray, *, rate_hz: int = RATE_HZ) -> Audio:
    return Audio(samples=np.clip(samples, -1, 1).astype(np.float32), rate_hz=rate_hz)


def unit_rows(n: int, d: int, *, seed: int) -> Float32:
    """Random embeddings float32 (n, d), rows of unit length."""
    rows = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True) if n else rows
