"""The team page and the panel "When can I stop?" in Chromium, over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from apps.session import Session
from pipeline.workflows.gold import list_gold
from pipeline.workflows.stopping import estimate_stopping
from tests.apps.made import add_person, drop_person, new_database, open_made, working
from tests.apps.several import answer_as, answer_as_a_team, fill_unlabelled, in_lot
from tests.browser.dashboard import Dashboard, go_to, serve_dashboard
from tests.browser.harness import open_page

pytestmark = pytest.mark.browser

N = 45


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serve_dashboard(tmp_path_factory.mktemp("team"), "team") as running:
        yield running


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serve_dashboard(tmp_path_factory.mktemp("review"), "review") as running:
        yield running


@pytest.fixture
def session(database_url: str, template_database: str, tmp_path: Path) -> Iterator[Session]:
    with new_database(database_url, template_database) as url, open_made(url, tmp_path) as session:
        yield session


@pytest.fixture
def people(session: Session) -> Iterator[list[str]]:
    with ExitStack() as ends:
        names: list[str] = []
        for _ in range(3):
            names.append(add_person(session, "annotator"))
            ends.callback(drop_person, session, names[-1])
        yield names


def test_team_is_shown_and_gold_is_made_and_taken_off(
    browser: Browser, team: Dashboard, session: Session, people: list[str]
) -> None:
    truth = fill_unlabelled(session, N)
    answer_as_a_team(session, truth, people)
    careful, errs, hasty = people
    fresh = in_lot(session, truth)[10]
    with open_page(browser) as page:
        go_to(page, team.url_of(session))
        row = page.locator(".em-table tbody tr")
        expect(row.filter(has_text=f"{careful} and {errs}")).to_contain_text("16 of 20", timeout=60_000)
        expect(row.filter(has_text="after 120 ms")).to_have_count(6)
        expect(row.filter(has_text=f"{careful}: ")).to_have_count(4)
        page.get_by_role("textbox", name="Clips").fill(f"clip {fresh}")
        page.get_by_role("button", name="Make gold").click()
        expect(page.get_by_text("1 clip is gold; the next queue asks everybody.")).to_be_visible()
        gold = row.filter(has_text=f"clip {fresh}").filter(has_text="2 of 2")
        expect(gold).to_be_visible()
        assert fresh in {clip.clip_id for clip in list_gold(session.workspace.conn, session.project)}
        gold.get_by_text(f"clip {fresh}").click()
        page.get_by_role("button", name=f"Clip {fresh} is gold no longer").click()
        expect(gold).to_have_count(0)
        assert fresh not in {clip.clip_id for clip in list_gold(session.workspace.conn, session.project)}
        page.get_by_role("textbox", name="Clips").fill("the first one")
        page.get_by_role("button", name="Make gold").click()
        expect(page.get_by_text("cannot read the clips")).to_be_visible()
        assert hasty in page.inner_text("body")


def test_the_answer_to_when_can_i_stop_stands_below_the_deck_and_is_renewed_by_a_worker(
    browser: Browser, review: Dashboard, session: Session
) -> None:
    truth = fill_unlabelled(session, N)
    lot = in_lot(session, truth)
    answer_as(session, None, truth, lot[:24])
    estimate_stopping(session.workspace.conn, session.project)
    answer_as(session, None, truth, lot[24:30])
    with working(session), open_page(browser) as page:
        go_to(page, review.url_of(session))
        fold = page.get_by_role("button", name="When can I stop?")
        expect(fold).to_be_visible(timeout=60_000)
        expect(page.get_by_text("answers came since")).to_be_hidden()
        fold.click()
        expect(page.get_by_text("6 answers came since")).to_be_visible()
        expect(page.get_by_role("heading", name="Learning curve")).to_be_visible()
        expect(page.locator(".em-table tbody tr").filter(has_text="all labels")).to_be_visible()
        page.get_by_role("button", name="Estimate anew").click()
        expect(page.get_by_text("no answer came since")).to_be_visible(timeout=120_000)


def test_an_annotator_is_not_shown_when_to_stop(
    browser: Browser, review: Dashboard, session: Session, people: list[str], tmp_path: Path
) -> None:
    fill_unlabelled(session, 9)
    with open_made(session.workspace.url, tmp_path, person=people[0]) as own, open_page(browser) as page:
        go_to(page, review.url_of(own))
        expect(page.get_by_role("button", name="One by one")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("button", name="When can I stop?")).to_be_hidden()
