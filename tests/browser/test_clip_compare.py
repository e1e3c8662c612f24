"""Hearing near-duplicates in Chromium: one clock for both clips, what is lit is what sounds, long lists in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import open_chromium, open_page, serve_notebook
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

LAG_S = 0.5
N_GROUPS = 130
PAGE = f"""
import io, sys
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
import soundfile
from pipeline.widgets.clip_compare import ClipCompare, TakenBack
from pipeline.widgets.clip_source import ClipBytes

RATE_HZ = 8_000
sound = np.random.default_rng(5).normal(0, 0.1, 20 * RATE_HZ)
SOUNDS = {{1: sound, 2: sound[int({LAG_S} * RATE_HZ):], 3: sound[::-1]}}

def read_clip(clip_id):
    file = io.BytesIO()
    soundfile.write(file, SOUNDS[clip_id], RATE_HZ, format="WAV")
    return ClipBytes(data=file.getvalue(), mime="audio/wav", rate_hz=RATE_HZ)

MEMBERS = [
    {{"clip_id": 1, "name": "first", "state": "proposed"}},
    {{"clip_id": 2, "name": "later", "state": "proposed", "finding": "same recording", "lag_s": -{LAG_S},
      "share": "0.50 s later, 19.50 s shared"}},
    {{"clip_id": 3, "name": "alike", "state": "proposed", "finding": "sounds alike", "distance": 0.02, "lag_s": None}},
]

def group(number):
    return {{"id": number, "name": f"group {{number}}", "representative_id": 1, "members": MEMBERS}}

def listed(n):
    return [{{"id": k, "name": f"group {{k}}", "n_clips": 3, "is_settled": False, "finding": "sounds alike"}}
            for k in range(n)]

compare = ClipCompare(read_clip=read_clip)
compare.on_open(group)
compare.on_more(lambda: listed(min({N_GROUPS}, len(compare.groups) + 50)))
compare.on_undo(lambda: TakenBack(clip_id=2, decision="mark", group=group(0)))
compare.show(listed(50), n_groups={N_GROUPS}, n_open=70)
compare
"""
PLAYER = "window.__earmark_sound.sounding"
NOW = f"""() => {{
  const player = {PLAYER}, context = window.__earmark_sound.context;
  const lit = [...document.querySelectorAll(".em-clip.em-sounding .em-clip-name")].map((name) => name.textContent);
  const pressed = [...document.querySelectorAll(".em-pair-mode[aria-pressed=true] kbd")].map((key) => key.textContent);
  return {{ playing: player.playing, starts: player.nStarts, place: player.place, first: player.timeOf(1),
           later: player.timeOf(2), alike: player.timeOf(3), clock: context.currentTime, lit, pressed,
           levels: player.levels }};
}}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_notebook(tmp_path_factory.mktemp("compare"), PAGE) as served:
        yield served.url


@pytest.fixture
def compare(chromium: Browser, address: str) -> Iterator[Page]:
    with open_page(chromium) as page:
        page.goto(address, wait_until="commit")
        page.wait_for_function("document.querySelectorAll('.em-clip.em-ready').length === 3", timeout=60_000)
        page.locator(".em-compare").focus()
        yield page


def sounds(page: Page, *clip_ids: int) -> dict[str, Any]:
    """What the page says once these clips and no others are at their full level, by the sound card's own gains."""
    wanted = list(clip_ids)
    page.wait_for_function(
        f"""(wanted) => {{
          const levels = {PLAYER}?.playing ? {PLAYER}.levels : {{}};
          const ids = Object.keys(levels).map(Number);
          return wanted.every((id) => levels[id] >= 0.5) && ids.every((id) => wanted.includes(id) || levels[id] === 0);
        }}""",
        arg=wanted,
    )
    return page.evaluate(NOW)


def test_other_side_is_heard_without_a_gap_at_the_same_place(compare: Page) -> None:
    compare.keyboard.press("a")
    compare.wait_for_function(f"{PLAYER}.timeOf(1) > {LAG_S}")
    before = sounds(compare, 1)
    assert (before["lit"], before["pressed"]) == (["first"], ["A"])
    compare.keyboard.press("b")
    after = sounds(compare, 2)
    assert (after["lit"], after["pressed"]) == (["later"], ["B"])
    assert after["starts"] == before["starts"] == 1, "nothing was stopped and started again"
    assert after["place"] - before["place"] == pytest.approx(after["clock"] - before["clock"], abs=1e-6)
    assert after["first"] - after["later"] == pytest.approx(LAG_S)
    compare.keyboard.press("b")
    assert sounds(compare, 1)["lit"] == ["first"], "the same key again: the other"


def test_both_are_heard_at_once_and_apart(compare: Page) -> None:
    for key in "ol":
        compare.keyboard.press(key)
        now = sounds(compare, 1, 2)
        assert (now["lit"], now["pressed"]) == (["first", "later"], [key.upper()])
        assert now["first"] - now["later"] == pytest.approx(LAG_S), "aligned by their lag"
    assert now["starts"] == 1
    assert compare.evaluate(f"{PLAYER}.sides.map((side) => side.pan.pan.value)") == [-1, 1]
    compare.keyboard.press(" ")
    compare.wait_for_function(f"!{PLAYER}.playing")
    paused = compare.evaluate(NOW)["place"]
    compare.keyboard.press(" ")
    assert sounds(compare, 1, 2)["place"] >= paused


def test_member_that_begins_later_is_heard_at_once_and_the_place_is_kept(compare: Page) -> None:
    compare.keyboard.press("b")
    now = sounds(compare, 2)
    assert now["first"] - now["later"] == pytest.approx(LAG_S)


def test_clips_that_only_sound_alike_each_start_at_their_beginning(compare: Page) -> None:
    compare.keyboard.press("a")
    sounds(compare, 1)
    compare.wait_for_function(f"{PLAYER}.timeOf(1) > 1.5")
    compare.keyboard.press("ArrowRight")
    expect(compare.locator(".em-pair-bar")).to_contain_text("each is heard from its own beginning")
    compare.keyboard.press("b")
    now = sounds(compare, 3)
    assert now["lit"] == ["alike"]
    assert now["alike"] < now["clock"] and now["starts"] == 2
    began = compare.evaluate(f"{PLAYER}.from")
    assert began == 0
    compare.keyboard.press("a")
    assert sounds(compare, 1)["starts"] == 3
    assert compare.evaluate(f"{PLAYER}.from") == 0


def test_click_into_a_clip_plays_it_from_there(compare: Page) -> None:
    stage = compare.locator(".em-stage").nth(1)
    box = stage.bounding_box()
    assert box is not None
    stage.click(position={"x": box["width"] / 2, "y": 10})
    now = sounds(compare, 2)
    assert now["lit"] == ["later"] and now["later"] > 9
    compare.keyboard.press("a")
    now = sounds(compare, 1)
    assert now["first"] - now["later"] == pytest.approx(LAG_S)


def test_long_list_is_read_on_as_one_scrolls_to_its_end(compare: Page) -> None:
    lines = compare.locator(".em-group")
    expect(lines).to_have_count(50)
    expect(compare.locator(".em-groups-title")).to_have_text(f"70 of {N_GROUPS} to judge")
    expect(compare.locator(".em-compare-head")).to_contain_text(f"1 / {N_GROUPS}")
    for n in (100, N_GROUPS):
        compare.evaluate("() => { const list = document.querySelector('.em-groups-scroll'); list.scrollTop = 1e6; }")
        expect(lines).to_have_count(n)
    place = compare.evaluate("document.querySelector('.em-groups-scroll').scrollTop")
    assert place > 500, "the list stays where it was scrolled to"
    lines.last.click()
    expect(compare.locator(".em-compare-head h2")).to_have_text(f"group {N_GROUPS - 1}")


def test_last_decision_is_taken_back_by_one_key(compare: Page) -> None:
    compare.keyboard.press("n")
    expect(compare.locator(".em-compare-head h2")).to_have_text("group 1")
    compare.keyboard.press("u")
    expect(compare.locator(".em-compare-status")).to_have_text("Taken back: later is a copy again.")
    expect(compare.locator(".em-compare-head h2")).to_have_text("group 0")
