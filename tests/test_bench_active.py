"""The bench of live queues runs and its table is complete; how few labels a strategy needs is not judged here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.active import OURS, RANDOM, Course

ROOT = Path(__file__).parent.parent


@pytest.mark.timeout(300)
def test_quick_bench_prints_each_strategy_and_draws(test_data: Path, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "curves.png"
    command = [sys.executable, "-m", "bench.active", "--quick", "--corpus", "fsdd", "--plot", str(picture)]
    command += ["--data", str(test_data), "--strategy", OURS, "--strategy", RANDOM]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line][2:]
    assert [row[:2] for row in rows] == [["fsdd", OURS], ["fsdd", RANDOM]]
    assert all(0.3 < float(row[-1]) <= 1 for row in rows)
    assert "fsdd, at most 200 labels to 95%: " in done.stdout
    assert picture.stat().st_size > 1_000


def test_bench_without_real_sound_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.active", "--quick", "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no fsdd in" in done.stdout and "no esc10 in" in done.stdout


def test_goal_met_once_by_luck_is_not_yet_met() -> None:
    run = Course(n_answers=np.array([5, 10, 15, 20]), accuracy=np.array([0.5, 0.96, 0.94, 0.97]), rank_s=[])
    assert (run.first(0.95), run.needed(0.95)) == (10, 20)
    assert (run.first(0.99), run.needed(0.99)) == (None, None)
    assert run.needed(0.4) == 5
