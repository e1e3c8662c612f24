"""deploy/jupyterhub: what can be decided without a Hub always; a Hub with two people where one is installed."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import psycopg
import pytest

from apps.serving.people import People, place_of
from pipeline.catalog import accounts
from pipeline.catalog.projects import Project, create_project
from pipeline.core.permissions import Duty
from pipeline.core.settings import load_recipe
from tests.conftest import ROOT
from tests.people import PASSWORD, add_person, drop_person, logged_in, login_url

DEPLOY = ROOT / "deploy" / "jupyterhub"
KERNEL = "3f2a-1b-2c-3d-4e5f"
Conn = psycopg.Connection[Any]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"earmark_hub_{name}", DEPLOY / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(conn: Conn) -> Project:
    return create_project(conn, "owls", load_recipe())


def test_every_file_of_the_hub_compiles() -> None:
    files = sorted(DEPLOY.glob("*.py"))
    assert {"jupyterhub_config.py", "authenticator.py", "spawner.py", "pages.py", "lab.py"} <= {f.name for f in files}
    for path in files:
        compile(path.read_text(encoding="utf-8"), str(path), "exec")


@pytest.mark.parametrize(
    ("duty", "is_admin", "expected"),
    [
        (None, False, False),
        ("annotator", False, False),
        ("reviewer", False, False),
        ("researcher", False, True),
        ("admin", False, True),
        (None, True, True),
    ],
)
def test_lab_is_for_who_writes_code(
    conn: Conn, project: Project, empty_database: str, duty: Duty | None, is_admin: bool, expected: bool
) -> None:
    with logged_in(conn, empty_database, project.project_id, duty, is_admin=is_admin) as person:
        assert load("access").has_lab(login_url(empty_database, person.info.user)) is expected


def test_login_is_good_until_the_person_is_removed_or_has_another_password(
    conn: Conn, project: Project, empty_database: str
) -> None:
    access = load("access")
    with logged_in(conn, empty_database, project.project_id, "annotator") as person:
        name = person.info.user
        url = People(place_of(empty_database)).sign_in(name, PASSWORD)
        assert url is not None and access.still_opens(url)
        accounts.set_password(conn, name, accounts.verifier_of(conn, name, "another one"))
        assert not access.still_opens(url)
        accounts.set_password(conn, name, accounts.verifier_of(conn, name, PASSWORD))
        assert access.still_opens(url)
        accounts.remove_person(conn, name)
        assert not access.still_opens(url)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        # The database is down: nobody is sent away for that.
        assert access.still_opens(f"postgresql://ann:x@127.0.0.1:{closed.getsockname()[1]}/earmark")


@pytest.mark.parametrize("name", ["", "Ann", "ann ", "ann/../rosa", "ann\n", "ånn", "a" * 64])
def test_other_spelling_of_a_name_is_nobody(name: str) -> None:
    assert load("access").is_name("ann.b@lab-1")
    assert not load("access").is_name(name)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "", True),
        ("GET", "voila/render/review.ipynb", True),
        ("GET", f"api/kernels/{KERNEL}/channels", True),
        ("GET", "voila/labextensions/@jupyter-widgets/jupyterlab-manager/static/remoteEntry.c8.js", True),
        ("POST", f"voila/api/shutdown/{KERNEL}", True),
        ("GET", "oauth_callback", True),
        ("POST", "voila/render/review.ipynb", False),
        ("GET", "voila/render/../../etc/passwd", False),
        ("GET", "voila/static/../voila_config.py", False),
        ("GET", "voila/render/a/b.ipynb", False),
        ("GET", "voila/files/session.py", False),
        ("GET", "voila/tree", False),
        ("GET", "voila/api/contents/", False),
        ("GET", "api/contents", False),
        ("GET", "api/kernels", False),
        ("POST", "api/kernels", False),
        ("POST", f"api/kernels/{KERNEL}/restart", False),
        ("GET", "api/terminals", False),
        ("GET", "lab", False),
        ("GET", "tree", False),
    ],
)
def test_pages_serve_what_is_named_and_nothing_else(method: str, path: str, expected: bool) -> None:
    access = load("access")
    assert access.is_route(method, f"/user/ann/{path}", "/user/ann/") is expected
    assert not access.is_route(method, f"/user/rosa/{path}", "/user/ann/")


def test_notebooks_are_laid_out_once_and_a_change_stays(tmp_path: Path) -> None:
    lab = load("lab")
    lab.lay_out(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ipynb")}
    assert {"notebooks/01_bring_in.ipynb", "apps/review.ipynb"} <= names
    (tmp_path / "notebooks" / "01_bring_in.ipynb").write_text("mine")
    (tmp_path / "apps" / "review.ipynb").unlink()
    lab.lay_out(tmp_path)
    assert (tmp_path / "notebooks" / "01_bring_in.ipynb").read_text() == "mine"
    assert (tmp_path / "apps" / "review.ipynb").exists()


@contextmanager
def hub(place: str, folder: Path) -> Iterator[str]:
    """The address of a running JupyterHub. EARMARK_TEST_HUB holds the folders of its programs, as PATH does."""
    ports = [free_port() for _ in range(3)]
    address = f"http://127.0.0.1:{ports[0]}"
    environ = {
        "PATH": os.pathsep.join([os.environ["EARMARK_TEST_HUB"], os.environ["PATH"]]),
        "HOME": str(folder),
        "EARMARK_HUB_DATABASE": place,
        "EARMARK_HUB_URL": address,
        "EARMARK_HUB_ACCOUNTS": "shared",
        "EARMARK_STORE": (folder / "store").as_uri(),
        "JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32),
    }
    words = [f"--JupyterHub.hub_port={ports[1]}", f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[2]}"]
    command = ["jupyterhub", "-f", str(DEPLOY / "jupyterhub_config.py"), *words]
    with (folder / "hub.log").open("wb") as log:
        running = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < until:
            try:
                # The proxy is up before the Hub is.
                httpx.get(f"{address}/hub/login").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.3)
        assert running.poll() is None, (folder / "hub.log").read_text()
        yield address
    finally:
        running.terminate()
        running.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signed_in(address: str, name: str, password: str) -> httpx.Client:
    browser = httpx.Client(base_url=address, follow_redirects=True, timeout=90)
    browser.get("/hub/login")
    token = next(cookie.value for cookie in browser.cookies.jar if cookie.name == "_xsrf")
    browser.post("/hub/login", data={"username": name, "password": password, "_xsrf": token})
    return browser


def arrived(browser: httpx.Client, name: str) -> str:
    """Where the person stands once their server is up."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        answer = browser.get(f"/user/{name}/")
        if answer.status_code == 200 and answer.url.path.startswith(f"/user/{name}/"):
            return answer.url.path.removeprefix(f"/user/{name}/")
        time.sleep(1)
    raise AssertionError(f"the server of {name} never came up: {answer.status_code} {answer.url}")


@pytest.mark.skipif(
    "EARMARK_TEST_HUB" not in os.environ,
    reason="EARMARK_TEST_HUB does not name the folders of jupyterhub and configurable-http-proxy",
)
def test_hub_gives_annotators_pages_researchers_lab_and_nobody_anothers(
    conn: Conn, project: Project, empty_database: str, open_folder: Path
) -> None:
    ann, rosa = (add_person(conn, project.project_id, duty) for duty in ("annotator", "researcher"))
    place = f"postgresql://{empty_database.rsplit('@', 1)[1]}"
    try:
        with hub(place, open_folder) as address:
            wrong = signed_in(address, ann, "not the password")
            assert wrong.get("/hub/home").url.path == "/hub/login"
            browsers = {name: signed_in(address, name, PASSWORD) for name in (ann, rosa)}
            assert arrived(browsers[ann], ann) == "voila/render/home.ipynb"
            assert arrived(browsers[rosa], rosa) == "lab"
            for path in ("lab", "api/contents", "api/kernels", "voila/files/session.py"):
                assert browsers[ann].get(f"/user/{ann}/{path}").status_code == 404
            assert browsers[rosa].get(f"/user/{rosa}/api/contents").status_code == 200
            for who, whose in ((ann, rosa), (rosa, ann)):
                assert browsers[who].get(f"/user/{whose}/voila/render/home.ipynb").status_code == 403
                assert browsers[who].get(f"/user/{whose}/api/kernels").status_code in (403, 404)
                assert browsers[who].get("/hub/admin").status_code == 403
            stranger = httpx.get(f"{address}/user/{ann}/voila/render/home.ipynb", follow_redirects=True)
            assert stranger.url.path == "/hub/login"
    finally:
        for name in (ann, rosa):
            drop_person(conn, name)
