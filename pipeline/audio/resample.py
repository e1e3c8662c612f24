"""Sound at another rate, by soxr: whole or by block, the same bits."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import soxr

from pipeline.audio.decode import finite
from pipeline.core.errors import UnreadableAudio
from pipeline.core.types import Audio, Float32

_QUALITY = "HQ"


def resampled_n_samples(n_samples: int, rate_hz: int, target_hz: int) -> int:
    """The same duration rounded to the nearest sample, half up, at least one."""
    return max(1, (2 * n_samples * target_hz + rate_hz) // (2 * rate_hz))


def resample(audio: Audio, rate_hz: int) -> Audio:
    """The sound at ``rate_hz``, of ``resampled_n_samples``. Raises UnreadableAudio if the rate is beyond resampling."""
    if audio.rate_hz == rate_hz:
        return audio
    with _refusals(audio.rate_hz, rate_hz):
        values = soxr.resample(audio.samples.T, audio.rate_hz, rate_hz, quality=_QUALITY).T
    # Values near the end of float32 overflow in the filter; and soxr rounds lengths its own way, here they are defined.
    n_samples = resampled_n_samples(audio.n_samples, audio.rate_hz, rate_hz)
    return Audio(samples=fitted_end(finite(values), n_samples), rate_hz=rate_hz)


def resample_blocks(blocks: Iterable[Audio], rate_hz: int) -> Iterator[Audio]:
    """``resample`` of consecutive blocks: one after the other they are the whole. None for none; may be empty ones."""
    stream: soxr.ResampleStream | None = None
    source_hz = n_channels = n_in = n_out = 0
    for block in blocks:
        if block.rate_hz == rate_hz:
            yield block
            continue
        source_hz, n_channels = block.rate_hz, block.n_channels
        with _refusals(source_hz, rate_hz):
            stream = stream or soxr.ResampleStream(source_hz, rate_hz, n_channels, quality=_QUALITY)
            values = finite(stream.resample_chunk(np.ascontiguousarray(block.samples.T)).T)
        n_in, n_out = n_in + block.n_samples, n_out + values.shape[1]
        yield Audio(samples=values, rate_hz=rate_hz)
    if stream is not None:
        rest = finite(stream.resample_chunk(np.zeros((0, n_channels), dtype=np.float32), last=True).T)
        n_rest = resampled_n_samples(n_in, source_hz, rate_hz) - n_out
        yield Audio(samples=fitted_end(rest, n_rest), rate_hz=rate_hz)


def fitted_end(samples: Float32, n_samples: int) -> Float32:
    """The first ``n_samples``, with silence after the end if there are fewer."""
    n_missing = n_samples - samples.shape[1]
    return np.pad(samples, ((0, 0), (0, n_missing))) if n_missing > 0 else samples[:, :n_samples]


@contextmanager
def _refusals(rate_hz: int, target_hz: int) -> Generator[None]:
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise UnreadableAudio(
            "cannot resample", expected=f"a rate that leads to {target_hz} Hz", got=f"{rate_hz} Hz ({error})"
        ) from error
