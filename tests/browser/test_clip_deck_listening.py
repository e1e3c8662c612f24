"""How a person listens at the deck: provenance, loudness, channels, pitch, zoom, axes, and the project's picture."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from pipeline.core.picture import PictureRecipe
from tests.browser.deck_page import Deck, fresh
from tests.browser.harness import Served

pytestmark = pytest.mark.browser

# The loudest frequency that leaves the player, as its listener would hear it.
HEAR_PITCH = """
async () => {
  const { player } = window.__earmark_deck;
  const context = player.output.node.context;
  const ear = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
  player.output.node.connect(ear);
  await new Promise((done) => setTimeout(done, 900));
  const levels = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  player.output.node.disconnect(ear);
  return [loudest * context.sampleRate / ear.fftSize, levels[loudest]];
}
"""
# What is drawn, as a number: a million pixels are too many to send.
DRAWN = """
() => {
  const canvas = document.querySelector(".em-deck-picture");
  const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return pixels.reduce((sum, pixel) => (Math.imul(sum, 31) + pixel) | 0, 7);
}
"""


def test_share_heard_is_the_union_of_what_sounded_also_at_other_speeds(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("share"), length_s=6)
    deck.press(" ")
    before = page.evaluate("window.__earmark_deck.player.heard.share")
    _seek(page, 0.5)
    deck.press("]", "]", "]", " ")  # the second half, at twice the speed, to its end
    expect(page.get_by_title("Play (Space)")).to_be_visible(timeout=10_000)
    deck.press("1")
    deck.on_clip(1)
    page.wait_for_function("!window.__earmark_deck.player.playing", timeout=15_000)  # whole, at twice the speed
    _seek(page, 0.25)
    deck.press(" ")
    page.wait_for_timeout(300)  # heard before: it adds to the seconds and not to the share
    deck.press("2")
    deck.on_clip(2)
    first, second = (event["heard"] for event in deck.saved(2))
    assert 0 < before < 0.5
    assert first["share"] == pytest.approx(before + 0.5, abs=0.01)
    assert second["share"] == 1
    assert second["heard_s"] > 6.1 and second["n_plays"] == 2


def test_looped_part_counts_once(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("loop"), length_s=4)
    deck.press(" ")
    share_before = page.evaluate("window.__earmark_deck.player.heard.share")
    _drag(page, 0.5, 0.6)
    page.wait_for_timeout(1500)
    heard = page.evaluate("window.__earmark_deck.player.heard")
    assert heard["heard_s"] > 1.2
    assert heard["share"] == pytest.approx(share_before + 0.1, abs=0.01)


def test_answer_carries_the_hash_of_the_picture_that_was_seen(page: Page, served: Served) -> None:
    other = PictureRecipe(scale="linear", colours="grey")
    asked = quote(json.dumps({"scale": "linear", "colours": "grey"}))
    deck = Deck(page, served, sheet=fresh("hash"), picture=asked)
    deck.press("b")
    deck.on_clip(1)
    (event,) = deck.saved(1)
    assert (event["answer"], event["screen"], event["picture"]) == ("bad_audio", "deck", other.hash)


@pytest.mark.parametrize(
    ("changes", "ticks"),
    [
        ({}, {"1", "4", "6"}),
        ({"scale": "linear"}, {"1", "4", "7"}),
        ({"scale": "log", "fmin_hz": 50}, {"0.1", "0.5", "1", "4"}),
        ({"fmin_hz": 0, "fmax_hz": 1500}, {"500", "1000"}),
    ],
)
def test_frequency_axis_stands_where_the_tones_are(
    page: Page, served: Served, changes: dict[str, Any], ticks: set[str]
) -> None:
    deck = Deck(page, served, sheet=fresh("axis"), picture=quote(json.dumps(changes)), tone_hz=1000, length_s=1)
    deck.on_clip(0)
    shown = page.locator(".em-deck-hertz span").evaluate_all(
        "spans => spans.map(span => [span.textContent, 1 - parseFloat(span.style.bottom) / 100])"
    )
    assert ticks <= {text for text, _ in shown}
    one_khz = next(at for text, at in shown if text in ("1", "1000"))
    darkest = page.evaluate(
        """() => {
          const canvas = document.querySelector(".em-deck-picture");
          const { data } = canvas.getContext("2d").getImageData(canvas.width >> 1, 0, 1, canvas.height);
          const light = Array.from({length: canvas.height}, (_, y) => data[4*y] + data[4*y+1] + data[4*y+2]);
          const least = Math.min(...light);
          const rows = light.flatMap((value, y) => (value <= least + 2 ? [y] : []));
          return (rows[0] + rows.at(-1) + 1) / 2 / canvas.height;
        }"""
    )
    assert darkest == pytest.approx(one_khz, abs=0.02)


def test_every_setting_of_the_picture_changes_what_is_drawn(page: Page, served: Served) -> None:
    changes = [{}, {"pcen": True}, {"range_db": 40}, {"window_ms": 8}, {"colours": "viridis"}, {"colours": "grey"}]
    seen = set[int]()
    for change in changes:
        Deck(page, served, sheet=fresh("drawn"), picture=quote(json.dumps(change)))
        seen.add(page.evaluate(DRAWN))
    assert len(seen) == len(changes)


def test_louder_and_softer_are_for_the_ears_alone(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("gain"), tone_hz=1000, length_s=8)
    _, usual_db = page.evaluate(HEAR_PITCH)
    deck.press("g", "g")
    expect(page.locator(".em-deck-transport")).to_contain_text("+6 dB")
    _, louder_db = page.evaluate(HEAR_PITCH)
    assert louder_db - usual_db == pytest.approx(6, abs=0.5)
    deck.press("Shift+G", "Shift+G", "Shift+G")
    expect(page.locator(".em-deck-transport")).to_contain_text("−3 dB")
    deck.press("1")
    deck.on_clip(1)
    expect(page.locator(".em-deck-transport")).to_contain_text("−3 dB")
    page.get_by_role("button", name="−3 dB").click()
    expect(page.locator(".em-deck-transport")).to_contain_text("0 dB")
    assert "gain" not in json.dumps(deck.saved(1))


def test_one_channel_of_two_is_heard_alone(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("solo"), tone_hz=500, channels=2, length_s=8)
    transport = page.locator(".em-deck-transport")
    expect(transport).to_contain_text("L+R")
    deck.press("c")
    expect(transport).to_contain_text("Left")
    assert page.evaluate(HEAR_PITCH)[0] == pytest.approx(500, abs=5)
    deck.press("c", "r")
    expect(transport).to_contain_text("Right")
    assert page.evaluate(HEAR_PITCH)[0] == pytest.approx(1000, abs=5)
    deck.press("c")
    expect(transport).to_contain_text("L+R")


def test_clip_of_one_channel_offers_no_choice_of_channels(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("mono"))
    deck.press("c")
    expect(page.get_by_role("button", name="L+R")).to_have_count(0)


@pytest.mark.parametrize(("key", "n", "speed"), [("[", 2, "0.5×"), ("]", 3, "2×")])
def test_pitch_stays_at_every_speed(page: Page, served: Served, key: str, n: int, speed: str) -> None:
    deck = Deck(page, served, sheet=fresh("pitch"), tone_hz=1000, length_s=12)
    deck.press(*[key] * n, "r")
    expect(page.locator(".em-deck-transport")).to_contain_text(speed)
    page.wait_for_timeout(500)
    heard_hz, _ = page.evaluate(HEAR_PITCH)
    print(f"\n1000 Hz at {speed}: {heard_hz:.0f} Hz")
    assert heard_hz == pytest.approx(1000, rel=0.02)


def test_zoom_shows_a_part_and_turns_the_page_with_the_sound(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("zoom"), length_s=12)
    deck.press(" ")
    whole = _seconds(page)
    assert whole[0] == "0" and whole[-1] == "12"
    deck.press("r", " ", "+", "+", "=")
    assert [float(text) for text in _seconds(page)][-1] <= 1.5
    page.wait_for_timeout(300)
    finer = page.evaluate(DRAWN)
    deck.press("-", "-", "-")
    assert _seconds(page) == whole
    assert page.evaluate(DRAWN) != finer
    box = page.locator(".em-deck-field").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 40)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    ticks = [float(text) for text in _seconds(page)]
    assert ticks[0] > 6 and ticks[-1] < 11  # about the second under the pointer
    deck.press("r")
    page.wait_for_function("parseFloat(document.querySelector('.em-deck-seconds span').textContent) < 1")
    _drag(page, 0.5, 0.9)  # drags are in what is seen
    loop = page.evaluate("window.__earmark_deck.player.loop")
    assert loop[1] - loop[0] == pytest.approx(0.4 * 1.5, abs=0.02)
    page.get_by_role("button", name="Show the whole clip").click()
    assert _seconds(page) == whole


def test_hour_opens_at_once_and_its_sound_comes_in_parts(page: Page, served: Served) -> None:
    deck = Deck(page, served, sheet=fresh("hour"), length_s=3600, part_s=3, n=2)
    page.wait_for_function("window.__earmark_deck.player.time > 0")
    expect(page.locator(".em-deck-time")).to_contain_text("/ 1:00:00")
    assert page.evaluate(HEAR_PITCH)[0] == pytest.approx(400, abs=5)
    page.wait_for_function("window.__earmark_deck.player.time > 3.6", timeout=15_000)  # on into the next part
    assert page.evaluate(HEAR_PITCH)[0] == pytest.approx(600, abs=5)
    page.get_by_role("button", name="Show the whole clip").click()
    expect(page.get_by_text("Zoom in (+) to see the spectrogram")).to_be_visible()
    assert _seconds(page)[-1] == "1:00:00"
    _seek(page, 0.5)
    page.wait_for_function("window.__earmark_deck.player.time > 1790", timeout=15_000)
    blank = page.evaluate(DRAWN)
    deck.press(*["+"] * 8)
    expect(page.get_by_text("Zoom in (+) to see the spectrogram")).to_be_hidden()
    page.wait_for_function(f"blank => ({DRAWN})() !== blank", arg=blank, timeout=15_000)
    deck.press("r", "]", "]", "]")
    page.wait_for_function("window.__earmark_deck.player.time > 3.5", timeout=15_000)  # at twice the speed, too
    deck.press("1")
    deck.on_clip(1)
    (event,) = deck.saved(1)
    assert event["heard"]["share"] < 0.01 and event["heard"]["heard_s"] > 6


def _seconds(page: Page) -> list[str]:
    return page.locator(".em-deck-seconds span").all_inner_texts()


def _seek(page: Page, share: float) -> None:
    box = page.locator(".em-deck-field").bounding_box()
    assert box is not None
    page.locator(".em-deck-field").click(position={"x": share * box["width"], "y": 60})


def _drag(page: Page, share_from: float, share_to: float) -> None:
    box = page.locator(".em-deck-field").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + share_from * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + (share_from + share_to) / 2 * box["width"], box["y"] + 60)
    page.mouse.move(box["x"] + share_to * box["width"], box["y"] + 60)
    page.mouse.up()
