"""The dashboards' server: its front door, what it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from apps.serving.gate import PROTOCOL
from pipeline.cli.serve import PAGES, dashboards, free_port, page_url
from pipeline.core.settings import load_recipe, load_settings
from pipeline.workflows.workspace import Workspace, open_workspace
from tests.browser.harness import open_chromium, open_page

pytestmark = pytest.mark.browser

_SOME_KERNEL = "0b5a2d0e-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    # Not below pytest's own folder, which the database's account may not enter.
    with (
        tempfile.TemporaryDirectory(prefix="earmark-serving-") as folder,
        open_workspace(load_settings(workspace=Path(folder), environ={})) as opened,
    ):
        opened.create_project(load_recipe())
        yield opened


def test_pages_open_a_left_page_ends_its_kernel_and_the_end_leaves_nothing(workspace: Workspace) -> None:
    port = free_port(0)
    with dashboards(workspace, port=port) as server, open_chromium() as browser, open_page(browser) as page:
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.locator("header")).to_contain_text("Earmark", timeout=60_000)
        assert page.url.endswith("home.ipynb")
        for name in PAGES:
            page.goto(page_url(port, name))
            expect(page.locator(f"header [aria-current] >> text={name.title()}")).to_be_visible(timeout=60_000)
        page.goto("about:blank")
        family = psutil.Process(server.pid)
        _wait_for(lambda: _n_kernels(family) <= len(PAGES), "more kernels than are kept ready for the pages")
        processes = [family, *family.children(recursive=True)]
        _check_refusals(port)
    assert [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []


def _check_refusals(port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    for path in ("/voila/files/home/state.py", "/voila/files/session.py", "/api/contents", "/files/session.py"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(base + path, timeout=10)
        assert refused.value.code in (403, 404), path
    farewell = f"{base}/voila/api/shutdown/{_SOME_KERNEL}"
    line = f"{base}/api/kernels/{_SOME_KERNEL}/channels"
    elsewhere = {"Origin": "http://elsewhere.example"}
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Protocol": PROTOCOL}
    # A name that was made to point at this machine is no name of ours, whatever its pages ask for.
    rebound = {"Host": "elsewhere.example"}
    picture = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    home = page_url(port, "home")
    for url, headers, data in (
        (farewell, {}, b""),
        (farewell, elsewhere, b""),
        (farewell, rebound, b""),
        (line, upgrade | elsewhere, None),
        (line, upgrade | rebound | elsewhere, None),
        (f"{base}/voila/query/{_SOME_KERNEL}", upgrade | elsewhere, None),
        (home, rebound, None),
        (home, picture, None),
    ):
        request = urllib.request.Request(url, data=data, headers=headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 403, (url, headers)


def _n_kernels(server: psutil.Process) -> int:
    n_kernels = 0
    for child in server.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            n_kernels += "ipykernel_launcher" in " ".join(child.cmdline())
    return n_kernels


def _wait_for(holds: object, otherwise: str) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        if callable(holds) and holds():
            return
        time.sleep(0.5)
    raise AssertionError(otherwise)
