"""FiftyOne's App as we serve it, and the requests that its pages send."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.catalog.projects import Project
from pipeline.storage import Store
from pipeline.workflows.exchange import place_of, shown_folders
from tests.conftest import ROOT

SERVE_S = 60


def dataset_of(project: Project, folder: Path) -> Any:
    import fiftyone as fo

    dataset = fo.load_dataset(place_of(project, folder).name)
    dataset.reload()
    return dataset


class App:
    """FiftyOne's App, by the requests that its pages send."""

    def __init__(self, url: str, project: Project, folder: Path) -> None:
        self.url = url
        self.dataset = dataset_of(project, folder)
        pairs = self.dataset.values(["clip_id", "id"])
        self.ids: dict[int, str] = dict(zip(*pairs, strict=True))

    def relabel(self, clip_id: int, label: str) -> None:
        sample = self.dataset[self.ids[clip_id]]
        sample.reload()
        path = f"/dataset/{self.dataset._doc.id}/sample/{sample.id}"
        body = [{"op": "replace", "path": "/label/label", "value": label}]
        seen = f'"{sample.last_modified_at.isoformat()}"'
        self.send("PATCH", path, body, {"Content-Type": "application/json-patch+json", "If-Match": seen})

    def tag(self, clip_ids: list[int], word: str) -> None:
        asked = {
            "dataset": self.dataset.name,
            "sample_ids": [self.ids[clip_id] for clip_id in clip_ids],
            "changes": {word: True},
            "filters": {},
            "view": [],
        }
        self.send("POST", "/tag", asked)

    def send(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> None:
        headers = headers or {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method=method)
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def hears(self, clip_id: int) -> bytes:
        path = quote(self.dataset[self.ids[clip_id]]["audio_path"])
        with urllib.request.urlopen(f"{self.url}/media?filepath={path}", timeout=30) as reply:
            return reply.read()

    def refuses(self, path: str, **headers: str) -> bool:
        try:
            urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=30).close()
        except urllib.error.HTTPError as error:
            return error.code == 403
        return False


@contextmanager
def served(project: Project, store: Store, folder: Path) -> Iterator[App]:
    """Our ``serve`` in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    place = place_of(project, folder)
    code = (
        "import sys; from pathlib import Path; from pipeline.core import registry\n"
        "from pipeline.plugins.connectors.base import Place; from pipeline.core.plugin_spec import PluginSpec\n"
        "place = Place(name=sys.argv[1], folder=Path(sys.argv[2]), owner=sys.argv[3])\n"
        "registry.create('connector', PluginSpec(name='fiftyone')).serve(place, port=int(sys.argv[4]),\n"
        "    folders=[Path(path) for path in sys.argv[5:]])\n"
    )
    words = [sys.executable, "-c", code, place.name, str(folder), place.owner, str(port)]
    words += map(str, shown_folders(store, folder))
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "EARMARK_SECRET_FOR_TEST": "hush"})
    try:
        deadline = time.monotonic() + SERVE_S
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
                break
            time.sleep(0.3)
        yield App(f"http://127.0.0.1:{port}", project, folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
