"""The flags page served over a project with more wrong labels than its tests settle, and what stands of a clip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog import doubts
from pipeline.curation.consensus import consensus
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.find_mislabels import find_mislabels
from pipeline.workflows.ingest import ingest
from tests.apps.made import (
    LABELS,
    new_database,
    open_made,
    write_tones,
)
from tests.browser.harness import Served, open_chromium, open_page, serve_notebook
from tests.conftest import ROOT

N, N_WRONG = 180, 36
PLAYING = "window.__earmark_sound.sounding?.playing"
SAMPLE = """() => {
  window.__samples = [];
  window.__sampler = setInterval(() => {
    const player = window.__earmark_sound.sounding;
    const lit = [...document.querySelectorAll(".em-trio-panel")].map((panel) => panel.matches(".em-sounding"));
    window.__samples.push({ id: player?.playing ? player.entry.id : null, lit });
  }, 15);
}"""


@pytest.fixture(scope="module")
def session(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One database for all tests of this file, with more wrong labels than they settle."""
    folder = tmp_path_factory.mktemp("made")
    with new_database(database_url, template_database) as url, open_made(url, folder) as session:
        conn, project, store = session.workspace.conn, session.project, session.workspace.store
        tones = write_tones(folder / "tones", N)
        for i, path in enumerate(sorted(tones.glob("*.wav"))[:: N // N_WRONG]):
            label, group, take = path.stem.split("_")
            other = LABELS[(LABELS.index(label) + 1 + i % 2) % 3]
            path.rename(tones / f"{other}_{group}_{take}.wav")
        rules = LabelRules(name_pattern="{label}_{group}_{take}.wav")
        ingest(conn, project, str(tones), labels=rules, workers=1)
        cut(conn, project, store, workers=1)
        embed(conn, project, store, workers=1)
        find_mislabels(conn, project)
        yield session


@pytest.fixture(scope="module")
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_flags(session, session.workspace.url, tmp_path_factory.mktemp("flags")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    with open_page(browser) as page:
        open_flags(page, served.url)
        yield page


@contextmanager
def serve_flags(session: Session, url: str, folder: Path) -> Iterator[Served]:
    """The dashboard's own cell, served for the login of this database URL."""
    cell = "".join(json.loads((ROOT / "apps" / "flags.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATABASE_URL", url)
        patch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
        patch.setenv("EARMARK_PROJECT", session.project.name)
        patch.setenv("PYTHONPATH", str(ROOT))
        with serve_notebook(folder, cell, name="flags") as running:
            yield running


def open_flags(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_function("window.__earmark_verdict?.stage() != null", timeout=60_000)


def stage(page: Page) -> int:
    """The clip that is to be decided."""
    page.wait_for_function("window.__earmark_verdict?.stage() != null", timeout=60_000)
    return int(page.evaluate("window.__earmark_verdict.stage()"))


def open_ids(page: Page) -> list[int]:
    return page.evaluate("window.__earmark_verdict.ids()")


def decide(page: Page, *keys: str) -> int:
    """Press the keys, wait until another clip is on stage and the verdict is saved. Gives the clip that was decided."""
    decided = stage(page)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function(f"window.__earmark_verdict.stage() !== {decided}")
    expect(page.locator(".em-verdict-saved")).to_have_text("all saved", timeout=30_000)
    return decided


def settled(session: Session, clip_id: int) -> list[tuple[Any, ...]]:
    """The verdicts on a clip with the annotations of the same ids, in the order in which they were saved."""
    return session.workspace.conn.execute(
        """
        SELECT v.verdict, l.name, a.answer, al.name, a.settles, a.screen, v.supersedes IS NOT NULL
        FROM verdict v LEFT JOIN label l ON l.label_id = v.label_id
        LEFT JOIN annotation a ON a.annotation_id = v.verdict_id LEFT JOIN label al ON al.label_id = a.label_id
        WHERE v.clip_id = %s ORDER BY v.created_at
        """,
        (clip_id,),
    ).fetchall()


def evidence(session: Session, clip_id: int) -> doubts.Evidence:
    return doubts.evidence_of(session.workspace.conn, session.project.project_id, [clip_id])[clip_id]


def word_on(session: Session, clip_id: int) -> tuple[str, str | None]:
    votes = doubts.votes_of(session.workspace.conn, session.project.project_id, [clip_id])[clip_id]
    word = consensus(votes)
    assert word is not None
    return word.answer, word.label


def kpi(page: Page, label: str) -> str:
    return page.locator(".em-kpi", has=page.get_by_text(label, exact=True)).inner_text()


def quiet(page: Page) -> None:
    """Wait until what plays by itself is over."""
    page.wait_for_function("window.__earmark_verdict.starts.length > 0 && window.__earmark_verdict.isQuiet()")
