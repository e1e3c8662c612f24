"""A page with a clip grid and what its kernel wrote down, for the tests of the grid."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.harness import Served

GRID = """
import fcntl, io, json, os
from dataclasses import asdict
from pathlib import Path
from urllib.parse import parse_qs
import numpy as np, soundfile
from pipeline.core.errors import NotFound, NotPermitted
from pipeline.widgets.clip_grid import ClipGrid
from pipeline.widgets.clip_source import ClipBytes

asked = {key: values[0] for key, values in parse_qs(os.environ.get("QUERY_STRING", "")).items()}
n, seconds = int(asked.get("n", 8)), float(asked.get("s", 0.3))
sheet = Path(asked["sheet"] + ".jsonl")
names = ["Dog bark", "Rain", "Sea waves"]

def read_clip(clip_id):
    if str(clip_id) == asked.get("missing"):
        raise NotFound("no such clip", which=clip_id)
    t = np.arange(int(16000 * seconds)) / 16000
    loud = np.where(np.abs(t - 0.8 * seconds) < 0.1, 1, 0.05) if seconds > 1 else 1
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.3 * loud * np.sin(2 * np.pi * (200 + 50 * clip_id) * t), 16000, format="WAV")
    return ClipBytes(data=buffer.getvalue(), mime="audio/wav", rate_hz=16000)

def write(kind, record):
    with sheet.open("a") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        out.write(json.dumps({"kind": kind, **record}, default=str) + "\\n")

def answer(given):
    if str(given.clip_id) == asked.get("refuse"):
        raise NotPermitted("anna may not annotate", which=f"clip {given.clip_id}")
    write("answer", asdict(given))

def batch(first, n):
    label = "" if "choose" in asked else names[0]
    clips = [dict(id=i, name=f"field-{i:03d}", confidence=0.95 - 0.01 * i) for i in range(first, first + n)]
    return dict(label=label, clips=clips, n_left=0)

def settled(what):
    write("settled", asdict(what))
    return batch(100, 3) if "more" in asked and what.is_more_wanted else batch(100, 0) if what.is_more_wanted else None

grid = ClipGrid(read_clip=read_clip, on_answer=answer, on_settled=settled, labels=[{"name": name} for name in names],
                storage_key=asked["sheet"], can_choose="choose" in asked)
grid.show(batch(0, n))
grid
"""

WATCH_SOUND = """
window.__heard = [];
const begin = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...how) {
  const samples = this.buffer.getChannelData(0);
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) crossings += samples[i - 1] < 0 && samples[i] >= 0;
  const started = { hz: crossings / this.buffer.duration, lit: null, isEnded: false };
  window.__heard.push(started);
  this.addEventListener("ended", () => (started.isEnded = true));
  const lit = () => [...document.querySelectorAll(".em-grid-tile.em-lit")].map((tile) => Number(tile.dataset.id));
  setTimeout(() => (started.lit = lit()), 60);
  return begin.apply(this, how);
};
"""
"""Notes of every sound that really starts its pitch, by the decoded samples, and which tiles are lit meanwhile."""


class Grid:
    """One page with a grid."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, served: Served, *, sheet: str, **asked: object) -> Grid:
        """The page of GRID, once its tiles have their pictures."""
        self._sheet = served.folder / f"{sheet}.jsonl"
        self.page.add_init_script(WATCH_SOUND)
        self.page.goto("&".join([f"{served.url}?sheet={sheet}", *(f"{key}={value}" for key, value in asked.items())]))
        n = int(str(asked.get("n", 8))) - ("missing" in asked)
        expect(self.page.locator(".em-grid-tile.em-ready")).to_have_count(n, timeout=60_000)
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def heard(self) -> list[dict[str, Any]]:
        """Every sound that started: its pitch, and the tiles that were lit while it sounded."""
        return self.page.evaluate("window.__heard")

    @property
    def starts(self) -> list[int]:
        return self.page.evaluate("window.__earmark_grid.starts.map((start) => start.id)")

    def shows(self, mark: str, ids: list[int]) -> None:
        """Until exactly these clips carry the mark: struck, heard, lit, focused, wanted, gone."""
        tiles = f"[...document.querySelectorAll('.em-grid-tile.em-{mark}')].map((tile) => Number(tile.dataset.id))"
        self.page.wait_for_function(f"JSON.stringify({tiles}) === '{json.dumps(ids, separators=(',', ':'))}'")

    def says(self, words: str) -> None:
        expect(self.page.locator(".em-grid")).to_contain_text(words)

    def until_silent(self, *, timeout_ms: int = 60_000) -> None:
        """Until tasting has come to its end."""
        expect(self.page.get_by_role("button", name="Tasting")).to_have_count(0, timeout=timeout_ms)

    def saved(self, kind: str) -> list[dict[str, Any]]:
        """What the kernel took, each event once, in the order in which it first came."""
        expect(self.page.locator(".em-grid-saved")).to_have_text("all saved", timeout=30_000)
        lines = [json.loads(line) for line in self._sheet.read_text().splitlines()] if self._sheet.exists() else []
        events = {line.get("annotation_id") or n: line for n, line in enumerate(lines) if line["kind"] == kind}
        return list(events.values())
