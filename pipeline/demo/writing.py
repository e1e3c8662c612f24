"""Made sound into files, by the ending of the name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile as sf

from pipeline.core.types import Float32

_SUBTYPES = {".wav": "PCM_16", ".flac": "PCM_16", ".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}


def write_sound(path: Path, samples: Float32, rate_hz: int, *, subtype: str | None = None) -> None:
    """Write float32 (n,) or (channels, n) as .wav, .flac, .ogg, .mp3 or .m4a; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".m4a":
        _write_m4a(path, samples, rate_hz)
        return
    n_channels = 1 if samples.ndim == 1 else len(samples)
    with sf.SoundFile(
        path, "w", samplerate=rate_hz, channels=n_channels, subtype=subtype or _SUBTYPES[path.suffix]
    ) as file:
        # Vorbis encoding puts a whole write on the C stack: minutes at once overflow it and kill the process.
        for start in range(0, samples.shape[-1], rate_hz):
            file.write(samples[..., start : start + rate_hz].T)


def rewrap(source: Path, target: Path) -> None:
    """Write the very same 16-bit samples into another lossless container."""
    # By way of integers: WAV and FLAC writers round floats differently.
    samples, rate_hz = sf.read(source, dtype="int16")
    sf.write(target, samples, rate_hz, subtype="PCM_16")


def truncate(path: Path, *, kept: float) -> None:
    """Cut the file off after this share of its bytes, leaving the header as it was."""
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * kept)])


def _write_m4a(path: Path, samples: Float32, rate_hz: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate_hz, layout="mono", options={"aac_coder": "fast"})
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        frame.pts = 0
        frame.time_base = Fraction(1, rate_hz)
        for packets in (stream.encode(frame), stream.encode(None)):
            container.mux(packets)
