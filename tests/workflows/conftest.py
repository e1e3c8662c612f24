"""A project in a fresh database with a store of its own, and small real sounds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import Project, create_project
from pipeline.core.settings import load_recipe
from pipeline.storage import Store

SPEAKERS = "{label}_{group}_{take}.wav"


@pytest.fixture
def project(conn: psycopg.Connection[Any]) -> Project:
    """A project by the default recipe."""
    made = create_project(conn, "test", load_recipe())
    add_labels(conn, made.project_id, [])
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store in a folder."""
    return Store((tmp_path / "store").as_uri())


@pytest.fixture
def digits(test_data: Path, tmp_path: Path) -> Path:
    """A folder with 60 spoken digits: 5 labels, 4 speakers, 3 takes each."""
    folder = tmp_path / "digits"
    folder.mkdir()
    speakers = sorted({path.stem.split("_")[1] for path in (test_data / "fsdd").glob("*.wav")})
    for digit in range(5):
        for speaker in speakers:
            for take in range(3):
                shutil.copy2(test_data / "fsdd" / f"{digit}_{speaker}_{take}.wav", folder)
    return folder
