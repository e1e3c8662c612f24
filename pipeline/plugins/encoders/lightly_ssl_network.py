"""The network of lightly_ssl: what it looks at, its layers, and its weights as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32
from pipeline.plugins.encoders.instant_mel import N_MELS, RANGE_DB

if TYPE_CHECKING:
    from torch import Tensor, nn

N_FEATURES = 320
N_DIMS = 128
_CHANNELS = (24, 48, 96, 160)
_STRIDES = ((2, 2), (2, 2), (2, 2), (2, 1))
_STATISTICS = ("centre", "projection", "known_centre", "n_frames")


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Everything that training found out, as float32 arrays.

    ``layers`` is the network's state by name; it looks at ``n_frames`` frames of 10 ms at a time. An embedding is
    what the features differ from ``centre`` (320,) times ``projection`` (320, 128). ``known_centre`` (d,) is the mean
    embedding of the clips by instant, for fused.
    """

    layers: Mapping[str, Float32]
    centre: Float32
    projection: Float32
    known_centre: Float32
    n_frames: int

    def to_bytes(self) -> bytes:
        """The weights as npz: the same weights, the same bytes."""
        buffer = io.BytesIO()
        statistics = {name: np.asarray(getattr(self, name)) for name in _STATISTICS}
        np.savez(buffer, allow_pickle=False, **{f"layers/{k}": v for k, v in self.layers.items()}, **statistics)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Weights:
        """The weights that ``to_bytes`` wrote. Raises PluginError; nothing in the bytes is ever run."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                layers = {
                    name.removeprefix("layers/"): np.asarray(arrays[name], np.float32)
                    for name in arrays.files
                    if name not in _STATISTICS
                }
                centre, projection, known_centre, n_frames = (arrays[name] for name in _STATISTICS)
                made = cls(
                    layers=layers,
                    centre=centre,
                    projection=projection,
                    known_centre=known_centre,
                    n_frames=int(n_frames),
                )
                _demand_fit(made)
                return made
        except (OSError, ValueError, KeyError, RuntimeError, EOFError) as error:
            raise PluginError(
                "cannot read the weights of an encoder", got=str(error)[:200], do="train the encoder again"
            ) from error


def _demand_fit(weights: Weights) -> None:
    shapes = {"centre": (N_FEATURES,), "projection": (N_FEATURES, N_DIMS)}
    for name, shape in shapes.items():
        if getattr(weights, name).shape != shape:
            raise ValueError(f"{name} has the shape {getattr(weights, name).shape}, not {shape}")
    if weights.known_centre.ndim != 1 or weights.n_frames < 8:
        raise ValueError("known_centre or n_frames cannot be")
    network_of(weights)


def network() -> nn.Sequential:
    """Four convolutions without weights worth the name: float32 (n, 1, 64, frames) to (n, 160, 4, frames / 8)."""
    from torch import nn

    layers: list[nn.Module] = []
    n_in = 1
    for n_out, stride in zip(_CHANNELS, _STRIDES, strict=True):
        layers += [
            nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
        ]
        n_in = n_out
    return nn.Sequential(*layers)


def network_of(weights: Weights) -> nn.Sequential:
    """The trained network, ready to be asked. Raises RuntimeError if the weights are not this network's."""
    import torch

    made = network()
    made.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.layers.items()})
    return made.eval()


def pooled(maps: Tensor) -> Tensor:
    """Features float32 (n, 320): mean and maximum of each channel of maps (n, 160, bands, frames)."""
    import torch

    return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)


def untrained() -> Weights:
    """Weights as drawn by seed 0, before any training."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = network().state_dict()
    return Weights(
        layers={name: value.numpy().astype(np.float32) for name, value in state.items()},
        centre=np.zeros(N_FEATURES, np.float32),
        projection=np.eye(N_FEATURES, N_DIMS, dtype=np.float32),
        known_centre=np.zeros(1, np.float32),
        n_frames=96,
    )


def windows(mel_db: Float32, n_frames: int) -> Float32:
    """Log-mel float32 (64, frames) as the network sees it, (n, 1, 64, n_frames): half overlapping, quiet beyond."""
    length = mel_db.shape[1]
    missing = max(0, n_frames - length)
    padded = np.pad(mel_db, ((0, 0), (missing // 2, missing - missing // 2)), constant_values=-RANGE_DB)
    n_windows = 1 + int(np.ceil(2 * max(0, length - n_frames) / n_frames))
    starts = np.linspace(0, padded.shape[1] - n_frames, n_windows).round().astype(int)
    return scaled(np.stack([padded[:, start : start + n_frames] for start in starts])[:, np.newaxis])


def scaled(mel_db: Float32) -> Float32:
    """Levels of -55 dB to about 0 as numbers around 0, the same shape."""
    return ((mel_db + 35) / 20).astype(np.float32)


def features_of(model: nn.Sequential, mel_db: Float32, n_frames: int) -> Float32:
    """Features float32 (320,) of one log-mel spectrogram float32 (64, frames): the mean over its windows."""
    import torch

    if mel_db.shape[0] != N_MELS:
        raise ValueError(f"{N_MELS} bands, not {mel_db.shape[0]}")
    with torch.inference_mode():
        device = next(model.parameters()).device
        sums = np.zeros(N_FEATURES, np.float64)
        seen = windows(mel_db, n_frames)
        for start in range(0, len(seen), 64):
            part = torch.from_numpy(seen[start : start + 64]).to(device)
            sums += pooled(model(part)).cpu().numpy().sum(axis=0, dtype=np.float64)
    return (sums / len(seen)).astype(np.float32)


def partly_whitened(features: Float32) -> tuple[Float32, Float32]:
    """Centre (320,) and projection (320, 128) of features float32 (n, 320): principal axes, half their spread undone.

    As SimCLR leaves them, a few directions would make up nearly all of a distance.
    """
    centre = features.mean(axis=0, dtype=np.float64)
    _, lengths, axes = np.linalg.svd(features - centre, full_matrices=False)
    spreads = lengths[:N_DIMS] / np.sqrt(len(features))
    scales = np.where(spreads > 1e-3 * max(spreads[0], 1e-9), 1 / np.sqrt(np.maximum(spreads, 1e-12)), 0)
    projection = np.zeros((N_FEATURES, N_DIMS))
    projection[:, : len(scales)] = axes[:N_DIMS].T * scales
    return centre.astype(np.float32), projection.astype(np.float32)


def unit_rows(rows: Float32) -> Float32:
    """The rows at unit length; one of no length, a clip in the very middle of all, gets a direction of its own."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    made = np.where(norms > 1e-6, rows, np.float32(1))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
