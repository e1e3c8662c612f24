"""People who sign in, in Chromium: in by the keyboard, labelling under their own name, out, and nothing left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.catalog import accounts
from tests.apps.made import new_database
from tests.browser.harness import open_chromium, open_page
from tests.people import PASSWORD
from tests.serving.shared_lab import Lab, open_lab

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
HEADER = "header.em-header"


@pytest.fixture(scope="module")
def lab(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with (
        new_database(database_url, template_database) as url,
        open_lab(url, tmp_path_factory.mktemp("lab"), n=12) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


def sign_in(page: Page, lab: Lab, person: str, path: str = "/") -> None:
    """By keys alone: the first field has the focus."""
    page.goto(lab.base + path)
    type_login(page, person)
    expect(page.locator(HEADER)).to_be_visible(timeout=PATIENCE_MS)


def type_login(page: Page, person: str) -> None:
    """The browser gives the focus at its next frame, which keys sent by a program outrun."""
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(person)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width_px", "is_dark"), [(400, False), (400, True), (1440, False)])
def test_keys_alone_lead_in_and_a_wrong_password_is_told_in_words(
    browser: Browser, lab: Lab, width_px: int, is_dark: bool
) -> None:
    with open_page(browser, width_px=width_px, is_dark=is_dark) as page:
        page.goto(f"{lab.base}/voila/render/review.ipynb")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type(lab.ben)
        page.keyboard.press("Tab")
        page.keyboard.type("not this")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("Name or password is not right.")
        expect(page.get_by_label("Name")).to_have_value(lab.ben)
        expect(page.get_by_label("Password")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator(f"{HEADER} [aria-current]")).to_have_text("Review", timeout=PATIENCE_MS)
        expect(page.get_by_label(f"Signed in as {lab.ben}")).to_be_visible()


def test_answer_has_the_person_who_signed_in_as_its_author(browser: Browser, lab: Lab) -> None:
    with open_page(browser) as page:
        sign_in(page, lab, lab.anna, "/voila/render/review.ipynb")
        page.wait_for_function("window.__earmark_deck && window.__earmark_deck.starts.length > 0", timeout=PATIENCE_MS)
        clip_id = page.evaluate("window.__earmark_deck.starts[0].id")
        page.keyboard.press("1")
        expect(page.locator(".em-deck-saved")).to_have_text("all saved", timeout=PATIENCE_MS)
        page.wait_for_function("window.__earmark_deck.starts.length > 1", timeout=PATIENCE_MS)
    conn = lab.session.workspace.conn
    rows = conn.execute("SELECT author FROM annotation WHERE source = 'human' AND clip_id = %s", (clip_id,)).fetchall()
    assert rows == [(lab.anna,)]


def test_pages_are_those_of_ones_duty_and_another_page_says_why_not(browser: Browser, lab: Lab) -> None:
    with open_page(browser) as page:
        sign_in(page, lab, lab.anna)
        links = page.locator(f"{HEADER} nav a").all_inner_texts()
        assert "Review" in links and "Releases" not in links and "Recordings" not in links
        page.goto(f"{lab.base}/voila/render/releases.ipynb")
        expect(page.get_by_role("heading", name="This page is not for you")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_text(re.compile("researcher or admin.* reviewer"))).to_be_visible()


def test_second_project_is_chosen_in_the_header_and_kept_from_page_to_page(browser: Browser, lab: Lab) -> None:
    conn = lab.session.workspace.conn
    accounts.grant_duty(conn, lab.hidden.project.project_id, lab.anna, "annotator")
    try:
        with open_page(browser) as page:
            sign_in(page, lab, lab.anna)
            page.get_by_label("Project", exact=True).select_option("hidden")
            page.wait_for_url(re.compile(r"home\.ipynb\?project=hidden"), timeout=PATIENCE_MS)
            expect(page.get_by_label("Project", exact=True)).to_have_value("hidden", timeout=PATIENCE_MS)
            # Also a link in the page itself, which names no project.
            page.get_by_role("link", name="Review").last.click()
            page.wait_for_url(re.compile(r"review\.ipynb\?project=hidden"), timeout=PATIENCE_MS)
            expect(page.get_by_label("Project", exact=True)).to_have_value("hidden", timeout=PATIENCE_MS)
            assert page.locator(f"{HEADER} nav a").all_inner_texts() == ["Home", "Review"]
    finally:
        accounts.revoke_duty(conn, lab.hidden.project.project_id, lab.anna)


def test_sign_out_leaves_nothing_for_the_back_button(browser: Browser, lab: Lab) -> None:
    with open_page(browser) as page:
        sign_in(page, lab, lab.anna)
        page.goto(f"{lab.base}/voila/render/review.ipynb")
        expect(page.locator(HEADER)).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status")).to_have_text("You are signed out.")
        for _ in range(2):
            page.go_back()
            expect(page.get_by_role("heading", name="Sign in to Earmark")).to_be_visible(timeout=PATIENCE_MS)
            assert lab.anna not in page.content()
            assert page.locator(f"{HEADER}, .em-deck").count() == 0


def test_page_says_in_words_that_the_session_has_ended(
    browser: Browser, empty_database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Long enough for a page to open on a loaded machine, and no deed follows.
    with (
        open_lab(empty_database, tmp_path_factory.mktemp("short"), "--idle-min", "0.25", n=0) as lab,
        open_page(browser) as page,
    ):
        sign_in(page, lab, lab.anna)
        over = page.get_by_role("dialog")
        expect(over).to_contain_text("Your session has ended", timeout=PATIENCE_MS)
        page.keyboard.press("Escape")
        expect(over).to_be_visible()
        over.get_by_role("link", name="Sign in again").click()
        expect(page.get_by_role("status")).to_contain_text("Your session has ended")
        type_login(page, lab.anna)
        expect(page.locator(f"{HEADER} [aria-current]")).to_have_text("Home", timeout=PATIENCE_MS)
