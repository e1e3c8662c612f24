"""A clip as a picture: its log-mel spectrogram as PNG."""

from __future__ import annotations

import io

import numpy as np

from pipeline.audio.features import log_mel
from pipeline.core.types import Audio, Float32

_MAX_FRAMES = 1_024  # a longer clip is shown by the loudest frame of each pixel column
_MIN_WIDTH_PX = 64


def spectrogram_png(audio: Audio, *, n_mels: int, range_db: float) -> bytes:
    """The log-mel spectrogram, low bands below, from the loudest value down to ``range_db`` below it.

    ``n_mels`` pixels high, one pixel a frame of 10 ms where that fits. Raises EmptyAudio for no sample.
    """
    from PIL import Image

    hop_samples = max(1, round(audio.rate_hz / 100))
    n_fft = 1 << max(8, (hop_samples * 4 - 1).bit_length())
    levels = _folded(log_mel(audio, n_mels=n_mels, n_fft=n_fft, hop_samples=hop_samples))
    shades = np.clip((levels - levels.max()) / np.float32(range_db) + 1, 0, 1) if np.ptp(levels) else levels * 0
    image = Image.fromarray(_colours(shades[::-1]), "RGB")
    if image.width < _MIN_WIDTH_PX:
        image = image.resize((_MIN_WIDTH_PX, image.height), Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def _folded(levels: Float32) -> Float32:
    n_frames = levels.shape[1]
    if n_frames <= _MAX_FRAMES:
        return levels
    return np.maximum.reduceat(levels, np.arange(_MAX_FRAMES) * n_frames // _MAX_FRAMES, axis=1)


def _colours(shades: Float32) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """uint8 (h, w, 3) from dark blue over magenta to pale yellow, brightness rising all the way."""
    stops = np.array([[0, 0, 8], [64, 16, 104], [184, 56, 104], [248, 144, 64], [255, 250, 200]], np.float32)
    at = np.linspace(0, 1, len(stops))
    channels = [np.interp(shades, at, stops[:, i]) for i in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
