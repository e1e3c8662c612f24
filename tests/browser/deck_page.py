"""A page with a clip deck and what its kernel wrote down, for the tests of the deck."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.harness import Served, open_chromium, open_page, serve_notebook

DECK = """
import fcntl, io, json, os
from dataclasses import asdict
from pathlib import Path
from urllib.parse import parse_qs
import numpy as np, soundfile
from pipeline.core.errors import NotFound, NotPermitted
from pipeline.core.picture import PictureRecipe
from pipeline.widgets.clip_deck import ClipDeck, MoreClips
from pipeline.widgets.clip_source import ClipBytes, ClipOutline

asked = {key: values[0] for key, values in parse_qs(os.environ.get("QUERY_STRING", "")).items()}
n_clips, page_size = int(asked.get("n", 40)), int(asked.get("page_size", 12))
sheet = Path(asked["sheet"] + ".jsonl")
Path(asked["sheet"] + ".pid").write_text(str(os.getpid()))
names = ["Dog bark", "Rain", "Sea waves", "Baby cry", "Clock tick", "Sneeze", "Helicopter", "Chainsaw", "Rooster"]
names += [f"Bird {i}" for i in range(int(asked.get("birds", 0)))]
if "families" in asked:  # so many families of six, and one label that stands alone
    names = [f"Family {f}: kind {k}" for f in range(int(asked["families"])) for k in range(6)] + ["Silence"]
length_s, n_channels = float(asked.get("length_s", 1.5)), int(asked.get("channels", 1))

def sound(clip_id):
    rate_hz, rng = 16000, np.random.default_rng(clip_id)
    t = np.arange(int(rate_hz * length_s)) / rate_hz
    if "tone_hz" in asked:  # a steady tone; a second channel has it an octave higher
        tones = [0.25 * np.sin(2 * np.pi * float(asked["tone_hz"]) * 2**c * t) for c in range(n_channels)]
        return np.stack(tones, axis=1).astype("float32"), rate_hz
    pulse = np.exp(-8 * ((t * (3 + clip_id % 4)) % 1))
    tone = np.sin(2 * np.pi * (300 + 90 * clip_id % 2000) * t * (1 + 0.3 * t))
    return (0.3 * pulse * (tone + 0.2 * rng.standard_normal(t.size))).astype("float32"), rate_hz

def read_clip(clip_id):
    if str(clip_id) == asked.get("missing"):
        raise NotFound("no such clip", which=clip_id)
    if "part_s" in asked:
        return ClipOutline(peaks=np.tile([-0.2, 0.2], 600).astype("float32").tobytes(), rate_hz=16000,
                           n_channels=1, duration_s=length_s, part_s=float(asked["part_s"]))
    return encoded(*sound(clip_id))

def read_part(clip_id, number):  # each part has a tone of its own: 400 Hz, 600 Hz, 800 Hz ...
    part_s = float(asked["part_s"])
    n = int(16000 * min(part_s, length_s - number * part_s))
    return encoded((0.2 * np.sin(2 * np.pi * (400 + 200 * number) * np.arange(n) / 16000)).astype("float32"), 16000)

def encoded(samples, rate_hz):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format="WAV", subtype="PCM_16")
    return ClipBytes(data=buffer.getvalue(), mime="audio/wav", rate_hz=rate_hz)

def write(event):
    if str(event.clip_id) == asked.get("refuse"):
        raise NotPermitted("anna may not annotate", which=f"clip {event.clip_id}")
    record = json.dumps(asdict(event) | {"kind": type(event).__name__}, default=str)
    with sheet.open("a") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        out.write(record + "\\n")

def clip(clip_id):
    proposed = {"label": names[clip_id % min(9, len(names))], "confidence": 0.42 + 0.05 * (clip_id % 9)}
    return dict(id=clip_id, name=f"field-{clip_id:03d}", reason="the model wavers between two labels",
                proposed=proposed if clip_id % 5 != 4 else None, rate_hz=16000, duration_s=length_s)

n_asked = [0]

def more(have):
    lines = sheet.read_text().splitlines() if sheet.exists() else []
    records = [json.loads(line) for line in lines]
    settled = {r["clip_id"] for r in records if r["kind"] != "FlagGiven"}
    done = {r["clip_id"] for r in records if r["kind"] == "AnswerGiven"}
    n_asked[0] += 1
    is_locked = n_asked[0] in (2, 3) and "locked" in asked  # a queue that is just being put in order
    follow = [] if is_locked else [i for i in range(n_clips) if i not in settled and i not in set(have)][:page_size]
    return MoreClips(clips=[clip(i) for i in follow], n_total=n_clips, n_done=len(done))

deck = ClipDeck(read_clip=read_clip, on_answer=write, on_skip=write, on_flag=write, on_more=more,
                labels=[{"name": name} for name in names], first=more([]), storage_key=asked["sheet"],
                read_part=read_part, guided=asked.get("guided"),
                labels_per_clip=asked.get("labels_per_clip", "one"),
                picture=PictureRecipe(**json.loads(asked.get("picture", "{}"))))
deck
"""

CLIPPED = "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.textContent)"


def fresh(name: str) -> str:
    """A sheet that no earlier run of the test has written on."""
    return f"{name}-{uuid4().hex[:8]}"


class Deck:
    """One page with a deck, and what its kernel wrote down."""

    def __init__(self, page: Page, served: Served, *, sheet: str, port: int | None = None, **asked: object) -> None:
        self.page = page
        self.sheet = served.folder / f"{sheet}.jsonl"
        self._pid = served.folder / f"{sheet}.pid"
        url = served.url.replace(str(served.port), str(port or served.port))
        page.goto("&".join([f"{url}?sheet={sheet}", *(f"{key}={value}" for key, value in asked.items())]))
        self.wait_for_sound()

    def wait_for_sound(self) -> None:
        self.page.wait_for_function("window.__earmark_deck?.starts.length > 0", timeout=30_000)

    @property
    def starts(self) -> list[dict[str, Any]]:
        return self.page.evaluate("window.__earmark_deck.starts")

    @property
    def clip(self) -> str:
        return self.page.locator(".em-deck-head h2").inner_text()

    @property
    def kernel_pid(self) -> int:
        return int(self._pid.read_text())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def on_clip(self, n: int) -> None:
        expect(self.page.locator(".em-deck-head h2")).to_have_text(f"field-{n:03d}")
        self.page.wait_for_function(f"window.__earmark_deck.starts.at(-1).id === {n}")

    def says(self, words: str) -> None:
        expect(self.page.locator(".em-deck")).to_contain_text(words)

    def saved(self, n: int) -> list[dict[str, Any]]:
        """The n events that the kernel took, each once, in the order in which they first came."""
        expect(self.page.locator(".em-deck-saved")).to_have_text("all saved", timeout=60_000)
        first = {event.get("annotation_id") or event["event_id"]: event for event in reversed(self._events())}
        events = list(reversed(first.values()))
        assert len(events) == n
        return events

    def _events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.sheet.read_text().splitlines()] if self.sheet.exists() else []


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_notebook(tmp_path_factory.mktemp("deck"), DECK) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with open_page(browser) as opened:
        yield opened
