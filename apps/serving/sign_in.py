"""The pages for coming in and leaving, and the question of every open page whether it is still signed in."""

from __future__ import annotations

import asyncio
import math
import re

from tornado.web import HTTPError, RequestHandler

from apps.serving.door import Door
from apps.serving.gate import set_headers
from pipeline.core.errors import DatabaseUnavailable

# A wrong answer takes as long whether the name exists or not.
_WRONG_ANSWER_S = 0.6
_PAGE = re.compile(r"/voila/render/[a-z_]+\.ipynb(\?[\w.%+=&-]*)?", re.ASCII)
_WRONG = "Name or password is not right."


class _AtTheDoor(RequestHandler):
    def initialize(self, door: Door) -> None:
        self._door = door

    def set_default_headers(self) -> None:
        set_headers(self)


class SignIn(_AtTheDoor):
    """The page with name and password."""

    def get(self) -> None:
        """Show it, or go on where somebody is signed in already."""
        if self._door.session_of(self.request) is not None:
            self.redirect(self._next())
            return
        self._show()

    async def post(self) -> None:
        """Come in."""
        try:
            self.check_xsrf_cookie()
        except HTTPError:
            self._show(403, "Your browser did not send our cookie back. Allow cookies for this site and try again.")
            return
        name, password = (
            self.get_body_argument("name", "", strip=True),
            self.get_body_argument("password", "", strip=False),
        )
        address = self.request.remote_ip or ""
        throttle = self._door.throttle
        if (wait_s := throttle.wait_s(name, address)) > 0:
            self.set_header("Retry-After", str(math.ceil(wait_s)))
            self._show(429, f"Too many attempts. Try again in {_seconds(wait_s)}.", name)
            return
        throttle.count(name, address)
        answered_at = asyncio.get_running_loop().time() + _WRONG_ANSWER_S
        try:
            session = await self._door.sign_in(name, password)
        except DatabaseUnavailable:
            throttle.forgive(name, address)
            self._show(503, "The database does not answer. Try again in a moment.", name)
            return
        if session is None:
            await asyncio.sleep(answered_at - asyncio.get_running_loop().time())
            self._show(401, _WRONG, name)
            return
        throttle.forgive(name, address)
        before = self._door.session_of(self.request)
        if before is not None:
            await self._door.end(before)
        self._door.give_cookie(self, session)
        self.redirect(self._next())

    def _next(self) -> str:
        # Only ever a page of ours: a link that leads here must not lead elsewhere afterwards.
        wanted = self.get_argument("next", "")
        return wanted if _PAGE.fullmatch(wanted) else "/"

    def _show(self, status: int = 200, sentence: str = "", name: str = "") -> None:
        self.set_status(status)
        template = self.settings["voila_jinja2_env"].get_template("login.html")
        words = {"sentence": sentence, "name": name, "why": self.get_argument("why", ""), "next": self._next()}
        self.finish(template.render(base_url="/", xsrf_token=self.xsrf_token.decode(), **words))


class SignOut(_AtTheDoor):
    """The end of a session."""

    async def post(self) -> None:
        """Leave, with every page that is open."""
        self.check_xsrf_cookie()
        session = self._door.session_of(self.request)
        if session is not None:
            await self._door.sign_out(self, session)
        self.redirect("/login?why=out")


class AskSession(_AtTheDoor):
    """Whether the asking page is still signed in; asking does not keep the session alive."""

    def get(self) -> None:
        """Answer 200 or 401."""
        session = self._door.session_of(self.request)
        self.set_status(200 if session is not None else 401)
        self.finish({"person": None if session is None else session.person})


def _seconds(wait_s: float) -> str:
    n = math.ceil(wait_s)
    return "1 second" if n == 1 else f"{n} seconds"
