"""`earmark serve --accounts` under attack over HTTP: what is refused, and that nothing came of it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tornado.web import create_signed_value

from tests.people import PASSWORD
from tests.serving.channel import cookies_of, frame, kinds, refused_with, talk
from tests.serving.shared_lab import (
    Lab,
    a_clip,
    client,
    kernel_of,
    new_person,
    raw_status,
    sign_in,
)

HOME = "/voila/render/home.ipynb"
REVIEW = "/voila/render/review.ipynb"
NOBODYS_KERNEL = "0b5a2d0e-0000-4000-8000-000000000000"

# Routes that Jupyter, Voila or JupyterLab bring along, and files that somebody might hope for.
ABSENT = (
    "/api",
    "/api/kernels",
    "/api/kernelspecs",
    "/api/contents",
    "/api/contents/session.py",
    "/api/sessions",
    "/api/terminals",
    "/api/status",
    "/api/me",
    "/api/config/x",
    "/terminals/1",
    "/terminals/websocket/1",
    "/nbconvert/html/home.ipynb",
    "/files/session.py",
    "/edit/session.py",
    "/lab",
    "/tree",
    "/metrics",
    "/voila/tree",
    "/voila/api/contents",
    "/voila/api/contents/home.ipynb",
    "/voila/files/session.py",
    "/voila/files/serving/door.py",
    f"/voila/query/{NOBODYS_KERNEL}",
    f"/voila/execution/{NOBODYS_KERNEL}",
    "/voila/render/",
    "/voila/render/session.py",
    "/voila/render/serving/voila_config.py",
    "/favicon.ico",
)
TRAVERSALS = (
    "/voila/static/../../../../../../../../etc/passwd",
    "/voila/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/voila/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/voila/static//etc/passwd",
    "/voila/static/....//....//etc/passwd",
    "/voila/templates/earmark/static/../../../../../voila_config.py",
    "/voila/templates/../../apps/session.py",
    "/voila/templates/lab/static/%2e%2e/%2e%2e/index.html.j2",
    "/voila/labextensions/../../../../etc/passwd",
    "/voila/api/themes/../../../../etc/passwd",
    "/voila/render/../serving/door.py",
    "/voila/render/..%2f..%2fREADME.ipynb",
    "/voila/static/%00",
    "/voila/static/..\\..\\etc\\passwd",
    "//voila/files/session.py",
)


# ---------------------------------------------------------------------------------------------- nobody signed in


@pytest.mark.parametrize("path", ["/", HOME, REVIEW, f"{HOME}?project=hidden"])
def test_page_without_login_leads_to_the_login_page_and_starts_no_kernel(
    lab: Lab, stranger: httpx.Client, path: str
) -> None:
    before = {kernel.pid for kernel in lab.kernels()}
    answer = stranger.get(path)
    assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (302, "/login")
    assert {kernel.pid for kernel in lab.kernels()} <= before


@pytest.mark.parametrize(
    "path",
    [*ABSENT, "/voila/static/voila.js", "/voila/templates/earmark/static/inter-latin.woff2", "/voila/static/"],
)
def test_nothing_else_is_there_without_login(lab: Lab, stranger: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert stranger.request(method, path).status_code in (403, 404, 405), method


def test_login_page_needs_nothing_that_needs_a_login(stranger: httpx.Client) -> None:
    page = stranger.get("/login")
    assert page.status_code == 200
    for needed in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert stranger.get(needed).status_code == 200, needed


def test_kernel_of_somebody_is_not_reached_without_login(lab: Lab, anna: httpx.Client, stranger: httpx.Client) -> None:
    kernel_id = kernel_of(anna.get(HOME).text)
    own = {"Origin": lab.base}
    assert stranger.get(f"/api/kernels/{kernel_id}").status_code == 403
    assert stranger.delete(f"/api/kernels/{kernel_id}").status_code == 403
    assert stranger.post(f"/voila/api/shutdown/{kernel_id}", headers=own).status_code == 403
    assert refused_with(lab, f"/api/kernels/{kernel_id}/channels", own) == 403
    assert anna.get(f"/api/kernels/{kernel_id}").status_code == 200


@pytest.mark.parametrize("how", ["unsigned", "other secret", "cut", "other name", "Jupyter's own", "empty"])
def test_forged_cookie_opens_nothing(lab: Lab, anna: httpx.Client, stranger: httpx.Client, how: str) -> None:
    name = f"earmark-{lab.port}"
    value = anna.cookies[name].strip('"')
    forged = {
        "unsigned": (name, value.split("|")[4].split(":")[1]),
        "other secret": (name, create_signed_value("guessed", name, lab.anna).decode()),
        "cut": (name, value[:-1] + ("0" if value[-1] != "0" else "1")),
        "other name": ("earmark-1", value),
        "Jupyter's own": (f"username-127-0-0-1-{lab.port}", value),
        "empty": (name, ""),
    }[how]
    header = {"Cookie": f'{forged[0]}="{forged[1]}"'}
    assert stranger.get(HOME, headers=header).headers["location"].startswith("/login")
    assert stranger.get("/session", headers=header).status_code == 401
    assert refused_with(lab, f"/api/kernels/{kernel_of(anna.get(HOME).text)}/channels", header) == 403


@pytest.mark.parametrize("headers", [{"Authorization": "token x"}, {"Authorization": "Bearer x"}, {}])
def test_tokens_of_jupyter_open_nothing(stranger: httpx.Client, headers: dict[str, str]) -> None:
    assert stranger.get(f"{HOME}?token=", headers=headers).status_code == 302


# ---------------------------------------------------------------------------------------------- signed in


@pytest.mark.parametrize("path", ABSENT)
def test_absent_routes_stay_absent_for_who_signed_in(anna: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert anna.request(method, path).status_code in (404, 405), method


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out_of_what_is_served(lab: Lab, anna: httpx.Client, path: str) -> None:
    status, body = raw_status(lab, "GET", path, cookies_of(anna))
    assert status in (400, 403, 404)
    assert b"root:" not in body and b"import" not in body and b"extends" not in body


def test_kernel_of_somebody_else_is_not_there(lab: Lab, anna: httpx.Client, ben: httpx.Client) -> None:
    kernel_id = kernel_of(ben.get(HOME).text)
    own = {"Origin": lab.base}
    for answer in (
        anna.get(f"/api/kernels/{kernel_id}"),
        anna.delete(f"/api/kernels/{kernel_id}", headers={"X-XSRFToken": anna.cookies["_xsrf"]}),
        anna.post(f"/voila/api/shutdown/{kernel_id}", headers=own),
    ):
        assert answer.status_code == 404
        # Nobody learns whether there is such a kernel.
        assert answer.text == anna.get(f"/api/kernels/{NOBODYS_KERNEL}").text
    assert refused_with(lab, f"/api/kernels/{kernel_id}/channels", cookies_of(anna) | own) == 404
    assert ben.get(f"/api/kernels/{kernel_id}").status_code == 200
    asked = [frame("kernel_info_request", {})]
    heard = talk(lab, ben, kernel_id, asked, until=lambda heard: "kernel_info_reply" in kinds(heard))
    assert "kernel_info_reply" in kinds(heard)


def test_second_session_of_the_same_person_does_not_reach_the_first_ones_kernel(lab: Lab, anna: httpx.Client) -> None:
    kernel_id = kernel_of(anna.get(HOME).text)
    with client(lab) as elsewhere:
        sign_in(elsewhere, lab.anna)
        assert elsewhere.get(f"/api/kernels/{kernel_id}").status_code == 404
    assert anna.get(f"/api/kernels/{kernel_id}").status_code == 200


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("kind", ["execute_request", "debug_request", "create_subshell_request", "input_reply"])
def test_code_sent_to_ones_own_kernel_is_not_run(
    lab: Lab, anna: httpx.Client, tmp_path: Path, channel: str, kind: str
) -> None:
    kernel_id = kernel_of(anna.get(HOME).text)
    written = tmp_path / "written"
    code = f"open({str(written)!r}, 'w').write('x')"
    content = {"code": code, "silent": False, "user_expressions": {"x": code}, "value": code, "command": "evaluate"}
    sent = [frame(kind, content, channel), frame("kernel_info_request", {})]
    heard = talk(lab, anna, kernel_id, sent, until=lambda heard: "kernel_info_reply" in kinds(heard))
    assert "kernel_info_reply" in kinds(heard)
    assert not {"execute_reply", "execute_input", "debug_reply", "create_subshell_reply"} & kinds(heard)
    assert not written.exists()


@pytest.mark.parametrize(
    "sent",
    [b"", b"short", (2**60).to_bytes(8, "little"), (900).to_bytes(8, "little") + b"x" * 100, b"\xff" * 64],
)
def test_frame_that_is_no_message_is_not_read_and_stops_nobody(lab: Lab, anna: httpx.Client, sent: bytes) -> None:
    kernel_id = kernel_of(anna.get(HOME).text)
    asked = frame("kernel_info_request", {})
    heard = talk(lab, anna, kernel_id, [sent, asked], until=lambda heard: "kernel_info_reply" in kinds(heard))
    assert "kernel_info_reply" not in kinds(heard)
    other_id = kernel_of(anna.get(HOME).text)
    heard = talk(lab, anna, other_id, [asked], until=lambda heard: "kernel_info_reply" in kinds(heard))
    assert "kernel_info_reply" in kinds(heard)


def test_older_protocol_which_can_stop_the_server_is_refused(lab: Lab, anna: httpx.Client) -> None:
    line = f"/api/kernels/{kernel_of(anna.get(HOME).text)}/channels"
    assert refused_with(lab, line, cookies_of(anna), protocol="") == 400
    assert refused_with(lab, line, cookies_of(anna)) == 101


def test_page_of_another_project_shows_ones_own_instead(lab: Lab, anna: httpx.Client) -> None:
    kernel_id = kernel_of(anna.get(f"{HOME}?project=hidden").text)
    states = [comm["state"] for comm in _widgets(lab, anna, kernel_id).values()]
    headers = [state for state in states if state.get("kind") == "header"]
    assert [(header["project"], header["projects"]) for header in headers] == [("made", ["made"])]


def test_bytes_of_a_clip_of_another_project_cannot_be_had(lab: Lab, anna: httpx.Client) -> None:
    kernel_id = kernel_of(anna.get(REVIEW).text)
    own, other = a_clip(lab.session), a_clip(lab.hidden)
    ask = {"method": "custom", "content": {"type": "fetch", "ids": [own, other]}}
    asked = [frame("comm_msg", {"comm_id": comm_id, "data": ask}) for comm_id in _widgets(lab, anna, kernel_id)]

    def told(heard: list[dict[str, Any]]) -> dict[tuple[str, int], list[bytes]]:
        said = [
            (said["content"]["data"].get("content", {}), said["buffers"]) for said in heard if "data" in said["content"]
        ]
        return {(content["type"], content["id"]): buffers for content, buffers in said if "id" in content}

    answered = told(talk(lab, anna, kernel_id, asked, until=lambda heard: len(told(heard)) == 2))
    assert set(answered) == {("clip", own), ("missing", other)}
    assert len(answered["clip", own][0]) > 1000
    assert answered["missing", other] == []


def test_kernel_and_server_know_no_login_but_the_persons(lab: Lab, anna: httpx.Client) -> None:
    owner = urlsplit(lab.environ["EARMARK_DATABASE_URL"]).password
    assert owner
    kernel_id = kernel_of(anna.get(HOME).text)
    kernels = [kernel for kernel in lab.kernels() if kernel_id in " ".join(kernel.cmdline())]
    assert len(kernels) == 1
    environ = kernels[0].environ()
    assert urlsplit(environ["EARMARK_DATABASE_URL"]).username == lab.anna
    server = kernels[0].parent()
    assert server is not None
    assert "EARMARK_DATABASE_URL" not in server.environ()
    for process in (kernels[0], server):
        assert owner not in "\0".join([*process.cmdline(), *process.environ().values()])
    assert not {"SSH_AUTH_SOCK", "PGPASSWORD", "PGPASSFILE"} & set(environ)
    assert environ["HOME"] != os.environ.get("HOME")


def test_log_holds_no_password(lab: Lab, anna: httpx.Client, stranger: httpx.Client) -> None:
    anna.get(HOME)
    sign_in(stranger, new_person(lab), "secret-in-the-form")
    assert "secret-in-the-form" not in lab.log()
    assert PASSWORD not in lab.log()


@pytest.mark.parametrize("query", ["?template=lab", "?voila-template=lab", "?theme=dark"])
def test_page_cannot_be_made_to_wear_another_template(anna: httpx.Client, query: str) -> None:
    assert "em-first-logo" in anna.get(HOME + query).text


def test_every_answer_carries_the_headers_of_safety(lab: Lab, anna: httpx.Client, stranger: httpx.Client) -> None:
    for answer in (
        stranger.get("/login"),
        stranger.get("/"),
        stranger.get("/no"),
        anna.get(HOME),
        anna.get("/session"),
    ):
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "no-store" in answer.headers["cache-control"]
        assert "access-control-allow-origin" not in answer.headers


def _widgets(lab: Lab, browser: httpx.Client, kernel_id: str) -> dict[str, Any]:
    """The widgets of a page by the id of their line: what the page itself asks for first."""
    opened = {"comm_id": "c" * 32, "target_name": "jupyter.widget.control", "data": {}}
    asked = {"comm_id": "c" * 32, "data": {"method": "request_states"}}
    sent = [frame("comm_open", opened, metadata={"version": "1.0.0"}), frame("comm_msg", asked)]

    def states(heard: list[dict[str, Any]]) -> dict[str, Any]:
        said = [said["content"]["data"] for said in heard if said["kind"] == "comm_msg"]
        return next((data["states"] for data in said if data.get("method") == "update_states"), {})

    return states(talk(lab, browser, kernel_id, sent, until=lambda heard: bool(states(heard))))
