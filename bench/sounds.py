"""What is measured on: real clips where there are any, else made ones; long recordings are made on the spot."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from pipeline.core.types import Float32

LONG_RATE_HZ = 44_100
_MINUTE_S = 60.0
_BURSTS_S = ((4.0, 2.0), (21.0, 1.0), (40.0, 3.5))
"""Start and duration within each minute."""
_GAINS = (1.0, 0.7, 0.9, 0.5)


@dataclass(frozen=True, kw_only=True)
class Clips:
    """Files to measure on, and what they are, in words."""

    name: str
    paths: tuple[str, ...]


def digits(data: Path, into: Path, *, n: int) -> Clips:
    """Spoken digits of about 0.5 s as 8 kHz WAV (fsdd)."""
    if found := sorted((data / "fsdd").glob("*.wav")):
        return Clips(name="0.5 s, 8 kHz WAV (fsdd)", paths=_spread(found, n))
    return Clips(name="0.5 s, 8 kHz WAV (made)", paths=_made(into / "half", n, duration_s=0.5, rate_hz=8_000))


def sounds_as_ogg(data: Path, into: Path, *, n: int) -> Clips:
    """Environmental sounds of 5 s as 44.1 kHz Ogg Vorbis, as they were published (esc10)."""
    if found := sorted((data / "esc10").rglob("*.ogg")):
        return Clips(name="5 s, 44.1 kHz Ogg Vorbis (esc10)", paths=_spread(found, n))
    paths = _made(into / "five", n, duration_s=5.0, rate_hz=44_100, ending="ogg")
    return Clips(name="5 s, 44.1 kHz Ogg Vorbis (made)", paths=paths)


def as_wav(clips: Clips, into: Path) -> Clips:
    """The same sounds as 16-bit WAV, so that decoding does not hide the rest."""
    paths: list[str] = []
    into.mkdir()
    for number, path in enumerate(clips.paths):
        samples, rate_hz = sf.read(path, dtype="int16")
        paths.append(str(into / f"{number}.wav"))
        sf.write(paths[-1], samples, rate_hz)
    return Clips(name=clips.name.replace("Ogg Vorbis", "WAV"), paths=tuple(paths))


def copies(clips: Clips, into: Path) -> Path:
    """A folder that holds these files and nothing else."""
    into.mkdir()
    for number, path in enumerate(clips.paths):
        shutil.copyfile(path, into / f"{number:06d}{Path(path).suffix}")
    return into


def write_long(path: Path, *, duration_s: float) -> int:
    """Write a stereo 44.1 kHz recording minute by minute, WAV or FLAC by its ending; give its samples per channel.

    Faint noise with three bursts a minute, at changing levels: something for a segmenter to find.
    """
    minute = _minute(np.random.default_rng(7))
    n_samples = max(1, round(duration_s * LONG_RATE_HZ))
    with sf.SoundFile(path, "w", LONG_RATE_HZ, 2, "PCM_16") as target:
        for number, start in enumerate(range(0, n_samples, len(minute))):
            gain = _GAINS[number % len(_GAINS)]
            target.write((minute[: n_samples - start] * gain).astype(np.int16))
    return n_samples


def _minute(rng: np.random.Generator) -> Float32:
    """One minute float32 (n, 2) in 16-bit steps."""
    n_samples = round(_MINUTE_S * LONG_RATE_HZ)
    level = np.full(n_samples, 12.0, dtype=np.float32)
    for start_s, duration_s in _BURSTS_S:
        burst = slice(round(start_s * LONG_RATE_HZ), round((start_s + duration_s) * LONG_RATE_HZ))
        level[burst] = 6_000
    return rng.standard_normal((n_samples, 2), dtype=np.float32) * level[:, np.newaxis]


def _made(folder: Path, n: int, *, duration_s: float, rate_hz: int, ending: str = "wav") -> tuple[str, ...]:
    """Falling tones in faint noise."""
    folder.mkdir()
    rng = np.random.default_rng(11)
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    paths = tuple(str(folder / f"{number}.{ending}") for number in range(n))
    for path in paths:
        tone = np.sin(2 * np.pi * rng.uniform(200, 2_000) * time_s * (1 - 0.3 * time_s / duration_s))
        noise = 0.003 * rng.standard_normal(len(time_s))
        sf.write(path, 0.4 * tone * np.exp(-2 * time_s / duration_s) + noise, rate_hz)
    return paths


def _spread(found: Sequence[Path], n: int) -> tuple[str, ...]:
    """``n`` of the files, from all over the folder."""
    step = max(1, len(found) // n)
    return tuple(str(path) for path in found[::step][:n])
