"""The review page's grid in Chromium, against a real kernel and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog.labels import list_labels
from pipeline.core.plugin_spec import PluginSpec
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.queue import build_queue
from tests.apps.made import add_person, drop_person, login_url, new_database, open_made
from tests.browser.grid_page import WATCH_SOUND, Grid
from tests.browser.harness import Served, open_page, serve_notebook
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

RATE_HZ = 16_000
N_TOGETHER, N_OTHERS = 40, 6
STRANGERS = (3, 11, 24, 38)
STEP_HZ = 50


def pitch_hz(number: int) -> int:
    """Every clip has a pitch of its own, so that what sounds can be told by its samples."""
    return 300 + STEP_HZ * number


def write_clips(folder: Path) -> None:
    """The clips by number, each of 0.3 s; the last N_OTHERS carry the label hiss."""
    folder.mkdir(parents=True)
    time_s = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
    for number in range(N_TOGETHER + N_OTHERS):
        label = "hum" if number < N_TOGETHER else "hiss"
        sound = 0.3 * np.sin(2 * np.pi * pitch_hz(number) * time_s)
        soundfile.write(folder / f"{label}_g{number % 6}_{number:03d}.wav", sound, RATE_HZ)


def propose(session: Session) -> None:
    """What a model would propose: hum for the first clips, the surest first, hiss for the others."""
    conn, project = session.workspace.conn, session.project
    label_ids = {label.name: label.label_id for label in list_labels(conn, project.project_id)}
    for clip_id, name in clips_by_number(session).items():
        number = int(name.removesuffix(".wav").split("_")[-1])
        label_id = label_ids["hum" if number < N_TOGETHER else "hiss"]
        conn.execute(
            "UPDATE review SET proposed_label_id = %s, proposed_confidence = %s WHERE clip_id = %s",
            (label_id, 0.97 - 0.01 * number, clip_id),
        )


def clips_by_number(session: Session) -> dict[int, str]:
    rows = session.workspace.conn.execute(
        "SELECT c.clip_id, r.name FROM clip c JOIN recording r USING (recording_id) ORDER BY right(r.name, 7)"
    )
    return dict(rows.fetchall())


@pytest.fixture
def session(database_url: str, template_database: str, tmp_path: Path) -> Iterator[Session]:
    with new_database(database_url, template_database) as url, open_made(url, tmp_path) as session:
        conn, project, store = session.workspace.conn, session.project, session.workspace.store
        write_clips(tmp_path / "clips")
        rules = LabelRules(name_pattern="{label}_{group}_{take}.wav")
        ingest(conn, project, str(tmp_path / "clips"), labels=rules, workers=1)
        cut(conn, project, store, workers=1)
        embed(conn, project, store, workers=1)
        build_queue(conn, project, strategy=PluginSpec(name="random"))
        propose(session)
        yield session


@contextmanager
def serve_review(session: Session, url: str, folder: Path) -> Iterator[Served]:
    """The review dashboard's own cell, served for the login of this database URL."""
    folder.mkdir()
    cell = "".join(json.loads((ROOT / "apps" / "review.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATABASE_URL", url)
        patch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
        patch.setenv("EARMARK_PROJECT", session.project.name)
        patch.setenv("PYTHONPATH", str(ROOT))
        with serve_notebook(folder, cell, name="review") as running:
            yield running


def open_together(page: Page, served: Served) -> Grid:
    page.add_init_script(WATCH_SOUND)
    page.goto(served.url)
    page.get_by_role("button", name="Together").click(timeout=60_000)
    expect(page.locator(".em-grid-tile.em-ready")).to_have_count(N_TOGETHER, timeout=30_000)
    page.evaluate("window.__heard.length = 0")
    return Grid(page)


def annotations(session: Session) -> list[Any]:
    return session.workspace.conn.execute(
        """
        SELECT a.clip_id, a.answer, l.name, a.screen, a.author, a.n_plays, a.heard_share, a.response_ms,
          a.picture
        FROM annotation a LEFT JOIN label l USING (label_id) WHERE a.source = 'human' ORDER BY a.created_at
        """
    ).fetchall()


def test_grid_of_forty_with_four_strangers_is_settled_by_keys_alone(
    browser: Browser, session: Session, tmp_path: Path
) -> None:
    with ExitStack() as ends:
        person = add_person(session, "annotator")
        ends.callback(drop_person, session, person)
        served = ends.enter_context(serve_review(session, login_url(session.workspace.url, person), tmp_path / "page"))
        page = ends.enter_context(open_page(browser))
        page.add_init_script(WATCH_SOUND)
        page.goto(served.url)
        together = page.get_by_role("button", name="Together")
        expect(together).to_be_visible(timeout=60_000)
        together.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".em-grid-tile.em-ready")).to_have_count(N_TOGETHER, timeout=30_000)
        grid = Grid(page)
        page.evaluate("window.__heard.length = 0")
        page.keyboard.press("t")
        grid.until_silent()
        shown = list(clips_by_number(session))[:N_TOGETHER]
        assert grid.starts == shown
        assert [round((heard["hz"] - pitch_hz(0)) / STEP_HZ) for heard in grid.heard] == list(range(N_TOGETHER))
        assert [heard["lit"] for heard in grid.heard] == [[clip_id] for clip_id in shown]
        page.keyboard.press("Home")
        for number in range(1, N_TOGETHER):
            page.keyboard.press("ArrowRight")
            if number in STRANGERS:
                page.keyboard.press("x")
        page.keyboard.press("Enter")
        expect(page.locator(".em-grid-tile")).not_to_have_count(N_TOGETHER)
        expect(page.locator(".em-grid-saved")).to_have_text("all saved", timeout=30_000)
        strangers = [shown[number] for number in STRANGERS]
        rows = annotations(session)
        assert [row[0] for row in rows] == [clip_id for clip_id in shown if clip_id not in strangers]
        assert {row[1:5] for row in rows} == {("label", "hum", "grid", person)}
        for row in rows:
            assert row[5] >= 1 and row[6] > 0.9 and row[7] > 250
            assert row[8] == session.project.recipe.picture.hash
        left = session.workspace.conn.execute(
            "SELECT state, claimed_by FROM review WHERE clip_id = ANY(%s)", (strangers,)
        ).fetchall()
        assert left == [("open", None)] * len(STRANGERS)


def test_struck_clips_are_asked_one_by_one_and_the_mode_is_remembered(
    browser: Browser, session: Session, tmp_path: Path
) -> None:
    with (
        serve_review(session, session.workspace.url, tmp_path / "page") as served,
        open_page(browser) as page,
    ):
        grid = open_together(page, served)
        shown = list(clips_by_number(session))[:N_TOGETHER]
        grid.press("Home", "x", "Enter", "Enter")  # unheard clips: the grid asks once more
        expect(page.locator(".em-grid-saved")).to_have_text("all saved", timeout=30_000)
        expect(page.locator(".em-grid")).to_contain_text("hiss", timeout=30_000)  # the next label follows
        page.reload()
        expect(page.locator(".em-grid")).to_contain_text("hiss", timeout=60_000)
        session.workspace.conn.execute("UPDATE review SET position = -1 WHERE clip_id = %s", (shown[0],))
        page.get_by_role("button", name="One by one").click()
        page.wait_for_function(f"window.__earmark_deck?.starts.at(-1)?.id === {shown[0]}", timeout=30_000)
        page.reload()
        page.wait_for_function("window.__earmark_deck?.starts.length > 0", timeout=60_000)
        expect(page.locator(".em-grid")).to_have_count(0)
