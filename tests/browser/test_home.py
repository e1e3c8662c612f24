"""The home page in Chromium, from a kernel that was started before anybody asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from apps.session import Session
from pipeline.cli.serve import free_port
from tests.apps.made import fill, new_database, open_made
from tests.browser.harness import open_chromium, open_page
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # its tests follow each other

N = 9
PATIENCE_S = 90.0
SERVE = """
import sys
from pathlib import Path
from voila.app import Voila
from apps.serving.voila_config import voila_config
Voila.launch_instance(argv=[], config=voila_config(Path(sys.argv[1]), port=int(sys.argv[2]), n_preheated=1))
"""


@dataclass(frozen=True, kw_only=True)
class Preheated:
    """A running server that keeps one kernel ready, and the session to its empty project."""

    url: str
    session: Session


@pytest.fixture(scope="module")
def preheated(
    database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Preheated]:
    root, port = tmp_path_factory.mktemp("root"), free_port(0)
    shutil.copy(ROOT / "apps" / "home.ipynb", root)
    with (
        new_database(database_url, template_database) as url,
        open_made(url, tmp_path_factory.mktemp("workspace")) as session,
    ):
        environ = os.environ | {
            "EARMARK_DATABASE_URL": url,
            "EARMARK_WORKSPACE": str(session.workspace.settings.workspace),
            "EARMARK_PROJECT": session.project.name,
            "JUPYTER_PATH": str(ROOT / "apps" / "serving"),
            "PYTHONPATH": str(ROOT),
        }
        log = root.with_name("server.log")
        with log.open("wb") as out:
            server = subprocess.Popen([sys.executable, "-c", SERVE, str(root), str(port)], env=environ, stderr=out)
            try:
                _wait_until_ready(server, log)
                yield Preheated(url=f"http://127.0.0.1:{port}/voila/render/home.ipynb", session=session)
            finally:
                server.terminate()
                server.wait(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def _wait_until_ready(server: subprocess.Popen[bytes], log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S and server.poll() is None:
        if "is filled with 1 kernel" in log.read_text(errors="replace"):
            return
        time.sleep(0.2)
    raise RuntimeError(f"no kernel was made ready:\n{log.read_text(errors='replace')[-3000:]}")


def test_page_shows_what_came_after_its_kernel_was_started_and_follows_what_comes_later(
    browser: Browser, preheated: Preheated
) -> None:
    session = preheated.session
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'earmark dashboard%'"
    assert session.workspace.conn.execute(waiting).fetchone() == (0,)
    with open_page(browser) as page:
        page.goto(preheated.url)
        welcome = page.get_by_role("link", name="Bring in recordings")
        expect(welcome).to_be_visible(timeout=60_000)
        assert (welcome.get_attribute("href") or "").endswith("recordings.ipynb")

        fill(session, N)
        expect(page.get_by_role("heading", name=f"{N} clips wait for your ear")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("link", name="Review", exact=True).last).to_be_visible()
        expect(page.get_by_role("heading", name="Labels")).to_be_visible()
        expect(page.locator(".em-table tbody tr")).to_have_count(4)
        expect(welcome).to_be_hidden()

        session.workspace.conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'earmark dashboard%'"
        )
        session.workspace.conn.execute("UPDATE review SET state = 'answered'")
        expect(page.get_by_role("heading", name="wait for your ear")).to_be_hidden(timeout=30_000)
        expect(page.locator(".em-notice.em-error")).to_have_count(0)
