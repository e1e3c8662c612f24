"""The curate page in Chromium: groups judged by ear, a line on the map, selections, and what the database says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from tests.apps.digits import COPIES, N_DIGITS
from tests.apps.made import Made, working
from tests.browser.dashboard import Dashboard, go_to, leave
from tests.browser.harness import open_chromium, open_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("curate")]  # one worker of xdist makes the digits once

N_CLIPS = N_DIGITS + len(COPIES)
PATIENCE_MS = 60_000
SOUNDING = "(() => { const p = window.__earmark_sound?.sounding; return p?.playing ? p.entry.id : null; })()"


@pytest.fixture
def session(digits_made: Made) -> Iterator[Session]:
    with digits_made.copy() as session:
        yield session


@pytest.fixture
def url(curate_dashboard: Dashboard, session: Session) -> str:
    return curate_dashboard.url_of(session)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with open_page(browser) as page:
        _go(page, url)
        yield page
        leave(page)


def _go(page: Page, url: str) -> None:
    """The page with its map drawn."""
    go_to(page, url)
    page.wait_for_selector(f".em-map-stage[data-n='{N_CLIPS}']", timeout=PATIENCE_MS)


def open_tab(page: Page, name: str) -> None:
    page.locator(".em-as-tabs").get_by_role("button", name=name).click()


def kpi(page: Page, label: str) -> Any:
    return page.locator(".em-kpi", has=page.get_by_text(label, exact=True)).locator(".em-kpi-value")


def rows(session: Session, statement: str, *values: object) -> list[Any]:
    return session.workspace.conn.execute(statement.encode(), values).fetchall()


def redundant(session: Session) -> set[int]:
    return {row[0] for row in rows(session, "SELECT clip_id FROM clip WHERE is_redundant")}


def open_group(page: Page, session: Session, name: str) -> tuple[int, list[int]]:
    """Open the group of this recording; gives its representative and its other members, nearest first."""
    found = rows(
        session,
        """
        SELECT d.clip_id, g.representative_clip_id, home.name
        FROM duplicate d JOIN duplicate_group g USING (duplicate_group_id)
        JOIN clip c ON c.clip_id = g.representative_clip_id JOIN recording home USING (recording_id)
        WHERE g.duplicate_group_id = (
          SELECT duplicate_group_id FROM duplicate JOIN clip USING (clip_id) JOIN recording r USING (recording_id)
          WHERE r.name = %s)
        ORDER BY d.distance, d.clip_id
        """,
        name,
    )
    representative = found[0][1]
    open_tab(page, "Near-duplicates")
    page.locator(".em-group", has_text=found[0][2]).click()
    expect(page.locator(".em-compare-head h2")).to_have_text(found[0][2])
    page.wait_for_function(f"document.querySelectorAll('.em-clip.em-ready').length === {len(found)}")
    return representative, [row[0] for row in found if row[0] != representative]


def test_keys_on_the_map_decide_nothing(page: Page, session: Session) -> None:
    for key in "rcm1":
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert rows(session, "SELECT count(*) FROM duplicate_decision") == [(0,)]
    assert page.evaluate(SOUNDING) is None


def test_group_is_heard_side_by_side(page: Page, session: Session) -> None:
    representative, others = open_group(page, session, "0_george_90.wav")
    page.keyboard.press("a")
    page.wait_for_function(f"{SOUNDING} === {representative}")
    page.keyboard.press("b")
    page.wait_for_function(f"{SOUNDING} === {others[0]}")


def test_restored_member_counts_again_in_the_database_and_above(page: Page, session: Session) -> None:
    _, others = open_group(page, session, "1_jackson_90.wav")
    assert others[0] in redundant(session)
    page.keyboard.press("r")
    expect(page.locator(".em-compare-status")).to_contain_text("is restored")
    assert others[0] not in redundant(session)
    said = rows(session, "SELECT decision FROM duplicate_decision WHERE clip_id = %s", others[0])
    assert said == [("restore",)]
    expect(kpi(page, "Redundant clips")).to_contain_text(f"{len(COPIES) - 1} / {N_CLIPS}")
    expect(page.locator(".em-group[aria-current]")).to_contain_text("judged")


def test_another_representative_is_kept(page: Page, session: Session) -> None:
    representative, others = open_group(page, session, "0_george_90.wav")
    page.get_by_role("button", name="Make representative").first.click()
    expect(page.locator(".em-compare-status")).to_contain_text("now stands for the group")
    chosen = rows(
        session,
        """
        SELECT representative_clip_id FROM duplicate_group JOIN duplicate USING (duplicate_group_id)
        WHERE clip_id = %s
        """,
        representative,
    )
    assert chosen == [(others[0],)]
    assert representative in redundant(session) and others[0] not in redundant(session)


def test_decisions_stand_after_finding_near_duplicates_again(page: Page, session: Session) -> None:
    open_group(page, session, "1_jackson_90.wav")
    page.keyboard.press("r")
    expect(page.locator(".em-compare-status")).to_contain_text("is restored")
    before = redundant(session)
    page.get_by_role("button", name="Find near-duplicates again").click()
    with working(session):
        expect(page.locator(".em-notice.em-success")).to_contain_text("Your decisions stand", timeout=PATIENCE_MS)
    assert redundant(session) == before
    expect(page.locator(".em-group")).to_have_count(3)
    open_group(page, session, "1_jackson_90.wav")
    expect(page.locator(".em-clip .em-pill.em-ok")).to_have_text("restored")


def test_group_that_was_just_judged_does_not_jump_away(page: Page, session: Session) -> None:
    open_tab(page, "Near-duplicates")
    page.get_by_role("button", name="To judge").click()
    expect(page.locator(".em-group")).to_have_count(3)
    _, others = open_group(page, session, "7_theo_90.wav")
    page.keyboard.press("c")
    expect(page.locator(".em-group[aria-current]")).to_contain_text("judged")
    assert rows(session, "SELECT decision FROM duplicate_decision WHERE clip_id = %s", others[0]) == [("mark",)]
    page.get_by_role("button", name="To judge").click()
    expect(page.locator(".em-group")).to_have_count(2)
    page.get_by_role("button", name="All", exact=False).first.click()
    expect(page.locator(".em-group")).to_have_count(3)


def draw_around_all(page: Page) -> None:
    open_tab(page, "Map")
    stage = page.locator(".em-map-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    x0, y0, x1, y1 = box["x"] + 4, box["y"] + 4, box["x"] + box["width"] - 4, box["y"] + box["height"] - 4
    page.keyboard.down("Shift")
    page.mouse.move(x0, y0)
    page.mouse.down()
    for x, y in ((x1, y0), (x1, y1), (x0, y1)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(".em-table-status", has_text=f"of {N_CLIPS} clips")).to_be_visible()


def test_line_around_points_becomes_a_selection(page: Page, session: Session) -> None:
    draw_around_all(page)
    page.get_by_label("Name of the selection", exact=True).fill("drawn")
    page.get_by_role("button", name="Save as selection").click()
    expect(page.locator(".em-form-outcome", has_text=f"{N_CLIPS} clips kept as “drawn”")).to_be_visible()
    saved = rows(session, "SELECT clip_id FROM selection_item JOIN selection USING (selection_id) WHERE name = 'drawn'")
    assert {row[0] for row in saved} == {row[0] for row in rows(session, "SELECT clip_id FROM clip WHERE is_active")}
    expect(kpi(page, "Selections")).to_have_text("1")


def test_chosen_clip_is_heard_from_the_list(page: Page) -> None:
    draw_around_all(page)
    row = page.locator("tr[data-id]:visible").first
    row.focus()
    page.keyboard.press(" ")
    page.wait_for_function(f"{SOUNDING} === {row.get_attribute('data-id')}")


def test_selection_goes_into_the_queue_without_its_copies(page: Page, session: Session) -> None:
    draw_around_all(page)
    page.get_by_label("Name of the selection", exact=True).fill("drawn")
    page.get_by_role("button", name="Save as selection").click()
    page.get_by_role("button", name="Put into the review queue").click()
    n = N_CLIPS - len(redundant(session))
    with working(session):
        expect(page.locator(".em-notice.em-success")).to_contain_text(f"holds {n} clips now", timeout=PATIENCE_MS)
    queued = {row[0] for row in rows(session, "SELECT clip_id FROM review WHERE state = 'open'")}
    assert len(queued) == n and not queued & redundant(session)


def test_most_diverse_clips_come_with_reasons(page: Page, session: Session) -> None:
    open_tab(page, "Selections")
    page.get_by_label("How many").fill("5")
    page.get_by_label("Name", exact=True).fill("-five")
    page.get_by_role("button", name="Choose clips").click()
    title = page.get_by_role("heading", name="-five: 5 clips")
    with working(session):
        expect(title).to_be_visible(timeout=PATIENCE_MS)
    saved = rows(
        session,
        """
        SELECT i.reason FROM selection_item i JOIN selection s USING (selection_id)
        WHERE s.name = '-five' ORDER BY i.position
        """,
    )
    assert len(saved) == 5
    table = page.locator(".em-table-card", has=title)
    assert table.locator("tbody td:last-child").all_inner_texts() == [row[0] for row in saved]
    page.get_by_role("button", name="Put “-five” into the review queue").click()
    with working(session):
        expect(page.locator(".em-notice.em-success")).to_contain_text("holds 5 clips now", timeout=PATIENCE_MS)


def test_page_never_scrolls_sideways(page: Page) -> None:
    root = "document.documentElement"
    for width_px in (900, 1440, 1920):
        page.set_viewport_size({"width": width_px, "height": 900})
        for tab in ("Map", "Near-duplicates", "Selections"):
            open_tab(page, tab)
            page.wait_for_timeout(250)
            assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), (tab, width_px)
