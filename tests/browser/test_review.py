"""The review page in Chromium, against a real kernel and a real database: no answer is lost, doubled or misplaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import get_project
from tests.apps.made import Made, add_person, drop_person, login_url, make_once, working
from tests.browser.harness import Link, Served, open_chromium, open_page, serve_notebook
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

N = 130
CUT_S = 6.0
NUMBER_ON_STAGE = "window.__earmark_deck.starts.length"


class Review:
    """One person's tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        self.wait_for_sound()

    def wait_for_sound(self) -> None:
        self.page.wait_for_function(f"window.__earmark_deck && {NUMBER_ON_STAGE} > 0", timeout=60_000)

    @property
    def starts(self) -> list[dict[str, Any]]:
        """The clips that were on stage since the page was loaded, each with the delay of its sound."""
        return self.page.evaluate("window.__earmark_deck.starts")

    def label(self, key: str, *, listen_ms: int = 80) -> int:
        """Listen, press the key, and wait for the next clip's sound. Gives the clip that was labelled."""
        starts = self.starts
        self.page.wait_for_timeout(listen_ms)
        self.page.keyboard.press(key)
        self.page.wait_for_function(f"{NUMBER_ON_STAGE} > {len(starts)}", timeout=20_000)
        return int(starts[-1]["id"])

    def wait_until_saved(self) -> None:
        expect(self.page.locator(".em-deck-saved")).to_have_text("all saved", timeout=60_000)

    def kpi(self, label: str) -> str:
        card = self.page.locator(".em-kpi", has=self.page.get_by_text(label, exact=True))
        return card.locator(".em-kpi-value").inner_text()


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N) as made:
        yield made


@pytest.fixture(scope="module")
def session(made: Made) -> Iterator[Session]:
    """One database for all tests of this file: each labels clips that the others leave."""
    with made.copy() as session:
        yield session


@pytest.fixture(scope="module")
def served(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_review(session, session.workspace.url, tmp_path_factory.mktemp("review")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@contextmanager
def serve_review(session: Session, url: str, folder: Path) -> Iterator[Served]:
    """The review dashboard's own cell, served for the login of this database URL."""
    cell = "".join(json.loads((ROOT / "apps" / "review.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATABASE_URL", url)
        patch.setenv("EARMARK_WORKSPACE", str(session.workspace.settings.workspace))
        patch.setenv("EARMARK_PROJECT", session.project.name)
        patch.setenv("PYTHONPATH", str(ROOT))
        with serve_notebook(folder, cell, name="review") as running:
            yield running


def saved(session: Session, clip_ids: list[int]) -> list[Any]:
    """What stands in the database about these clips, in the order in which it was saved."""
    return session.workspace.conn.execute(
        """
        SELECT a.clip_id, l.name, a.author, a.n_plays, a.heard_s, a.response_ms
        FROM annotation a JOIN label l USING (label_id)
        WHERE a.source = 'human' AND a.clip_id = ANY(%s) ORDER BY a.created_at
        """,
        (clip_ids,),
    ).fetchall()


def test_thirty_clips_labelled_by_keys_are_thirty_annotations(
    browser: Browser, served: Served, session: Session
) -> None:
    with open_page(browser) as page:
        review = Review(page, served.url)
        names = [label.name for label in list_labels(session.workspace.conn, session.project.project_id)]
        expected = [(review.label(str(1 + n % 3)), names[n % 3]) for n in range(30)]
        review.wait_until_saved()
        rows = saved(session, [clip_id for clip_id, _ in expected])
        assert [(row[0], row[1]) for row in rows] == expected
        assert len({row[0] for row in rows}) == 30
        for _, _, author, n_plays, heard_s, response_ms in rows:
            assert author == session.person
            assert n_plays >= 1 and 0 < heard_s < 60 and response_ms > 50
        page.wait_for_timeout(800)
        assert (review.kpi("Today"), review.kpi("Waiting")) == ("30", str(N - 30))
        assert "clips/min" in review.kpi("Pace")
        starts = [start for start in review.starts if start["why"] == "label"]
        p50, p95 = np.percentile([start["dt_ms"] for start in starts], [50, 95])
        n_hits = sum(start["hit"] for start in starts)
        print(f"\nlabel key to next sound: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {n_hits} of {len(starts)} prefetched")
        assert n_hits >= 28
    with open_page(browser) as page:
        review = Review(page, served.url)  # the same person on another day: nothing answered is asked again
        assert review.starts[0]["id"] not in [clip_id for clip_id, _ in expected]


def test_how_the_person_listened_and_what_they_saw_stands_with_the_answer(
    browser: Browser, served: Served, session: Session
) -> None:
    with open_page(browser) as page:
        review = Review(page, served.url)
        whole = review.label("1", listen_ms=900)  # the clips are 0.4 s long
        page.keyboard.press(" ")
        cut_short = review.label("b", listen_ms=0)
        review.wait_until_saved()
    rows = session.workspace.conn.execute(
        """
        SELECT clip_id, answer, heard_share, screen, picture FROM annotation
        WHERE source = 'human' AND clip_id = ANY(%s) ORDER BY created_at
        """,
        ([whole, cut_short],),
    ).fetchall()
    picture = get_project(session.workspace.conn, session.project.name).recipe.picture
    assert rows[0] == (whole, "label", 1.0, "deck", picture.hash)
    assert rows[1][:2] == (cut_short, "bad_audio") and 0 < rows[1][2] < 1


def test_steady_annotator_leaves_no_backlog(browser: Browser, served: Served, session: Session) -> None:
    unsaved = "Object.keys(localStorage).filter(key => key.startsWith('earmark.outbox/')).length"
    names = [label.name for label in list_labels(session.workspace.conn, session.project.project_id)]
    decided: list[tuple[int, str]] = []
    waiting: list[int] = []
    with open_page(browser) as page:
        review = Review(page, served.url)
        page.wait_for_timeout(1500)
        for n in range(15):
            page.wait_for_timeout(800)
            waiting.append(page.evaluate(unsaved))
            decided.append((int(review.starts[-1]["id"]), names[n % 3]))
            page.keyboard.press(str(1 + n % 3))
        review.wait_until_saved()
    print(f"\nmost answers that waited: {max(waiting)}")
    assert [(row[0], row[1]) for row in saved(session, [clip_id for clip_id, _ in decided])] == decided


def test_researcher_changes_the_picture_on_the_page_and_the_next_answer_says_so(
    browser: Browser, served: Served, session: Session
) -> None:
    before = get_project(session.workspace.conn, session.project.name).recipe.picture
    with open_page(browser) as page:
        review = Review(page, served.url)
        page.get_by_role("button", name="Spectrogram").click()
        page.get_by_label("Frequencies").select_option(label="linear, in Hz")
        page.get_by_role("spinbutton", name="From").fill("9000")
        page.get_by_role("button", name="Draw it so for everyone").click()
        expect(page.get_by_text("above all that clips hold")).to_be_visible()
        page.get_by_role("spinbutton", name="From").fill("500")
        page.get_by_role("button", name="Draw it so for everyone").click()
        expect(page.get_by_text("Drawn so from now on.")).to_be_visible()
        ticks = page.locator(".em-deck-hertz span")
        expect(ticks.first).to_have_text("1")  # a linear axis in whole kHz
        page.locator(".em-deck-head").click()
        labelled = review.label("1", listen_ms=500)
        review.wait_until_saved()
    after = get_project(session.workspace.conn, session.project.name).recipe.picture
    assert after == replace(before, scale="linear", fmin_hz=500)
    rows = session.workspace.conn.execute(
        "SELECT picture FROM annotation WHERE clip_id = %s AND source = 'human'", (labelled,)
    )
    assert rows.fetchall() == [(after.hash,)]


def test_no_label_is_lost_or_doubled_when_the_link_is_cut_and_the_tab_reloaded(
    browser: Browser, served: Served, session: Session
) -> None:
    link = Link(to_port=served.port)
    with open_page(browser) as page:
        review = Review(page, served.url.replace(str(served.port), str(link.port)))
        page.wait_for_timeout(1500)  # the first clips are fetched ahead
        labelled = [review.label("1")]
        review.wait_until_saved()
        link.cut()
        n_offline = 3
        for n in range(n_offline):
            labelled.append(review.label(str(1 + n % 3), listen_ms=int(1000 * CUT_S / n_offline)))
        expect(page.locator(".em-deck-saved")).to_have_text(f"{n_offline} unsaved")
        assert len(saved(session, labelled)) == 1
        link.mend()
        page.reload()
        review.wait_for_sound()
        review.wait_until_saved()
        labelled.append(review.label("2"))
        review.wait_until_saved()
    link.close()
    rows = saved(session, labelled)
    assert [row[0] for row in rows] == labelled
    assert len(set(labelled)) == len(labelled) == 5


def test_two_people_are_never_given_the_same_clip(
    browser: Browser, served: Served, session: Session, tmp_path: Path
) -> None:
    with ExitStack() as ends:
        person = add_person(session, "annotator")
        ends.callback(drop_person, session, person)
        url = login_url(session.workspace.url, person)
        theirs = ends.enter_context(serve_review(session, url, tmp_path))
        pages = [ends.enter_context(open_page(browser)) for _ in range(2)]
        mine, other = Review(pages[0], served.url), Review(pages[1], theirs.url)
        expect(pages[1].get_by_role("button", name="Build the queue anew")).to_have_count(0)
        labelled = [(mine.label("1", listen_ms=20), other.label("2", listen_ms=20)) for _ in range(8)]
        mine.wait_until_saved()
        other.wait_until_saved()
        given = [clip_id for pair in labelled for clip_id in pair]
        assert len(set(given)) == 16
        authors = {row[0]: row[2] for row in saved(session, given)}
        assert authors == {
            clip_id: author for pair in labelled for clip_id, author in zip(pair, (session.person, person), strict=True)
        }


def test_empty_queue_is_built_in_the_page(browser: Browser, served: Served, session: Session) -> None:
    session.workspace.conn.execute("DELETE FROM review")
    with open_page(browser) as page:
        page.goto(served.url)
        expect(page.get_by_role("heading", name="The queue is empty")).to_be_visible(timeout=60_000)
        page.get_by_label("Ask first").select_option(label="in random order")
        page.get_by_label("At most").fill("5")
        page.get_by_role("button", name="Build the queue", exact=True).click()
        with working(session):
            expect(page.get_by_text("The queue is built: 5 clips, in random order.")).to_be_visible(timeout=60_000)
        page.wait_for_function(f"{NUMBER_ON_STAGE} > 0", timeout=20_000)
        expect(page.get_by_role("heading", name="The queue is empty")).to_be_hidden()


@pytest.mark.parametrize("width_px", [900, 1440])
def test_nothing_overflows(browser: Browser, served: Served, width_px: int) -> None:
    with open_page(browser, width_px=width_px) as page:
        Review(page, served.url)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if width_px == 1440:  # deck and answers on one laptop screen
            assert page.evaluate(
                "document.querySelector('.em-deck').getBoundingClientRect().bottom <= window.innerHeight"
            )
