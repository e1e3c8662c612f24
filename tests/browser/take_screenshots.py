"""``make screenshots``: the pages of a demo workspace in both themes, as pictures in docs/images.

Run by hand after a change of what people see; look at the pictures before they are kept.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import open_chromium, open_page
from tests.conftest import ROOT

IMAGES = ROOT / "docs" / "images"
_WIDTH_PX, _HEIGHT_PX = 1440, 900
_MOST_BYTES = 200_000
_N_COLOURS = 96
_START_S = 300.0


def review(page: Page) -> None:
    """One clip on stage, as an annotator sees it for hours."""
    expect(page.locator(".em-deck-label").first).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    page.wait_for_timeout(1500)


def grid(page: Page) -> None:
    """Many clips of one proposed label, two of them struck."""
    expect(page.locator(".em-deck-label").first).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Together").or_(page.get_by_role("radio", name="Together")).first.click()
    expect(page.locator(".em-grid-tile").nth(5)).to_be_visible(timeout=30_000)
    page.wait_for_timeout(3000)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    page.wait_for_timeout(800)


def flags(page: Page) -> None:
    """A suspect with the two clips to hear beside it."""
    expect(page.locator(".em-verdict canvas").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(2500)


def curate(page: Page) -> None:
    """The map of the sound, by label."""
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(3000)


SHOTS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "review": ("review", review),
    "grid": ("review", grid),
    "flags": ("flags", flags),
    "curate": ("curate", curate),
}


def main() -> int:
    """Take the pictures. Returns 1 if one would be too large to keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=ROOT / "workspace-screenshots")
    parser.add_argument("--port", type=int, default=8911)
    parser.add_argument("--only", nargs="*", choices=SHOTS, default=list(SHOTS))
    given = parser.parse_args()
    _prepare(given.workspace)
    too_large: list[Path] = []
    with _served(given.workspace, given.port) as url, open_chromium() as browser:
        for name in given.only:
            for theme in ("light", "dark"):
                picture = _take(browser, url, name, theme)
                print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size:,} bytes")
                too_large += [picture] if picture.stat().st_size > _MOST_BYTES else []
    for picture in too_large:
        print(f"{picture.name} is larger than {_MOST_BYTES:,} bytes: not to be kept like this")
    return 1 if too_large else 0


def _take(browser: Browser, url: str, name: str, theme: str) -> Path:
    place, show = SHOTS[name]
    picture = IMAGES / f"{name}_{theme}.png"
    with open_page(browser, width_px=_WIDTH_PX, height_px=_HEIGHT_PX, is_dark=theme == "dark") as page:
        page.goto(f"{url}/voila/render/{place}.ipynb")
        show(page)
        page.screenshot(path=picture)
    # Spectrograms hold tens of thousands of colours: few of them make a file that a repository may hold.
    with Image.open(picture) as full:
        few = full.convert("RGB").quantize(_N_COLOURS, dither=Image.Dither.NONE)
    few.save(picture, optimize=True)
    return picture


def _prepare(workspace: Path) -> None:
    """The demo's main job, then the list of suspects."""
    place = ["--workspace", str(workspace)]
    _earmark("demo", "--no-serve", *place)
    _earmark("mislabels", "--project", "demo", *place)
    _earmark("queue", "--project", "demo", *place)


def _earmark(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pipeline.cli", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


@contextmanager
def _served(workspace: Path, port: int) -> Iterator[str]:
    words = ["serve", "--workspace", str(workspace), "--project", "demo", "--port", str(port)]
    log = workspace / "screenshots.log"
    with log.open("wb") as told:
        serving = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *words], cwd=ROOT, env=os.environ, stdout=told, stderr=told
        )
        try:
            yield _address_in(log, serving)
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(30)


def _address_in(log: Path, serving: subprocess.Popen[bytes]) -> str:
    """What the server says where it is."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and serving.poll() is None:
        for word in log.read_text(errors="replace").split():
            if word.startswith("http://"):
                return word.strip(".,").rstrip("/").split("/voila")[0]
        time.sleep(0.3)
    raise RuntimeError(f"the dashboards did not start:\n{log.read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
