"""The door of `earmark serve --accounts`: who is inside, how one comes in, and how one leaves for good."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler, create_signed_value, decode_signed_value

from apps.serving.people import People
from apps.serving.sessions import Sessions, SignedIn
from apps.serving.throttle import Throttle
from pipeline.core.errors import DatabaseUnavailable

SESSION_IS_OVER = 4401
_N_SIGNING_IN = 8
_SWEEP_S = 5.0
_RECHECK_S = 30.0
_log = logging.getLogger(__name__)


class Door:
    """Sessions, their cookie and their end. ``shutdown`` ends a kernel by its id."""

    def __init__(self, people: People, sessions: Sessions, *, port: int, is_secure: bool) -> None:
        self.people, self.sessions, self.throttle = people, sessions, Throttle(time.monotonic)
        self.shutdown: Callable[[str], Awaitable[None]] | None = None
        self._secret, self._is_secure = secrets.token_bytes(32), is_secure
        # A browser does not tell ports apart: two servers on one machine must not take each other's cookie.
        self._cookie = f"{'__Host-' if is_secure else ''}earmark-{port}"
        self._threads = ThreadPoolExecutor(_N_SIGNING_IN, thread_name_prefix="sign-in")

    def session_of(self, request: HTTPServerRequest) -> SignedIn | None:
        """Whose request this is, by its cookie; None for nobody, a forged or an expired one."""
        morsel = request.cookies.get(self._cookie)
        if morsel is None:
            return None
        max_age_days = self.sessions.longest_s / 86_400 + 1
        value = decode_signed_value(self._secret, self._cookie, morsel.value, max_age_days=max_age_days)
        return None if value is None else self.sessions.find(value.decode("ascii", "replace"))

    async def sign_in(self, name: str, password: str) -> SignedIn | None:
        """A new session; None if name or password are not right. Raises DatabaseUnavailable."""
        url = await self._ask(name, password)
        if url is None:
            return None
        session, surplus = self.sessions.begin(name, url)
        for other in surplus:
            await self._close(other)
        return session

    def give_cookie(self, handler: RequestHandler, session: SignedIn) -> None:
        """Let the browser keep the session; no script of a page can read it."""
        value = create_signed_value(self._secret, self._cookie, session.session_id)
        handler.set_cookie(
            self._cookie, value.decode(), path="/", httponly=True, samesite="Lax", secure=self._is_secure
        )

    async def sign_out(self, handler: RequestHandler, session: SignedIn) -> None:
        """End the session with its kernels, and take the cookie back."""
        handler.clear_cookie(self._cookie, path="/", httponly=True, samesite="Lax", secure=self._is_secure)
        await self.end(session)

    async def end(self, session: SignedIn) -> None:
        """End the session; its pages are closed and its kernels shut down."""
        if self.sessions.forget(session):
            await self._close(session)

    async def watch(self) -> None:
        """For ever: end what expired, and the sessions of those whose login does not open the database any more."""
        checked_s = time.monotonic()
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                for session in self.sessions.expired():
                    await self._close(session)
                if time.monotonic() - checked_s >= _RECHECK_S:
                    checked_s = time.monotonic()
                    await self._recheck()
            except Exception:
                # The outermost edge: the watch must go on.
                _log.exception("cannot look after the sessions")

    async def _recheck(self) -> None:
        by_url: dict[str, list[SignedIn]] = {}
        for session in self.sessions.all():
            by_url.setdefault(session.url, []).append(session)
        for url, sessions in by_url.items():
            name, password = _login_in(url)
            with suppress(DatabaseUnavailable):
                if await self._ask(name, password) is None:
                    for session in sessions:
                        await self.end(session)

    async def _ask(self, name: str, password: str) -> str | None:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.people.sign_in, name, password)

    async def _close(self, session: SignedIn) -> None:
        for socket in list(session.sockets):
            socket.close(SESSION_IS_OVER, "the session is over")
        session.sockets.clear()
        kernels, session.kernels = session.kernels, set()
        for kernel_id in kernels:
            if self.shutdown is not None:
                with suppress(KeyError, HTTPError):  # it is gone already
                    await self.shutdown(kernel_id)


def _login_in(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")
