"""The bench of selection runs and its tables are complete; what it measures is not judged here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lines(data: Path) -> list[str]:
    command = [sys.executable, "-m", "bench.selection", "--quick", "--data", str(data)]
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_quick_bench_prints_both_tables(test_data: Path) -> None:
    rows = {cells[1].strip(): cells for line in lines(test_data) if len(cells := line.split("|")) > 3}
    assert {"random", "duplicates out, DIVERSITY", "two stages", "one stage"} <= set(rows)
    assert float(rows["duplicates out, DIVERSITY"][2].split("±")[0]) > 50
    assert float(rows["two stages"][4]) > 0


def test_bench_without_real_sound_still_measures_the_cost(tmp_path: Path) -> None:
    said = lines(tmp_path)
    assert said[0].startswith("no fsdd in") and any("| two stages" in line for line in said)
