"""What pages of other sites and names of other hosts can make the server do: nothing."""

from __future__ import annotations

import httpx
import pytest

from tests.people import PASSWORD
from tests.serving.channel import cookies_of, refused_with
from tests.serving.shared_lab import (
    Lab,
    is_inside,
    kernel_of,
    raw_status,
)

HOME = "/voila/render/home.ipynb"
REVIEW = "/voila/render/review.ipynb"
NOBODYS_KERNEL = "0b5a2d0e-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "localhost.evil.example", "10.1.2.3", "", "[::1].evil"]
)
def test_other_host_name_is_refused(lab: Lab, anna: httpx.Client, host: str) -> None:
    headers = cookies_of(anna) | {"Host": host.format(port=lab.port)}
    for path in ("/login", HOME, "/session"):
        assert raw_status(lab, "GET", path, headers)[0] in (400, 403)


def test_own_names_are_answered(lab: Lab) -> None:
    for host in ("localhost", f"localhost:{lab.port}", f"127.0.0.1:{lab.port}"):
        assert raw_status(lab, "GET", "/login", {"Host": host})[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_websocket_and_deeds_of_another_site_are_refused(lab: Lab, anna: httpx.Client, origin: str) -> None:
    kernel_id = kernel_of(anna.get(HOME).text)
    headers = cookies_of(anna) | {"Origin": origin}
    assert refused_with(lab, f"/api/kernels/{kernel_id}/channels", headers) == 403
    token = {"_xsrf": anna.cookies["_xsrf"]}
    assert anna.post("/logout", data=token, headers={"Origin": origin}).status_code == 403
    assert anna.post(f"/voila/api/shutdown/{kernel_id}", headers={"Origin": origin}).status_code == 403
    assert anna.get(f"/api/kernels/{kernel_id}").status_code == 200


@pytest.mark.parametrize(("mode", "kind"), [("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty")])
def test_page_of_another_site_cannot_start_a_kernel(lab: Lab, anna: httpx.Client, mode: str, kind: str) -> None:
    before = len(lab.kernels())
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": kind}
    assert anna.get(HOME, headers=headers).status_code == 403
    assert len(lab.kernels()) <= before


def test_farewell_without_an_origin_ends_no_kernel(lab: Lab, anna: httpx.Client) -> None:
    kernel_id = kernel_of(anna.get(HOME).text)
    assert anna.post(f"/voila/api/shutdown/{kernel_id}").status_code == 403
    assert anna.get(f"/api/kernels/{kernel_id}").status_code == 200
    assert anna.post(f"/voila/api/shutdown/{kernel_id}", headers={"Origin": lab.base}).status_code == 204
    assert anna.get(f"/api/kernels/{kernel_id}").status_code == 404


def test_forms_need_the_token_against_forgery(lab: Lab, anna: httpx.Client, stranger: httpx.Client) -> None:
    stranger.get("/login")
    assert stranger.post("/login", data={"name": lab.anna, "password": PASSWORD}).status_code == 403
    assert not is_inside(stranger)
    assert anna.post("/logout").status_code == 403
    assert anna.post("/logout", data={"_xsrf": "2|0|0|0"}).status_code == 403
    assert is_inside(anna)
