"""Weights by a hub's name: huggingface_hub itself, where it is installed, against a hub on loopback with one file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.storage import Store
from tests.contracts.networks import key_of, of_waveform

pytestmark = pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed")
PATH = "/lab/birds/resolve/main/nets/song.pt2"
PROGRAM = """
import sys
from pipeline.core.errors import EarmarkError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.storage import Store
from pipeline.workflows.encoder_weights import kept_encoder
spec = PluginSpec(name="pretrained", params={"weights": sys.argv[2], "window_s": 0.1})
try:
    print(kept_encoder(spec, Store(sys.argv[1])).params["weights"])
except EarmarkError as error:
    print(f"{type(error).__name__}: {error}")
"""


class Hub(BaseHTTPRequestHandler):
    """One file, as a hub serves it."""

    def do_HEAD(self) -> None:
        self._answer(is_whole=False)

    def do_GET(self) -> None:
        self._answer(is_whole=True)

    def _answer(self, *, is_whole: bool) -> None:
        data = of_waveform() if self.path == PATH else b"no such file"
        self.send_response(200 if self.path == PATH else 404)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        if self.path != PATH:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        if is_whole:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a hub on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def asked(hub: str, store: Store, folder: Path, name: str) -> str:
    """What a process of its own says that looks for the weights of this name."""
    environ = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(folder), "HF_HUB_DISABLE_XET": "1",
               "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, store.uri, name], env=environ, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip().splitlines()[-1]


def test_file_of_a_hub_is_kept_under_its_hash(hub: str, store: Store, tmp_path: Path) -> None:
    key = key_of(of_waveform())
    assert asked(hub, store, tmp_path / "hf", "hf:lab/birds/nets/song.pt2") == key
    assert store.read(key) == of_waveform()


def test_file_that_the_hub_has_not_is_one_sentence(hub: str, store: Store, tmp_path: Path) -> None:
    said = asked(hub, store, tmp_path / "hf", "hf:lab/birds/none.pt2")
    assert said.startswith("StorageError: cannot fetch weights from the hub: hf:lab/birds/none.pt2; got ")
    assert list(store.keys()) == []


def test_hub_that_does_not_answer_is_one_sentence(store: Store, tmp_path: Path) -> None:
    said = asked("http://127.0.0.1:9", store, tmp_path / "hf", "hf:lab/birds/nets/song.pt2")
    assert said.startswith("StorageError: cannot fetch weights from the hub")
