"""The releases page in Chromium: a version is frozen, shown, written and taken along."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from apps.releases.state import Choices, ReleasesState
from apps.session import Session
from pipeline.catalog.datasets import list_versions
from pipeline.core.types import DatasetVersion
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from tests.apps.made import LABELS, Made, make_once
from tests.browser.dashboard import Dashboard, go_to, serve_dashboard
from tests.browser.harness import open_chromium, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group(__name__)]  # one worker of xdist makes the clips once

N = 18
LAG_S = 0.12
# Of each sound that starts: where on a clock that both share its own beginning lies.
RECORD_STARTS = """
window.__starts = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when = 0, offset = 0, ...rest) {
  window.__starts.push(when - offset);
  return start.call(this, when, offset, ...rest);
};
"""


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        yield session


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serve_dashboard(tmp_path_factory.mktemp("releases"), "releases") as running:
        yield running


@pytest.fixture
def url(dashboard: Dashboard, session: Session) -> str:
    return dashboard.url_of(session)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def open_releases(page: Page, url: str) -> None:
    go_to(page, url)
    expect(page.get_by_role("heading", name="Dataset versions")).to_be_visible(timeout=60_000)


def plant_leak(session: Session) -> tuple[DatasetVersion, tuple[str, str]]:
    """A version whose splits hold a sound and its late, quiet copy of another source group; the names of the two."""
    conn, project = session.workspace.conn, session.project
    rate_hz, rng = 16_000, np.random.default_rng(3)
    level = np.repeat(rng.uniform(0.01, 0.2, size=120), 400)
    sound = rng.normal(size=len(level)) * level
    late = np.concatenate([rng.normal(0, 0.001, round(LAG_S * rate_hz)), 0.5 * sound])[: len(sound)]
    folder = session.workspace.settings.workspace / f"planted-{conn.info.dbname}"
    folder.mkdir()
    names = ("hiss_g70_700.wav", "hiss_g71_710.wav")
    for name, samples in zip(names, (sound, late), strict=True):
        soundfile.write(folder / name, samples, rate_hz)
    ingest(conn, project, str(folder), labels=LabelRules(name_pattern="{label}_{group}_{take}.wav"), workers=1)
    cut(conn, project, session.workspace.store, workers=1)
    state = ReleasesState(session)
    for seed in range(30):
        version = state.freeze("leaky", Choices(), seed=seed)
        planted = {item.split for item in state.items(version) if "planted-" in item.recording_uri}
        if len(planted) == 2:
            return version, names
    raise AssertionError("no seed laid the two on two sides")


def freeze(page: Page) -> None:
    """Version 1 of the dataset ``tones``."""
    page.get_by_label("Dataset", exact=True).fill("tones")
    page.get_by_role("button", name="Freeze this version").click()
    expect(page.get_by_text(f"tones-v1 is frozen with {N} clips")).to_be_visible(timeout=30_000)


def test_version_is_frozen_in_the_page_and_its_manifest_opens_in_pandas(
    browser: Browser, url: str, session: Session, made: Made, tmp_path: Path
) -> None:
    with open_page(browser) as page:
        open_releases(page, url)
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


def test_choices_show_what_they_would_leave(browser: Browser, url: str) -> None:
    with open_page(browser) as page:
        open_releases(page, url)
        expect(page.get_by_role("row", name=f"{N} would be frozen")).to_be_visible()
        page.get_by_label("Only clips that a person answered").check()
        expect(page.get_by_role("row", name="0 would be frozen")).to_be_visible()
        expect(page.get_by_text("No clip would be released")).to_be_visible()
        page.get_by_role("button", name="Freeze this version").click()
        expect(page.get_by_text("no clip with a settled label")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("width_px", [900, 1440])
def test_nothing_overflows(browser: Browser, url: str, width_px: int) -> None:
    with open_page(browser, width_px=width_px) as page:
        open_releases(page, url)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_came_of_a_click_below_is_seen_without_scrolling(browser: Browser, url: str) -> None:
    with open_page(browser, width_px=900, height_px=500) as page:
        open_releases(page, url)
        freeze(page)
        page.get_by_role("button", name="Export audio and manifest").click()
        expect(page.get_by_text("tones-v1 is written")).to_be_in_viewport(timeout=30_000)


def test_planted_leak_is_found_and_heard_aligned(browser: Browser, url: str, session: Session) -> None:
    version, names = plant_leak(session)
    with open_page(browser) as page:
        page.add_init_script(RECORD_STARTS)
        open_releases(page, url)
        page.get_by_role("button", name="Look for leaks").click()
        row = page.get_by_role("table", name="Leaks").locator("tbody tr")
        expect(row).to_have_count(1, timeout=60_000)
        for words in ("same recording", "0.12 s earlier", *names):
            expect(row).to_contain_text(words)
        splits = {item.split for item in ReleasesState(session).items(version)}
        pair = page.get_by_role("region", name="Hear two clips")
        assert {pair.locator(".em-pill").nth(side).inner_text() for side in (0, 1)} <= splits
        expect(pair.locator("article.em-ready")).to_have_count(2, timeout=30_000)
        pair.get_by_role("button", name="Both at once").click()
        expect(pair.locator(".em-sounding")).to_have_count(2)
        first, second = page.evaluate("window.__starts")
        # One of the two waits, or is entered, by the lag: so both sound the same place at once.
        assert abs(abs(first - second) - LAG_S) < 0.02
        page.keyboard.press("o")
        expect(pair.get_by_role("button", name="Both at once")).to_have_attribute("aria-pressed", "false")


def test_version_without_leaks_says_how_many_pairs_were_examined(browser: Browser, url: str, session: Session) -> None:
    state = ReleasesState(session)
    n_of = Counter(item.split for item in state.items(state.freeze("tones", Choices(), seed=0)))
    n_pairs = (N**2 - sum(n**2 for n in n_of.values())) // 2
    with open_page(browser) as page:
        open_releases(page, url)
        page.get_by_role("button", name="Look for leaks").click()
        expect(page.get_by_text(f"No leaks: {n_pairs} pairs examined")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("button", name="Look again")).to_be_visible()
        expect(page.get_by_role("region", name="Hear two clips")).to_be_hidden()


def _download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
