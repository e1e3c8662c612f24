"""The clip deck when something goes away: the network, the kernel, the tab. No answer is lost or doubled."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.deck_page import Deck, fresh
from tests.browser.harness import Link, Served

pytestmark = pytest.mark.browser


def test_answers_wait_through_a_frozen_kernel_and_a_reload_and_none_is_doubled(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("reload"))
    page.wait_for_timeout(500)
    frozen = deck.kernel_pid
    os.kill(frozen, signal.SIGSTOP)
    try:
        deck.press("1")
        deck.on_clip(1)
        deck.press("2")
        deck.on_clip(2)
        deck.press("Backspace")
        deck.on_clip(1)
        deck.says("3 unsaved")
        expect(page.locator(".em-deck-notice")).to_contain_text("Offline: 3 answers wait", timeout=12_000)
        page.reload()
        deck.wait_for_sound()
        deck.on_clip(1)  # clip 0 is not asked again, clip 1 was withdrawn
        events = deck.saved(3)
    finally:
        _thaw(frozen)
    time.sleep(1)  # what the thawed kernel still had in its ears arrives a second time, under the same ids
    assert [event["answer"] for event in deck.saved(3)] == ["label", "label", "withdrawn"]
    assert events[2]["supersedes"] == events[1]["annotation_id"]
    deck.says("1 of 40 answered")


def test_second_tab_sends_what_the_first_could_not_and_asks_for_other_clips(page: Page, served: Served) -> None:
    sheet = fresh("tabs")
    first = Deck(page, served, sheet=sheet)
    frozen = first.kernel_pid
    os.kill(frozen, signal.SIGSTOP)
    try:
        first.press("1")
        first.says("1 unsaved")
        second = Deck(page.context.new_page(), served, sheet=sheet)
        second.on_clip(1)
        assert [event["label"] for event in second.saved(1)] == ["Dog bark"]
        page.bring_to_front()
        assert [event["clip_id"] for event in first.saved(1)] == [0]
    finally:
        _thaw(frozen)


def test_labelling_goes_on_while_the_network_is_cut(page: Page, served: Served) -> None:
    link = Link(to_port=served.port)
    deck = Deck(page, served, sheet=fresh("cut"), port=link.port)
    page.wait_for_timeout(1000)
    link.cut()
    for n in range(3):
        deck.on_clip(n)
        deck.press(str(n + 1))
    deck.on_clip(3)
    expect(page.locator(".em-deck-notice")).to_contain_text("Offline: 3 answers wait", timeout=15_000)
    link.mend()
    assert [event["label"] for event in deck.saved(3)] == ["Dog bark", "Rain", "Sea waves"]
    expect(page.locator(".em-deck-notice")).to_be_hidden()
    link.close()


def test_dead_kernel_asks_for_a_reload_that_saves_everything(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("dead"))
    page.wait_for_timeout(500)
    os.kill(deck.kernel_pid, signal.SIGKILL)
    deck.press("1")
    deck.on_clip(1)
    expect(page.locator(".em-deck-notice")).to_contain_text("Reload it to go on. 1 answer waits", timeout=20_000)
    page.reload()
    deck.wait_for_sound()
    assert [event["label"] for event in deck.saved(1)] == ["Dog bark"]


def _thaw(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
