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

from pipeline.cli.serve import PAGES, dashboards, free_port, page_url
from pipeline.core.settings import load_recipe, load_settings
from pipeline.workflows.workspace import Workspace, open_workspace
from tests.browser.harness import open_chromium, open_page

pytestmark = pytest.mark.browser


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
    for origin in ({}, {"Origin": "http://elsewhere.example"}):
        request = urllib.request.Request(f"{base}/voila/api/shutdown/any", data=b"", headers=origin, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 403


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
