"""The bench runs and its table is complete; what it finds is not judged here."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from bench.report import HEADINGS, Row, markdown, plot
from bench.timing import Cost, in_turns, ratio

ROOT = Path(__file__).parent.parent


def test_quick_bench_prints_a_complete_table(tmp_path: Path) -> None:
    picture = tmp_path / "ratios.png"
    command = [sys.executable, "-m", "bench.audio", "--quick", "--plot", str(picture), "--scratch", str(tmp_path)]
    # No folder of real sounds: what is measured on is made, so that it runs anywhere.
    environ = os.environ | {"EARMARK_TEST_DATA": str(tmp_path / "none")}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    headings, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert tuple(headings) == HEADINGS
    for measured, n_rows in {"0.5 s": 4, "5 s, 44.1 kHz Ogg": 4, "5 s, 44.1 kHz WAV": 4, "20 s, stereo": 4}.items():
        found = [row for row in rows if row[0].startswith(measured) and row[1].startswith("librosa")]
        assert len(found) == n_rows
        assert all(float(row[place].removesuffix("x")) > 0 for row in found for place in (2, 4))
    assert any("lhotse" in row[1] for row in rows)
    assert next(row[7] for row in rows if row[0].startswith("then features")) in ("yes", "no")
    assert any(row[0].startswith("ingest and cut 12 files") and row[1] == "1 worker" for row in rows)
    assert picture.stat().st_size > 1_000
    assert [path.name for path in tmp_path.iterdir()] == [picture.name], "nothing made is left behind"


def test_ways_take_turns_and_the_order_changes() -> None:
    called: list[str] = []

    def way(name: str, item: int) -> None:
        called.append(f"{name}{item}")

    costs = in_turns({name: partial(way, name) for name in "ab"}, [1, 2], n_rounds=2, warm_up=0)
    assert called == ["a0", "b0", "a1", "a2", "b1", "b2", "b1", "b2", "a1", "a2"]
    assert [len(of_way) for of_way in costs.values()] == [2, 2]


def test_ratio_is_the_median_of_the_rounds() -> None:
    ours = [Cost(cpu_s=1, wall_s=1)] * 3
    found = ratio([Cost(cpu_s=cpu_s, wall_s=2 * cpu_s) for cpu_s in (2, 9, 3)], ours)
    assert (found.cpu, found.cpu_lowest, found.cpu_highest, found.wall) == (3, 2, 9, 6)


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (Row(measured="a", against="b", cpu=2.0, goal=2.0), True),
        (Row(measured="a", against="b", cpu=1.99, goal=2.0), False),
        (Row(measured="a", against="b", memory_mb=199, goal_mb=200), True),
        (Row(measured="a", against="b", memory_mb=200, goal_mb=200), False),
        (Row(measured="a", against="b", cpu=1.0), None),
        (Row(measured="a", against="not measured", goal=2.0), None),
    ],
)
def test_goal_holds_only_when_it_is_reached(row: Row, holds: bool | None) -> None:
    assert row.holds is holds
    assert {True: "yes", False: "no", None: "–"}[holds] in markdown([row]).splitlines()[-1]


def test_rows_without_ratio_are_not_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "new" / "none.svg"
    plot([Row(measured="a", against="b", memory_mb=1)], picture)
    assert picture.stat().st_size > 0
