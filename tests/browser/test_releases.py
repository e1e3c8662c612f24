"""The releases page in Chromium: a version is frozen, shown, written and taken along."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog.datasets import list_versions
from tests.apps.made import LABELS, Made, make_once
from tests.browser.harness import Served, open_chromium, open_page, serve_notebook
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # one worker of xdist makes the clips once

N = 18


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    cell = "".join(json.loads((ROOT / "apps" / "releases.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATABASE_URL", session.workspace.url)
        patch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
        patch.setenv("EARMARK_PROJECT", session.project.name)
        patch.setenv("PYTHONPATH", str(ROOT))
        with serve_notebook(tmp_path_factory.mktemp("releases"), cell, name="releases") as running:
            yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def open_releases(page: Page, served: Served) -> None:
    page.goto(served.url)
    expect(page.get_by_role("heading", name="Dataset versions")).to_be_visible(timeout=60_000)


def freeze(page: Page) -> None:
    """Version 1 of the dataset ``tones``."""
    page.get_by_label("Dataset", exact=True).fill("tones")
    page.get_by_role("button", name="Freeze this version").click()
    expect(page.get_by_text(f"tones-v1 is frozen with {N} clips")).to_be_visible(timeout=30_000)


def test_version_is_frozen_in_the_page_and_its_manifest_opens_in_pandas(
    browser: Browser, served: Served, session: Session, made: Made, tmp_path: Path
) -> None:
    with open_page(browser) as page:
        open_releases(page, served)
        expect(page.get_by_text("No version is frozen yet.")).to_be_visible()
        expect(page.get_by_role("heading", name="Clips by label and split")).to_be_hidden()
        page.get_by_label("Dataset", exact=True).fill("no such name")
        page.get_by_role("button", name="Freeze this version").click()
        expect(page.get_by_text("A name begins with a letter or digit")).to_be_visible()
        freeze(page)

        version = list_versions(session.workspace.conn, session.project.project_id)[0]
        row = page.locator("tbody tr", has_text="tones-v1")
        expect(row).to_contain_text(str(N))
        expect(row).to_contain_text(session.person)
        expect(row).to_contain_text(version.manifest_sha256.hex()[:12])
        expect(page.locator(".em-download")).to_contain_text(version.manifest_sha256.hex())
        expect(page.locator(".em-download")).to_contain_text("None: 6 groups and 18 recordings, each on one side only")
        for label in LABELS:
            expect(page.get_by_label("Clips by label and split").locator("tr", has_text=label)).to_contain_text("6")

        lines = _download(page, "manifest.jsonl", tmp_path)
        assert hashlib.sha256(lines.read_bytes()).digest() == version.manifest_sha256
        frame = pd.read_json(lines, lines=True)
        assert len(frame) == N and set(frame["label"]) == set(LABELS)
        assert len(pd.read_csv(_download(page, "manifest.csv", tmp_path))) == N

        page.get_by_role("button", name="Export audio and manifest").click()
        folder = made.folder / "releases" / "tones-v1"
        expect(page.get_by_text(f"tones-v1 is written: {N + 2} files in {folder}")).to_be_visible(timeout=30_000)
        assert len(list(folder.rglob("*.wav"))) == N


def test_choices_show_what_they_would_leave(browser: Browser, served: Served) -> None:
    with open_page(browser) as page:
        open_releases(page, served)
        expect(page.get_by_role("row", name=f"{N} would be frozen")).to_be_visible()
        page.get_by_label("Only clips that a person answered").check()
        expect(page.get_by_role("row", name="0 would be frozen")).to_be_visible()
        expect(page.get_by_text("No clip would be released")).to_be_visible()
        page.get_by_role("button", name="Freeze this version").click()
        expect(page.get_by_text("no clip with a settled label")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("width_px", [900, 1440])
def test_nothing_overflows(browser: Browser, served: Served, width_px: int) -> None:
    with open_page(browser, width_px=width_px) as page:
        open_releases(page, served)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_came_of_a_click_below_is_seen_without_scrolling(browser: Browser, served: Served) -> None:
    with open_page(browser, width_px=900, height_px=500) as page:
        open_releases(page, served)
        freeze(page)
        page.get_by_role("button", name="Export audio and manifest").click()
        expect(page.get_by_text("tones-v1 is written")).to_be_in_viewport(timeout=30_000)


def _download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
