"""Coming in and leaving: wrong logins, guesses, sessions that end, over HTTP."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from pipeline.catalog import accounts
from tests.people import PASSWORD
from tests.serving.channel import cookies_of, refused_with
from tests.serving.shared_lab import (
    Lab,
    client,
    is_inside,
    kernel_of,
    new_person,
    open_lab,
    sign_in,
    wait_for,
)

HOME = "/voila/render/home.ipynb"
REVIEW = "/voila/render/review.ipynb"
NOBODYS_KERNEL = "0b5a2d0e-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("{person}", "wrong"),
        ("{person}", PASSWORD + "\0"),
        ("{person}", "x" * 5000),
        ("no_such_person", PASSWORD),
        ("", PASSWORD),
        ("{person} host=127.0.0.1", PASSWORD),
        ("{person}' password='x", PASSWORD),
        ("{person}@127.0.0.1/postgres", PASSWORD),
        ("{person}\u202e", PASSWORD),
        ("x" * 64, PASSWORD),
        ("earmark_admin", PASSWORD),
        ("postgres", ""),
        ("postgres", "postgres"),
    ],
)
def test_wrong_login_gets_one_and_the_same_answer(lab: Lab, name: str, password: str) -> None:
    who = httpx.HTTPTransport(local_address=f"127.1.0.{2 + sum(f'{name} {password}'.encode()) % 250}")
    with client(lab, transport=who) as browser:
        answer = sign_in(browser, name.format(person=new_person(lab)), password)
        assert answer.status_code == 401
        assert "Name or password is not right." in answer.text
        assert not is_inside(browser)


def test_empty_password_is_never_looked_up_elsewhere(lab: Lab, stranger: httpx.Client) -> None:
    assert sign_in(stranger, new_person(lab), "").status_code == 401
    assert not is_inside(stranger)


def test_answer_takes_as_long_whether_the_name_exists_or_not(lab: Lab) -> None:
    def took_s(name: str, address: str) -> float:
        with client(lab, transport=httpx.HTTPTransport(local_address=address)) as browser:
            return sign_in(browser, name, "wrong").elapsed.total_seconds()

    known, unknown = took_s(new_person(lab), "127.2.0.1"), took_s("nobody_of_that_name", "127.2.0.2")
    assert known >= 0.55 and unknown >= 0.55
    assert abs(known - unknown) < 0.4


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/logout"]
)
def test_login_leads_to_no_other_place(lab: Lab, stranger: httpx.Client, next_page: str) -> None:
    answer = sign_in(stranger, lab.anna, next=next_page)
    assert (answer.status_code, answer.headers["location"]) == (302, "/")


def test_login_leads_back_to_the_page_that_was_wanted(lab: Lab, stranger: httpx.Client) -> None:
    wanted = f"{REVIEW}?project=made"
    asked = stranger.get(wanted).headers["location"]
    assert asked.startswith("/login?next=%2F")
    assert sign_in(stranger, lab.anna, next=wanted).headers["location"] == wanted


def test_guesses_are_slowed_more_and_more_and_other_people_are_not(lab: Lab) -> None:
    guesser = httpx.HTTPTransport(local_address="127.3.0.1")
    name = new_person(lab)
    with client(lab, transport=guesser) as browser:
        statuses = [sign_in(browser, name, f"guess {n}").status_code for n in range(4)]
        assert statuses == [401, 401, 401, 429]
        told = browser.post("/login", data={"name": name, "_xsrf": browser.cookies["_xsrf"]})
        assert int(told.headers["retry-after"]) >= 1
        assert "Try again in" in told.text
    with client(lab, transport=httpx.HTTPTransport(local_address="127.3.0.2")) as browser:
        assert sign_in(browser, lab.ben).status_code == 302


def test_session_is_new_after_every_login_and_the_old_one_ends(lab: Lab, anna: httpx.Client) -> None:
    cookie = f"earmark-{lab.port}"
    before = anna.cookies[cookie]
    token = anna.cookies["_xsrf"]
    assert anna.post("/login", data={"name": lab.anna, "password": PASSWORD, "_xsrf": token}).status_code == 302
    assert anna.cookies[cookie] != before
    with client(lab, cookies={cookie: before}) as browser:
        assert not is_inside(browser)


def test_cookie_is_for_the_server_alone(lab: Lab, stranger: httpx.Client) -> None:
    given = [c for c in sign_in(stranger, lab.anna).headers.get_list("set-cookie") if c.startswith("earmark-")]
    assert len(given) == 1
    assert "HttpOnly" in given[0] and "SameSite=Lax" in given[0] and "Path=/" in given[0]
    assert "omain" not in given[0] and PASSWORD not in given[0] and lab.anna not in given[0]


# ---------------------------------------------------------------------------------------------- the end of a session


def test_sign_out_ends_the_session_and_its_kernels(lab: Lab, ben: httpx.Client) -> None:
    # The first page was left before: its kernel is gone already.
    left = kernel_of(ben.get(HOME).text)
    assert ben.post(f"/voila/api/shutdown/{left}", headers={"Origin": lab.base}).status_code == 204
    kernel_id = kernel_of(ben.get(HOME).text)
    process = next(kernel for kernel in lab.kernels() if kernel_id in " ".join(kernel.cmdline()))
    kept = dict(ben.cookies)
    answer = ben.post("/logout", data={"_xsrf": ben.cookies["_xsrf"]})
    assert (answer.status_code, answer.headers["location"]) == (302, "/login?why=out")
    assert not is_inside(ben)
    with client(lab, cookies=kept) as stolen:
        assert not is_inside(stolen)
        assert stolen.get(f"/api/kernels/{kernel_id}").status_code == 403
    psutil.wait_procs([process], timeout=15)
    assert not process.is_running()


@pytest.mark.parametrize("words", [("--idle-min", "0.05"), ("--longest-h", "0.0012")])
def test_expired_session_is_refused_and_its_kernel_gone(
    empty_database: str, tmp_path: Path, words: tuple[str, str]
) -> None:
    with open_lab(empty_database, tmp_path, *words, n=0) as lab, client(lab) as anna:
        sign_in(anna, lab.anna)
        kernel_id = kernel_of(anna.get(HOME).text)
        # Asking is no deed: it keeps nothing alive.
        wait_for(lambda: not is_inside(anna), 10)
        assert anna.get(HOME).headers["location"].startswith("/login")
        assert refused_with(lab, f"/api/kernels/{kernel_id}/channels", cookies_of(anna)) == 403
        wait_for(lambda: lab.kernels() == [], 15)


def test_session_ends_within_a_minute_when_the_login_is_no_good_any_more(empty_database: str, tmp_path: Path) -> None:
    with (
        open_lab(empty_database, tmp_path, n=0) as lab,
        client(lab) as removed,
        client(lab) as renewed,
        client(lab) as third,
    ):
        for browser, name in ((removed, lab.anna), (renewed, lab.ben), (third, new_person(lab))):
            sign_in(browser, name)
        kernel_of(removed.get(HOME).text)
        conn = lab.session.workspace.conn
        accounts.remove_person(conn, lab.anna)
        accounts.set_password(conn, lab.ben, accounts.verifier_of(conn, lab.ben, "another one"))
        wait_for(lambda: not is_inside(removed) and not is_inside(renewed), 60)
        wait_for(lambda: lab.kernels() == [], 15)
        assert is_inside(third)


def test_over_https_the_cookie_never_travels_in_the_clear(empty_database: str, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    words = ("--certfile", str(certificate), "--keyfile", str(key))
    trusted = ssl.create_default_context(cafile=str(certificate))
    with (
        open_lab(empty_database, tmp_path, *words, n=0) as lab,
        httpx.Client(base_url=f"https://localhost:{lab.port}", verify=trusted, timeout=60) as browser,
    ):
        answer = sign_in(browser, lab.anna)
        given = [c for c in answer.headers.get_list("set-cookie") if "earmark-" in c]
        assert given[0].startswith(f"__Host-earmark-{lab.port}=")
        assert "Secure" in given[0]
        assert "HttpOnly" in given[0]
        assert "max-age" in answer.headers["strict-transport-security"]
        assert is_inside(browser)
        kernel_of(browser.get(HOME).text)
        with pytest.raises(httpx.HTTPError):
            client(lab).get("/login")
