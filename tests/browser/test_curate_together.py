"""Hear them together on the curate page in Chromium: chosen clips, or a group, get one label; the map's colours."""

# ruff: noqa: F811  the fixtures of test_curate.py go by these names

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.session import Session
from tests.browser.grid_page import Grid
from tests.browser.test_curate import (  # noqa: F401  pytest finds fixtures by these names
    browser,
    open_group,
    page,
    rows,
    session,
    url,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("curate")]

ANSWERS = """
SELECT a.clip_id, l.name, a.screen, a.n_plays FROM annotation a JOIN label l USING (label_id)
WHERE a.source = 'human' ORDER BY a.clip_id
"""


def choose_label(page: Page, name: str) -> None:
    """Everything under one label, by its entry in the legend."""
    page.get_by_role("complementary", name="Categories").get_by_role("button", name=name).click(modifiers=["Shift"])


def hear_together(page: Page) -> Grid:
    page.get_by_role("button", name="Hear them together").click()
    expect(page.locator(".em-grid-tile.em-ready").first).to_be_visible(timeout=30_000)
    return Grid(page)


def answers(session: Session) -> list[Any]:
    return rows(session, ANSWERS)


def test_clips_chosen_on_the_map_are_heard_and_get_one_label(page: Page, session: Session) -> None:
    (label,) = rows(session, "SELECT name FROM label ORDER BY name LIMIT 1")[0]
    choose_label(page, label)
    grid = hear_together(page)
    expect(page.locator(".em-map-stage")).to_be_hidden()
    shown = page.locator(".em-grid-tile").evaluate_all("tiles => tiles.map((tile) => Number(tile.dataset.id))")
    assert len(shown) > 2
    page.get_by_label("Label all as").select_option(label)
    grid.press("t")
    grid.until_silent()
    grid.press("Home", "x", "Enter")
    expect(page.locator(".em-grid-saved")).to_have_text("all saved", timeout=30_000)
    expect(page.get_by_role("heading", name="Nothing is left here")).to_be_visible()
    given = answers(session)
    assert [row[:3] for row in given] == [(clip_id, label, "map") for clip_id in sorted(shown[1:])]
    assert all(row[3] > 0 for row in given)
    assert rows(session, "SELECT claimed_by FROM review WHERE claimed_by IS NOT NULL") == []
    page.get_by_role("button", name="Back").click()
    expect(page.locator(".em-map-stage")).to_be_visible()


def test_near_duplicate_group_is_heard_together(page: Page, session: Session) -> None:
    representative, others = open_group(page, session, "7_theo_90.wav")
    grid = hear_together(page)
    ids = page.locator(".em-grid-tile").evaluate_all("tiles => tiles.map((tile) => Number(tile.dataset.id))")
    assert ids[0] == representative and set(ids[1:]) == set(others)
    (label,) = rows(session, "SELECT name FROM label ORDER BY name LIMIT 1")[0]
    page.get_by_label("Label all as").select_option(label)
    grid.press("Enter", "Enter")
    expect(page.locator(".em-grid-saved")).to_have_text("all saved", timeout=30_000)
    assert {row[0] for row in answers(session)} == set(ids)
    page.get_by_role("button", name="Back").click()
    expect(page.locator(".em-compare")).to_be_visible()


def test_map_in_other_colours_keeps_what_is_chosen(page: Page, session: Session) -> None:
    (label,) = rows(session, "SELECT name FROM label ORDER BY name LIMIT 1")[0]
    choose_label(page, label)
    expect(page.get_by_role("button", name="Hear them together")).to_be_visible()
    chosen = page.locator(".em-table-status", has_text="clips").inner_text()
    legend = page.get_by_role("complementary", name="Categories")
    for colouring, entry in [
        ("Near-duplicates", "in no group"),
        ("Source", "digits"),
        ("Annotator", "no person's answer"),
        ("Prediction", "no prediction"),
        ("Confidence", "no prediction"),
    ]:
        page.get_by_role("button", name=colouring, exact=True).last.click()
        expect(legend).to_contain_text(entry)
        expect(page.locator(".em-table-status", has_text="clips")).to_have_text(chosen)
        expect(page.get_by_role("button", name="Clear selection")).to_be_visible()
