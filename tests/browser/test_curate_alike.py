"""The near-duplicates tab in Chromium: what sounds alike goes by a slider, decisions are taken back, groups filtered,
and a line around a part of the map becomes a queue; the database is asked each time."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.session import Session
from tests.apps.digits import COPIES
from tests.apps.made import working
from tests.browser.test_curate import (  # noqa: F401  pytest finds fixtures by these names
    N_CLIPS,
    PATIENCE_MS,
    browser,
    kpi,
    open_group,
    open_tab,
    page,
    redundant,
    rows,
    session,
    url,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("curate")]

LISTEN = """() => {
  window.__lit = [];
  new MutationObserver(() => {
    const player = window.__earmark_sound?.sounding;
    const lit = document.querySelector(".em-alike-side.em-sounding");
    if (lit) window.__lit.push([lit.title, player.playing, player.entry.id]);
  }).observe(document.querySelector(".em-alike-pairs"), {subtree: true, attributes: true, attributeFilter: ["class"]});
}"""


def alike_found(session: Session) -> dict[str, Any]:  # noqa: F811
    """What the latest search for near-duplicates wrote down."""
    ((found,),) = rows(
        session,
        """
        SELECT x.detail -> 'alike' FROM operation o JOIN operation_outcome x USING (operation_id)
        WHERE o.action = 'deduplicate' AND x.status = 'done' ORDER BY operation_id DESC LIMIT 1
        """,
    )
    return found


def in_force(session: Session) -> list[Any]:  # noqa: F811
    return rows(session, "SELECT recipe -> 'alike_distance' FROM project WHERE name = %s", session.project.name)


def name_of(session: Session, clip_id: int) -> str:  # noqa: F811
    statement = "SELECT r.name FROM clip JOIN recording r USING (recording_id) WHERE clip_id = %s"
    return rows(session, statement, clip_id)[0][0]


def open_slider(page: Page) -> Locator:  # noqa: F811
    open_tab(page, "Near-duplicates")
    page.get_by_role("button", name="Also remove what sounds alike").click()
    return page.get_by_role("slider", name="Up to which distance clips that sound alike are removed")


def move_to(slider: Locator, place: int) -> None:
    slider.press("Home")
    for _ in range(place):
        slider.press("ArrowRight")


def test_slider_says_what_each_distance_costs_and_lets_its_pairs_be_heard(page: Page, session: Session) -> None:  # noqa: F811
    steps = alike_found(session)["steps"]
    slider = open_slider(page)
    expect(slider).to_have_attribute("aria-valuetext", "off: Nothing goes because it sounds alike")
    for place, step in enumerate(steps, start=1):
        slider.press("ArrowRight")
        expect(page.locator(".em-alike-said")).to_contain_text(f"{step['n_redundant']} clip")
        expect(page.locator(".em-alike-said")).to_contain_text(f"up to distance {step['distance']:.4f}")
        expect(page.locator(".em-alike-pair")).to_have_count(len(step["borderline"]))
        assert slider.input_value() == str(place)
    stays, goes, _ = steps[-1]["borderline"][1]
    page.evaluate(LISTEN)
    page.keyboard.press("2")
    page.wait_for_function(f"window.__lit.some(([title, isPlaying, id]) => id === {goes})", timeout=PATIENCE_MS)
    heard = [tuple(one) for one in page.evaluate("window.__lit")]
    expected = [(f"Play {name_of(session, clip_id)}", True, clip_id) for clip_id in (stays, goes)]
    assert sorted(set(heard), key=heard.index) == expected, "first the one that stays, then the one that goes"
    assert rows(session, "SELECT count(*) FROM duplicate_decision") == [(0,)] and in_force(session) == [(None,)], (
        "hearing decides nothing"
    )


def test_pair_that_differs_moves_the_slider_below_it(page: Page, session: Session) -> None:  # noqa: F811
    steps = alike_found(session)["steps"]
    slider = open_slider(page)
    move_to(slider, len(steps))
    distance = steps[-1]["borderline"][0][2]
    page.get_by_role("button", name="These differ").first.click()
    below = [step for step in steps if step["distance"] < distance]
    assert slider.input_value() == str(len(below)) and len(below) < len(steps)
    expect(page.locator(".em-alike-differ")).to_contain_text(f"1 pair, the nearest {distance:.4f} apart")
    page.keyboard.press("1")
    page.keyboard.press("d")
    nearer = below[-1]["borderline"][0][2]
    assert slider.input_value() == str(len([step for step in steps if step["distance"] < nearer]))
    expect(page.locator(".em-alike-differ")).to_contain_text("2 pairs")
    assert rows(session, "SELECT count(*) FROM duplicate_decision") == [(0,)], "that answer shows only here"


def test_applied_distance_makes_clips_redundant_and_off_brings_them_back(page: Page, session: Session) -> None:  # noqa: F811
    before = redundant(session)
    assert len(before) == len(COPIES)
    steps = alike_found(session)["steps"]
    step = steps[-2]
    slider = open_slider(page)
    move_to(slider, len(steps) - 1)
    page.get_by_role("button", name="Apply", exact=True).click()
    with working(session):
        expect(page.locator(".em-notice.em-success")).to_contain_text("alike", timeout=PATIENCE_MS)
    assert in_force(session) == [(step["distance"],)]
    assert len(redundant(session) - before) == step["n_redundant"] and before < redundant(session)
    expect(kpi(page, "Redundant clips")).to_contain_text(f"{len(redundant(session))} / {N_CLIPS}")
    expect(page.locator(".em-alike-opener")).to_contain_text(f"now up to {step['distance']:.4f}")
    expect(page.get_by_role("button", name="In force")).to_be_disabled()
    _check_alike_groups(page, session)
    page.get_by_role("button", name="Off", exact=True).click()
    expect(page.locator(".em-notice.em-success")).to_have_count(0)
    with working(session):
        expect(page.locator(".em-notice.em-success")).to_contain_text("Your decisions stand", timeout=PATIENCE_MS)
    assert in_force(session) == [(None,)] and redundant(session) == before
    expect(page.locator(".em-alike-opener")).to_contain_text("now off")


def _check_alike_groups(page: Page, session: Session) -> None:  # noqa: F811
    n = rows(session, "SELECT count(DISTINCT duplicate_group_id) FROM duplicate WHERE finding = 'sounds alike'")[0][0]
    page.get_by_role("button", name=f"Sounds alike {n}").click()
    expect(page.locator(".em-group")).to_have_count(n)
    expect(page.locator(".em-group .em-finding").first).to_have_text("alike")
    expect(page.locator(".em-clip .em-finding").last).to_have_text("sounds alike")


def test_groups_are_filtered_by_finding(page: Page, session: Session) -> None:  # noqa: F811
    (group_id,) = rows(session, "SELECT duplicate_group_id FROM duplicate GROUP BY 1 ORDER BY count(*), 1")[0]
    session.workspace.conn.execute(
        """
        UPDATE duplicate SET finding = 'sounds alike' FROM duplicate_group g
        WHERE g.duplicate_group_id = %s AND duplicate.duplicate_group_id = g.duplicate_group_id
          AND clip_id <> representative_clip_id
        """,
        (group_id,),
    )
    page.reload()
    page.wait_for_selector(f".em-map-stage[data-n='{N_CLIPS}']", timeout=PATIENCE_MS)
    open_tab(page, "Near-duplicates")
    for name, n in (("All", 3), ("To judge", 3), ("Identical", 0), ("Same recording", 2), ("Sounds alike", 1)):
        page.get_by_role("button", name=f"{name} {n}", exact=True).click()
        expect(page.locator(".em-group")).to_have_count(n)
        expect(page.get_by_text("No group is “identical”")).to_have_count(1 if n == 0 else 0)
    assert page.locator(".em-group").get_attribute("data-id") == str(group_id)
    expect(page.locator(".em-pair-bar")).to_contain_text("heard from its own beginning")


def test_decisions_are_taken_back_by_one_key_and_stay_in_the_history(page: Page, session: Session) -> None:  # noqa: F811
    representative, others = open_group(page, session, "1_jackson_90.wav")
    before, status = redundant(session), page.locator(".em-compare-status")
    page.keyboard.press("r")
    expect(status).to_contain_text("is restored.")
    expect(kpi(page, "Redundant clips")).to_contain_text(f"{len(COPIES) - 1} / {N_CLIPS}")
    page.keyboard.press("m")
    expect(status).to_contain_text("now stands for the group")
    assert representative in redundant(session)
    page.keyboard.press("u")
    expect(status).to_contain_text("stands for the group again")
    page.keyboard.press("u")
    expect(status).to_contain_text("is a copy again")
    expect(kpi(page, "Redundant clips")).to_contain_text(f"{len(COPIES)} / {N_CLIPS}")
    assert redundant(session) == before
    said = rows(session, "SELECT clip_id, decision FROM duplicate_decision ORDER BY duplicate_decision_id")
    copy = others[0]
    assert said == [(copy, "restore"), (copy, "represent"), (representative, "represent"), (copy, "mark")]
    page.keyboard.press("u")
    expect(page.locator(".em-compare-status.em-tone-bad")).to_contain_text("nothing to undo")


def test_line_around_a_part_of_the_map_becomes_the_queue(page: Page, session: Session) -> None:  # noqa: F811
    stage = page.locator(".em-map-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    middle, right = box["x"] + box["width"] / 2, box["x"] + box["width"] - 4
    page.keyboard.down("Shift")
    page.mouse.move(middle, box["y"] + 4)
    page.mouse.down()
    for x, y in ((right, box["y"] + 4), (right, box["y"] + box["height"] - 4), (middle, box["y"] + box["height"] - 4)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    said = page.locator(".em-table-status", has_text=re.compile(r"of [1-9]\d* clips"))
    expect(said).to_be_visible()
    n_inside = int(re.findall(r"\d+", said.inner_text())[-1])
    assert 0 < n_inside < N_CLIPS
    page.get_by_label("Name of the selection", exact=True).fill("right half")
    page.get_by_role("button", name="Save as selection").click()
    expect(page.locator(".em-form-outcome", has_text=f"{n_inside} clips kept as “right half”")).to_be_visible()
    statement = "SELECT clip_id FROM selection_item JOIN selection USING (selection_id) WHERE name = 'right half'"
    inside = {row[0] for row in rows(session, statement)}
    assert len(inside) == n_inside
    places = dict(rows(session, "SELECT clip_id, x FROM map_point"))
    assert min(places[clip_id] for clip_id in inside) > max(places[clip_id] for clip_id in places.keys() - inside)
    page.get_by_role("button", name="Put into the review queue").click()
    waiting = inside - redundant(session)
    with working(session):
        words = f"holds {len(waiting)} clip"
        expect(page.locator(".em-notice.em-success")).to_contain_text(words, timeout=PATIENCE_MS)
    assert {row[0] for row in rows(session, "SELECT clip_id FROM review WHERE state = 'open'")} == waiting
