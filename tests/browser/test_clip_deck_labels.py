"""Label sets of every size at the deck, many labels at once, and the first minute that teaches the keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.deck_page import CLIPPED, Deck, fresh
from tests.browser.harness import Served, open_page

pytestmark = pytest.mark.browser


def test_two_keys_choose_family_and_label_and_escape_goes_back(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("families"), families=8)
    deck.press("2")
    expect(page.locator(".em-deck-trail")).to_contain_text("Family 1")
    deck.press("Escape")
    expect(page.locator(".em-deck-trail")).to_be_hidden()
    deck.press("3", "4")
    deck.on_clip(1)
    expect(page.locator(".em-deck-trail")).to_be_hidden()
    deck.press("9")  # stands alone: one key is enough
    deck.on_clip(2)
    page.get_by_role("button", name="Family 7").click()
    page.get_by_role("button", name="kind 5").click()
    deck.on_clip(3)
    deck.press("1", "9")  # the family has six
    deck.on_clip(3)
    assert [event["label"] for event in deck.saved(3)] == ["Family 2: kind 3", "Silence", "Family 7: kind 5"]


def test_labels_given_last_are_found_first(page: Page, served: Served) -> None:
    sheet = fresh("recent")
    deck = Deck(page, served, sheet=sheet, birds=20)
    for n, typed in enumerate(("bird 11", "bird 7")):
        deck.on_clip(n)
        deck.press("/")
        page.keyboard.type(typed)
        deck.press("Enter")
    deck.on_clip(2)
    deck.press("/")
    options = page.get_by_role("option")
    assert [options.nth(i).inner_text().split("\n")[0] for i in range(3)] == ["Bird 7", "Bird 11", "Dog bark"]
    page.keyboard.type("bird 1")
    assert options.first.inner_text().startswith("Bird 11")
    deck.press("Escape")
    page.reload()
    deck.wait_for_sound()
    deck.press("/", "ArrowDown", "ArrowDown", "ArrowUp", "Enter")
    deck.on_clip(3)
    assert [event["label"] for event in deck.saved(3)] == ["Bird 11", "Bird 7", "Bird 11"]


def test_many_labels_are_chosen_one_by_one_and_saved_together(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("many"), labels_per_clip="many")
    deck.press("Enter")  # nothing is chosen
    deck.press("3", "1", "2", "1", "Enter")
    deck.on_clip(1)
    deck.press("u")
    deck.on_clip(2)
    deck.press("5", "y")
    deck.on_clip(3)
    deck.press("j", "j", "j")
    deck.on_clip(0)
    chosen = page.locator(".em-deck-given")
    expect(chosen).to_have_count(2)
    deck.press("4", "Enter")
    saved = deck.saved(4)
    assert [(e["answer"], e["label"], e["also"]) for e in saved] == [
        ("label", "Sea waves", ["Rain"]),
        ("unsure", None, []),
        ("label", "Sea waves", ["Clock tick"]),
        ("label", "Sea waves", ["Rain", "Baby cry"]),
    ]
    assert saved[3]["supersedes"] == saved[0]["annotation_id"]


@pytest.mark.parametrize("is_dark", [False, True])
def test_fifty_labels_stay_tidy_on_a_small_screen(browser: Browser, served: Served, is_dark: bool) -> None:
    with open_page(browser, width_px=900, is_dark=is_dark) as page:
        Deck(page, served, sheet=fresh("fifty"), birds=41)
        assert page.locator(".em-deck-label").count() == 50
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator(".em-deck-label").evaluate_all(CLIPPED) == []
        others = page.get_by_role("group", name="Other answers").bounding_box()
        assert others is not None and others["y"] + others["height"] < 900


def test_first_minute_teaches_the_keys_and_saves_nothing(browser: Browser, served: Served) -> None:
    with open_page(browser, is_taught=False) as page:
        deck = Deck(page, served, sheet=fresh("guide"), guided="anna")
        guide = page.get_by_role("region", name="The keys in a minute")
        steps = [(" ", "Listen"), ("2", "Decide"), ("Backspace", "Take back"), ("u", "When no label fits")]
        for key, title in [*steps, ("l", "Listen closely")]:
            expect(guide).to_contain_text(title)
            deck.press("s", "k", "f")  # what is not asked for does nothing
            expect(guide).to_contain_text(title)
            deck.press(key)
        expect(guide).to_contain_text("All keys")
        deck.press("?")
        expect(guide).to_be_hidden()
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        deck.press("Escape")
        deck.on_clip(0)
        assert deck.saved(0) == []
        deck.press("2")  # from now on it counts
        deck.on_clip(1)
        assert [event["label"] for event in deck.saved(1)] == ["Rain"]
        page.reload()
        deck.wait_for_sound()
        expect(guide).to_be_hidden()  # once in each browser


def test_first_minute_can_be_left_and_called_again(browser: Browser, served: Served) -> None:
    with open_page(browser, is_taught=False) as page:
        deck = Deck(page, served, sheet=fresh("guide"), guided="bert")
        guide = page.get_by_role("region", name="The keys in a minute")
        expect(guide).to_be_visible()
        deck.press("Escape")
        expect(guide).to_be_hidden()
        deck.press("?")
        page.get_by_role("button", name="Practise them in a minute").click()
        expect(guide).to_contain_text("Listen")
        deck.press("r", "1")
        expect(guide).to_contain_text("“Dog bark” would be saved now")
        page.get_by_role("button", name="Skip (Esc)").click()
        expect(guide).to_be_hidden()
        deck.on_clip(0)
        assert deck.saved(0) == []


def test_nobody_is_taught_who_is_not_new(browser: Browser, served: Served) -> None:
    with open_page(browser, is_taught=False) as page:
        Deck(page, served, sheet=fresh("guide"))
        expect(page.get_by_role("region", name="The keys in a minute")).to_be_hidden()
