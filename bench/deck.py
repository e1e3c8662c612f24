"""How fast the review page is under a person's fingers: real page, real server, real Chromium, made clips of 0.5 s.

Measured: the first clip's sound after the page is asked for, cold (its kernel must start first) and preheated; label
key to the next clip's sound; and an annotator who decides a clip every 0.8 s, whose answers are then compared with the
database.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import soundfile
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.catalog.labels import list_labels
from pipeline.cli.serve import PAGES, dashboards, free_port, page_url
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe, load_settings
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.queue import build_queue
from pipeline.workflows.workspace import Workspace, open_workspace

_LABELS = ("hum", "ring", "hiss")
_RATE_HZ, _CLIP_S = 16_000, 0.5
_LISTENED_S, _EVERY_S = 0.3, 0.8
_GOAL_KEY_MS, _GOAL_COLD_S, _GOAL_PREHEATED_S = 30.0, 6.0, 2.0
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--autoplay-policy=no-user-gesture-required")
_STARTS = "window.__earmark_deck?.starts ?? []"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=200, help="clips for label key to sound")
    parser.add_argument("--decisions", type=int, default=300, help="clips decided at one every 0.8 s")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earmark-bench-") as folder, made(Path(folder), args) as workspace:
        rows = measured(workspace, n_keys=args.keys, n_decisions=args.decisions)
    print("| measured | found | goal |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


@contextmanager
def made(folder: Path, args: argparse.Namespace) -> Generator[Workspace]:
    """A workspace with as many short clips as will be decided, queued by lot."""
    n_clips = args.keys + args.decisions + 20
    rng = np.random.default_rng(7)
    time_s = np.arange(int(_CLIP_S * _RATE_HZ)) / _RATE_HZ
    (folder / "sounds").mkdir()
    for i in range(n_clips):
        pitch_hz = (150, 900, 2500)[i % 3] * rng.uniform(0.8, 1.25)
        sound = 0.3 * np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-4 * time_s) + rng.normal(0, 0.01, len(time_s))
        soundfile.write(folder / "sounds" / f"{_LABELS[i % 3]}_g{i % 6}_{i:04d}.wav", sound, _RATE_HZ)
    rules = LabelRules(name_pattern="{label}_{group}_{take}.wav")
    with open_workspace(load_settings(workspace=folder / "workspace", environ={})) as workspace:
        project = workspace.create_project(load_recipe())
        ingest(workspace.conn, project, str(folder / "sounds"), labels=rules, workers=1)
        cut(workspace.conn, project, workspace.store, workers=1)
        embed(workspace.conn, project, workspace.store, workers=1)
        build_queue(workspace.conn, project, strategy=PluginSpec(name="random"))
        yield workspace


def measured(workspace: Workspace, *, n_keys: int, n_decisions: int) -> list[tuple[str, str, str]]:
    """The rows of the table."""
    port = free_port(0)
    url = page_url(port, "review")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=list(_FLAGS)
        )
        with dashboards(workspace, port=port) as server:
            cold_s = _first_sound_s(browser, url)
            _wait_for_kernels(psutil.Process(server.pid))
            preheated_s = _first_sound_s(browser, url)
            _wait_for_kernels(psutil.Process(server.pid))
            page = _page(browser)
            page.goto(url)
            page.wait_for_function(f"({_STARTS}).length > 0")
            delays_ms = _press_keys(page, n_keys)
            decided, most_unsaved, lag_s = _decide(page, n_decisions)
            n_wrong = _n_wrong(workspace, decided)
        browser.close()
    p50, p95 = np.percentile(delays_ms, [50, 95])
    every = f"{n_decisions} clips at one every {_EVERY_S} s"
    return [
        ("first clip, cold", f"{cold_s:.1f} s", f"under {_GOAL_COLD_S:.0f} s"),
        ("first clip, preheated", f"{preheated_s:.1f} s", f"under {_GOAL_PREHEATED_S:.0f} s"),
        (
            f"label key to sound, {n_keys} clips",
            f"p50 {p50:.1f} ms, p95 {p95:.1f} ms",
            f"p95 under {_GOAL_KEY_MS:.0f} ms",
        ),
        (every, f"{len(decided) - n_wrong} saved as decided, {n_wrong} not", "all"),
        ("most answers that waited at once", str(most_unsaved), "no backlog"),
        ("last answer saved after its key", f"{lag_s:.2f} s", "at once"),
    ]


def _page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    # Nobody is taught the keys here.
    page.add_init_script(
        "const read = Storage.prototype.getItem; Storage.prototype.getItem = function (key) "
        "{ return key.startsWith('earmark.guide/') ? 'seen' : read.call(this, key); };"
    )
    return page


def _first_sound_s(browser: Browser, url: str) -> float:
    page = _page(browser)
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(f"({_STARTS}).length > 0")
    took_s = time.perf_counter() - began
    page.context.close()
    return took_s


def _wait_for_kernels(server: psutil.Process) -> None:
    """Until a kernel waits for each page and nothing more is being prepared."""
    deadline = time.monotonic() + 90
    quiet = 0
    while time.monotonic() < deadline and quiet < 6:
        family = [server, *server.children(recursive=True)]
        n_kernels = sum("ipykernel_launcher" in " ".join(child.cmdline()) for child in family[1:])
        spent = sum(_cpu_s(process) for process in family)
        time.sleep(0.5)
        is_idle = sum(_cpu_s(process) for process in family) - spent < 0.05
        quiet = quiet + 1 if n_kernels >= len(PAGES) and is_idle else 0


def _cpu_s(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0


def _press_keys(page: Page, n: int) -> list[float]:
    """Milliseconds from label key to the next clip's sound, for n clips that are heard for a moment."""
    for i in range(n):
        time.sleep(_LISTENED_S)
        n_starts = int(page.evaluate(f"({_STARTS}).length"))
        page.keyboard.press(str(1 + i % 3))
        page.wait_for_function(f"({_STARTS}).length > {n_starts}")
    return [start["dt_ms"] for start in page.evaluate(_STARTS) if start["why"] == "label"]


def _decide(page: Page, n: int) -> tuple[list[tuple[int, int]], int, float]:
    """Clip and key of n decisions at an even pace, the most answers that waited, and the last one's way in seconds."""
    decided: list[tuple[int, int]] = []
    unsaved = "Object.keys(localStorage).filter(key => key.startsWith('earmark.outbox/')).length"
    most_unsaved = 0
    began = time.perf_counter()
    for i in range(n):
        time.sleep(max(0.0, began + (i + 1) * _EVERY_S - time.perf_counter()))
        # What waits just before the next decision had a whole turn to be saved.
        most_unsaved = max(most_unsaved, int(page.evaluate(unsaved)))
        decided.append((int(page.evaluate(f"({_STARTS}).at(-1).id")), i % 3))
        page.keyboard.press(str(1 + i % 3))
    pressed = time.perf_counter()
    page.wait_for_function(f"({unsaved}) === 0")
    return decided, most_unsaved, time.perf_counter() - pressed


def _n_wrong(workspace: Workspace, decided: list[tuple[int, int]]) -> int:
    """How many decisions do not stand in the database, once each, as they were made."""
    names = [label.name for label in list_labels(workspace.conn, workspace.project().project_id)]
    meant = {(clip_id, names[key]) for clip_id, key in decided}
    rows = workspace.conn.execute(
        """
        SELECT a.clip_id, l.name FROM annotation a JOIN label l USING (label_id)
        WHERE a.source = 'human' AND a.clip_id = ANY(%s)
        """,
        ([clip_id for clip_id, _ in decided],),
    ).fetchall()
    return len(decided) - len(set(rows) & meant) + abs(len(rows) - len(decided))


if __name__ == "__main__":
    main()
