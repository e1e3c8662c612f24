"""Who comes in: PostgreSQL is asked, by signing in as that person. The Hub keeps no password list of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from access import is_name, still_opens  # pyright: ignore[reportMissingImports]
from jupyterhub.auth import Authenticator
from jupyterhub.user import User
from tornado.web import HTTPError, RequestHandler
from traitlets import Dict

from apps.serving.people import People
from apps.serving.throttle import Throttle
from pipeline.core.errors import DatabaseUnavailable

_WRONG_ANSWER_S = 0.6


class EarmarkAuthenticator(Authenticator):
    """Checks name and password against the database at ``place``; the person's login becomes auth_state, encrypted."""

    place: Any = Dict(help="libpq parameters of the database, without a login").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.enable_auth_state = True
        self.allow_all = True  # whoever the database lets in
        self._throttle = Throttle(time.monotonic)

    def normalize_username(self, username: str) -> str:
        """The name as it was given."""
        return username

    def validate_username(self, username: str) -> bool:
        """Whether it can be an account."""
        return is_name(username or "")

    async def authenticate(self, handler: RequestHandler, data: Mapping[str, str]) -> dict[str, Any] | None:
        """The person with their login, None if name or password are not right."""
        name, password = data.get("username", ""), data.get("password", "")
        if not self.validate_username(name):
            return None
        address = handler.request.remote_ip or ""
        if (wait_s := self._throttle.wait_s(name, address)) > 0:
            raise HTTPError(429, f"Too many attempts. Try again in {wait_s:.0f} s.")
        self._throttle.count(name, address)
        answered_at_s = time.monotonic() + _WRONG_ANSWER_S
        try:
            url = await asyncio.to_thread(People(self.place).sign_in, name, password)
        except DatabaseUnavailable as error:
            self._throttle.forgive(name, address)
            raise HTTPError(503, "The database does not answer. Try again in a moment.") from error
        if url is None:
            # A wrong answer takes as long whether the name exists or not.
            await asyncio.sleep(answered_at_s - time.monotonic())
            return None
        self._throttle.forgive(name, address)
        # No Hub admins: they could open the servers of others, and speak as them.
        return {"name": name, "admin": False, "auth_state": {"database_url": url}}

    async def refresh_user(self, user: User, handler: RequestHandler | None = None, **_: Any) -> bool:
        """False for who was removed or has another password by now: they are asked to sign in again."""
        state = await user.get_auth_state()
        return state is not None and await asyncio.to_thread(still_opens, state["database_url"])
