"""kill -9 of database, kernel, worker and command line while eight people annotate: what was acknowledged is there.

Two of the eight sit at the review page of `earmark serve --accounts`, whose kernels are Voila's; six are processes
over the same state, which is cheaper. EARMARK_KILL_ANNOTATIONS sets how many annotations (800 in the suite),
EARMARK_KILLS how many kills (6 in the suite).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from pipeline.catalog import embedded
from pipeline.catalog.connect import connect
from pipeline.catalog.projects import Project
from pipeline.cli.serve import free_port
from pipeline.core.errors import DatabaseUnavailable
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe, load_settings
from pipeline.workflows.jobs import submit
from pipeline.workflows.queue import build_queue
from pipeline.workflows.workspace import open_workspace
from tests import people
from tests.conftest import ROOT
from tests.workflows.annotation_writer import Outbox

N_ANNOTATIONS = int(os.environ.get("EARMARK_KILL_ANNOTATIONS", "800"))
N_KILLS = int(os.environ.get("EARMARK_KILLS", "6"))
N_WRITERS, N_AT_PAGES, N_SPARE = 8, 2, 400
QUOTA = N_ANNOTATIONS // N_WRITERS
KINDS = ("postmaster", "voila kernel", "worker", "backend", "kernel", "cli")
QUEUE = ["queue", "--strategy=random"]

Conn = psycopg.Connection[Any]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's own folder, which the database's account may not enter.
    with tempfile.TemporaryDirectory(prefix="earmark-kill-") as name:
        yield Path(name)


@pytest.mark.timeout(1_800)
def test_every_acknowledged_annotation_is_there_once_whatever_is_killed(folder: Path) -> None:
    with open_workspace(load_settings(workspace=folder, project="made", environ={})) as space:
        project = space.create_project(load_recipe())
        _fill(space.conn, project, n_clips=N_ANNOTATIONS + N_SPARE)
        build_queue(space.conn, project, strategy=PluginSpec(name="random"))
        persons = [people.add_person(space.conn, project.project_id, "annotator") for _ in range(N_WRITERS)]
        began = time.monotonic()
        with _Scene(folder=folder, url=space.url, project=project, persons=persons) as scene:
            for n in range(1, N_KILLS + 1):
                scene.run_until(n * N_ANNOTATIONS // (N_KILLS + 1))
                scene.kill(KINDS[(n - 1) % len(KINDS)])
            scene.run_until(N_ANNOTATIONS)
        took_s = time.monotonic() - began
        with connect(space.url, application_name="tests") as conn:
            _check(conn, [Outbox(scene.outbox(person)) for person in persons])
        print(f"{N_ANNOTATIONS} annotations by {N_WRITERS}, kills {dict(scene.kills)}, {took_s:.0f} s")


def _check(conn: Conn, outboxes: list[Outbox]) -> None:
    sent = [key for outbox in outboxes for key in outbox.sent]
    acknowledged = [key for outbox in outboxes for key in outbox.acknowledged]
    rows = [str(row[0]) for row in conn.execute("SELECT annotation_id FROM annotation WHERE source = 'human'")]
    assert len(acknowledged) == N_ANNOTATIONS
    assert sorted(rows) == sorted(sent) == sorted(acknowledged)
    assert _all(conn, _TWO_CURRENT_ANSWERS) == []
    assert _all(conn, _ANSWERED_BY_TWO) == []
    assert _all(conn, _NOT_AS_ANSWERED) == []
    assert _all(conn, _BROKEN_CHAIN) == []


def _all(conn: Conn, query: str) -> list[Any]:
    return conn.execute(query.encode()).fetchall()


_TWO_CURRENT_ANSWERS = "SELECT clip_id, author FROM current_annotation GROUP BY 1, 2 HAVING count(*) > 1"
_ANSWERED_BY_TWO = "SELECT clip_id FROM annotation GROUP BY clip_id HAVING count(DISTINCT author) > 1"
_NOT_AS_ANSWERED = """
    SELECT r.clip_id, r.state FROM review r
    WHERE (r.state = 'answered') <> EXISTS (SELECT FROM current_annotation a WHERE a.clip_id = r.clip_id)
"""
_BROKEN_CHAIN = """
    SELECT a.annotation_id FROM annotation a JOIN annotation b ON a.supersedes = b.annotation_id
    WHERE (a.clip_id, a.author) <> (b.clip_id, b.author) OR a.created_at < b.created_at
"""


@dataclass
class _Scene:
    """Two pages, six kernels, a worker and a command line at work; whoever is killed is started again."""

    folder: Path
    url: str
    project: Project
    persons: list[str]
    kills: Counter[str] = field(default_factory=Counter[str])
    _port: int = field(default_factory=lambda: free_port(0))
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])

    def __enter__(self) -> _Scene:
        self._tend()
        return self

    def __exit__(self, *error: object) -> None:
        self._running["server"].send_signal(signal.SIGTERM)  # it takes its kernels with it
        for name, process in self._running.items():
            if name != "server":
                process.kill()
            process.wait(60)

    def outbox(self, person: str) -> Path:
        """Where the browser of this person keeps what it sends."""
        return self.folder / f"outbox-{person}"

    def run_until(self, n_acknowledged: int) -> None:
        """Let all work until so many annotations are acknowledged."""
        while self._n_acknowledged() < n_acknowledged:
            self._tend()
            time.sleep(0.05)

    def kill(self, kind: str) -> None:
        """kill -9, at once; what does not come back by itself is started again."""
        self.kills[kind] += 1
        if kind == "postmaster":
            pid = int((self.folder / "database" / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            os.kill(pid, signal.SIGKILL)
            assert embedded.start(self.folder / "database") == self.url
        elif kind == "backend":
            os.kill(self._backend_of_a_writer(), signal.SIGKILL)
        elif kind == "voila kernel":
            self._kernel_of_a_page().kill()
        elif kind == "kernel":
            self._running[self._busy(self.persons[N_AT_PAGES:])[0]].kill()
        else:
            while self._running[kind].poll() is not None:
                self._tend()
            time.sleep(1.0)  # so that it is at work
            self._running[kind].kill()

    def _busy(self, persons: list[str]) -> list[str]:
        """Who of these has not reached the quota; each time another comes first."""
        busy = [name for name in persons if name in self._running and self._running[name].poll() is None]
        assert busy, "there is nobody left to kill"
        return busy[self.kills.total() % len(busy) :] + busy[: self.kills.total() % len(busy)]

    def _kernel_of_a_page(self) -> psutil.Process:
        """The process below the server that answers the page of one of those who sit at one."""
        while True:
            self._tend()
            ids = [self._note(person).read_text(encoding="utf-8") for person in self._busy(self._at_pages)]
            for process in psutil.Process(self._running["server"].pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if any(kernel_id in word for kernel_id in ids for word in process.cmdline()):
                        return process
            time.sleep(0.1)  # they are loading their page again

    @property
    def _at_pages(self) -> list[str]:
        return self.persons[:N_AT_PAGES]

    def _note(self, person: str) -> Path:
        """Where the browser of this person notes the kernel behind its page."""
        return self.folder / f"kernel-{person}"

    def _backend_of_a_writer(self) -> int:
        """The process that serves a kernel just now."""
        query = "SELECT pid FROM pg_stat_activity WHERE usename = ANY(%s) ORDER BY query_start DESC LIMIT 1"
        while True:
            self._tend()
            with connect(self.url, application_name="tests") as conn:
                row = conn.execute(query, (self.persons,)).fetchone()
            if row is not None:
                return row[0]

    def _n_acknowledged(self) -> int:
        paths = [self.outbox(person) for person in self.persons]
        return sum(path.read_bytes().count(b"acknowledged") for path in paths if path.exists())

    def _tend(self) -> None:
        """Start what is not running; a kernel that ended well has reached its quota."""
        cli = [sys.executable, "-m", "pipeline.cli"]
        place = ["--workspace", str(self.folder), "--project", "made", "--json"]
        commands = {
            "worker": [*cli, "worker", "--workspace", str(self.folder)],
            "cli": [*cli, *QUEUE, *place],
            "server": [*cli, "serve", "--accounts", f"--port={self._port}", *place[:4]],
            **{person: self._writer(person) for person in self._at_pages},
        }
        if all(self._note(person).exists() for person in self._at_pages):
            # Pages take seconds to open, and all eight are to be at work together.
            commands |= {person: self._writer(person) for person in self.persons[N_AT_PAGES:]}
        for name, command in commands.items():
            process = self._running.get(name)
            if process is not None and process.poll() is None:
                continue
            if name in self.persons and process is not None:
                assert process.returncode in (0, -signal.SIGKILL), f"{name} ended by {process.returncode}"
                if process.returncode == 0:
                    continue
            self._start(name, command)
        with suppress(DatabaseUnavailable, psycopg.OperationalError):
            self._see_to_job()

    def _writer(self, person: str) -> list[str]:
        outbox = str(self.outbox(person))
        if person in self._at_pages:
            words = ["tests.workflows.voila_writer", person, str(self._note(person)), outbox, str(QUOTA)]
        else:
            words = ["tests.workflows.annotation_writer", str(self.folder), outbox, str(QUOTA)]
        return [sys.executable, "-m", *words]

    def _start(self, name: str, command: list[str]) -> None:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("EARMARK_")}
        if name in self._at_pages:
            environ["ANNOTATION_BASE"] = f"http://127.0.0.1:{self._port}"
        elif name in self.persons:
            environ["ANNOTATION_URL"] = people.login_url(self.url, name)
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            out = subprocess.DEVNULL if name == "cli" else log
            self._running[name] = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=out, stderr=log)

    def _see_to_job(self) -> None:
        """Let the worker have something to do: the same as the command line does."""
        with connect(self.url, application_name="tests") as conn:
            if conn.execute("SELECT count(*) FROM job WHERE state IN ('waiting', 'running')").fetchone() == (0,):
                submit(conn, self.project, [QUEUE])


def _fill(conn: Conn, project: Project, *, n_clips: int) -> None:
    """Made rows: one recording, its clips, an embedding each, two labels."""
    values = {"project": project.project_id, "n": n_clips, "spec": json.dumps({})}
    for statement in _ROWS:
        conn.execute(statement.encode(), values)


_ROWS = (
    "INSERT INTO label (project_id, name, position) VALUES (%(project)s, 'hum', 0), (%(project)s, 'ring', 1)",
    "INSERT INTO operation (project_id, action, spec) VALUES (%(project)s, 'cut', %(spec)s)",
    """
    INSERT INTO operation_outcome (operation_id, project_id, status, n_input, n_done, n_unchanged, n_failed)
    SELECT operation_id, project_id, 'done', 0, 0, 0, 0 FROM operation
    """,
    """
    INSERT INTO recording (project_id, uri, name, size_bytes, mtime_ns, file_sha256, pcm_sha256, container, codec,
      rate_hz, n_channels, n_samples, clipped_ratio, dc_offset, n_not_finite, operation_id)
    SELECT project_id, '/made/a.wav', 'a.wav', 1, 1, sha256('a'), sha256('a'), 'WAV', 'PCM', 16000, 1, 16000 * %(n)s,
      0, 0, 0, operation_id FROM operation
    """,
    """
    INSERT INTO cut (project_id, recording_id, spec, spec_sha256, n_clips, operation_id)
    SELECT project_id, recording_id, %(spec)s, sha256('a'), %(n)s, operation_id FROM recording
    """,
    """
    INSERT INTO clip (project_id, recording_id, cut_id, start_sample, stop_sample, object_key, sha256, rate_hz,
      n_channels, n_samples, thumbnail)
    SELECT project_id, recording_id, cut_id, 16000 * i, 16000 * i + 16000, 'made/' || i, sha256(i::text::bytea), 16000,
      1, 16000, '' FROM cut, generate_series(0, %(n)s - 1) i
    """,
    """
    INSERT INTO encoder (project_id, spec, spec_sha256, n_dims, is_current)
    VALUES (%(project)s, %(spec)s, sha256('a'), 4, true)
    """,
    """
    INSERT INTO embedding (encoder_id, clip_id, project_id, vector)
    SELECT encoder_id, clip_id, project_id, format('[%%s,%%s,1,1]', clip_id %% 97 + 1, clip_id %% 89 + 1)::halfvec
    FROM clip JOIN encoder USING (project_id)
    """,
)
