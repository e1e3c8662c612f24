"""Work ordered on the recordings page goes on when the browser is closed and its worker killed, and the page knows.

EARMARK_KILL_FILES is how many files are brought in (2,000; the whole corpus twice and a half is 5,000).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.session import Session
from pipeline.workflows.jobs import list_jobs
from tests.apps.made import new_database, open_made, working
from tests.browser.harness import Served, open_chromium, open_page, serve_notebook
from tests.browser.test_recordings import open_recordings, press_submit
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

N_FILES = int(os.environ.get("EARMARK_KILL_FILES", "2000"))
WORK_S = 240


def count(session: Session, query: str) -> int:
    row = session.workspace.conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + WORK_S
    while not is_true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def write_digits(test_data: Path, folder: Path) -> Path:
    """N_FILES spoken digits, the last five of them cut short to be no sound at all."""
    found = sorted((test_data / "fsdd").glob("*.wav"))
    for number in range(N_FILES):
        below = folder / f"{number // len(found)}"
        below.mkdir(parents=True, exist_ok=True)
        data = found[number % len(found)].read_bytes()
        (below / found[number % len(found)].name).write_bytes(data[:8] if number >= N_FILES - 5 else data)
    return folder


def order(page: Page, served: Served, folder: Path) -> None:
    open_recordings(page, served)
    page.fill("input[name=source]", str(folder))
    press_submit(page)
    expect(page.locator(".em-progress")).to_be_visible()


@pytest.fixture
def session(database_url: str, template_database: str, tmp_path: Path) -> Iterator[Session]:
    with new_database(database_url, template_database) as url, open_made(url, tmp_path / "workspace") as opened:
        yield opened


@pytest.fixture
def served(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("EARMARK_DATABASE_URL", session.workspace.url)
    monkeypatch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
    monkeypatch.setenv("EARMARK_PROJECT", session.project.name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = json.loads((ROOT / "apps" / "recordings.ipynb").read_text(encoding="utf-8"))
    cell = "".join(notebook["cells"][0]["source"])
    (tmp_path / "page").mkdir()
    with serve_notebook(tmp_path / "page", cell, name="recordings") as running:
        yield running


def test_every_file_is_done_or_failed_once_though_the_browser_is_closed_and_the_worker_killed_twice(
    test_data: Path,
    tmp_path: Path,
    session: Session,
    served: Served,
) -> None:
    folder = write_digits(test_data, tmp_path / "digits")
    n_known = "SELECT count(*) FROM recording"
    with working(session) as first:
        with open_chromium() as closed_soon, open_page(closed_soon) as page:
            order(page, served, folder)
        until(lambda: count(session, n_known) > 0)
        first.kill()
    n_then = count(session, n_known)
    with working(session) as second:
        until(lambda: count(session, n_known) > n_then)
        second.kill()
    assert count(session, n_known) < N_FILES - 5, "the second kill came too late to tell anything"
    with working(session):
        until(lambda: not list_jobs(session.workspace.conn, session.project)[0].is_open)
        with open_chromium() as again, open_page(again) as page:
            open_recordings(page, served)
            expect(page.get_by_text(f"{N_FILES - 5:,}").first).to_be_visible()
            expect(page.get_by_role("heading", name="Could not be finished")).to_be_visible()
            page.screenshot(path=str(tmp_path / "again.png"))
    (job,) = list_jobs(session.workspace.conn, session.project)
    assert (job.state, job.n_attempts) == ("done", 3)
    assert count(session, n_known) == N_FILES - 5
    assert count(session, "SELECT count(DISTINCT uri) FROM recording") == N_FILES - 5
    assert count(session, "SELECT count(*) FROM failure WHERE resolved_at IS NULL") == 5
