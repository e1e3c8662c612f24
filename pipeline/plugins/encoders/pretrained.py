"""Encoder pretrained: a network that somebody trained elsewhere, as torch.export.save writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import soxr

from pipeline.core.errors import PluginError
from pipeline.core.types import Audio, Float32
from pipeline.plugins.encoders.instant_mel import FRAME_S, N_MELS, levelled_mel
from pipeline.plugins.encoders.lightly_ssl import (
    RATE_HZ,
    TRIM_DB,
    demand_bytes,
    demand_key,
    not_given,
    one_thread,
)
from pipeline.plugins.encoders.lightly_ssl_network import unit_rows, windows
from pipeline.plugins.encoders.pretrained_graph import Described, Network, described, network

Input = Literal["waveform", "log_mel"]
SUFFIX = ".pt2"
MAX_WINDOW_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """What a network from elsewhere makes of a clip: the mean over half overlapping windows of ``window_s``.

    Into the network goes one window at a time, as ``waveform`` float32 (1, n) or (1, 1, n) in [-1, 1], mono at
    ``rate_hz``, or as the ``log_mel`` of lightly_ssl, float32 (1, 1, 64, frames) or (1, 64, frames) of 10 ms at 16 kHz,
    around 0; out of it comes float32 (1, d). Shorter clips are padded with silence. ``weights`` is an object of the
    store, whose name holds the SHA-256 of its bytes; `earmark embed --encoder pretrained:weights=FILE` puts a file
    there, one that ``torch.export.save`` wrote.

    Nothing in the file is run or unpickled, and of PyTorch's operations only those that compute with tensors are let in
    (pretrained_graph). Trusted is PyTorch, not to break on odd numbers, and whoever trained, to have trained well.
    """

    weights: str | None = None
    input: Input = "waveform"
    rate_hz: int = 16_000
    window_s: float = 1.0

    def __post_init__(self) -> None:
        demand_key(self.weights, suffix=SUFFIX)
        if self.input not in get_args(Input):
            raise ValueError(f"input is {' or '.join(get_args(Input))}, not {self.input!r}")
        if not 1_000 <= self.rate_hz <= 384_000:
            raise ValueError(f"rate_hz is 1000 to 384000, not {self.rate_hz}")
        if self.input == "log_mel" and self.rate_hz != RATE_HZ:
            raise ValueError(f"rate_hz is {RATE_HZ} for log_mel, not {self.rate_hz}")
        if not 0.08 <= self.window_s <= MAX_WINDOW_S:
            raise ValueError(f"window_s is 0.08 to {MAX_WINDOW_S:g}, not {self.window_s}")

    @property
    def n_dims(self) -> int:
        """Length d of one embedding. Raises PluginError: only the bytes of the weights tell."""
        raise _nameless(self.weights)

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, once ``with_weights`` took the bytes. Raises PluginError."""
        raise _nameless(self.weights)

    def with_weights(self, data: bytes) -> TrainedPretrained:
        """The encoder that these bytes of the store make.

        Raises PluginError if they are not the ones named, no network, or one that takes something else.
        """
        demand_bytes(self.weights, data)
        told = described(data)
        shape = self._shape(told)
        if len(told.gives) != 2 or not isinstance(told.gives[1], int):
            raise PluginError(
                "a pretrained network gives no embedding",
                which=self.weights,
                expected="one row of so many numbers, (1, d)",
                got=_spelt(told.gives),
            )
        return TrainedPretrained(data=data, made_for=self, shape=shape, n_dims=told.gives[1])

    def _shape(self, told: Described) -> tuple[int, ...]:
        """How a window goes in. Raises PluginError if the network takes another input."""
        if self.input == "waveform":
            shapes = [(1, self.n_window), (1, 1, self.n_window)]
        else:
            shapes = [(1, 1, N_MELS, self.n_window), (1, N_MELS, self.n_window)]
        for shape in shapes:
            if len(shape) == len(told.takes) and all(
                size in (None, given) for size, given in zip(told.takes, shape, strict=True)
            ):
                return shape
        raise PluginError(
            "a pretrained network takes another input",
            which=self.weights,
            expected=_spelt(told.takes),
            got=f"{self.input} {' or '.join(_spelt(shape) for shape in shapes)}",
            do="say what it takes by input, rate_hz and window_s",
        )

    @property
    def n_window(self) -> int:
        """Samples or frames of one window."""
        return round(self.window_s * (self.rate_hz if self.input == "waveform" else 1 / FRAME_S))


@dataclass(frozen=True, kw_only=True)
class TrainedPretrained:
    """The encoder with the bytes of its network at hand; a window goes in by this ``shape``."""

    data: bytes
    made_for: Pretrained
    shape: tuple[int, ...]
    n_dims: int

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length.

        Raises PluginError if the network cannot work with a clip or gives numbers that are none.
        """
        import torch

        vectors = np.zeros((len(clips), self.n_dims), np.float32)
        if not clips:
            return vectors
        asked = _ready(self.data)
        with one_thread(), torch.inference_mode():
            for row, clip in zip(vectors, clips, strict=True):
                # One window at a time: in a batch the last bits would depend on the others, and most take only one.
                given = [torch.from_numpy(each.reshape(self.shape)) for each in self._windows(clip)]
                row[:] = np.mean([self._checked(asked(each).float().numpy()) for each in given], axis=0)
        return unit_rows(vectors)

    def _windows(self, clip: Audio) -> Float32:
        """What is looked at of a clip, float32 (n, ...)."""
        if self.made_for.input == "log_mel":
            return windows(levelled_mel(clip, rate_hz=RATE_HZ, trim_db=TRIM_DB), self.made_for.n_window)
        samples = np.nan_to_num(clip.samples, posinf=0.0, neginf=0.0).mean(axis=0)
        if samples.size and clip.rate_hz != self.made_for.rate_hz:
            samples = soxr.resample(samples, clip.rate_hz, self.made_for.rate_hz)
        return _sliced(samples.astype(np.float32), self.made_for.n_window)

    def _checked(self, output: Float32) -> Float32:
        if output.shape != (1, self.n_dims):
            raise PluginError(
                "a pretrained network gives another embedding than it says",
                which=self.made_for.weights,
                expected=f"(1, {self.n_dims})",
                got=_spelt(output.shape),
            )
        if not np.isfinite(output).all():
            raise PluginError(
                "a pretrained network gave numbers that are none (NaN or infinite)",
                which=self.made_for.weights,
                do="export it again with a floor under its logarithms and divisions",
            )
        return output[0]


@lru_cache(maxsize=2)  # embed asks for the same network again for every few clips
def _ready(data: bytes) -> Network:
    return network(data)


def _sliced(samples: Float32, n_window: int) -> Float32:
    """Windows float32 (m, n_window) of samples float32 (n,), half overlapping, with silence around what is shorter."""
    missing = max(0, n_window - len(samples))
    padded = np.pad(samples, (missing // 2, missing - missing // 2))
    n_windows = 1 + int(np.ceil(2 * max(0, len(samples) - n_window) / n_window))
    starts = np.linspace(0, len(padded) - n_window, n_windows).round().astype(int)
    return np.stack([padded[start : start + n_window] for start in starts])


def _nameless(weights: str | None) -> PluginError:
    if weights is not None:
        return not_given(weights)
    return PluginError(
        "the encoder pretrained needs a network", do="name one: earmark embed --encoder pretrained:weights=FILE"
    )


def _spelt(sizes: Sequence[int | None]) -> str:
    return "(" + ", ".join("any" if size is None else str(size) for size in sizes) + ")"
