"""FiftyOne's App in Chromium, as we serve it: clips are tagged by hand and heard, and the tags are pulled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.curation_lists import selection_items
from pipeline.catalog.projects import Project
from pipeline.storage import Store
from pipeline.workflows.exchange import place_of, pull
from tests.browser.harness import open_chromium
from tests.workflows.conftest import digits as digits
from tests.workflows.conftest import project as project
from tests.workflows.conftest import store as store
from tests.workflows.fiftyone_app import served
from tests.workflows.test_exchange import folder as folder
from tests.workflows.test_exchange import session_folder as session_folder
from tests.workflows.test_exchange import shown as shown

Conn = psycopg.Connection[Any]
PATIENCE_MS = 40_000


@pytest.mark.browser
def test_five_clips_tagged_by_hand_become_a_selection_and_an_open_clip_is_heard(
    conn: Conn, shown: Project, store: Store, folder: Path
) -> None:
    with served(shown, store, folder) as app, open_chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{app.url}/datasets/{place_of(shown, folder).name}")
        clips = page.locator("[data-cy=looker]")
        clips.first.wait_for()
        page.get_by_text("Dismiss").click()
        for i in range(5):
            box = clips.nth(i).bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + 30, box["y"] + 60)
            page.mouse.click(box["x"] + 10, box["y"] + 10)
        page.locator("[data-cy=action-tag-sample-labels]").click()
        page.locator("[data-cy=sample-tag-input]").fill("by hand")
        page.locator("[data-cy=sample-tag-input]").press("Enter")
        with page.expect_response(lambda reply: reply.url.endswith("/tag")):
            page.get_by_text("Apply", exact=True).click()
        page.keyboard.press("Escape")
        box = clips.nth(7).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 40, box["y"] + 70)
        with page.expect_response(lambda reply: "/media?" in reply.url and "store" in reply.url) as heard:
            page.locator("[data-cy=panel-tab-earmark_sound]").click()
        assert heard.value.status in (200, 206)
    assert pull(conn, shown, folder=folder).n_done == 5
    assert len(selection_items(conn, shown.project_id, "by hand")) == 5
