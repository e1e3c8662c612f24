"""The verb serve: the dashboards, on this machine only, until Ctrl+C."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import psutil
import typer

from pipeline.cli.context import ProjectOption, WorkspaceOption, command, out
from pipeline.core.errors import EarmarkError
from pipeline.workflows.workspace import Workspace

ROOT = Path(__file__).parent.parent.parent
SERVING = ROOT / "apps" / "serving"
DEFAULT_PORT = 8866
PAGES = ("home", "recordings", "curate", "review", "releases")
_PATIENCE_S = 60.0


def serve(
    port: Annotated[int, typer.Option(help="Port of the dashboards; a free one if it is taken.")] = DEFAULT_PORT,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
) -> None:
    """Open the dashboards on this machine; Ctrl+C stops everything."""
    with command(workspace, project) as context:
        serve_workspace(context.workspace, port=port)


def serve_workspace(workspace: Workspace, *, port: int) -> None:
    """Serve until Ctrl+C or SIGTERM, then leave nothing running. Raises EarmarkError if the server does not come up."""
    port = free_port(port)
    with dashboards(workspace, port=port) as server:
        out.print(f"\n[bold]Earmark[/bold] is up: http://127.0.0.1:{port}/   (Ctrl+C stops it)")
        for page in PAGES:
            out.print(f"  {page:<11} {page_url(port, page)}")
        try:
            server.wait()
        except KeyboardInterrupt:
            out.print("stopping …")


@contextmanager
def dashboards(workspace: Workspace, *, port: int) -> Generator[subprocess.Popen[bytes]]:
    """Voila serving this workspace; at the end the server and all its kernels are gone."""
    settings = workspace.settings
    environ = {
        **os.environ,
        "EARMARK_DATABASE_URL": workspace.url,
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": workspace.store.uri,
        "EARMARK_PROJECT": settings.project,
        "EARMARK_WORKERS": str(settings.workers),
        "JUPYTER_PATH": os.pathsep.join(filter(None, [str(SERVING), os.environ.get("JUPYTER_PATH")])),
    }
    # A session of its own: the terminal's Ctrl+C reaches us alone, and we end the others in order.
    log = settings.workspace / "dashboards.log"
    with log.open("wb") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", "apps.serving", "--port", str(port)],
            env=environ,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
        try:
            _wait_until_up(server, port, log)
            yield server
        finally:
            _end_all(server)


def page_url(port: int, page: str) -> str:
    """The address of a dashboard."""
    return f"http://127.0.0.1:{port}/voila/render/{page}.ipynb"


def free_port(wanted: int) -> int:
    """The port wanted if it is free, else one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EarmarkError("no free port on this machine", which=wanted, do="stop another server and try again")


def _wait_until_up(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _PATIENCE_S:
        if server.poll() is not None:
            last = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise EarmarkError("the dashboards did not start", got=last or server.returncode, do=f"see {log}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/voila/static/", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise EarmarkError(
        "the dashboards did not start", expected=f"an answer within {_PATIENCE_S:.0f} s", do=f"see {log}"
    )


def _end_all(server: subprocess.Popen[bytes]) -> None:
    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for process in family:
            with suppress(psutil.NoSuchProcess):
                end(process)
        _, family = psutil.wait_procs(family, timeout=3)
    server.wait()
