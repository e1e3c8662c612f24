"""The bench of duplicates runs and its tables are complete; what it finds is not judged here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_quick_bench_prints_complete_tables(test_data: Path) -> None:
    command = [sys.executable, "-m", "bench.duplicates", "--quick", "--data", str(test_data)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines() if "|" in line]
    ours = [row for row in rows if len(row) == 7 and row[1].startswith("fingerprint")]
    assert ours
    assert all(row[6] for row in ours)
    assert any(row[1] == "log-mel cosine" for row in rows if len(row) == 7)
    (scaled,) = [row for row in rows if len(row) == 5 and row[0] == "100"]
    assert float(scaled[2]) > 0


def test_bench_without_real_sound_still_measures_the_scaling(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.duplicates", "--quick", "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no fsdd in" in done.stdout
    assert "| 100 " in done.stdout
