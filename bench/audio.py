"""`python -m bench.audio`: our sound path against what people use, as ratios of one run (bench/README.md)."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench import sounds
from bench.report import Row, markdown, plot, ratio_row
from bench.timing import Cost, ratio
from pipeline.compute.chunk import ONE_THREAD

ROOT = Path(__file__).parent.parent
PARTS = ("librosa", "lhotse", "memory", "workers")
GB_PER_HOUR = 0.7
GOAL_MB = 200


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    n_clips: int
    n_rounds: int
    n_hours: int
    hour_s: float
    memory_s: float
    n_files: int
    worker_counts: tuple[int, ...]
    n_worker_rounds: int


FULL = Size(
    n_clips=100,
    n_rounds=7,
    n_hours=3,
    hour_s=3_600,
    memory_s=36_000,
    n_files=2_000,
    worker_counts=(1, 2, 4),
    n_worker_rounds=2,
)
QUICK = Size(
    n_clips=3, n_rounds=2, n_hours=2, hour_s=20, memory_s=65, n_files=12, worker_counts=(1, 2), n_worker_rounds=1
)


def main() -> None:
    """Measure, print the table and draw the picture."""
    options = _options()
    size = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="earmark-bench-", dir=options.scratch) as scratch:
        rows: list[Row] = []
        for part in options.only:
            folder = Path(scratch, part)
            folder.mkdir()
            rows += getattr(_Bench(size=size, data=options.data, scratch=folder), part)()
            shutil.rmtree(folder)
    print(_conditions(size))
    print(markdown(rows))
    if options.plot is not None:
        plot(rows, options.plot)
        print(f"\ndrawn: {options.plot}")


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """The parts, each in fresh processes with one thread for each of numpy's libraries."""

    size: Size
    data: Path
    scratch: Path

    def librosa(self) -> list[Row]:
        digits = sounds.digits(self.data, self.scratch, n=self.size.n_clips)
        sets = [self._set(digits, goal=5.0), *(self._set(clips, goal=2.0) for clips in self._five_seconds())]
        hour, minute = self.scratch / "hour.wav", self.scratch / "minute.wav"
        sounds.write_long(hour, duration_s=self.size.hour_s)
        sounds.write_long(minute, duration_s=min(60.0, self.size.hour_s))
        long = sounds.Clips(name=f"{_duration(self.size.hour_s)}, stereo 44.1 kHz WAV (made)", paths=(str(hour),))
        sets.append(
            self._set(long, goal=2.5) | {"is_long": True, "warm_up": str(minute), "n_rounds": self.size.n_hours}
        )
        return [Row(**found) for found in _run("librosa", sets=sets)]

    def lhotse(self) -> list[Row]:
        if importlib.util.find_spec("lhotse") is None:
            print("lhotse is not installed (pip install -e '.[bench]'): its rows are left out", file=sys.stderr)
            return [Row(measured="5 s", against="lhotse: not installed, not measured")]
        sets = [self._set(clips, goal=3.0) for clips in self._five_seconds()]
        return [Row(**found) for found in _run("lhotse", sets=sets)]

    def memory(self) -> list[Row]:
        free_gb = shutil.disk_usage(self.scratch).free / 1e9
        duration_s = min(self.size.memory_s, free_gb / GB_PER_HOUR * 3_600)
        if duration_s < self.size.memory_s:
            print(f"only {free_gb:.1f} GB free: memory is measured on {_duration(duration_s)}", file=sys.stderr)
        path = self.scratch / "long.flac"
        sounds.write_long(path, duration_s=duration_s)
        peaks = _run("memory", path=str(path))
        name = f"{_duration(duration_s)}, stereo 44.1 kHz FLAC (made): "
        names = [name + "imports", *(f"  then {stage}" for stage in list(peaks)[1:])]
        goals = [*[None] * (len(peaks) - 1), GOAL_MB]
        return [
            Row(measured=name, against="–", memory_mb=peak_mb, goal_mb=goal_mb)
            for name, peak_mb, goal_mb in zip(names, peaks.values(), goals, strict=True)
        ]

    def workers(self) -> list[Row]:
        clips = sounds.digits(self.data, self.scratch, n=self.size.n_files)
        folder = sounds.copies(clips, self.scratch / "files")
        costs: dict[int, list[Cost]] = {n_workers: [] for n_workers in self.size.worker_counts}
        for number in range(self.size.n_worker_rounds):
            for n_workers in self.size.worker_counts:
                workspace = self.scratch / f"workspace-{number}-{n_workers}"
                found = _run("workers", folder=str(folder), workspace=str(workspace), n_workers=n_workers)
                costs[n_workers].append(Cost(**found))
        measured = f"ingest and cut {len(clips.paths):,} files of {clips.name}"
        return [
            ratio_row(f"{measured}, {n_workers} workers", "1 worker", ratio(costs[1], costs[n_workers]))
            for n_workers in self.size.worker_counts[1:]
        ]

    def _five_seconds(self) -> tuple[sounds.Clips, sounds.Clips]:
        ogg = sounds.sounds_as_ogg(self.data, self.scratch, n=max(3, self.size.n_clips // 2))
        return ogg, sounds.as_wav(ogg, self.scratch / "wav")

    def _set(self, clips: sounds.Clips, *, goal: float) -> dict[str, Any]:
        given = dataclasses.asdict(clips) | {"goal": goal, "n_rounds": self.size.n_rounds}
        return given | {"warm_up": clips.paths[0], "is_long": False}


def _run(part: str, **given: Any) -> Any:
    """What a part finds in a process of its own. Ends the bench if the part fails; its words are on the screen."""
    print(f"{part} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-W", "ignore", "-m", "bench.part", part, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"the bench's part {part} failed")
    return json.loads(done.stdout.splitlines()[-1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.audio", description=__doc__)
    given = os.environ.get("EARMARK_TEST_DATA") or str(ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="tiny inputs, to see that it runs: the ratios mean little")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw the ratios (png, svg, pdf)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--data", type=Path, default=Path(given), help="folder with fsdd and esc10; else sounds are made"
    )
    parser.add_argument("--scratch", type=Path, help="where the made recordings lie meanwhile: 7 GB for all of it")
    return parser.parse_args()


def _conditions(size: Size) -> str:
    quick = " Tiny inputs (--quick): the ratios mean little." if size is QUICK else ""
    return (
        f"Ratios of one run on {os.cpu_count()} cores of {platform.machine()}, {platform.system()}, "
        f"load {psutil.getloadavg()[0]:.1f}: how many times more the other takes than Earmark.{quick}\n"
    )


def _duration(seconds: float) -> str:
    return f"{seconds / 3_600:g} h" if seconds >= 3_600 else f"{seconds:.0f} s"


if __name__ == "__main__":
    main()
