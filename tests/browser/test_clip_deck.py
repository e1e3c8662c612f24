"""The clip deck as a person meets it: in Voila, in Chromium, with made sounds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.deck_page import CLIPPED, Deck, fresh
from tests.browser.harness import Served, open_page, open_silenced_chromium

pytestmark = pytest.mark.browser


def test_every_deciding_key_saves_its_answer_and_goes_on(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="deciding")
    for n, key in enumerate(["1", "9", "u", "0", "s", "y"]):
        deck.on_clip(n)
        deck.press(key)
    deck.on_clip(6)
    deck.press("n", "y")  # a rejected proposal cannot be accepted
    deck.says("Rejected")
    deck.press("n", "y")
    deck.on_clip(7)
    given = [(e["kind"], e["clip_id"], e.get("answer"), e.get("label")) for e in deck.saved(7)]
    assert given == [
        ("AnswerGiven", 0, "label", "Dog bark"),
        ("AnswerGiven", 1, "label", "Rooster"),
        ("AnswerGiven", 2, "unsure", None),
        ("AnswerGiven", 3, "none_of_these", None),
        ("SkipGiven", 4, None, None),
        ("AnswerGiven", 5, "label", "Sneeze"),
        ("AnswerGiven", 6, "label", "Helicopter"),
    ]
    heard = deck.saved(7)[0]["heard"]
    assert heard["n_plays"] == 1 and 0 < heard["heard_s"] < 30 and heard["response_ms"] > 0 and heard["speed"] == 1


def test_every_listening_key_moves_the_sound(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="listening")
    playing, paused = page.get_by_title("Pause (Space)"), page.get_by_title("Play (Space)")
    deck.press("l", " ")
    expect(paused).to_be_visible()
    deck.press(" ")
    expect(playing).to_be_visible()
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(1800)  # longer than the clip: the loop goes on
    expect(playing).to_be_visible()
    deck.press(" ")
    page.locator(".em-deck-field").click(position={"x": 600, "y": 60})
    before = _time(page)
    deck.press(",")
    assert _time(page) == pytest.approx(before - 0.15, abs=0.011)
    deck.press(".", ".")
    assert _time(page) == pytest.approx(before + 0.15, abs=0.011)
    deck.press("]", "]")
    expect(page.locator(".em-deck-transport")).to_contain_text("1.5×")
    deck.press("r")
    page.wait_for_timeout(300)
    assert 0.1 < _time(page) < 1.2  # the element that keeps the pitch really runs
    deck.press("[", "[", "[")
    expect(page.locator(".em-deck-transport")).to_contain_text("0.75×")
    assert deck.saved(0) == []


def test_moving_keys_change_the_clip_and_save_nothing(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="moving")
    for key, n in [("k", 1), ("ArrowRight", 2), ("j", 1), ("ArrowLeft", 0), ("j", 0)]:
        deck.press(key)
        deck.on_clip(n)
    deck.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    deck.press("1")  # nothing is decided while the help lies over the clip
    deck.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    deck.on_clip(0)
    page.locator(".em-deck-field").click(position={"x": 600, "y": 60})
    assert _time(page) > 0.3
    page.evaluate("document.activeElement.blur()")
    deck.press("k")  # the keys work with the focus on the body
    deck.on_clip(1)
    assert deck.saved(0) == []


def test_undo_reopens_the_clip_and_withdraws_the_answer(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="undo")
    deck.press("1")
    deck.on_clip(1)
    deck.press("s")
    deck.on_clip(2)
    deck.press("Control+z")
    deck.on_clip(1)
    deck.press("Backspace")
    deck.on_clip(0)
    deck.press("f")
    deck.press("Backspace")
    deck.press("3")
    deck.on_clip(1)
    events = deck.saved(6)
    first, skip, withdrawn, raised, lowered, again = events
    assert (withdrawn["answer"], withdrawn["label"]) == ("withdrawn", None)
    assert withdrawn["supersedes"] == first["annotation_id"]
    assert (skip["kind"], raised["is_raised"], lowered["is_raised"]) == ("SkipGiven", True, False)
    assert (again["label"], again["supersedes"]) == ("Sea waves", None)
    deck.says("1 of 40 answered")


def test_changed_answer_supersedes_the_earlier_one(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="changed")
    deck.press("1")
    deck.on_clip(1)
    deck.press("j")
    deck.on_clip(0)
    deck.press("2")
    deck.on_clip(1)
    first, second = deck.saved(2)
    assert (second["label"], second["supersedes"]) == ("Rain", first["annotation_id"])
    deck.says("1 of 40 answered")


def test_typing_never_labels_and_a_held_key_labels_once(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="typing", birds=20)
    page.evaluate("document.body.prepend(Object.assign(document.createElement('input'), {id: 'note'}))")
    page.locator("#note").click()
    page.keyboard.type("12 fu")
    expect(page.locator("#note")).to_have_value("12 fu")
    assert deck.clip == "field-000"
    page.locator("#note").blur()
    page.keyboard.down("2")
    for _ in range(5):
        page.keyboard.down("2")
    page.keyboard.up("2")
    deck.on_clip(1)
    deck.press("/")
    page.keyboard.type("bird 17")
    deck.press("Enter")
    deck.on_clip(2)
    deck.press("/", "Escape")
    deck.on_clip(2)
    assert [event["label"] for event in deck.saved(2)] == ["Rain", "Bird 17"]


def test_refused_answer_is_shown_and_its_clip_reopened(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="refused", refuse=0)
    deck.press("1")
    deck.on_clip(1)
    error = page.get_by_role("alert")
    expect(error).to_contain_text("Not saved, field-000: anna may not annotate: clip 0")
    deck.says("0 of 40 answered")
    page.get_by_role("button", name="Go to the clip").click()
    deck.on_clip(0)
    assert deck.saved(0) == []


def test_missing_clip_says_so_and_can_only_be_left(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="missing", missing=1)
    deck.press("1")
    deck.says("no such clip: 1. S skips it.")
    deck.press("2")  # nothing was heard, so there is nothing to decide
    deck.press("s")
    deck.on_clip(2)
    assert [event["kind"] for event in deck.saved(2)] == ["AnswerGiven", "SkipGiven"]


def test_queue_runs_on_to_its_end_and_says_thank_you(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="end", n=15, page_size=9)
    for n in range(15):
        deck.on_clip(n)
        deck.press("s" if n == 3 else "1")
    deck.says("All done. Thank you!")
    deck.says("14 clips answered in this sitting, everything is saved.")
    page.get_by_role("button", name="Listen to the 1 skipped").click()
    deck.on_clip(3)
    deck.press("1")
    deck.says("15 of 15 answered")
    assert len({event["clip_id"] for event in deck.saved(16)}) == 15


def test_queue_that_is_just_being_put_in_order_is_not_at_its_end(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("locked"), n=15, page_size=9, locked=1)
    for n in range(15):
        expect(page.locator(".em-deck-head h2")).to_have_text(f"field-{n:03d}", timeout=15_000)
        deck.on_clip(n)
        deck.press("1")
    deck.says("All done. Thank you!")
    assert len(deck.saved(15)) == 15


def test_silenced_page_says_how_to_start_the_sound(browser: Browser, served: Served) -> None:
    with open_silenced_chromium(browser) as silenced, open_page(silenced) as page:
        page.goto(f"{served.url}?sheet=gesture")
        note = _without_gesture(page, "document.querySelector('.em-deck-note:not([hidden])')?.textContent")
        assert note == "Press Space to start the sound"
        page.keyboard.press(" ")
        expect(page.locator(".em-deck-note")).to_be_hidden()
        page.wait_for_timeout(300)
        assert _time(page) > 0.1


def test_hundred_presses_find_the_next_clip_ready(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet="hundred", n=110, page_size=30)
    page.wait_for_timeout(1000)
    for n in range(100):
        deck.on_clip(n)
        page.wait_for_timeout(60)
        deck.press(str(1 + n % 9))
    deck.on_clip(100)
    starts = [start for start in deck.starts if start["why"] == "label"]
    assert [start["id"] for start in starts] == list(range(1, 101))
    n_hits = sum(start["hit"] for start in starts)
    p50, p95 = np.percentile([start["dt_ms"] for start in starts], [50, 95])
    print(f"\nlabel key to next sound: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {n_hits} of 100 from the cache")
    assert n_hits >= 95
    assert len(deck.saved(100)) == 100


@pytest.mark.parametrize("width_px", [900, 1440])
@pytest.mark.parametrize("is_dark", [False, True])
def test_nothing_overflows_at_any_width(browser: Browser, served: Served, width_px: int, is_dark: bool) -> None:
    with open_page(browser, width_px=width_px, is_dark=is_dark) as page:
        name = f"look-{width_px}-{'dark' if is_dark else 'light'}"
        deck = Deck(page, served, sheet=name, refuse=2)
        deck.press("1")
        deck.on_clip(1)
        deck.press("f")
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator(".em-deck .em-btn, .em-deck .em-pill").evaluate_all(CLIPPED) == []
        _shoot(page, name, lambda: None)
        _shoot(page, f"{name}-help", lambda: deck.press("?"))


def _time(page: Page) -> float:
    page.wait_for_timeout(50)
    return float(page.locator(".em-deck-time").inner_text().split(" / ")[0])


def _without_gesture(page: Page, expression: str) -> str:
    """Polls by the bare protocol: Playwright's own evaluate counts as a person's gesture and unlocks the sound."""
    session = page.context.new_cdp_session(page)
    for _ in range(150):
        found = session.send("Runtime.evaluate", {"expression": expression})["result"].get("value")
        if found and not found.startswith("Fetching"):
            return found
        time.sleep(0.1)
    raise AssertionError("the deck said nothing for 15 s")


def _shoot(page: Page, name: str, prepare: Callable[[], None]) -> None:
    """Keeps a picture where EARMARK_SHOTS says, for people to look at."""
    folder = os.environ.get("EARMARK_SHOTS")
    if folder:
        prepare()
        page.screenshot(path=Path(folder) / f"{name}.png")
