"""The recordings page in Chromium: the whole main job without a command line, and what goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from tests.apps.made import new_database, open_made, working, write_tones
from tests.audio.hostile import make_hostile_folder
from tests.browser.harness import Served, open_chromium, open_page, serve_notebook
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

N = 9
WORK_MS = 90_000
OVERFLOWS = "box => box.scrollWidth > box.clientWidth"


@pytest.fixture
def session(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with (
        new_database(database_url, template_database) as url,
        open_made(url, tmp_path_factory.mktemp("workspace")) as session,
    ):
        yield session


@pytest.fixture
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    notebook = json.loads((ROOT / "apps" / "recordings.ipynb").read_text(encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATABASE_URL", session.workspace.url)
        patch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
        patch.setenv("EARMARK_PROJECT", session.project.name)
        patch.setenv("EARMARK_WORKERS", "1")
        patch.setenv("PYTHONPATH", str(ROOT))
        cell = "".join(notebook["cells"][0]["source"])
        folder = tmp_path_factory.mktemp("recordings")
        with working(session), serve_notebook(folder, cell, name="recordings") as running:
            yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def open_recordings(page: Page, served: Served) -> None:
    page.goto(served.url)
    expect(page.locator(".em-steps")).to_be_visible(timeout=60_000)


def press_submit(page: Page) -> None:
    page.locator("form button[type=submit]:visible").click()


def notice(page: Page) -> str:
    expect(page.locator(".em-notice")).to_be_visible(timeout=WORK_MS)
    return page.locator(".em-notice").inner_text()


def test_main_job_is_done_without_a_command_line(
    browser: Browser, served: Served, session: Session, tmp_path: Path
) -> None:
    folder = write_tones(tmp_path / "tones", N)
    with open_page(browser) as page:
        open_recordings(page, served)

        press_submit(page)
        expect(page.get_by_text("This is needed.")).to_be_visible()
        page.fill("input[name=source]", "/no/such/folder")
        press_submit(page)
        expect(page.locator(".em-field-error:visible")).to_contain_text("no such folder")

        page.fill("input[name=source]", str(folder))
        page.fill("input[name=pattern]", "{label}_{group}_{take}.wav")
        expect(page.locator(".em-preview")).to_contain_text(f"Read from all of the {N} names.")
        expect(page.locator(".em-preview tbody tr")).to_have_count(6)
        press_submit(page)
        expect(page.locator(".em-progress")).to_be_visible()
        assert notice(page) == f"Bring in: {N} done."
        expect(page.locator(".em-table tbody tr")).to_have_count(N)

        page.get_by_role("button", name="At silences").click()
        expect(page.get_by_label("Shortest clip")).to_be_visible()
        page.get_by_role("button", name="Whole recordings").click()
        expect(page.get_by_label("Shortest clip")).to_be_hidden()
        press_submit(page)
        expect(page.locator(".em-notice")).to_contain_text(f"Cut: {N} done.", timeout=WORK_MS)

        press_submit(page)
        expect(page.locator(".em-notice")).to_contain_text(f"{N} clips wait in Review.", timeout=WORK_MS)
        expect(page.locator("form:visible")).to_have_count(0)

        page.locator("[data-play]").first.click()
        expect(page.locator("tr.em-playing")).to_have_count(1)
        page.set_viewport_size({"width": 900, "height": 900})
        expect(page.get_by_role("columnheader", name="Peak dBFS")).to_be_hidden()
        assert page.evaluate(f"[...document.querySelectorAll('.em-table-scroll')].filter({OVERFLOWS}).length") == 0
    counts = session.workspace.conn.execute("SELECT count(*) FROM review WHERE state = 'open'").fetchone()
    assert counts == (N,)


def test_work_that_dies_at_once_is_told_and_a_hostile_folder_shows_every_failure(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    folder = tmp_path / "hostile"
    make_hostile_folder(folder)
    (folder / "<img src=x onerror=window.evil=1>.wav").write_text("no sound")
    (folder / "notes.txt").write_text("field notes")
    with open_page(browser) as page:
        open_recordings(page, served)
        page.get_by_role("button", name="Bring in").first.click()
        # A store that cannot be reached is known only when the work has started.
        page.fill("input[name=source]", "nosuch://bucket/sound")
        press_submit(page)
        assert "nosuch" in notice(page)
        expect(page.locator(".em-notice.em-error")).to_be_visible()

        page.fill("input[name=source]", str(folder))
        expect(page.locator(".em-preview")).to_contain_text("No label is read")
        press_submit(page)
        expect(page.locator(".em-notice")).to_contain_text("could not be finished", timeout=WORK_MS)
        expect(page.get_by_role("heading", name="Could not be finished")).to_be_visible()

        expect(page.get_by_text("1 file holds no sound; nothing to do")).to_be_visible()
        expect(page.get_by_text("notes.txt", exact=True)).to_be_hidden()
        page.get_by_text("1 file holds no sound; nothing to do").click()
        expect(page.get_by_text("notes.txt", exact=True)).to_be_visible()

        silent = page.get_by_role("group", name="Problems").get_by_role("button", name="Silent")
        n_silent = int(silent.locator(".em-count").inner_text())
        silent.click()
        expect(page.locator(".em-table").first.locator("tbody tr")).to_have_count(n_silent)
        assert page.evaluate("window.evil") is None
