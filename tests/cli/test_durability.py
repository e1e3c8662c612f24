"""doctor, verify, backup and restore on the command line, as a person or a cron job meets them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.session import Session
from tests.apps.made import Made, make_once
from tests.conftest import ROOT

N_CLIPS = 6


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A filled project that waits to be copied."""
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N_CLIPS) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


def test_project_goes_from_one_place_to_another(session: Session, tmp_path: Path, open_folder: Path) -> None:
    here = place_of(session)
    assert answer(["verify"], here)["n_done"] == N_CLIPS
    done = answer(["backup", str(tmp_path / "backup"), "--with-sound"], here)
    assert (done["outcome"]["n_done"], done["index"]["has_sound"]) == (N_CLIPS, True)
    there = ["--workspace", str(open_folder / "new")]
    restored = answer(["restore", str(tmp_path / "backup"), *there], {})
    assert restored["n_rows"] == sum(done["index"]["rows"].values())
    assert answer(["verify", *there, "--project", "made"], {})["n_done"] == N_CLIPS
    refused = earmark(["restore", str(tmp_path / "backup"), *there], {})
    assert refused.returncode == 1
    assert refused.stderr.startswith("earmark: the database holds rows")
    assert len(refused.stderr.strip().splitlines()) == 1
    well = answer(["doctor", *there], {})
    assert well["is_well"] and len(well["findings"]) > 10


def test_doctor_ends_with_status_1_when_something_needs_a_person(session: Session, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(session.workspace.settings.workspace / "store", store)
    here = place_of(session) | {"EARMARK_STORE": store.as_uri()}
    assert earmark(["doctor"], here).returncode == 0
    next(store.rglob("*.wav")).unlink()
    sick = earmark(["doctor"], here)
    assert sick.returncode == 1
    assert "1 objects that rows name are not in the store; restore them from a backup" in sick.stdout
    assert "of project made" in sick.stdout


def test_sweep_says_what_it_removed(session: Session, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(session.workspace.settings.workspace / "store", store)
    here = place_of(session) | {"EARMARK_STORE": store.as_uri()}
    orphan = session.workspace.store.__class__(store.as_uri()).put(b"nobody's", suffix=".wav")
    young = answer(["doctor", "--sweep"], here)
    assert (young["swept"]["n_done"], (store / orphan).exists()) == (0, True)
    swept = answer(["doctor", "--sweep", "--older-than", "0s"], here)
    assert (swept["swept"]["detail"]["n_removed"], (store / orphan).exists()) == (1, False)


@pytest.mark.parametrize("text", ["", "1", "1w", "-1d", "d"])
def test_age_that_is_none_is_refused(text: str) -> None:
    refused = earmark(["doctor", f"--older-than={text}"], {})
    assert refused.returncode == 2
    assert "expected a number with s, m, h or d" in refused.stderr


def test_restore_of_nothing_is_one_sentence(tmp_path: Path) -> None:
    refused = earmark(["restore", str(tmp_path), "--workspace", str(tmp_path / "new"), "--json"], {})
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"] == "StorageError"
    assert not (tmp_path / "new").exists()


def test_verify_in_the_background_is_a_job(session: Session) -> None:
    assert answer(["verify", "--background"], place_of(session))["verb"] == "verify"


def place_of(session: Session) -> dict[str, str]:
    settings = session.workspace.settings
    return {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": settings.store_uri,
        "EARMARK_PROJECT": session.project.name,
    }


def earmark(words: list[str], place: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")}
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *words],
        env=environ | {"EARMARK_WORKERS": "1", "COLUMNS": "200"} | place,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def answer(words: list[str], place: dict[str, str]) -> dict[str, Any]:
    """What the verb says in JSON, when it ends well."""
    done = earmark([*words, "--json"], place)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
