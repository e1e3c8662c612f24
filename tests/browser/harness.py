"""A notebook served by stand-alone Voila on a free loopback port, and Chromium to look at it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserType, Page, sync_playwright

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "anywidget", "@voila-dashboards/widgets-manager8"]
TEMPLATE_ROOT = Path(__file__).parents[2] / "apps" / "serving"
START_S = 30
DARKEN = "addEventListener('DOMContentLoaded', () => (document.documentElement.dataset.emTheme = 'dark'))"
# The first minute at the deck is for people: nobody is taught the keys unless a test asks for it.
TAUGHT = """
const read = Storage.prototype.getItem;
Storage.prototype.getItem = function (key) {
  return key.startsWith("earmark.guide/") ? "seen" : read.call(this, key);
};
"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running Voila: ``url`` of the notebook, ``port``, and the folder that it serves (the kernel's own)."""

    url: str
    port: int
    folder: Path


class Link:
    """A TCP relay before a server, whose cable can be pulled: ``cut`` drops every connection and takes no new one."""

    def __init__(self, *, to_port: int) -> None:
        self._to_port = to_port
        self._is_cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_cut.set()
        for connection in list(self._open):
            _hang_up(connection)

    def mend(self, *, to_port: int | None = None) -> None:
        """Take connections again, maybe to another server."""
        self._to_port = to_port or self._to_port
        self._is_cut.clear()

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut.is_set():
                _hang_up(near)
                continue
            far = socket.create_connection(("127.0.0.1", self._to_port))
            self._open |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=(source, target), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        _hang_up(source)
        _hang_up(target)
        self._open -= {source, target}


@contextlib.contextmanager
def serve_notebook(folder: Path, *cells: str, name: str = "page") -> Iterator[Served]:
    """Write the cells as a notebook into the folder and serve it, by Earmark's own template where it is built."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / f"{name}.ipynb")
    settings = {"VoilaConfiguration": {"extension_allowlist": EXTENSIONS}}
    (folder / "voila.json").write_text(json.dumps(settings), encoding="utf-8")
    port = _free_port()
    command = [sys.executable, "-m", "voila", str(folder), "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    if (TEMPLATE_ROOT / "voila" / "templates" / "earmark").is_dir():
        command.append("--template=earmark")
        environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(TEMPLATE_ROOT), os.environ.get("JUPYTER_PATH")]))
    with (folder / "voila.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "voila.log")
            yield Served(url=f"http://127.0.0.1:{port}/voila/render/{name}.ipynb", port=port, folder=folder)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def open_chromium() -> Iterator[Browser]:
    """A headless Chromium with a fresh profile, free to make sound; skips the test where none is installed."""
    with sync_playwright() as playwright, _launched(playwright.chromium, "no-user-gesture-required") as browser:
        yield browser


@contextlib.contextmanager
def open_silenced_chromium(beside: Browser) -> Iterator[Browser]:
    """A second Chromium that, as people's browsers do, allows sound only after a key or a click."""
    with _launched(beside.browser_type, "document-user-activation-required") as browser:
        yield browser


@contextlib.contextmanager
def open_page(
    browser: Browser, *, width_px: int = 1440, height_px: int = 900, is_dark: bool = False, is_taught: bool = True
) -> Iterator[Page]:
    """A page in a context of its own (own localStorage), whose script errors fail the test."""
    context = browser.new_context(viewport={"width": width_px, "height": height_px})
    if is_taught:
        context.add_init_script(TAUGHT)
    page = context.new_page()
    if is_dark:
        page.add_init_script(DARKEN)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert errors == []


def chromium_path() -> str:
    """Where Chromium is; without it the test is skipped, and says so."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    return path


@contextlib.contextmanager
def _launched(kind: BrowserType, autoplay_policy: str) -> Iterator[Browser]:
    flags = [*CHROMIUM_FLAGS, f"--autoplay-policy={autoplay_policy}"]
    browser = kind.launch(executable_path=chromium_path(), headless=True, args=flags)
    try:
        yield browser
    finally:
        browser.close()


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Voila did not start within {START_S} s:\n{log.read_text(errors='replace')[-3000:]}")
