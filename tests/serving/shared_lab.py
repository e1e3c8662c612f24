"""A real `earmark serve --accounts` with two people in two projects, and how to knock at it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.cli.serve import free_port
from pipeline.core.settings import load_recipe, load_settings
from pipeline.storage import Store
from pipeline.workflows.workspace import Workspace
from tests.apps.made import add_person, fill
from tests.conftest import ROOT
from tests.people import PASSWORD

START_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A running server: anna reviews in the project ``made``, ben in ``hidden``; ``session`` is the owner's in made."""

    port: int
    process: subprocess.Popen[bytes]
    workspace: Path
    session: Session
    hidden: Session
    anna: str
    ben: str
    environ: dict[str, str]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """What the server wrote."""
        return (self.workspace / "dashboards.log").read_text(errors="replace")

    def kernels(self) -> list[psutil.Process]:
        """The kernels that run now."""
        kernels: list[psutil.Process] = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "ipykernel_launcher" in " ".join(process.cmdline()):
                    kernels.append(process)
        return kernels


def client(lab: Lab, **options: object) -> httpx.Client:
    """A browser without scripts: it keeps cookies and follows nothing."""
    return httpx.Client(base_url=lab.base, timeout=60, **options)  # type: ignore[arg-type]


def sign_in(browser: httpx.Client, name: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
    """Fill in the form and send it."""
    token = re.search(r'name="_xsrf" value="([^"]+)"', browser.get("/login").text)
    assert token is not None
    return browser.post("/login", data={"name": name, "password": password, "_xsrf": token[1], **fields})


def raw_status(lab: Lab, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body for a path that no client tidies up."""
    line = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=20)
    line.putrequest(method, path, skip_host="Host" in (headers or {}))
    for name, value in (headers or {}).items():
        line.putheader(name, value)
    line.endheaders()
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer.status, body


def is_inside(browser: httpx.Client) -> bool:
    """Whether the server knows who this is."""
    return browser.get("/session").status_code == 200


def new_person(lab: Lab) -> str:
    """An annotator whom nobody else uses: guesses at a name make every later login under it wait."""
    return add_person(lab.session, "annotator")


def a_clip(session: Session) -> int:
    """The first clip of the session's project."""
    conn, project_id = session.workspace.conn, session.project.project_id
    row = conn.execute("SELECT min(clip_id) FROM clip WHERE project_id = %s", (project_id,)).fetchone()
    assert row is not None
    return int(row[0])


def wait_for(holds: Callable[[], bool], patience_s: float) -> None:
    """Until it holds. Raises AssertionError if that takes too long."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.3)
    raise AssertionError("it did not happen in time")


def kernel_of(page: str) -> str:
    """The id of the kernel behind a painted page."""
    found = re.search(r'"kernelId": "([\w-]+)"', page)
    assert found is not None, page[:2000]
    return found[1]


@contextmanager
def open_project(url: str, folder: Path, name: str) -> Iterator[Session]:
    """The owner's session in a project."""
    settings = load_settings(workspace=folder, project=name, environ={"EARMARK_DATABASE_URL": url})
    with connect(url, application_name="tests") as conn:
        workspace = Workspace(settings=settings, url=url, conn=conn, store=Store(settings.store_uri))
        yield Session(workspace=workspace, project=workspace.create_project(load_recipe()))


@contextmanager
def open_lab(url: str, folder: Path, *words: str, n: int = 6) -> Iterator[Lab]:
    """Serve the database at this URL, whose login is the owner's."""
    with open_project(url, folder, "made") as session, open_project(url, folder, "hidden") as hidden:
        if n:
            fill(session, n)
            fill(hidden, n)
        anna, ben = add_person(session, "reviewer"), add_person(hidden, "reviewer")
        environ = os.environ | {
            "EARMARK_DATABASE_URL": url,
            "EARMARK_WORKSPACE": str(folder),
            "EARMARK_PROJECT": "made",
            "EARMARK_WORKERS": "1",
        }
        port = free_port(0)
        process = start(["serve", "--accounts", "--port", str(port), *words], environ)
        try:
            wait_until_up(process, port)
            yield Lab(
                port=port,
                process=process,
                workspace=folder,
                session=session,
                hidden=hidden,
                anna=anna,
                ben=ben,
                environ=environ,
            )
        finally:
            stop(process)


def start(words: Sequence[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """The command line, as somebody types it."""
    return subprocess.Popen([sys.executable, "-m", "pipeline.cli", *words], env=environ, cwd=ROOT)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it in order."""
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    """Until it takes connections."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not come up")
