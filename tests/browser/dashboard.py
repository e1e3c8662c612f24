"""A dashboard served once for all tests of a file, as `earmark serve` does; each test brings a database of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import nbformat
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from apps.session import Session
from pipeline.cli.serve import free_port, page_url
from tests.conftest import ROOT

PATIENCE_S = 60
_SERVE = """
import sys
from pathlib import Path
from voila.app import Voila
from apps.serving.voila_config import voila_config
Voila.launch_instance(argv=[], config=voila_config(Path(sys.argv[1]), port=int(sys.argv[2])))
"""
# A kernel is started for each look at the page: it takes from the address whose page it is.
_ENVIRON = "import os; from urllib.parse import parse_qsl; os.environ.update(parse_qsl(os.environ['QUERY_STRING']))"


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A running server of one page."""

    name: str
    port: int

    def url_of(self, session: Session, **environ: str) -> str:
        """Where the page shows this session's project; ``environ`` is set for its kernel as well."""
        workspace = session.workspace
        query = {
            "EARMARK_DATABASE_URL": workspace.url,
            "EARMARK_WORKSPACE": str(workspace.settings.workspace),
            "EARMARK_PROJECT": session.project.name,
            **environ,
        }
        return f"{page_url(self.port, self.name)}?{urlencode(query)}"


@contextlib.contextmanager
def serve_dashboard(folder: Path, name: str) -> Iterator[Dashboard]:
    """Serve the page from an empty folder; it may still be starting: go there by ``go_to``."""
    notebook = json.loads((ROOT / "apps" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cell = "".join(notebook["cells"][0]["source"])
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(f"{_ENVIRON}\n{cell}")], metadata=notebook["metadata"]
        ),
        folder / f"{name}.ipynb",
    )
    port = free_port(0)
    environ = os.environ | {"JUPYTER_PATH": str(ROOT / "apps" / "serving"), "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-c", _SERVE, str(folder), str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        try:
            yield Dashboard(name=name, port=port)
        finally:
            server.terminate()
            server.wait(timeout=20)


def go_to(page: Page, url: str) -> None:
    """Open the address; the server may still be starting."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            page.goto(url, wait_until="commit")
            return
        except PlaywrightError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def leave(page: Page) -> None:
    """Close the page as a person does: its kernel ends with it, so that they do not pile up."""
    page.goto("about:blank")
