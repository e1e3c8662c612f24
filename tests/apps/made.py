"""A small made project to label: short tones under three labels, cut, embedded and queued."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import soundfile

from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.core.permissions import Duty
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe, load_settings
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.queue import build_queue
from pipeline.workflows.workspace import Workspace
from tests import people
from tests.conftest import ROOT, other_database
from tests.people import login_url as login_url

LABELS = ("hum", "ring", "hiss")
RATE_HZ = 16_000

_numbers = count(1)


def write_tones(folder: Path, n: int) -> Path:
    """n short files LABEL_gGROUP_NUMBER.wav, all different; six source groups."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    time_s = np.arange(int(0.4 * RATE_HZ)) / RATE_HZ
    for i in range(n):
        label = LABELS[i % 3]
        pitch_hz = {"hum": 150, "ring": 900, "hiss": 2500}[label] * rng.uniform(0.8, 1.25)
        sound = 0.3 * np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-4 * time_s) + rng.normal(0, 0.01, len(time_s))
        soundfile.write(folder / f"{label}_g{i % 6}_{i:03d}.wav", sound, RATE_HZ)
    return folder


@contextmanager
def open_made(url: str, folder: Path, *, person: str | None = None) -> Iterator[Session]:
    """The session of a person (the owner, if None) in the project ``made``, on a connection of its own."""
    settings = load_settings(workspace=folder, project="made", environ={"EARMARK_DATABASE_URL": url})
    own_url = url if person is None else login_url(url, person)
    with connect(own_url, application_name="tests") as conn:
        workspace = Workspace(settings=settings, url=own_url, conn=conn, store=Store(settings.store_uri))
        yield Session(workspace=workspace, project=workspace.create_project(load_recipe()))


@contextmanager
def working(session: Session) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of this database for as long as the block lasts."""
    settings = session.workspace.settings
    environ = os.environ | {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": settings.store_uri,
        "EARMARK_WORKERS": "1",
    }
    command = [sys.executable, "-m", "pipeline.cli", "worker", "--first-retry", "0.02"]
    worker = subprocess.Popen(command, env=environ, cwd=ROOT)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(60)


def fill(session: Session, n: int, *, is_queued: bool = True) -> None:
    """Bring in n tones with their labels; cut, embed and queue them at random."""
    conn, project, store = session.workspace.conn, session.project, session.workspace.store
    folder = write_tones(session.workspace.settings.workspace / "tones", n)
    ingest(conn, project, str(folder), labels=LabelRules(name_pattern="{label}_{group}_{take}.wav"), workers=1)
    cut(conn, project, store, workers=1)
    embed(conn, project, store, workers=1)
    if is_queued:
        build_queue(conn, project, strategy=PluginSpec(name="random"))


def add_person(session: Session, duty: Duty | None) -> str:
    """The name of a new login with this duty in the project; ``drop_person`` ends it."""
    return people.add_person(session.workspace.conn, session.project.project_id, duty)


def drop_person(session: Session, person: str) -> None:
    """Remove the login altogether."""
    people.drop_person(session.workspace.conn, person)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A filled database that waits to be copied, and the workspace whose store holds its sound."""

    server_url: str
    database: str
    folder: Path

    @contextmanager
    def copy(self) -> Iterator[Session]:
        """The owner's session in a database of its own."""
        with new_database(self.server_url, self.database) as url, open_made(url, self.folder) as session:
            yield session


@contextmanager
def make_once(server_url: str, template: str, folder: Path, *, n: int) -> Iterator[Made]:
    """n clips, queued, for tests that each take a copy: that is faster than making them again."""
    with new_database(server_url, template) as url:
        with open_made(url, folder) as session:
            fill(session, n)
        yield Made(server_url=server_url, database=urlsplit(url).path.strip("/"), folder=folder)


@contextmanager
def new_database(server_url: str, template: str) -> Iterator[str]:
    """The URL of a migrated database that outlives one test, dropped at the end."""
    name = f"made_{next(_numbers)}"
    with connect(server_url, application_name="tests") as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
    yield other_database(server_url, name)
    with connect(server_url, application_name="tests") as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
