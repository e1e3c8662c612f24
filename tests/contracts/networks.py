"""Small networks as somebody might have trained them, in the form that the encoder pretrained takes."""

from __future__ import annotations

import functools
import hashlib
import io
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec

N_WINDOW, N_DIMS = 1_600, 12


class OfWaveform(nn.Module):
    """Strided convolution, batch norm, attention over time, mean: float32 (1, n) to (1, 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(1, 16, 80, 40)
        self.norm = nn.BatchNorm1d(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.last = nn.Linear(16, N_DIMS)
        self.rest = nn.Dropout(0.5)

    def forward(self, samples: Tensor) -> Tensor:
        frames = self.norm(self.front(samples[:, None])).relu().transpose(1, 2)
        heard, _ = self.attention(frames, frames, frames, need_weights=False)
        return self.last(self.rest(heard.mean(dim=1) + frames.amax(dim=1)))


class OfLogMel(nn.Module):
    """Two convolutions and the mean: float32 (1, 1, 64, frames) to (1, 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2), nn.BatchNorm2d(8), nn.GELU(), nn.Conv2d(8, N_DIMS, 3, stride=2)
        )

    def forward(self, mel: Tensor) -> Tensor:
        return self.layers(mel).mean(dim=(2, 3))


def exported(made: nn.Module, *shape: int, dynamic: Any = None) -> bytes:
    """The network as torch.export.save writes it, for an input of this shape."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(made.eval(), (torch.zeros(shape),), dynamic_shapes=dynamic), buffer)
    return buffer.getvalue()


@functools.cache
def of_waveform(seed: int = 0) -> bytes:
    """A network for windows of 0.1 s at 16 kHz, exported; another one for another seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return exported(OfWaveform(), 1, N_WINDOW)


@functools.cache
def of_log_mel() -> bytes:
    """A network for windows of 0.4 s of log-mel, exported."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return exported(OfLogMel(), 1, 1, 64, 40)


def key_of(data: bytes, suffix: str = ".pt2") -> str:
    """What the store calls these bytes."""
    digest = hashlib.sha256(data).hexdigest()
    return f"{digest[:2]}/{digest[2:4]}/{digest}{suffix}"


def pretrained(data: bytes, **params: Any) -> Any:
    """The encoder pretrained with these bytes."""
    spec = PluginSpec(name="pretrained", params={"weights": key_of(data), "window_s": 0.1, **params})
    return registry.create("encoder", spec).with_weights(data)


def made_pretrained() -> Any:
    """The encoder pretrained with a network that the test made."""
    return pretrained(of_waveform())
