"""Kernels of people who signed in: each knows one person's login, and nothing of the server's own environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError, RequestHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from apps.serving.door import SESSION_IS_OVER, Door
from apps.serving.sessions import SignedIn

_asking: ContextVar[SignedIn | None] = ContextVar("asking", default=None)
_NOT_SOUND = 1007
_MAX_OFFSETS = 1_000
_MAX_KERNELS = 16  # of one session; a page is a kernel

# What a kernel is told of the server's environment: how to run, where the store is and how to read it.
_HANDED_ON = re.compile(
    r"PATH|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON(PATH|UTF8|IOENCODING)|SSL_CERT_\w+|\w+_NUM_THREADS"
    r"|EARMARK_(WORKSPACE|STORE|PROJECT|WORKERS|LOG|LOG_LEVEL)|AWS_\w+|FSSPEC_\w+"
    # What Voila says about the request.
    r"|VOILA_\w+|QUERY_STRING|PATH_INFO|SCRIPT_NAME|SERVER_(NAME|PORT|PROTOCOL|SOFTWARE)"
)


def kernel_environ(environ: Mapping[str, str], *, person: str, url: str, home: str) -> dict[str, str]:
    """The environment of this person's kernel; ``home`` is an empty folder, not that of whoever runs the server."""
    handed_on = {name: value for name, value in environ.items() if _HANDED_ON.fullmatch(name)}
    own = {"HOME": home, "IPYTHONDIR": home, "EARMARK_PERSON": person, "EARMARK_DATABASE_URL": url}
    return {**handed_on, **own}


class PersonsKernels(AsyncMappingKernelManager):
    """Starts a kernel for whoever asks for a page, and for nobody else."""

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        session = _asking.get()
        if session is None:
            raise HTTPError(403)
        environ: Mapping[str, str] = kwargs.get("env") or os.environ
        home = str(self.connection_dir)
        kwargs["env"] = kernel_environ(environ, person=session.person, url=session.url, home=home)
        kernel_id = str(await super()._async_start_kernel(**kwargs))
        if session.is_over:
            await self.shutdown_kernel(kernel_id, now=True)
            raise HTTPError(403)
        session.kernels.add(kernel_id)
        return kernel_id


class PersonsPage(TornadoVoilaHandler):
    """A page, whose kernel has the login of the person who asked for it."""

    def initialize(self, **kwargs: Any) -> None:
        self._door: Door = kwargs.pop("door")
        super().initialize(**kwargs)

    async def get(self, path: str | None = None) -> None:
        """Paint the page."""
        session = self._door.session_of(self.request)
        if session is None:
            raise HTTPError(403)
        if (elsewhere := _same_project(self)) is not None:
            self.redirect(elsewhere)
            return
        self._door.sessions.touch(session)
        await self._make_room(session)
        _asking.set(session)
        painted: Any = super().get(path)
        await painted

    async def _make_room(self, session: SignedIn) -> None:
        """A tab that was left without a farewell gives way to the new one."""
        manager: Any = self.kernel_manager
        session.kernels = {kernel_id for kernel_id in session.kernels if kernel_id in manager}
        idle = [kernel_id for kernel_id in session.kernels if not manager._kernel_connections.get(kernel_id)]
        for kernel_id in sorted(idle, key=lambda k: manager.get_kernel(k).last_activity):
            if len(session.kernels) < _MAX_KERNELS:
                break
            session.kernels.discard(kernel_id)
            await manager.shutdown_kernel(kernel_id, now=True)
        if len(session.kernels) >= _MAX_KERNELS:
            raise HTTPError(429, reason="Too many pages are open")


class LeftPage(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is left; without this, kernels stay until they are culled.

    The browser's farewell is a beacon, which cannot carry the token against forgery: its origin must be ours instead.
    """

    def check_xsrf_cookie(self) -> None:
        origin = self.request.headers.get("Origin", "")
        if urlsplit(origin).netloc != self.request.host:
            raise HTTPError(403, f"a page of another origin: {origin or 'none'}")


class Channels(VoilaKernelWebsocketHandler):
    """The line between a page and its kernel. Its frames are checked first: a short one could claim to be endless."""

    def on_message(self, ws_message: Any) -> None:  # type: ignore[override]
        if not _is_sound(ws_message):
            self.close(_NOT_SOUND, "not a message")
            return
        super().on_message(ws_message)

    def on_close(self) -> None:
        if getattr(self, "connection", None) is not None:
            super().on_close()


class PersonsChannels(Channels):
    """The same for a person, cut when the session is over."""

    def initialize(self, door: Door) -> None:
        self._door = door
        self._session: SignedIn | None = None

    async def open(self, kernel_id: str) -> None:  # type: ignore[override]
        self._session = self._door.session_of(self.request)
        if self._session is None:
            self.close(SESSION_IS_OVER)
            return
        self._session.sockets.add(self)
        await super().open(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        if self._session is None or not self._door.sessions.is_live(self._session):
            self.close(SESSION_IS_OVER, "the session is over")
            return
        self._door.sessions.touch(self._session)
        super().on_message(ws_message)

    def on_close(self) -> None:
        if self._session is not None:
            self._session.sockets.discard(self)
        super().on_close()


class PersonsIdentity(IdentityProvider):
    """Tells Jupyter's own handlers who is asking. A token opens nothing here."""

    door: Door | None = None

    def get_user(self, handler: RequestHandler) -> User | None:  # type: ignore[override]
        session = None if self.door is None else self.door.session_of(handler.request)
        return None if session is None else User(username=session.person)

    def get_handlers(self) -> list[tuple[str, object]]:
        return []


def _is_sound(frame: object) -> bool:
    """Whether it is a frame of the protocol v1.kernel.websocket.jupyter.org: a number of offsets, offsets, parts."""
    if not isinstance(frame, bytes) or len(frame) < 8:
        return False
    n = int.from_bytes(frame[:8], "little")
    if not 6 <= n <= _MAX_OFFSETS or len(frame) < 8 * (n + 1):
        return False
    offsets = [int.from_bytes(frame[8 * i : 8 * (i + 1)], "little") for i in range(1, n + 1)]
    return offsets == sorted(offsets) and offsets[0] == 8 * (n + 1) and offsets[-1] <= len(frame)


def _same_project(page: RequestHandler) -> str | None:
    """Where a link without a project leads that stands on a page with one."""
    if page.get_query_argument("project", None) is not None:
        return None
    came_from = urlsplit(page.request.headers.get("Referer", ""))
    project = parse_qs(came_from.query).get("project")
    if came_from.netloc != page.request.host or not project or not came_from.path.startswith("/voila/render/"):
        return None
    return f"{page.request.path}?{urlencode({'project': project[0]})}"
