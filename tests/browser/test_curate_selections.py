"""The selections of the curate page in Chromium: built from wishes, seen before they are saved, and what was saved."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.session import Session
from tests.apps.made import working
from tests.browser.test_curate import (  # noqa: F401  pytest finds fixtures by these names
    PATIENCE_MS,
    browser,
    open_tab,
    page,
    rows,
    session,
    url,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("curate")]

ALL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
CHOSEN = """
    SELECT i.clip_id, r.name, c.duration_s, i.reason FROM selection s JOIN selection_item i USING (selection_id)
    JOIN clip c USING (clip_id) JOIN recording r USING (recording_id) WHERE s.name = %s ORDER BY i.position
"""


def add_wish(page: Page, name: str) -> Locator:  # noqa: F811
    """The new row of the form."""
    page.get_by_role("group", name="Add a wish").get_by_role("button", name=name).click()
    return page.locator(".em-row").last


def names_of(heard: Locator) -> list[str]:
    """The recordings of the first picks, in order."""
    return [row.locator("td").nth(3).inner_text() for row in heard.locator("tbody tr").all()]


def figures(page: Page) -> Locator:  # noqa: F811
    return page.get_by_role("region", name="What would be chosen")


def choose(page: Page, session: Session, name: str) -> None:  # noqa: F811
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Choose clips").click()
    with working(session):
        expect(page.get_by_role("heading", name=f"{name}: ")).to_be_visible(timeout=PATIENCE_MS)


def counts(session: Session) -> dict[str, int]:  # noqa: F811
    tables = [row[0] for row in rows(session, ALL_TABLES)]
    return {table: rows(session, f'SELECT count(*) FROM "{table}"')[0][0] for table in tables}


def test_what_is_seen_before_is_what_is_saved(page: Page, session: Session) -> None:  # noqa: F811
    before = counts(session)
    open_tab(page, "Selections")
    page.get_by_label("How many").fill("6")
    expect(figures(page)).to_contain_text("6of 24 that are not redundant", timeout=PATIENCE_MS)
    heard = page.get_by_label("The first 6 picks", exact=True)
    expect(heard.locator("tbody tr")).to_have_count(6)
    without = names_of(heard)
    bound = add_wish(page, "Only within bounds")
    bound.get_by_label("At least").fill("0.4")
    ((n_long,),) = rows(session, "SELECT count(*) FROM clip WHERE NOT is_redundant AND duration_s >= 0.4")
    expect(bound).to_contain_text(f"Lets {n_long} of 24 clips through.", timeout=PATIENCE_MS)
    weight = add_wish(page, "High or low values")
    weight.get_by_label("Strength").fill("5")
    weight.get_by_label("Column").select_option(label="loudness")
    expect(heard).to_contain_text("loudness", timeout=PATIENCE_MS)
    previewed = names_of(heard)
    assert previewed != without
    assert counts(session) == before
    if folder := os.environ.get("EARMARK_SHOTS"):
        page.screenshot(path=f"{folder}/selections.png", full_page=True)
    choose(page, session, "long and loud")
    saved = rows(session, CHOSEN, "long and loud")
    assert len(saved) == 6 and all(duration_s >= 0.4 for _, _, duration_s, _ in saved)
    assert previewed == [name for _, name, _, _ in saved]
    assert all("loudness_lufs" in reason for _, _, _, reason in saved)


def test_evened_out_selection_shows_what_more_clips_would_add(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    page.get_by_label("How many").fill("6")
    expect(add_wish(page, "Mixture").get_by_label("Column")).to_be_visible()
    expect(page.get_by_role("region", name="By label")).to_contain_text("2", timeout=PATIENCE_MS)
    choose(page, session, "even")
    reasons = [reason for _, _, _, reason in rows(session, CHOSEN, "even")]
    assert len(reasons) == 6 and all("label" in reason for reason in reasons)
    expect(page.get_by_role("img", name="What the selection covers")).to_be_visible()
    curve = page.get_by_role("region", name="What the selection covers")
    expect(curve.get_by_text("The selection ends at 6 clips.")).to_be_visible()


def test_selection_of_hours_stays_within_them(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    page.get_by_label("How many").fill("0.0005")
    page.get_by_label("Of what", exact=True).select_option(label="hours of sound")
    choose(page, session, "brief")
    assert 1.0 < sum(duration_s for _, _, duration_s, _ in rows(session, CHOSEN, "brief")) <= 1.8


def test_form_says_beside_the_field_why_nothing_can_be_chosen(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    bound = add_wish(page, "Only within bounds")
    bound.get_by_label("At least").fill("0.5")
    bound.get_by_label("At most").fill("0.4")
    expect(bound.get_by_role("alert")).to_have_text("Less than the lower bound: nothing lies between.")
    expect(figures(page)).to_contain_text("The form cannot be used as it stands.")
    bound.get_by_role("button", name="Remove: Only within bounds").click()
    expect(page.locator(".em-row")).to_have_count(1)
    weight = add_wish(page, "High or low values")
    weight.get_by_label("Column").select_option(value="0")
    expect(weight.get_by_role("alert")).to_have_text("No clip has a value for confidence of the prediction yet.")
    page.get_by_role("button", name="Choose clips").click()
    expect(page.get_by_text("Nothing was done: see the field above.")).to_be_visible()
    assert rows(session, "SELECT count(*) FROM selection") == [(0,)]


def test_lot_cannot_be_evened_out_and_the_form_says_so(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    add_wish(page, "Mixture")
    page.get_by_role("button", name="More").click()
    page.get_by_label("Chosen by").select_option(label="by lot, as a yardstick")
    page.get_by_role("button", name="Choose clips").click()
    expect(page.get_by_text("Goes with a number of clips alone")).to_be_visible()
    assert rows(session, "SELECT count(*) FROM selection") == [(0,)]


def test_kept_selection_and_a_tick_of_values_shape_the_preview(page: Page, session: Session) -> None:  # noqa: F811
    open_tab(page, "Selections")
    page.get_by_label("How many").fill("3")
    choose(page, session, "first")
    page.get_by_label("Keep").select_option(label="first")
    bound = add_wish(page, "Only within bounds")
    bound.get_by_label("Column").select_option(label="label")
    bound.get_by_role("checkbox", name="1", exact=True).check()
    expect(figures(page)).to_contain_text("kept from “first”", timeout=PATIENCE_MS)
    expect(bound).to_contain_text("Lets 8 of 24 clips through.", timeout=PATIENCE_MS)
    choose(page, session, "second")
    saved = rows(session, CHOSEN, "second")
    kept = [row for row in saved if row[3] == "kept from “first”"]
    assert len(kept) == 3 and len(saved) == 6
    assert all(name.startswith("1_") for _, name, _, reason in saved[3:])
