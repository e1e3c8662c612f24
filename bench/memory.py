"""How much memory a very long recording takes, from the first look at it to its features."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from pipeline.audio.conform import conform, conform_blocks, encode, prove
from pipeline.audio.decode import open_sound
from pipeline.audio.features import feature_blocks
from pipeline.audio.measure import measure
from pipeline.core.types import AudioFormat
from pipeline.plugins.segmenters.silence import Silence


def peaks_mb(path: str) -> dict[str, float]:
    """The largest resident memory of this process so far in MB: before, and after each stage of the recording.

    For a fresh process. Stages: measured to the last sample; segmented by the silence segmenter; every clip cut,
    conformed, encoded and proven; log-mel and MFCC of the whole.
    """
    peaks = {"imports": _peak_mb()}
    facts = measure(path)
    peaks["measure"] = _peak_mb()
    sound = open_sound(path, rate_hz=facts.rate_hz, n_channels=facts.n_channels, n_samples=facts.n_samples)
    segments = Silence().segment(sound)
    peaks[f"segment ({len(segments)} segments)"] = _peak_mb()
    audio_format = AudioFormat()
    for segment in segments:
        audio = conform(sound.span(segment.start, segment.stop), audio_format)
        prove(encode(audio, audio_format), audio_format, audio)
    peaks["cut"] = _peak_mb()
    conformed = conform_blocks(sound.blocks(), rate_hz=audio_format.rate_hz, n_channels=audio_format.n_channels)
    n_frames = sum(part.log_mel.shape[1] for part in feature_blocks(conformed))
    peaks[f"features ({n_frames} frames)"] = _peak_mb()
    return peaks


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux it begins with what the parent held when it forked.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
