"""Every key that the deck's help lists does what the help says: one table, held against the help itself."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser.deck_page import Deck, fresh
from tests.browser.harness import Served

pytestmark = pytest.mark.browser

SNAPSHOT = """
() => {
  const { starts, player } = window.__earmark_deck;
  const texts = (css) => [...document.querySelectorAll(css)].map((one) => one.textContent).join(" ");
  const isOpen = (css) => Boolean(document.querySelector(css)?.offsetParent);
  return {
    playing: player.playing, time: player.time, speed: player.speed, loop: player.loop,
    gain: player.output.gainDb, channel: player.output.channel, ticks: texts(".em-deck-seconds span"),
    clip: texts(".em-deck-head h2"), nStarts: starts.length, why: starts.at(-1).why,
    badges: texts(".em-deck-badges .em-pill"), chosen: texts(".em-deck-given .em-ellipsis"),
    done: parseInt(texts(".em-deck-count b")), isRejected: isOpen(".em-deck-rejected"),
    isHelp: isOpen(".em-deck-help"), isSearch: isOpen(".em-deck-input"),
  };
}
"""


class Case(NamedTuple):
    """Pressing one of ``keys`` after ``first`` makes ``holds`` (JavaScript, of ``before`` and ``now``) come true."""

    caps: str
    keys: tuple[str, ...]
    holds: str
    first: tuple[str, ...] = ()


NEXT = "now.clip !== before.clip && now.nStarts > before.nStarts"
CASES = [
    Case("Space", (" ",), "now.playing !== before.playing"),
    Case("R", ("r",), "now.playing && now.time < before.time", first=(" ", ".", ".")),
    Case(",", (",",), "now.time < before.time - 0.3", first=(" ", ".", ".")),
    Case(".", (".",), "now.time > before.time + 0.3"),
    Case("[", ("[",), "now.speed === 0.75"),
    Case("]", ("]",), "now.speed === 1"),
    Case("L", ("l",), "now.loop !== before.loop"),
    Case("L", ("l",), "now.loop !== before.loop"),
    Case("G", ("g",), "now.gain === before.gain + 3"),
    Case("⇧ G", ("Shift+G",), "now.gain === before.gain - 3"),
    Case("C", ("c",), "now.channel === 0"),
    Case("+", ("+", "="), "now.ticks !== before.ticks"),
    Case("–", ("-", "_"), "now.ticks !== before.ticks"),
    Case("1 … 9", ("1", "9"), f"{NEXT} && now.done === before.done + 1"),
    Case("/", ("/",), "now.isSearch"),
    Case("Y", ("y",), f"{NEXT} && now.done === before.done + 1", first=("Escape",)),
    Case("N", ("n",), "now.isRejected !== before.isRejected"),
    Case("U", ("u",), f"{NEXT} && now.done === before.done + 1"),
    Case("0", ("0",), f"{NEXT} && now.done === before.done + 1"),
    Case("B", ("b",), f"{NEXT} && now.done === before.done + 1"),
    Case("S", ("s",), f"{NEXT} && now.done === before.done"),
    Case("J ←", ("j", "ArrowLeft"), f"{NEXT} && now.why === 'previous'"),
    Case("K →", ("k", "ArrowRight"), f"{NEXT} && now.why === 'next'"),
    Case("Ctrl Z ⌫", ("Control+z", "Backspace"), "now.why === 'undo' && now.nStarts > before.nStarts"),
    Case("F", ("f",), "now.badges.includes('flagged') !== before.badges.includes('flagged')"),
    Case("?", ("?", "?"), "now.isHelp !== before.isHelp"),
]
WITH_MANY = [
    Case("1 … 9", ("2",), "now.chosen === 'Rain'"),
    Case("⏎", ("Enter",), f"{NEXT} && now.done === before.done + 1"),
]


def test_every_key_does_what_the_help_says(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("keys"), birds=20, tone_hz=800, channels=2, length_s=8)
    _press_all(deck, CASES)


def test_keys_of_decks_with_many_labels_do_what_the_help_says(page: Page, served: Served) -> None:
    _press_all(Deck(page, served, sheet=fresh("keys"), labels_per_clip="many"), WITH_MANY)


def test_no_key_of_the_help_is_left_out_here(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("keys"))
    deck.press("?")
    terms = page.locator(".em-deck-help dt")
    shown = {
        " ".join(caps) for caps in terms.evaluate_all("all => all.map(dt => [...dt.children].map(x => x.innerText))")
    }
    assert shown == {case.caps for case in (*CASES, *WITH_MANY)}
    expect(page.locator(".em-deck-help dd")).to_have_count(len(shown))


def test_key_that_is_held_repeats_nothing(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("held"))
    for key in ("u", "s", "Backspace", "f", "g", "+"):
        before = page.evaluate(SNAPSHOT)
        for _ in range(6):
            page.keyboard.down(key)
        page.keyboard.up(key)
        page.wait_for_timeout(150)
        now = page.evaluate(SNAPSHOT)
        assert now["nStarts"] - before["nStarts"] <= 1, key
        assert now["gain"] - before["gain"] in (0, 3), key
    deck.press("1")
    deck.says("2 of 40 answered")
    kinds = [event["kind"] for event in deck.saved(4)]
    assert kinds == ["AnswerGiven", "SkipGiven", "FlagGiven", "AnswerGiven"]


def _press_all(deck: Deck, cases: list[Case]) -> None:
    for case in cases:
        deck.press(*case.first)
        for key in case.keys:
            before = deck.page.evaluate(SNAPSHOT)
            deck.press(key)
            deck.page.wait_for_function(
                f"before => {{ const now = ({SNAPSHOT})(); return {case.holds}; }}", arg=before, timeout=5000
            )
