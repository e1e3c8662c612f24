"""The bench of mislabels runs, its table is complete, the peers' formula is theirs; what it finds is not judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.mislabels import CLEANLAB, FIFTYONE, OURS, normalised_margin, plant

ROOT = Path(__file__).parent.parent


def test_quick_bench_prints_every_way_and_draws(test_data: Path, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "recall.png"
    command = [sys.executable, "-m", "bench.mislabels", "--quick", "--corpus", "fsdd", "--encoder", "instant"]
    command += ["--data", str(test_data), "--plot", str(picture)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line][2:]
    assert {row[2] for row in rows} == {"10 % confusable", "5 % confusable", "10 % uniform", "5 % uniform"}
    assert {OURS, CLEANLAB, FIFTYONE} <= {row[3] for row in rows}
    assert all(0 < float(row[4].split()[0]) <= 1 for row in rows)
    assert "fsdd, instant, 10 % confusable: at least 0.98: " in done.stdout
    assert picture.stat().st_size > 1_000


def test_bench_without_real_sound_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.mislabels", "--quick", "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no fsdd in" in done.stdout and "no esc10 in" in done.stdout


def test_planted_labels_are_wrong_and_as_many_as_asked_for() -> None:
    labels = np.arange(200) % 4
    taken_for = np.array([1, 0, 3, 2])
    for kind in ("confusable", "uniform"):
        planted = plant(labels, kind, 0.1, taken_for, np.random.default_rng(0))
        assert planted.is_wrong.sum() == 20
        assert np.array_equal(planted.given != labels, planted.is_wrong)
    planted = plant(labels, "confusable", 0.1, taken_for, np.random.default_rng(0))
    assert np.array_equal(planted.given[planted.is_wrong], taken_for[labels[planted.is_wrong]])


def test_normalised_margin_is_one_half_where_two_labels_are_as_likely() -> None:
    chances = np.array([[0.4, 0.4, 0.2], [1, 0, 0], [1, 0, 0]], dtype=np.float32)
    assert normalised_margin(chances, np.array([0, 0, 1])) == pytest.approx([0.5, 1, 0])
