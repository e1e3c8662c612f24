"""Real clips for the plug-ins' tests: spoken digits and environmental sounds, read once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.core.types import Audio


def digits(folder: Path, n: int, *, seed: int) -> list[tuple[Audio, str, str]]:
    """So many spoken digits drawn by lot: the sound, the digit, the speaker."""
    files = _drawn(folder / "fsdd", "*.wav", n, seed=seed)
    return [(_read(file), *file.stem.split("_")[:2]) for file in files]


def environmental(folder: Path, n: int, *, seed: int) -> list[tuple[Audio, str, str]]:
    """So many five-second sounds drawn by lot: the sound, the label, the fold."""
    files = _drawn(folder / "esc10", "*/*.ogg", n, seed=seed)
    return [(_read(file), file.parent.name, file.name[0]) for file in files]


def _drawn(folder: Path, pattern: str, n: int, *, seed: int) -> list[Path]:
    files = sorted(folder.glob(pattern))
    if len(files) < n:
        pytest.skip(f"{len(files)} files of {pattern} in {folder}, {n} needed: set EARMARK_TEST_DATA")
    chosen = np.random.default_rng(seed).choice(len(files), n, replace=False)
    return [files[index] for index in sorted(chosen.tolist())]


def _read(file: Path) -> Audio:
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return Audio(samples=np.ascontiguousarray(samples.T), rate_hz=rate_hz)
