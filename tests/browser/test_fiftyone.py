"""FiftyOne's App in Chromium, as we serve it: clips are tagged, heard and relabelled by hand, and that is pulled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from pipeline.catalog.curation_lists import selection_items
from pipeline.catalog.projects import Project
from pipeline.storage import Store
from pipeline.workflows.exchange import place_of, publish, pull
from tests.browser.harness import open_chromium
from tests.people import logged_in
from tests.workflows.conftest import digits as digits
from tests.workflows.conftest import project as project
from tests.workflows.conftest import store as store
from tests.workflows.fiftyone_app import served
from tests.workflows.test_exchange import answers, clip_ids_of, label_there
from tests.workflows.test_exchange import folder as folder
from tests.workflows.test_exchange import session_folder as session_folder
from tests.workflows.test_exchange import shown as shown

Conn = psycopg.Connection[Any]
PATIENCE_MS = 40_000
HEARD = "() => [...document.querySelectorAll('audio')].some(a => a.controls && a.currentTime > 0.1)"


@pytest.mark.browser
def test_five_clips_tagged_and_two_relabelled_by_hand_become_rows_with_author(
    conn: Conn, empty_database: str, shown: Project, store: Store, folder: Path
) -> None:
    with served(shown, store, folder) as app, open_chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script("window.IS_PLAYWRIGHT = true")  # without it an advertisement takes the first click
        page.goto(f"{app.url}/datasets/{place_of(shown, folder).name}")
        clips = page.locator("[data-cy=looker]")
        clips.first.wait_for()
        tag_by_hand(page, clips, [0, 1, 2, 3, 4], "by hand")
        open_clip(page, clips, 7)
        with page.expect_response(lambda reply: "/media?" in reply.url and "store" in reply.url) as heard:
            page.locator("[data-cy=panel-tab-earmark_sound]").click()
        assert heard.value.status in (200, 206)
        page.wait_for_function(HEARD)
        relabel_in_panel(page, "1")
        page.get_by_role("button", name="Flag", exact=True).click()
        page.get_by_role("button", name="Take the flag back").wait_for()
        page.locator("[data-cy=nav-right-button]").click()
        page.get_by_role("button", name="Flag", exact=True).wait_for()
        page.locator("[data-cy=panel-tab-fo-sample-modal-plugin]").click()
        relabel_in_annotation(page, "1")
    with logged_in(conn, empty_database, shown.project_id, "researcher") as theirs:
        outcome = pull(theirs, shown, folder=folder)
        who = theirs.info.user
    tagged, (eighth, ninth) = clip_ids_of(conn)[:5], clip_ids_of(conn)[7:9]
    assert {item.clip_id for item in selection_items(conn, shown.project_id, "by hand")} == set(tagged)
    assert sorted(answers(conn)) == [(eighth, who, "label", "1"), (ninth, who, "label", "1")]
    assert conn.execute("SELECT clip_id, is_raised, author FROM flag").fetchall() == [(eighth, True, who)]
    assert (outcome.n_done, outcome.failed) == (7, ())
    publish(conn, shown, store, folder=folder)
    assert publish(conn, shown, store, folder=folder).detail["n_writes"] == 0
    assert label_there(shown, folder, eighth) == "1"


def tag_by_hand(page: Page, clips: Locator, places: list[int], word: str) -> None:
    chosen = page.locator("[data-cy=action-manage-selected]")
    for n_chosen, place in enumerate(places, start=1):
        x, y = corner(clips, place)
        page.mouse.move(x + 30, y + 60)
        page.wait_for_timeout(300)  # the box to tick fades in
        page.mouse.click(x + 10, y + 10)
        try:
            expect(chosen).to_have_text(str(n_chosen), timeout=4_000)
        except AssertionError:  # the picture took the click while it was still being drawn
            page.mouse.click(x + 10, y + 10)
            expect(chosen).to_have_text(str(n_chosen))
    page.locator("[data-cy=action-tag-sample-labels]").click()
    page.locator("[data-cy=sample-tag-input]").fill(word)
    page.locator("[data-cy=sample-tag-input]").press("Enter")
    with page.expect_response(lambda reply: reply.url.endswith("/tag")):
        page.get_by_text("Apply", exact=True).click()
    page.keyboard.press("Escape")


def open_clip(page: Page, clips: Locator, place: int) -> None:
    x, y = corner(clips, place)
    page.mouse.click(x + 40, y + 70)


def relabel_in_panel(page: Page, label: str) -> None:
    """By a button of our own panel."""
    button = page.get_by_role("button", name=label, exact=True)
    button.click()
    page.locator("button.MuiButton-contained", has_text=label).wait_for()


def relabel_in_annotation(page: Page, label: str) -> None:
    """By the App's own annotation, which offers the label set of the project."""
    page.get_by_text("Annotate", exact=True).click()
    modal = page.locator("#modal")
    modal.get_by_text("0", exact=True).filter(visible=True).first.click()
    with page.expect_response(lambda reply: reply.request.method == "PATCH") as saved:
        modal.get_by_text(label, exact=True).filter(visible=True).last.click()
    assert saved.value.status == 200


def corner(clips: Locator, place: int) -> tuple[float, float]:
    box = clips.nth(place).bounding_box()
    assert box is not None
    return box["x"], box["y"]
