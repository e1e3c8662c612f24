"""The widgets as a person meets them: served as in production, in Chromium, with real sounds."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import open_chromium

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from pathlib import Path
from voila.app import Voila
from apps.serving.voila_config import voila_config
Voila.launch_instance(argv=[], config=voila_config(Path(sys.argv[1]), port=int(sys.argv[2])))
"""
COMMON = """
import os
from pathlib import Path
import numpy as np
from pipeline.core.errors import AudioError, EarmarkError
from pipeline.widgets.clip_source import ClipBytes
from pipeline.widgets.layout import columns, page
from pipeline.widgets.shell import EmptyState, Header, Kpis, Notice, Progress, Steps

FILES = sorted((Path(os.environ["EARMARK_TEST_DATA"]) / "esc10").rglob("*.ogg"))[::7]

def read_clip(clip_id):
    if clip_id >= len(FILES):
        raise AudioError("no decoder reads this clip", which=clip_id, do="bring it in again")
    return ClipBytes(data=FILES[clip_id].read_bytes(), mime="audio/ogg", rate_hz=44100)

header = Header("Test", nav=[{"name": "Home", "href": "home.ipynb", "is_here": True}], project="P", person="Anna Berg")
notice = Notice()
"""
HOME = """
from pipeline.widgets.charts import Bars, Line
from pipeline.widgets.forms import Form
from pipeline.widgets.tables import Table

empty = EmptyState("No recording yet", action_label="Bring in")
empty.on_act(lambda: notice.success("<b>Brought in</b> 3 recordings."))
steps = Steps([{"name": "Cut", "count": 3, "state": "done"}, {"name": "Evil", "href": "javascript:window.evil=1"}])
progress = Progress()
progress.show("Embed", 30, total=40)

names = ["<img src=x onerror=window.evil=1>", "b\\nb\\u202ecod.wav", "z" * 300]
rows = [{"id": n, "play": [0, 1, 10_000][n], "name": names[n], "n": [10, 9, 100][n]} for n in range(3)]
table = Table(
    [{"key": "play", "kind": "play"}, {"key": "name", "label": "Name"}, {"key": "n", "label": "N", "kind": "number"}],
    read_clip=read_clip,
)
table.show(rows, has_next=True, note="page 1")

def turn(to):
    if to == "previous":
        raise EarmarkError("the database is away", do="try again")
    table.show([{"id": 9, "name": "second page", "n": 1}], has_previous=True, note="page 2")

table.on_page(turn)
table.on_row(lambda row_id: notice.info(f"row {row_id}"))

form = Form(
    [{"key": "folder", "label": "Folder", "kind": "folder", "is_required": True},
     {"key": "n", "label": "How many", "kind": "number", "value": 5, "max": 9}],
    submit_label="Go",
)

def submit(values):
    if values["folder"] == "/nowhere":
        form.errors = {"folder": "There is no folder here."}
    elif values["folder"] == "/crash":
        raise RuntimeError("boom")
    return f"took {values['n']} from {values['folder']}"

form.on_submit(submit)
bars = Bars([{"label": "rain", "value": 3}, {"label": "none", "value": 0}], title="Labels")
line = Line([{"name": "one point", "points": [[1, 0.5]]}], title="Curve")
kpis = Kpis([{"label": "Clips", "value": 12034}])
page(header, notice, kpis, steps, progress, columns(bars, line), empty, form, table)
"""
CURATE = """
from pipeline.widgets.clip_compare import ClipCompare

def member(clip_id, state="proposed"):
    return {"clip_id": clip_id, "name": f"clip {clip_id}", "state": state, "distance": 0.01, "reason": "alike"}

store = {
    g: {"id": g, "name": f"group {g}", "representative_id": 10 * g, "members": [member(10 * g + k) for k in range(3)]}
    for g in range(3)
}
compare = ClipCompare(read_clip=read_clip)
compare.on_open(lambda group_id: store[group_id])

def decide(group_id, clip_id, decision):
    group = store[group_id]
    if decision == "represent" and group_id == 1:
        raise EarmarkError("you may not change this group", do="ask a reviewer")
    if decision == "represent":
        store[group_id] = {**group, "representative_id": clip_id}
    else:
        state = {"mark": "copy", "restore": "restored"}[decision]
        members = [{**m, "state": state} if m["clip_id"] == clip_id else m for m in group["members"]]
        store[group_id] = {**group, "members": members}
    return store[group_id]

compare.on_decide(decide)
compare.show([{"id": g, "name": f"group {g}", "n_clips": 3, "is_settled": False, "doubt": 1 - g / 3} for g in store])
page(header, compare)
"""
MAP = """
from pipeline.widgets.clip_map import ClipMap

rng = np.random.default_rng(0)
N = 50_000
category = np.repeat([0, 1], N // 2)
xy = rng.normal(0, 1, (N, 2)) + np.array([[-9, 0], [9, 0]])[category]
xy[0], category[0] = (0, 0), 0
clip_map = ClipMap(read_clip=lambda clip_id: read_clip(clip_id % len(FILES)), height=500)
clip_map.on_selected(lambda ids: notice.info(f"{len(ids)} ids, {min(ids, default=-1)} first") or None)
names, sides = [f"clip-{n}" for n in range(N)], [{"name": "left"}, {"name": "right"}]
clip_map.show(xy, category, ids=np.arange(N), categories=sides, names=names)
page(header, notice, clip_map)
"""
SOUNDING = "(() => { const p = window.__earmark_sound?.sounding; return p?.playing ? [p.entry.id, p.time] : null; })()"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, test_data: Path) -> Iterator[str]:
    """The address of a Voila that serves the three pages by apps/serving."""
    folder = tmp_path_factory.mktemp("site")
    for name, code in {"home": HOME, "curate": CURATE, "map": MAP}.items():
        cells = [nbformat.v4.new_code_cell(COMMON + code)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / f"{name}.ipynb")
    port = 20_000 + os.getpid() % 20_000
    environ = os.environ | {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PATH": str(ROOT / "apps" / "serving"),
        "EARMARK_TEST_DATA": str(test_data),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-c", SERVE, str(folder), str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        try:
            yield _address(port, process, folder / "log")
        finally:
            process.terminate()
            process.wait(timeout=15)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def home(chromium: Browser, site: str) -> Iterator[Page]:
    with opened(chromium, f"{site}/voila/render/home.ipynb", wait_for=".em-table tbody tr") as page:
        yield page


@pytest.fixture(scope="module")
def curate(chromium: Browser, site: str) -> Iterator[Page]:
    with opened(chromium, f"{site}/voila/render/curate.ipynb", wait_for=".em-clip.em-ready") as page:
        page.wait_for_function("document.querySelectorAll('.em-clip.em-ready').length === 3")
        yield page


@contextlib.contextmanager
def opened(browser: Browser, url: str, *, wait_for: str, **context: Any) -> Iterator[Page]:
    """A page in a context of its own; a script error or a request to another host fails the test."""
    session = browser.new_context(viewport={"width": 1440, "height": 900}, **context)
    page = session.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url) if not _is_ours(request.url) else None)
    page.goto(url, wait_until="commit")
    page.wait_for_selector(wait_for, timeout=60_000)
    try:
        yield page
    finally:
        session.close()
    assert troubles == []


def test_theme_follows_the_system_then_the_button_and_is_remembered(chromium: Browser, site: str) -> None:
    url = f"{site}/voila/render/home.ipynb"
    with opened(chromium, url, wait_for=".em-theme", color_scheme="dark") as page:
        ground = "getComputedStyle(document.querySelector('.em-page')).backgroundColor"
        assert page.evaluate(ground) == "rgb(11, 15, 24)"
        page.click(".em-theme")
        assert page.evaluate(ground) == "rgb(246, 247, 250)"
        page.reload(wait_until="commit")
        page.wait_for_selector("#loading")
        assert page.evaluate("document.documentElement.dataset.emTheme") == "light"


@pytest.mark.parametrize("width_px", [900, 1440, 1920])
def test_page_never_scrolls_sideways(home: Page, width_px: int) -> None:
    home.set_viewport_size({"width": width_px, "height": 900})
    root = "document.documentElement"
    assert home.evaluate(f"{root}.scrollWidth <= {root}.clientWidth && {root}.scrollHeight > {root}.clientHeight")
    home.set_viewport_size({"width": 1440, "height": 900})


def test_title_and_progress_speak_to_screen_readers(home: Page) -> None:
    assert home.title() == "Test · Earmark"
    expect(home.locator("[role=progressbar]")).to_have_attribute("aria-valuenow", "75")


def test_names_are_text_and_what_hides_in_them_is_seen(home: Page) -> None:
    cells = home.locator(".em-table tbody td.em-col-text")
    expect(cells.nth(0)).to_have_text("<img src=x onerror=window.evil=1>")
    expect(cells.nth(1)).to_have_text("b⏎b�cod.wav")
    home.locator(".em-step", has_text="Evil").click()
    assert home.evaluate("window.evil === undefined")


def test_button_ends_in_a_sentence_that_is_text(home: Page) -> None:
    home.get_by_role("button", name="Bring in").click()
    expect(home.locator(".em-notice.em-success")).to_have_text("<b>Brought in</b> 3 recordings.")
    home.get_by_role("button", name="Dismiss").click()
    expect(home.locator(".em-notice")).to_have_count(0)


def test_heading_sorts_numbers_as_numbers(home: Page) -> None:
    numbers = home.locator(".em-table tbody td.em-col-number")
    home.get_by_role("button", name="N", exact=True).click()
    assert numbers.all_inner_texts() == ["9", "10", "100"]
    expect(home.locator("th.em-col-number")).to_have_attribute("aria-sort", "ascending")
    home.get_by_role("button", name="N", exact=True).click()
    assert numbers.all_inner_texts() == ["100", "10", "9"]
    home.get_by_role("button", name="N", exact=True).click()


def test_play_button_sounds_and_a_missing_clip_says_why(home: Page) -> None:
    buttons = home.locator(".em-table .em-play")
    buttons.nth(1).click()
    home.wait_for_function(f"{SOUNDING}?.[0] === 1")
    buttons.nth(1).click()
    assert home.evaluate(SOUNDING) is None
    buttons.nth(2).click()
    expect(home.locator(".em-table-status")).to_contain_text("bring it in again")


def test_row_opens_by_enter(home: Page) -> None:
    home.locator(".em-table tbody tr").nth(1).focus()
    home.keyboard.press("ArrowUp")
    home.keyboard.press("Enter")
    expect(home.locator(".em-notice.em-info")).to_have_text("row 0")
    expect(home.locator("tr.em-chosen")).to_have_count(1)


def test_pages_turn_and_a_failed_turn_says_why(home: Page) -> None:
    home.get_by_role("button", name="Next").click()
    expect(home.locator(".em-table tbody")).to_contain_text("second page")
    expect(home.get_by_role("button", name="Next")).to_be_disabled()
    home.get_by_role("button", name="Previous").click()
    expect(home.locator(".em-table-status")).to_have_text("the database is away; try again")
    expect(home.get_by_role("button", name="Previous")).to_be_enabled()


def test_form_checks_asks_and_answers(home: Page) -> None:
    outcome, go = home.locator(".em-form-outcome"), home.get_by_role("button", name="Go", exact=True)
    go.click()
    expect(home.locator("[data-key=folder] .em-field-error")).to_have_text("This is needed.")
    home.get_by_label("Folder").fill("/nowhere")
    home.get_by_label("How many").fill("12")
    go.click()
    expect(home.locator("[data-key=n] .em-field-error")).to_have_text("The most is 9.")
    home.get_by_label("How many").fill("7")
    go.click()
    expect(home.locator("[data-key=folder] .em-field-error")).to_have_text("There is no folder here.")
    home.get_by_label("Folder").fill("/crash")
    go.click()
    expect(outcome).to_contain_text("RuntimeError: boom")
    home.get_by_label("Folder").fill("/nas/yard")
    home.keyboard.press("Enter")
    expect(outcome).to_have_text("took 7 from /nas/yard")


def test_a_and_b_hear_both_at_the_same_place(curate: Page) -> None:
    curate.keyboard.press("1")
    curate.wait_for_function(f"{SOUNDING}?.[0] === 0 && {SOUNDING}[1] > 0.5")
    before = curate.evaluate(SOUNDING)[1]
    curate.keyboard.press("b")
    clip_id, now = curate.evaluate(SOUNDING)
    assert clip_id == 1
    assert before <= now < before + 1.5
    curate.keyboard.press("b")
    assert curate.evaluate(SOUNDING)[0] == 0
    curate.keyboard.press(" ")
    assert curate.evaluate(SOUNDING) is None


def test_decisions_by_key_and_click_are_answered(curate: Page) -> None:
    status = curate.locator(".em-compare-status")
    curate.keyboard.press("2")
    curate.keyboard.press("r")
    expect(status).to_have_text("clip 1 is restored.")
    assert curate.evaluate(SOUNDING)[0] == 1, "a decision does not cut the sound short"
    curate.keyboard.press("ArrowRight")
    curate.keyboard.press("c")
    expect(status).to_have_text("clip 2 is kept as a copy.")
    expect(curate.locator(".em-group").first).to_contain_text("judged")
    curate.get_by_role("button", name="Make representative").last.click()
    expect(curate.locator(".em-is-representative .em-clip-name")).to_have_text("clip 2")


def test_refused_decision_shows_its_sentence_in_the_next_group(curate: Page) -> None:
    for key, group in (("n", "group 1"), ("n", "group 2"), ("p", "group 1")):
        curate.keyboard.press(key)
        expect(curate.locator(".em-compare-head h2")).to_have_text(group)
    curate.keyboard.press("m")
    expect(curate.locator(".em-compare-status.em-tone-bad")).to_have_text(
        "you may not change this group; ask a reviewer"
    )
    expect(curate.get_by_role("button", name="Restore").first).to_be_enabled()


def test_map_of_fifty_thousand_is_heard_hidden_and_selected(chromium: Browser, site: str) -> None:
    with opened(chromium, f"{site}/voila/render/map.ipynb", wait_for=".em-map-stage[data-draw-ms]") as page:
        stage = page.locator(".em-map-stage")
        expect(page.locator(".em-map-category").first).to_contain_text("25,000")
        box = stage.bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.keyboard.press("Tab")
        stage.focus()
        page.keyboard.press("Enter")
        expect(stage).to_have_attribute("data-heard", "0")
        page.wait_for_function(f"{SOUNDING}?.[0] === 0")
        page.locator(".em-map-category", has_text="right").click()
        page.mouse.move(box["x"] + 4, box["y"] + 4)
        page.keyboard.down("Shift")
        page.mouse.down()
        for x, y in ((box["width"] - 4, 4), (box["width"] - 4, box["height"] - 4), (4, box["height"] - 4)):
            page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.up()
        page.keyboard.up("Shift")
        expect(page.locator(".em-notice.em-info")).to_have_text("25000 ids, 0 first")
        draws: list[float] = []
        for _ in range(8):
            page.mouse.move(*middle)
            page.mouse.wheel(0, -120)
            page.wait_for_timeout(120)
            draws.append(float(stage.get_attribute("data-draw-ms") or "inf"))
        # A smooth frame takes 16 ms; this machine may be busy, so the best of eight tells.
        assert min(draws) < 50


def test_missing_page_is_ours_and_no_file_is_served(chromium: Browser, site: str) -> None:
    with opened(chromium, f"{site}/voila/render/nowhere.ipynb", wait_for="h1") as page:
        expect(page.locator("h1")).to_have_text("There is no such page")
        assert page.request.get(f"{site}/voila/files/home.ipynb").status == 403


def _address(port: int, process: subprocess.Popen[bytes], log: Path) -> str:
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urlopen(f"{address}/voila/static/inter-latin.woff2", timeout=2):
            return address
        time.sleep(0.1)
    raise RuntimeError(f"Voila did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:"))
