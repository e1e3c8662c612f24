"""Encoder lightly_ssl: a small network that learned from the project's own clips, without a label."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Audio, Float32
from pipeline.plugins.encoders.instant_mel import levelled_mel
from pipeline.plugins.encoders.lightly_ssl_network import (
    N_DIMS,
    Weights,
    features_of,
    network_of,
    unit_rows,
    untrained,
)

if TYPE_CHECKING:
    from torch import nn

RATE_HZ = 16_000
TRIM_DB = 25.0
SUFFIX = ".npz"
_KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})(\.[a-z0-9]+)")


@dataclass(frozen=True, kw_only=True)
class LightlySsl:
    """What a network of four convolutions makes of the log-mel spectrogram, trained by SimCLR without any label.

    ``weights`` is the object of the store that `earmark train-encoder` wrote; its name holds the SHA-256 of its bytes,
    so that embeddings by other weights are embeddings by another encoder. None is the network before training, by
    which little can be told apart. After Chen et al., A Simple Framework for Contrastive Learning (ICML 2020).
    """

    weights: str | None = None

    def __post_init__(self) -> None:
        demand_key(self.weights)

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        return N_DIMS

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, by the untrained network.

        Raises PluginError if weights are named: ``with_weights`` takes their bytes.
        """
        if self.weights is not None:
            raise not_given(self.weights)
        return TrainedSsl(data=None).encode(clips)

    def with_weights(self, data: bytes) -> TrainedSsl:
        """The encoder that these bytes of the store make. Raises PluginError if they are not the ones named."""
        demand_bytes(self.weights, data)
        return TrainedSsl(data=data)


@dataclass(frozen=True, kw_only=True)
class TrainedSsl:
    """The encoder with the bytes of its weights at hand; None is the untrained network."""

    data: bytes | None

    @property
    def n_dims(self) -> int:
        """Length d of one embedding."""
        return N_DIMS

    def encode(self, clips: Sequence[Audio]) -> Float32:
        """Embeddings float32 (n, d), rows of unit length, finite for any clip (also silent, also one sample)."""
        vectors = np.zeros((len(clips), N_DIMS), np.float32)
        if not clips:
            return vectors
        weights, model = ready(self.data)
        with one_thread():
            for row, clip in zip(vectors, clips, strict=True):
                # One by one: in a batch the last bits would depend on the other clips.
                mel_db = levelled_mel(clip, rate_hz=RATE_HZ, trim_db=TRIM_DB)
                row[:] = (features_of(model, mel_db, weights.n_frames) - weights.centre) @ weights.projection
        return unit_rows(vectors)


def is_key(weights: str) -> bool:
    """Whether this is what the store calls an object, and not a file's name."""
    return _KEY.fullmatch(weights) is not None


def demand_key(weights: object, *, suffix: str = SUFFIX) -> None:
    """Return if this names an object of weights in the store, or nothing. Raises ValueError."""
    if weights is None:
        return
    named = _KEY.fullmatch(weights) if isinstance(weights, str) else None
    if named is None or named.group(4) != suffix:
        raise ValueError(f"weights is like ab/cd/abcd….{suffix[1:]}, as the store calls them, not {weights!r}")


def demand_bytes(weights: str | None, data: bytes) -> None:
    """Return if the bytes are those that ``weights`` names. Raises PluginError."""
    named = None if weights is None else _KEY.fullmatch(weights)
    if named is None or hashlib.sha256(data).hexdigest() != named.group(3):
        raise PluginError(
            "these are not the weights of this encoder", which=weights, do="restore the store from its backup"
        )


def not_given(weights: str) -> PluginError:
    """What to say of a trained encoder that is asked before it has its weights."""
    return PluginError("an encoder was not given its weights", which=weights, do="read them from the store first")


@lru_cache(maxsize=4)  # embed asks for the same weights again for every few clips
def ready(data: bytes | None) -> tuple[Weights, nn.Sequential]:
    """The weights in these bytes, and their network; untrained ones for None. Raises PluginError."""
    weights = untrained() if data is None else Weights.from_bytes(data)
    return weights, network_of(weights)


@contextmanager
def one_thread() -> Generator[None]:
    """PyTorch on one thread for as long as the block lasts."""
    # Several threads make one small clip no faster, and embed runs a process a core already.
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
