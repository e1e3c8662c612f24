"""The search of the curate page in Chromium: by a file, the microphone, a region and a clip, and what is kept of it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from playwright.sync_api import Browser, Page, expect

from apps.session import Session
from tests.browser.harness import CHROMIUM_FLAGS, chromium_path, open_page
from tests.browser.test_curate import (  # noqa: F401  pytest finds fixtures by these names
    PATIENCE_MS,
    SOUNDING,
    _go,
    browser,
    open_tab,
    page,
    rows,
    session,
    url,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("curate")]

FIRST, SECOND = "0_theo_1.wav", "2_lucas_0.wav"
SOUNDING_QUERY = f"{SOUNDING} === 'query'"


@pytest.fixture
def found(page: Page) -> Page:  # noqa: F811
    """The tab, open."""
    open_tab(page, "Search")
    expect(page.get_by_role("heading", name="Search by sound")).to_be_visible()
    return page


@pytest.fixture
def two_digits(test_data: Path, tmp_path: Path) -> Path:
    """One digit after the other, in a file whose name and ending say something else."""
    parts = [soundfile.read(test_data / "fsdd" / name)[0] for name in (FIRST, SECOND)]
    length = max(map(len, parts))
    path = tmp_path / "two digits <b>.png"
    padded = [np.pad(part, (0, length - len(part))) for part in parts]
    soundfile.write(path, np.concatenate(padded), 8_000, format="WAV")
    return path


def choose(page: Page, path: Path) -> None:  # noqa: F811
    page.locator(".em-query input[type=file]").set_input_files(path)


def names(page: Page) -> list[str]:  # noqa: F811
    return page.locator(".em-found-name").all_inner_texts()


def expect_first(page: Page, *either: str) -> None:  # noqa: F811
    """Wait until the nearest is one of these."""
    page.wait_for_function(
        "names => names.includes(document.querySelector('.em-found-name')?.textContent)",
        arg=list(either),
        timeout=PATIENCE_MS,
    )


def wait_for_picture(page: Page) -> None:  # noqa: F811
    expect(page.get_by_role("button", name="Play what is searched by")).to_be_enabled(timeout=PATIENCE_MS)


def drag(page: Page, start: tuple[float, float], stop: tuple[float, float]) -> None:  # noqa: F811
    """Draw over the query's spectrogram; places as shares from its left and its top."""
    box = page.locator(".em-query-field").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, stop)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()


def shoot(page: Page, name: str) -> None:  # noqa: F811
    """Screenshots for whoever asks for them: light and dark, wide and narrow."""
    folder = os.environ.get("EARMARK_SHOTS")
    if not folder:
        return
    for theme in ("light", "dark"):
        for width_px in (1440, 900):
            page.set_viewport_size({"width": width_px, "height": 900})
            page.evaluate(f"document.documentElement.dataset.emTheme = '{theme}'")
            page.wait_for_timeout(400)
            page.screenshot(path=f"{folder}/search-{name}-{theme}-{width_px}.png", full_page=True)


@contextmanager
def with_microphone(beside: Browser, recording: Path) -> Iterator[Browser]:
    """A Chromium whose microphone hears this file, once."""
    fake = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}%noloop",
        "--autoplay-policy=no-user-gesture-required",
    )
    kind = beside.browser_type
    path = chromium_path()
    running = kind.launch(executable_path=path, headless=True, args=[*CHROMIUM_FLAGS, *fake])
    try:
        yield running
    finally:
        running.close()


def test_file_is_searched_by_and_a_region_of_it_finds_what_sounds_there(found: Page, two_digits: Path) -> None:
    choose(found, two_digits)
    wait_for_picture(found)
    expect(found.get_by_role("heading", name="two digits <b>.png")).to_be_visible()
    expect(found.get_by_role("heading", name="most like this, the nearest first")).to_be_visible()
    similarities = [float(text) for text in found.locator(".em-found-similarity b").all_inner_texts()]
    assert len(similarities) == 24 and similarities == sorted(similarities, reverse=True)
    drag(found, (0.02, 0.0), (0.49, 1.0))
    expect_first(found, FIRST)
    drag(found, (0.51, 0.0), (0.99, 1.0))
    expect_first(found, SECOND)
    assert float(found.get_by_label("Region from, in s").input_value()) > 0.2
    expect(found.get_by_label("Region below, in Hz")).to_have_value("")
    shoot(found, "region")


def test_region_is_drawn_by_keys_alone_and_by_numbers(found: Page, two_digits: Path) -> None:
    choose(found, two_digits)
    wait_for_picture(found)
    field = found.locator(".em-query-field")
    field.focus()
    found.keyboard.press("ArrowRight")
    duration_s = soundfile.info(two_digits).duration
    from_s, below = found.get_by_label("Region from, in s"), found.get_by_label("Region below, in Hz")
    assert float(from_s.input_value()) == pytest.approx(duration_s / 4, abs=0.01)
    start_hz = float(below.input_value())
    for key in ("ArrowRight", "Shift+ArrowUp"):
        found.keyboard.press(key)
    assert float(from_s.input_value()) == pytest.approx(duration_s * 0.27, abs=0.01)
    assert float(below.input_value()) > start_hz
    found.keyboard.press("Enter")
    expect(found.get_by_role("heading", name="most like this region")).to_be_visible()
    found.keyboard.press("Escape")
    expect(found.get_by_role("heading", name="most like this, the nearest first")).to_be_visible()
    for key in ("from", "above", "below"):
        found.get_by_label(f"Region {key}").fill({"from": f"{duration_s / 2:.3f}", "above": "0", "below": "4000"}[key])
    found.keyboard.press("Enter")
    expect_first(found, SECOND)


def test_what_is_no_sound_is_refused_in_words_and_the_next_file_is_taken(
    found: Page, two_digits: Path, tmp_path: Path
) -> None:
    status = found.locator(".em-query-status")
    (tmp_path / "letter.wav").write_text("Dear reader, " * 100)
    choose(found, tmp_path / "letter.wav")
    expect(status).to_contain_text("letter.wav")
    expect(status).to_contain_text("got text")
    (tmp_path / "nothing.wav").touch()
    choose(found, tmp_path / "nothing.wav")
    expect(status).to_contain_text("nothing.wav is empty")
    with (tmp_path / "large.wav").open("wb") as large:
        large.truncate(40_000_000)
    choose(found, tmp_path / "large.wav")
    expect(status).to_contain_text("large.wav has 40.0 MB, at most 32.0 MB are taken")
    choose(found, two_digits)
    wait_for_picture(found)


def test_file_of_several_parts_is_dropped(found: Page, test_data: Path, tmp_path: Path) -> None:
    samples = soundfile.read(test_data / "fsdd" / FIRST)[0]
    soundfile.write(tmp_path / "long.wav", np.pad(samples, (0, 40 * 8_000)), 8_000, subtype="DOUBLE")
    assert (tmp_path / "long.wav").stat().st_size > 2 << 20
    data = (tmp_path / "long.wav").read_bytes()
    found.evaluate(
        """bytes => {
          const carried = new DataTransfer();
          carried.items.add(new File([Uint8Array.from(atob(bytes), c => c.charCodeAt(0))], "long.wav"));
          const about = { dataTransfer: carried, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("drop", about));
        }""",
        base64.b64encode(data).decode(),
    )
    wait_for_picture(found)
    expect_first(found, FIRST)


def test_microphone_is_heard_and_searched_by(
    browser: Browser,  # noqa: F811
    url: str,  # noqa: F811
    test_data: Path,
    tmp_path: Path,
) -> None:
    spoken = soundfile.read(test_data / "fsdd" / SECOND)[0]
    heard = soxr.resample(np.concatenate((np.zeros(4_000), spoken, np.zeros(8_000))), 8_000, 48_000)
    soundfile.write(tmp_path / "spoken.wav", np.clip(heard, -1, 1), 48_000, subtype="PCM_16")
    with with_microphone(browser, tmp_path / "spoken.wav") as running, open_page(running) as page:  # noqa: F811
        _go(page, url)
        open_tab(page, "Search")
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_role("meter", name="Level of the microphone")).to_be_visible()
        page.wait_for_function(
            "Number(document.querySelector('[role=meter]').getAttribute('aria-valuenow')) > 40", timeout=PATIENCE_MS
        )
        shoot(page, "recording")
        page.wait_for_timeout(1_500)
        page.keyboard.press("r")
        wait_for_picture(page)
        expect_first(page, SECOND)
        expect(page.get_by_role("heading", name="Recording", exact=True)).to_be_visible()


def test_recording_can_be_given_up(browser: Browser, url: str, test_data: Path) -> None:  # noqa: F811
    with with_microphone(browser, test_data / "fsdd" / SECOND) as running, open_page(running) as page:  # noqa: F811
        _go(page, url)
        open_tab(page, "Search")
        page.get_by_role("button", name="Record").click()
        page.wait_for_function("document.querySelector('.em-query-recording .em-num').textContent > '0.1'")
        page.keyboard.press("Escape")
        expect(page.locator(".em-query-status")).to_have_text("Nothing was recorded.")
        expect(page.get_by_role("button", name="Record")).to_be_focused()
        assert page.locator(".em-found-row").count() == 0


def test_refused_microphone_and_insecure_page_are_told_in_words(found: Page) -> None:
    status, record = found.locator(".em-query-status"), found.get_by_role("button", name="Record")
    found.evaluate(
        "() => { const refuse = () => Promise.reject(new DOMException('no', 'NotAllowedError'));"
        " navigator.mediaDevices.getUserMedia = refuse; }"
    )
    record.click()
    expect(status).to_contain_text("did not allow the microphone: allow it")
    found.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined, configurable: true })")
    found.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false, configurable: true })")
    record.click()
    expect(status).to_contain_text("open Earmark by https://")


def test_list_is_heard_searched_on_and_kept_by_keys_alone(found: Page, session: Session, two_digits: Path) -> None:  # noqa: F811
    choose(found, two_digits)
    wait_for_picture(found)
    found.locator(".em-found-row").first.focus()
    found.keyboard.press("ArrowDown")
    second = names(found)[1]
    clip_id = clip_of(session, second)
    found.wait_for_function(f"{SOUNDING} === {clip_id}")
    found.keyboard.press(" ")
    found.wait_for_function(f"{SOUNDING} === null")
    found.keyboard.press("m")
    expect(found.locator(".em-query-head h2")).to_have_text(second)
    wait_for_picture(found)
    assert second not in names(found)
    found.locator(".em-found-row").first.focus()
    for _ in range(3):
        found.keyboard.press("x")
        found.keyboard.press("ArrowDown")
    chosen = names(found)[:3]
    name = found.get_by_label("Name of the selection of ticked clips")
    expect(name).to_have_value("found 1")
    shoot(found, "kept")
    name.fill("like this one")
    found.keyboard.press("Enter")
    expect(found.get_by_text("3 clips kept as “like this one”.")).to_be_visible()
    kept = rows(
        session,
        """
        SELECT r.name FROM selection s JOIN selection_item i USING (selection_id)
        JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
        WHERE s.name = 'like this one' ORDER BY i.position
        """,
    )
    assert [name for (name,) in kept] == chosen


def test_unlike_anything_lists_the_loneliest(found: Page) -> None:
    found.get_by_role("button", name="Unlike anything").click()
    expect(found.get_by_role("heading", name="unlike anything, the loneliest first")).to_be_visible()
    similarities = [float(text) for text in found.locator(".em-found-similarity b").all_inner_texts()]
    assert similarities == sorted(similarities) and len(similarities) > 10
    found.get_by_role("button", name="More like this").first.click()
    expect(found.get_by_role("heading", name="most like this, the nearest first")).to_be_visible()
    shoot(found, "unlike")


def test_query_is_heard_from_where_it_is_clicked(found: Page, two_digits: Path) -> None:
    choose(found, two_digits)
    wait_for_picture(found)
    found.locator(".em-query-field").click(position={"x": 20, "y": 40})
    found.wait_for_function(SOUNDING_QUERY)
    found.get_by_role("button", name="Play what is searched by").click()
    found.wait_for_function(f"{SOUNDING} === null")


def test_search_never_scrolls_sideways(found: Page, two_digits: Path) -> None:
    choose(found, two_digits)
    wait_for_picture(found)
    root = "document.documentElement"
    for width_px in (900, 1440):
        found.set_viewport_size({"width": width_px, "height": 900})
        assert found.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), width_px


def test_clip_heard_on_the_map_is_searched_by(page: Page, session: Session) -> None:  # noqa: F811
    stage = page.locator(".em-map-stage")
    stage.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.em-map-stage').dataset.heard")
    ((name,),) = rows(
        session,
        "SELECT r.name FROM clip JOIN recording r USING (recording_id) WHERE clip_id = %s",
        int(stage.get_attribute("data-heard") or 0),
    )
    page.keyboard.press("m")
    expect(page.locator(".em-query-head h2")).to_have_text(name)
    expect(page.get_by_role("heading", name="most like this, the nearest first")).to_be_visible()


def clip_of(session: Session, name: str) -> int:  # noqa: F811
    statement = "SELECT clip_id FROM clip JOIN recording r USING (recording_id) WHERE r.name = %s"
    return rows(session, statement, name)[0][0]
