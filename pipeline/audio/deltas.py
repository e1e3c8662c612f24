"""How coefficients change from frame to frame: deltas and delta-deltas, whole or by block, the same bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pipeline.core.errors import SettingsError
from pipeline.core.types import Float32


def deltas(coefficients: Float32, *, order: int = 1, width_frames: int = 9) -> Float32:
    """The ``order``-th derivative per frame, float32 (n, frames) like the coefficients.

    At each frame a polynomial of degree ``order`` is fitted to ``width_frames`` frames around it (Savitzky & Golay,
    1964), as librosa does; near the ends to the first and last so many. Where there are fewer frames it is fitted to
    those, and one that they do not determine is 0. Raises SettingsError for a width that is even or not above order.
    """
    _demand_usable(order, width_frames)
    n_frames = coefficients.shape[1]
    if n_frames <= order:
        return np.zeros(coefficients.shape, dtype=np.float32)
    width = min(width_frames, n_frames)
    inner = _inner(coefficients, order, width)
    # The derivative of that order of a polynomial of that degree is the same everywhere: the ends repeat it.
    n_before = (width - 1) // 2
    return np.pad(inner, ((0, 0), (n_before, n_frames - n_before - inner.shape[1])), mode="edge")


def with_deltas(coefficients: Float32, *, width_frames: int = 9) -> Float32:
    """Coefficients (n, frames), their deltas and their delta-deltas, one below the other: float32 (3 n, frames).

    Raises SettingsError as ``deltas`` does.
    """
    orders = [deltas(coefficients, order=order, width_frames=width_frames) for order in (1, 2)]
    return np.concatenate([coefficients.astype(np.float32, copy=False), *orders])


def with_deltas_blocks(blocks: Iterable[Float32], *, width_frames: int = 9) -> Iterator[Float32]:
    """``with_deltas`` of consecutive blocks (n, frames): side by side they are those of the whole, bit for bit.

    They come half a width late, so that little more than a block is in memory. Raises SettingsError as ``deltas`` does.
    """
    _demand_usable(2, width_frames)
    half = width_frames // 2
    waiting: Float32 | None = None
    n_given = 0
    for block in blocks:
        waiting = block if waiting is None else np.concatenate([waiting, block], axis=1)
        if waiting.shape[1] <= n_given + width_frames:
            continue
        stop = waiting.shape[1] - half
        yield with_deltas(waiting, width_frames=width_frames)[:, n_given:stop]
        # A whole width stays, so that the frames to come are not at an end.
        n_given, waiting = width_frames - half, waiting[:, stop - (width_frames - half) :]
    if waiting is not None and waiting.shape[1] > n_given:
        yield with_deltas(waiting, width_frames=width_frames)[:, n_given:]


def _inner(coefficients: Float32, order: int, width: int) -> Float32:
    """The derivative for every whole window, float32 (n, frames - width + 1), summed in one order: the same bits."""
    places = np.arange(width) - (width - 1) / 2
    # The last row of the pseudo-inverse gives the highest coefficient, order! of which is the derivative.
    weights = np.linalg.pinv(np.vander(places, order + 1, increasing=True))[order] * np.prod(np.arange(1, order + 1))
    n_inner = coefficients.shape[1] - width + 1
    out = np.zeros((coefficients.shape[0], n_inner), dtype=np.float32)
    for start, weight in enumerate(weights.astype(np.float32)):
        out += weight * coefficients[:, start : start + n_inner]
    return out


def _demand_usable(order: int, width_frames: int) -> None:
    if order < 1 or width_frames <= order or width_frames % 2 == 0:
        raise SettingsError(
            "no such deltas",
            expected="an order of at least 1 and an odd width_frames above it",
            got=f"order {order}, width_frames {width_frames}",
        )
