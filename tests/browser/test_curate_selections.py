"""The selections of the curate page in Chromium: evened out, in hours, with the curve of what they cover."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from apps.session import Session
from tests.apps.made import working
from tests.browser.test_curate import (  # noqa: F401  pytest finds fixtures by these names
    PATIENCE_MS,
    browser,
    made,
    open_tab,
    page,
    rows,
    session,
    url,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("curate")]


def choose(page: Page, session: Session, name: str, **given: str) -> None:  # noqa: F811
    page.get_by_label("Name", exact=True).fill(name)
    for label, value in given.items():
        field = page.get_by_label(label.replace("_", " "))
        if label == "How_many":
            field.fill(value)
        else:
            field.select_option(label=value)
    page.get_by_role("button", name="Choose clips").click()
    with working(session):
        expect(page.get_by_role("heading", name=f"{name}: ")).to_be_visible(timeout=PATIENCE_MS)


def test_evened_out_selection_shows_what_more_clips_would_add(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    choose(page, session, "even", How_many="6", Mixture="as many of each label")
    reasons = rows(
        session, "SELECT i.reason FROM selection_item i JOIN selection s USING (selection_id) WHERE s.name = 'even'"
    )
    assert len(reasons) == 6 and all("label" in reason for (reason,) in reasons)
    chart = page.get_by_role("img", name="What the selection covers")
    expect(chart).to_be_visible()
    expect(page.get_by_text("The selection ends at 6 clips.")).to_be_visible()
    if folder := os.environ.get("EARMARK_SHOTS"):
        page.screenshot(path=f"{folder}/selections.png", full_page=True)


def test_selection_of_hours_stays_within_them(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    choose(page, session, "brief", How_many="0.0005", Of_what="hours of sound")
    ((seconds,),) = rows(
        session,
        """
        SELECT sum(c.duration_s) FROM selection s JOIN selection_item i USING (selection_id)
        JOIN clip c USING (clip_id) WHERE s.name = 'brief'
        """,
    )
    assert 1.0 < seconds <= 1.8


def test_lot_cannot_be_evened_out_and_the_form_says_so(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    page.get_by_label("Which").select_option(label="by lot, as a yardstick")
    page.get_by_label("Mixture").select_option(label="as many of each label")
    page.get_by_role("button", name="Choose clips").click()
    expect(page.get_by_text("go with “the most unlike each other”")).to_be_visible()
    assert rows(session, "SELECT count(*) FROM selection") == [(0,)]
