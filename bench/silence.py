"""How well and how fast the silence segmenter finds spoken digits between pauses, as one table.

    python -m bench.silence [--data FOLDER] [--seeds 5] [--first-seed 0] [--hours 10]

What is asked: digits of all six speakers of fsdd, as recorded (no level is changed), lie between pauses of known
length in white noise of known level. The frames of 10 ms that are sound are known, those that were found are compared
with them. Truth is the span of a placed digit from its first to its last frame within 40 dB of its own loudest one;
beside it stands the F1 against the untrimmed span, so that the trimming cannot flatter unseen.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from bench.timing import cpu_s
from pipeline.core.types import Audio, Float32, Segment
from pipeline.plugins.segmenters.silence import Silence

GOALS = {-70: 0.95, -50: 0.93, -42: 0.88}
"""The least frame F1 asked for, by the level of the noise in dBFS."""

RATE_HZ = 8_000
_FRAME = RATE_HZ // 100
_DIGITS_PER_SPEAKER = 20
_TRIM_DB = 40.0
_PAUSE_S = (0.2, 1.0)
_BLOCK = 65_536


@dataclass(frozen=True, kw_only=True)
class MadeSound:
    """A recording in memory, given block by block."""

    samples: Float32
    rate_hz: int = RATE_HZ
    n_repeats: int = 1

    @property
    def n_channels(self) -> int:
        return self.samples.shape[0]

    @property
    def n_samples(self) -> int:
        return self.n_repeats * self.samples.shape[1]

    def blocks(self) -> Iterator[Audio]:
        for _ in range(self.n_repeats):
            for start in range(0, self.samples.shape[1], _BLOCK):
                yield Audio(samples=self.samples[:, start : start + _BLOCK], rate_hz=self.rate_hz)

    def span(self, start: int, stop: int) -> Audio:
        raise NotImplementedError("a segmenter reads by block")


@dataclass(frozen=True, kw_only=True)
class Digits:
    """Digits between pauses without noise, float32 (n,), and which 10 ms frames are sound, bool (n // 80,)."""

    samples: Float32
    is_trimmed: np.ndarray
    is_placed: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Score:
    """The frame F1 against the trimmed and against the untrimmed spans, 0 to 1."""

    trimmed: float
    placed: float


def placed_digits(folder: Path, *, seed: int) -> Digits:
    """Twenty digits of every speaker in random order, with pauses of 0.2 to 1 s before and after each."""
    rng = np.random.default_rng(seed)
    files = sorted((folder / "fsdd").glob("*.wav"))
    speakers = sorted({file.stem.split("_")[1] for file in files})
    drawn: list[Path] = []
    for speaker in speakers:
        own = [file for file in files if file.stem.split("_")[1] == speaker]
        drawn += [own[index] for index in rng.choice(len(own), _DIGITS_PER_SPEAKER, replace=False)]
    parts: list[Float32] = []
    placed: list[np.ndarray] = []
    trimmed: list[np.ndarray] = []
    for index in rng.permutation(len(drawn)):
        digit = _whole_frames(np.asarray(sf.read(drawn[index])[0], dtype=np.float32))
        n_pause = round(rng.uniform(*_PAUSE_S) * 100)
        parts += [np.zeros(n_pause * _FRAME, dtype=np.float32), digit]
        placed += [np.zeros(n_pause, dtype=bool), np.ones(len(digit) // _FRAME, dtype=bool)]
        trimmed += [np.zeros(n_pause, dtype=bool), _by_own_energy(digit)]
    return Digits(samples=np.concatenate(parts), is_trimmed=np.concatenate(trimmed), is_placed=np.concatenate(placed))


def noisy(digits: Digits, noise_dbfs: float, *, seed: int) -> MadeSound:
    """The digits in white noise of that level."""
    return MadeSound(samples=(digits.samples + white(len(digits.samples), noise_dbfs, seed=seed))[np.newaxis])


def white(n: int, noise_dbfs: float, *, seed: int) -> Float32:
    """White noise float32 (n,) of that level."""
    noise = np.random.default_rng([seed, 1]).normal(scale=10 ** (noise_dbfs / 20), size=n)
    return noise.astype(np.float32)


def score(found: Sequence[Segment], digits: Digits) -> Score:
    """How well the segments fit; a frame is found if its middle is."""
    is_found = np.zeros(len(digits.is_placed), dtype=bool)
    for segment in found:
        is_found[round(segment.start / _FRAME) : round(segment.stop / _FRAME)] = True
    return Score(trimmed=_f1(is_found, digits.is_trimmed), placed=_f1(is_found, digits.is_placed))


def _whole_frames(digit: Float32) -> Float32:
    """The digit, filled up with zeros to whole frames."""
    return np.concatenate((digit, np.zeros(-len(digit) % _FRAME, dtype=np.float32)))


def _by_own_energy(digit: Float32) -> np.ndarray:
    energy = np.square(digit.reshape(-1, _FRAME), dtype=np.float64).sum(axis=1)
    loud = np.flatnonzero(energy >= energy.max() * 10 ** (-_TRIM_DB / 10))
    is_sound = np.zeros(len(energy), dtype=bool)
    is_sound[loud[0] : loud[-1] + 1] = True
    return is_sound


def _f1(is_found: np.ndarray, is_sound: np.ndarray) -> float:
    return float(2 * (is_found & is_sound).sum() / (is_found.sum() + is_sound.sum()))


def _accuracy_rows(data: Path, seeds: range) -> Iterator[tuple[str, ...]]:
    scores = {noise_dbfs: list[Score]() for noise_dbfs in GOALS}
    for seed in seeds:
        digits = placed_digits(data, seed=seed)
        for noise_dbfs, of_floor in scores.items():
            of_floor.append(score(Silence().segment(noisy(digits, noise_dbfs, seed=seed)), digits))
    for noise_dbfs, of_floor in scores.items():
        lowest = min(one.trimmed for one in of_floor)
        yield (
            f"frame F1, noise at {noise_dbfs} dBFS",
            " ".join(f"{one.trimmed:.3f}" for one in of_floor),
            f"{np.mean([one.placed for one in of_floor]):.3f} untrimmed",
            f"{GOALS[noise_dbfs]:.2f}",
            "yes" if lowest >= GOALS[noise_dbfs] else "no",
        )


def _silent_rows(n_seeds: int) -> Iterator[tuple[str, ...]]:
    n = 600 * RATE_HZ
    for noise_dbfs in (None, *GOALS):
        n_false = [
            len(
                Silence().segment(
                    MadeSound(
                        samples=(white(n, noise_dbfs, seed=seed) if noise_dbfs else np.zeros(n, np.float32))[None]
                    )
                )
            )
            for seed in range(n_seeds)
        ]
        name = "digital silence" if noise_dbfs is None else f"noise only at {noise_dbfs} dBFS"
        yield (f"segments in 10 min, {name}", " ".join(map(str, n_false)), "", "0", "yes" if not any(n_false) else "no")


def _speed_rows() -> Iterator[tuple[str, ...]]:
    for rate_hz, n_channels in ((8_000, 1), (16_000, 1), (44_100, 2)):
        minute = np.stack([white(60 * rate_hz, -50, seed=channel) for channel in range(n_channels)])
        sound = MadeSound(samples=minute, rate_hz=rate_hz, n_repeats=60)
        Silence().segment(MadeSound(samples=minute, rate_hz=rate_hz))
        before_s = cpu_s()
        Silence().segment(sound)
        took_s = cpu_s() - before_s
        name = f"CPU of 1 h, {rate_hz} Hz, {n_channels} channel{'s' * (n_channels > 1)}"
        goal = ("10000x", "yes" if took_s < 0.36 else "no") if n_channels == 1 else ("–", "–")
        yield (name, f"{took_s:.2f} s", f"{3_600 / took_s:.0f} times real time", *goal)


def _memory_row(hours: float) -> tuple[str, ...]:
    """In a fresh process, so that nothing else counts."""
    child = [sys.executable, "-m", "bench.silence", "--peak", str(hours)]
    before_mb, after_mb = subprocess.run(child, check=True, capture_output=True, text=True).stdout.split()
    holds = "yes" if float(after_mb) < 200 else "no"
    return (f"memory for {hours:g} h of stereo", f"{after_mb} MB", f"{before_mb} MB before", "< 200 MB", holds)


def _print_peaks(hours: float) -> None:
    """Largest resident memory in MB before and after a long stereo recording of noise and bursts."""
    piece = np.stack([white(10 * 44_100, -50, seed=channel) for channel in range(2)])
    piece[:, :44_100] *= 30
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Silence().segment(MadeSound(samples=piece, rate_hz=44_100, n_repeats=round(hours * 360)))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{before / 1024:.0f} {after / 1024:.0f}")


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    lines = [("measured", "result", "beside it", "goal", "holds"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    texts = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print("\n".join(texts))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.silence", description="Measures the silence segmenter.")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EARMARK_TEST_DATA") or "../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--peak", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak is not None:
        _print_peaks(asked.peak)
        return
    # First of all: a child begins with the largest memory that its parent ever had.
    memory = _memory_row(asked.hours)
    rows = [
        *_accuracy_rows(asked.data, range(asked.first_seed, asked.first_seed + asked.seeds)),
        *_silent_rows(asked.seeds),
        *_speed_rows(),
    ]
    _print_table([*rows, memory])


if __name__ == "__main__":
    main()
