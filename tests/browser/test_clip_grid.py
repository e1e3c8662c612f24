"""The clip grid as a person meets it: in Voila, in Chromium, with made sounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.deck_page import fresh
from tests.browser.grid_page import GRID, Grid
from tests.browser.harness import Link, Served, open_page, serve_notebook

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_notebook(tmp_path_factory.mktemp("grid"), GRID) as running:
        yield running


def test_tasting_hears_each_once_and_the_lit_one_is_the_one_that_sounds(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("taste"))
    grid.press("t")
    grid.until_silent()
    assert grid.starts == list(range(8))
    assert [round((heard["hz"] - 200) / 50) for heard in grid.heard] == list(range(8))
    assert [heard["lit"] for heard in grid.heard] == [[clip_id] for clip_id in range(8)]
    grid.shows("lit", [])
    grid.says("8 heard")
    assert grid.saved("answer") == []


def test_enter_confirms_all_but_the_struck_each_with_what_was_heard_of_it(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("confirm"), more=1)
    grid.press("t")
    grid.until_silent()
    grid.press("Home", "ArrowRight", "ArrowRight", "x", "End", "x")
    grid.shows("struck", [2, 7])
    grid.press("Enter")
    expect(page.locator(".em-grid-tile")).to_have_count(3)
    given = grid.saved("answer")
    assert [one["clip_id"] for one in given] == [0, 1, 3, 4, 5, 6]
    assert {(one["answer"], one["label"], one["screen"]) for one in given} == {("label", "Dog bark", "grid")}
    assert len({one["annotation_id"] for one in given}) == 6
    for one in given:
        assert one["heard"]["n_plays"] >= 1 and one["heard"]["share"] > 0.9
        assert 0.25 < one["heard"]["heard_s"] < 2 and one["heard"]["response_ms"] > 250
    settled = grid.saved("settled")
    assert [(one["confirmed"], one["struck"]) for one in settled] == [([0, 1, 3, 4, 5, 6], [2, 7])]


def test_clips_that_nobody_heard_are_confirmed_only_by_a_second_enter(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("unheard"), n=4)
    expect(page.locator(".em-grid-state", has_text="not heard")).to_have_count(4)
    grid.press("ArrowRight")
    page.wait_for_timeout(400)
    grid.press("Enter")
    grid.says("3 clips were not heard")
    grid.shows("wanted", [0, 2, 3])
    grid.press("ArrowLeft", "Enter")  # any other key takes the question back
    grid.says("not heard. Enter once more")
    assert grid.saved("answer") == []
    grid.press("Enter")
    heard = {one["clip_id"]: one["heard"]["n_plays"] for one in grid.saved("answer")}
    assert (heard[1], heard[2], heard[3]) == (1, 0, 0)


def test_undo_takes_back_the_last_strike_and_then_the_whole_confirmation(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("undo"), n=4, more=1)
    grid.press("t")
    grid.until_silent()
    grid.press("Home", "x", "ArrowRight", "x", "Control+z")
    grid.shows("struck", [0])
    grid.press("Enter")
    expect(page.locator(".em-grid-tile")).to_have_count(3)
    grid.press("x", "Backspace", "Backspace")
    expect(page.locator(".em-grid-tile")).to_have_count(4)
    grid.shows("struck", [0])
    given = grid.saved("answer")
    confirmed = {one["annotation_id"]: one["clip_id"] for one in given if one["answer"] == "label"}
    withdrawn = {one["supersedes"]: one["clip_id"] for one in given if one["answer"] == "withdrawn"}
    assert withdrawn == confirmed and sorted(confirmed.values()) == [1, 2, 3]
    grid.press("Home", "x", "Enter")  # taken in again after all
    expect(page.locator(".em-grid-tile")).to_have_count(3)
    assert sorted(one["clip_id"] for one in grid.saved("answer")[6:]) == [0, 1, 2, 3]
    grid.shows("struck", [])


def test_space_pauses_tasting_and_goes_on_with_the_same_clip(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("pause"), n=3, s=0.8)
    grid.press("t")
    page.wait_for_timeout(300)
    grid.press(" ")
    page.wait_for_timeout(1200)
    grid.shows("lit", [])
    assert grid.starts == [0]
    grid.press(" ")
    grid.shows("lit", [0])
    grid.until_silent()
    assert grid.starts == [0, 1, 2]
    grid.says("3 heard")


def test_long_clips_are_tasted_at_their_loudest_moment_whose_length_can_be_chosen(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("long"), n=2, s=4)
    grid.press("[", "[", "t")
    grid.says("0.3 s each")
    grid.until_silent()
    moments = page.evaluate("window.__earmark_grid.starts.map(({ from_s, to_s }) => [from_s, to_s])")
    assert len(moments) == 2
    for from_s, to_s in moments:  # the sound of 4 s is loud from 3.1 s to 3.3 s
        assert from_s <= 3.11 and to_s >= 3.29 and to_s - from_s == pytest.approx(0.3, abs=0.001)
    grid.press("Enter")
    share = grid.saved("answer")[0]["heard"]["share"]
    assert share == pytest.approx(0.3 / 4, abs=0.01)


def test_pointer_that_rests_hears_and_a_click_strikes(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("pointer"))
    tile = page.locator(".em-grid-tile[data-id='3']")
    tile.hover()
    page.wait_for_function("window.__earmark_grid.starts.length === 1")
    assert grid.starts == [3]
    page.wait_for_timeout(150)
    assert grid.heard[0]["lit"] == [3]
    tile.click()
    grid.shows("struck", [3])
    tile.click()
    grid.shows("struck", [])
    page.mouse.move(2, 2)
    page.wait_for_timeout(50)
    grid.shows("lit", [])


def test_clip_without_sound_is_never_confirmed(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("missing"), n=4, missing=2)
    grid.says("no such clip")
    grid.press("t")
    grid.until_silent()
    assert grid.starts == [0, 1, 3]
    grid.press("Enter")
    assert [one["clip_id"] for one in grid.saved("answer")] == [0, 1, 3]
    assert [one["struck"] for one in grid.saved("settled")] == [[2]]


def test_refused_answer_is_said_and_the_others_stand(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("refuse"), n=3, refuse=1)
    grid.press("t")
    grid.until_silent()
    grid.press("Enter")
    grid.says("Not saved, field-001: anna may not annotate")
    assert [one["clip_id"] for one in grid.saved("answer")] == [0, 2]


def test_held_enter_confirms_once(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("held"), n=3, more=1)
    grid.press("t")
    grid.until_silent()
    for _ in range(6):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(page.locator(".em-grid-tile")).to_have_count(3)
    assert [one["clip_id"] for one in grid.saved("answer")] == [0, 1, 2]


def test_label_is_chosen_where_none_is_proposed(page: Page, served: Served) -> None:
    grid = Grid(page).open(served, sheet=fresh("choose"), n=2, choose=1)
    grid.press("t")
    grid.until_silent()
    grid.press("Enter")
    expect(page.get_by_label("Label all as")).to_be_focused()
    page.get_by_label("Label all as").select_option("Rain")
    grid.press("Enter")
    assert [(one["clip_id"], one["label"]) for one in grid.saved("answer")] == [(0, "Rain"), (1, "Rain")]


@pytest.mark.parametrize("width_px", [900, 1440])
def test_grid_of_forty_fits_the_width(browser: Browser, served: Served, width_px: int) -> None:
    with open_page(browser, width_px=width_px) as page:
        Grid(page).open(served, sheet=fresh("width"), n=40)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_nothing_is_lost_or_doubled_when_the_link_is_cut_and_the_tab_reloaded(page: Page, served: Served) -> None:
    link = Link(to_port=served.port)
    sheet = fresh("cut")
    near = replace(served, url=served.url.replace(str(served.port), str(link.port)))
    grid = Grid(page).open(near, sheet=sheet, n=5)
    grid.press("t")
    grid.until_silent()
    link.cut()
    grid.press("Enter")
    expect(page.locator(".em-grid-saved")).to_have_text("5 unsaved")
    grid.says("5 answers wait in this browser")
    link.mend()
    page.reload()
    expect(page.locator(".em-grid-tile.em-ready")).to_have_count(5, timeout=60_000)
    assert [one["clip_id"] for one in grid.saved("answer")] == [0, 1, 2, 3, 4]
    link.close()


def test_what_another_tab_confirmed_is_not_asked_here_again(browser: Browser, served: Served) -> None:
    with open_page(browser) as page:
        sheet = fresh("tabs")
        first, second = Grid(page).open(served, sheet=sheet, n=3), Grid(page.context.new_page())
        second.open(served, sheet=sheet, n=3)
        first.page.bring_to_front()
        first.press("t")
        first.until_silent()
        first.press("Enter")
        expect(second.page.locator(".em-grid-tile.em-gone")).to_have_count(3)
        second.page.bring_to_front()
        second.press("Enter", "Enter")
        assert [one["clip_id"] for one in second.saved("answer")] == [0, 1, 2]
