"""Does the rate of an ingest fall as the catalog grows? ``python -m bench.ingest_rate [--files 20000]``."""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from pipeline.core.settings import load_recipe, load_settings
from pipeline.workflows.ingest import ingest
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.workspace import open_workspace

RATE_HZ = 8_000


@dataclass
class Marks:
    """When how many files were done, seen at every commit of the stage that reads."""

    seen: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def __call__(self, report: ProgressReport) -> None:
        if report.stage == "reading":
            self.seen.append((time.monotonic(), report.n_done))

    def files_a_second(self, first: float, last: float) -> float:
        """The rate between two shares of the whole, as from .0 to .1."""
        at_s, n_done = np.array(self.seen).T
        began_s, ended_s = np.interp([first * n_done[-1], last * n_done[-1]], n_done, at_s)
        return float((last - first) * n_done[-1] / (ended_s - began_s))


def write_sounds(folder: Path, n: int) -> None:
    """So many files of 0.2 s, none like another, 1,000 in a folder."""
    generator = np.random.default_rng(0)
    for number in range(n):
        below = folder / f"{number // 1_000:03}"
        below.mkdir(exist_ok=True)
        soundfile.write(below / f"{number:06}.wav", generator.normal(0, 0.1, RATE_HZ // 5), RATE_HZ, subtype="PCM_16")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest_rate")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=4)
    asked = parser.parse_args()
    marks = Marks()
    with (
        tempfile.TemporaryDirectory(prefix="earmark-rate-") as scratch,
        tempfile.TemporaryDirectory(prefix="earmark-rate-") as place,
    ):
        write_sounds(Path(scratch), asked.files)
        with open_workspace(load_settings(workspace=place, environ={})) as opened:
            project = opened.create_project(load_recipe())
            outcome = ingest(opened.conn, project, scratch, workers=asked.workers, on_progress=marks)
    # The workers start during the first hundredth.
    first, last = marks.files_a_second(0.01, 0.11), marks.files_a_second(0.9, 1.0)
    print(f"{outcome.n_done} of {asked.files} files done, {len(outcome.failed)} failed")
    print(f"first tenth {first:,.0f} a second, last tenth {last:,.0f} a second: {last / first:.2f} (goal 0.9)")


if __name__ == "__main__":
    main()
