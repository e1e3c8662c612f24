"""Training as a job: asked for on the command line, carried by a worker, gone on with after kill -9, cancelled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.projects import Project, get_project
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.jobs import cancel, submit, wait_for
from tests.workflows.conftest import SPEAKERS

TIMEOUT_S = 200
Conn = psycopg.Connection[Any]


@pytest.fixture
def place(empty_database: str, open_folder: Path) -> dict[str, str]:
    """The environment of every process of this test."""
    return {
        **os.environ,
        "EARMARK_WORKSPACE": str(open_folder / "workspace"),
        "EARMARK_STORE": (open_folder / "store").as_uri(),
        "EARMARK_DATABASE_URL": empty_database,
        "EARMARK_PROJECT": "test",
        "EARMARK_WORKERS": "1",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def cut_digits(conn: Conn, project: Project, place: dict[str, str], digits: Path) -> Project:
    """The digits, cut whole into the worker's store."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, Store(place["EARMARK_STORE"]))
    return project


@contextmanager
def working(place: dict[str, str]) -> Generator[subprocess.Popen[bytes]]:
    """A worker for as long as the block lasts."""
    worker = subprocess.Popen([sys.executable, "-m", "pipeline.cli", "worker"], env=place, stdout=subprocess.DEVNULL)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(60)


def until(is_true: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not is_true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def stage(conn: Conn) -> str:
    """What the run that runs now is doing."""
    row = conn.execute("SELECT stage FROM progress ORDER BY operation_id DESC LIMIT 1").fetchone()
    return "" if row is None else row[0]


def test_training_in_the_background_ends_in_the_recipe(conn: Conn, cut_digits: Project, place: dict[str, str]) -> None:
    words = ["train-encoder", "--minutes", "0.05", "--encoder", "lightly_ssl", "--background", "--json"]
    asked = subprocess.run([sys.executable, "-m", "pipeline.cli", *words], env=place, capture_output=True, check=True)
    told = json.loads(asked.stdout)
    assert told["verb"] == "train-encoder"
    with working(place):
        job = wait_for(conn, cut_digits, told["job"], timeout_s=TIMEOUT_S)
    assert (job.state, job.message) == ("done", None)
    assert [list(words) for words in job.verbs] == [["train-encoder", "--encoder=lightly_ssl", "--minutes=0.05"]]
    (result,) = job.results
    recipe = get_project(conn, cut_digits.name).recipe
    assert result["is_in_recipe"] and recipe.encoder.to_json() == result["encoder"]


def test_training_of_a_killed_worker_goes_on_from_its_checkpoint(
    conn: Conn, cut_digits: Project, place: dict[str, str]
) -> None:
    job_id = submit(conn, cut_digits, [["train-encoder", "--minutes=0.2"]])
    folder = Path(place["EARMARK_WORKSPACE"]) / "training"
    with working(place) as worker:
        until(lambda: list(folder.glob("*.ckpt")))
        worker.kill()
    with working(place):
        job = wait_for(conn, cut_digits, job_id, timeout_s=TIMEOUT_S)
    assert (job.state, job.n_attempts) == ("done", 2)
    assert job.results[0]["is_resumed"]
    assert list(folder.iterdir()) == []


def test_training_that_is_cancelled_stops_and_leaves_the_recipe(
    conn: Conn, cut_digits: Project, place: dict[str, str]
) -> None:
    job_id = submit(conn, cut_digits, [["train-encoder", "--minutes=60"]])
    with working(place):
        until(lambda: stage(conn).startswith("training"))
        cancel(conn, cut_digits, job_id)
        job = wait_for(conn, cut_digits, job_id, timeout_s=60)
    assert job.state == "cancelled"
    assert get_project(conn, cut_digits.name).recipe == cut_digits.recipe
