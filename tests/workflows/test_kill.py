"""kill -9 of ingest, cut and embed at random moments: nothing committed is lost, nothing is done twice.

EARMARK_KILLS sets how often (6 in the suite), EARMARK_KILL_FILES how many spoken digits (300 in the suite).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.core.settings import load_settings
from pipeline.workflows.workspace import open_workspace
from tests.workflows.conftest import SPEAKERS

N_KILLS = int(os.environ.get("EARMARK_KILLS", "6"))
N_FILES = int(os.environ.get("EARMARK_KILL_FILES", "300"))
STAGES = ("ingest", "cut", "embed")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's own folder, which the database's account may not enter.
    with tempfile.TemporaryDirectory(prefix="earmark-kill-") as name:
        yield Path(name)


@pytest.mark.timeout(1_800)
def test_killed_runs_end_in_the_same_rows_and_hashes_as_an_undisturbed_one(folder: Path, test_data: Path) -> None:
    sounds = folder / "digits"
    sounds.mkdir()
    for path in sorted((test_data / "fsdd").glob("*.wav"))[:N_FILES]:
        shutil.copy2(path, sounds)
    took_s = {stage: _run(stage, folder / "calm", sounds) for stage in STAGES}
    expected = _contents(folder / "calm")
    assert len(expected["embeddings"]) == N_FILES
    rng = random.Random(N_KILLS)
    n_left = N_KILLS
    for number in count():
        wild = folder / f"wild-{number}"
        with open_workspace(load_settings(workspace=wild, project="digits")):
            # Held open: a server that starts and stops in between would only slow the kills down.
            for stage in STAGES:
                n_left -= _run_with_kills(stage, wild, sounds, took_s=took_s[stage], n_at_most=n_left, rng=rng)
        assert _contents(wild) == expected
        if n_left == 0:
            break


def _command(stage: str, workspace: Path, sounds: Path) -> list[str]:
    words = [str(sounds), "--pattern", SPEAKERS] if stage == "ingest" else []
    place = ["--workspace", str(workspace), "--project", "digits"]
    return [sys.executable, "-m", "pipeline.cli", stage, *words, *place, "--json"]


def _environ() -> dict[str, str]:
    # Two are as parallel as many here, and far sooner at work.
    return os.environ | {"EARMARK_WORKERS": "2"}


def _run(stage: str, workspace: Path, sounds: Path) -> float:
    began = time.monotonic()
    subprocess.run(_command(stage, workspace, sounds), check=True, env=_environ(), stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _run_with_kills(
    stage: str, workspace: Path, sounds: Path, *, took_s: float, n_at_most: int, rng: random.Random
) -> int:
    """How many runs were killed before one came through."""
    for n_killed in range(n_at_most):
        if not _run_and_kill(stage, workspace, sounds, after_s=rng.uniform(0.2, 1.0) * took_s):
            return n_killed
    _run(stage, workspace, sounds)
    return n_at_most


def _run_and_kill(stage: str, workspace: Path, sounds: Path, *, after_s: float) -> bool:
    """Whether the run still lived when the signal came."""
    command, nowhere = _command(stage, workspace, sounds), subprocess.DEVNULL
    run = subprocess.Popen(command, env=_environ(), stdout=nowhere, stderr=nowhere)
    try:
        run.wait(after_s)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
        return True
    return False


def _contents(workspace: Path) -> dict[str, Any]:
    """All that must be equal: rows and hashes, without ids and times."""
    with open_workspace(load_settings(workspace=workspace, project="digits")) as opened:
        stored = sorted(opened.store.keys())
        conn = opened.conn
        return {
            "recordings": _rows(
                conn,
                "SELECT name, encode(file_sha256, 'hex'), encode(pcm_sha256, 'hex'), n_samples, source_group, "
                "superseded_at IS NULL FROM recording ORDER BY name",
            ),
            "labels": _rows(
                conn,
                "SELECT r.name, l.name, x.source FROM recording_label x JOIN recording r USING (recording_id) "
                "JOIN label l USING (label_id) ORDER BY r.name, l.name",
            ),
            "clips": _rows(
                conn,
                "SELECT r.name, c.start_sample, c.stop_sample, encode(c.sha256, 'hex'), c.object_key, c.is_active "
                "FROM clip c JOIN recording r USING (recording_id) ORDER BY r.name, c.start_sample",
            ),
            "annotations": _rows(
                conn,
                "SELECT r.name, l.name, a.source FROM annotation a JOIN clip c USING (clip_id) "
                "JOIN recording r USING (recording_id) JOIN label l USING (label_id) ORDER BY r.name, l.name",
            ),
            "embeddings": _rows(
                conn,
                "SELECT r.name, md5(e.vector::text) FROM embedding e JOIN clip c USING (clip_id) "
                "JOIN recording r USING (recording_id) ORDER BY r.name",
            ),
            "map": _rows(conn, "SELECT count(*) FROM map_point"),
            "failures": _rows(conn, "SELECT count(*) FROM failure"),
            "running": _rows(
                conn,
                "SELECT count(*) FROM operation o WHERE NOT EXISTS "
                "(SELECT FROM operation_outcome x WHERE x.operation_id = o.operation_id)",
            ),
            "store": stored,
        }


def _rows(conn: psycopg.Connection[Any], query: str) -> list[Any]:
    return conn.execute(query.encode()).fetchall()
