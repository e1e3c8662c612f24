"""``earmark picture`` as people and programs call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.session import Session
from pipeline.catalog.projects import get_project
from pipeline.core.picture import PictureRecipe
from tests.apps.made import add_person, drop_person, open_made
from tests.conftest import ROOT
from tests.people import login_url


@pytest.fixture
def session(empty_database: str, tmp_path: Path) -> Iterator[Session]:
    with open_made(empty_database, tmp_path) as session:
        yield session


def earmark(session: Session, *words: str, person: str | None = None, status: int = 0) -> str:
    url = session.workspace.url if person is None else login_url(session.workspace.url, person)
    environ = os.environ | {
        "EARMARK_DATABASE_URL": url,
        "EARMARK_WORKSPACE": str(session.workspace.settings.workspace),
        "EARMARK_PROJECT": session.project.name,
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "pipeline.cli", "picture", *words]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def test_picture_is_shown_changed_and_made_usual_again(session: Session) -> None:
    assert PictureRecipe().hash in earmark(session)
    changed = json.loads(earmark(session, "--json", "--scale", "linear", "--fmin", "200", "--fmax", "4000", "--pcen"))
    wanted = PictureRecipe(scale="linear", fmin_hz=200, fmax_hz=4000, pcen=True)
    assert (changed["picture"], changed["hash"]) == (wanted.to_json(), wanted.hash)
    assert get_project(session.workspace.conn, session.project.name).recipe.picture == wanted
    assert json.loads(earmark(session, "--json", "--fmax", "0"))["picture"]["fmax_hz"] is None
    assert json.loads(earmark(session, "--json", "--usual"))["hash"] == PictureRecipe().hash


def test_picture_that_cannot_be_drawn_and_person_who_may_not_are_told_in_one_sentence(session: Session) -> None:
    said = earmark(session, "--scale", "log", status=1)
    assert "a log scale begins above 0 Hz" in said and len(said.splitlines()) == 1
    person = add_person(session, "reviewer")
    try:
        assert "may not picture" in earmark(session, "--pcen", person=person, status=1)
        assert PictureRecipe().hash in earmark(session, person=person)
    finally:
        drop_person(session, person)
