"""The activity page in Chromium: the log, what lies under an operation, by keyboard alone, for who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from pipeline.catalog.operations import begin, end
from pipeline.core.types import Failure, Outcome
from pipeline.workflows.operation import operation
from tests.apps.made import Made, add_person, drop_person, make_once
from tests.browser.dashboard import Dashboard, go_to, leave, serve_dashboard
from tests.browser.harness import open_chromium, open_page
from tests.people import login_url

pytestmark = pytest.mark.browser

N_FAILED = 13
OPEN_MS = 60_000


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=4) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    with made.copy() as session:
        conn, project = session.workspace.conn, session.project
        with operation(conn, project, "cut", {"segmenter": {"name": "silence", "params": {"gap_s": 0.2}}}) as run:
            names = [f"take {number:02}.wav" for number in range(N_FAILED)]
            run.fail(Failure(item=f"file:///n/{n}", error="UnreadableAudio", message=f"cannot read {n}") for n in names)
        for _ in range(16):
            with operation(conn, project, "queue.build", {}):
                pass
        yield session


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serve_dashboard(tmp_path_factory.mktemp("activity"), "activity") as running:
        yield running


@contextmanager
def opened(browser: Browser, session: Session, dashboard: Dashboard, *, person: str | None = None) -> Iterator[Page]:
    """The page of this person (the owner, if None)."""
    url = session.workspace.url if person is None else login_url(session.workspace.url, person)
    with open_page(browser) as page:
        go_to(page, dashboard.url_of(session, EARMARK_DATABASE_URL=url))
        expect(page.locator(".em-header")).to_be_visible(timeout=OPEN_MS)
        yield page
        leave(page)


def test_operation_is_found_opened_and_its_failures_are_read_by_keyboard_alone(
    browser: Browser, session: Session, dashboard: Dashboard
) -> None:
    with opened(browser, session, dashboard) as page:
        rows = page.get_by_role("table", name="Operations").locator("tbody tr")
        expect(rows).to_have_count(15)
        page.get_by_label("What", exact=True).focus()
        page.keyboard.type("Cut")
        expect(rows).to_have_count(2, timeout=10_000)
        rows.first.focus()
        page.keyboard.press("Enter")
        sheet = page.locator(".em-sheet")
        expect(sheet).to_contain_text("segmenter: silence (gap 0.2 s)")
        expect(sheet).to_contain_text(f"0 done, {N_FAILED} failed")
        expect(rows.first).to_be_focused()
        failures = page.get_by_role("table", name="Failures under it").locator("tbody tr")
        expect(failures).to_have_count(10)
        page.locator(".em-table-card", has_text="Failures under it").locator(".em-page-next").focus()
        page.keyboard.press("Enter")
        expect(failures).to_have_count(N_FAILED - 10)
        expect(failures.first).to_contain_text("take 10.wav")
        page.get_by_role("button", name="Close").focus()
        page.keyboard.press("Enter")
        expect(sheet).to_have_count(0)
        expect(rows.first).to_be_focused()
        page.get_by_role("button", name="Show all").press("Enter")
        expect(rows).to_have_count(15)


def test_page_follows_what_begins_and_ends_elsewhere_and_keeps_the_focus(
    browser: Browser, session: Session, dashboard: Dashboard
) -> None:
    conn, project_id = session.workspace.conn, session.project.project_id
    with opened(browser, session, dashboard) as page:
        rows = page.get_by_role("table", name="Operations").locator("tbody tr")
        second = rows.nth(1).get_attribute("data-id")
        rows.nth(1).focus()
        operation_id = begin(conn, project_id, "embed", {})
        first = rows.first
        expect(first).to_contain_text("running", timeout=OPEN_MS)
        expect(page.locator(".em-progress-root")).to_contain_text("Embed: starting", timeout=OPEN_MS)
        expect(page.locator(f'tr[data-id="{second}"]')).to_be_focused()
        outcome = Outcome(n_input=2, n_done=2)
        end(conn, project_id, operation_id, status="done", outcome=outcome, message=None)
        expect(first).to_contain_text("2 done", timeout=OPEN_MS)
        expect(page.locator(".em-progress-root")).to_be_empty(timeout=OPEN_MS)


def test_annotator_is_told_who_may_see_the_log_and_led_home(
    browser: Browser, session: Session, dashboard: Dashboard
) -> None:
    with ExitStack() as ends:
        person = add_person(session, "annotator")
        ends.callback(drop_person, session, person)
        with opened(browser, session, dashboard, person=person) as page:
            expect(page.get_by_role("heading", name="This page is not for you")).to_be_visible()
            expect(page.locator("body")).to_contain_text(f"{person} is annotator there")
            expect(page.get_by_role("link", name="Back to Home")).to_have_attribute("href", "home.ipynb")
            expect(page.locator("table")).to_have_count(0)


def test_reviewer_sees_the_log_but_not_what_was_done_with_accounts(
    browser: Browser, session: Session, dashboard: Dashboard
) -> None:
    with ExitStack() as ends:
        person = add_person(session, "reviewer")
        ends.callback(drop_person, session, person)
        with opened(browser, session, dashboard, person=person) as page:
            expect(page.get_by_role("table", name="Operations").locator("tbody tr")).to_have_count(15)
            expect(page.get_by_text("Accounts and projects")).to_be_hidden()
