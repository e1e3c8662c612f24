"""What every request has to pass before any handler sees it: host, origin, route, session, and whose kernel it is.

What is not named here is not there: a route that Voila or Jupyter brings along, now or later, is not served.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router
from tornado.web import Application, RequestHandler

from apps.serving.door import Door

Access = Literal["anyone", "signed in", "page", "own kernel", "kernel itself"]

_FILE = r"[\w@~+,-][\w@~+.,-]*"
_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
PROTOCOL = "v1.kernel.websocket.jupyter.org"
_PLAIN_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class _Route:
    path: str
    methods: tuple[str, ...]
    access: Access


_ROUTES = (
    _Route(r"/", ("GET",), "page"),
    _Route(r"/voila/render/[a-z_]+\.ipynb", ("GET",), "page"),
    _Route(r"/voila/static/inter-latin\.woff2", ("GET", "HEAD"), "anyone"),
    _Route(rf"/voila/(static|templates|labextensions|api/themes)/({_FILE}/)*{_FILE}", ("GET", "HEAD"), "signed in"),
    _Route(rf"/api/kernels/{_KERNEL}", ("GET", "DELETE"), "own kernel"),
    _Route(rf"/api/kernels/{_KERNEL}/channels", ("GET",), "own kernel"),
    _Route(rf"/voila/api/shutdown/{_KERNEL}", ("POST",), "own kernel"),
)
_OF_PREHEATED_KERNELS = _Route(rf"/voila/query/{_KERNEL}", ("GET",), "kernel itself")
_OF_ACCOUNTS = (
    _Route(r"/login", ("GET", "POST"), "anyone"),
    _Route(r"/logout", ("POST",), "signed in"),
    _Route(r"/session", ("GET",), "anyone"),
)


class Refusal(RequestHandler):
    """A page that says why nothing came of the request."""

    def initialize(self, status: int, sentence: str) -> None:
        self._status, self._sentence = status, sentence

    def set_default_headers(self) -> None:
        set_headers(self)

    def prepare(self) -> None:
        template = self.settings["voila_jinja2_env"].get_template("error.html")
        self.set_status(self._status)
        self.finish(template.render(status_code=self._status, sentence=self._sentence, base_url="/"))

    def check_xsrf_cookie(self) -> None:
        """A refusal changes nothing."""


class ToSignIn(RequestHandler):
    """Sends somebody who wants a page to the page for signing in."""

    def set_default_headers(self) -> None:
        set_headers(self)

    def prepare(self) -> None:
        uri = str(self.request.uri)
        self.redirect("/login" if uri == "/" else f"/login?next={quote(uri, safe='')}")


def set_headers(handler: RequestHandler) -> None:
    """The headers of every answer; pages of a person must not stay behind in a cache."""
    for name, value in handler.settings["headers"].items():
        handler.set_header(name, value)
    handler.set_header("Cache-Control", "no-store")


class Gate(Router):
    """Hands a request on to the application, or refuses it. Without a ``door`` nobody has to sign in."""

    def __init__(self, app: Application, *, allowed_hosts: Collection[str], door: Door | None = None) -> None:
        self._app, self._door = app, door
        self._hosts = {host.lower().strip("[]").rstrip(".") for host in (*_PLAIN_HOSTS, *allowed_hosts)} - {""}
        self._routes = (*_ROUTES, *(_OF_ACCOUNTS if door is not None else (_OF_PREHEATED_KERNELS,)))

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        """The application's own handler, or one that refuses."""
        if not self._is_our_name(request):
            return self._refuse(
                request, 403, "This server does not go by that name. Who runs it can allow it by --allow-host."
            )
        if _is_foreign(request):
            return self._refuse(request, 403, "Another site asked for this.")
        route, kernel_id = self._route(request)
        if route is None:
            return self._refuse(request, 404, "There is nothing at this address.")
        if request.method not in route.methods:
            return self._refuse(request, 405, "That cannot be done here.")
        if route.path.endswith("/channels") and PROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
            # Voila reads the older protocol by the rules of the newer, and can be made to read for ever.
            return self._refuse(request, 400, "This needs a newer browser.")
        if self._door is None:
            is_local = route.access != "kernel itself" or _is_loopback(request.remote_ip)
            return self._app.find_handler(request) if is_local else self._refuse(request, 403, "")
        return self._by_session(self._door, request, route, kernel_id)

    def _by_session(
        self, door: Door, request: HTTPServerRequest, route: _Route, kernel_id: str | None
    ) -> HTTPMessageDelegate | None:
        if route.access == "anyone":
            return self._app.find_handler(request)
        session = door.session_of(request)
        if session is None and route.access == "page":
            return self._app.get_handler_delegate(request, ToSignIn)
        if session is None:
            return self._refuse(request, 403, "Sign in first.")
        if kernel_id is not None and kernel_id not in session.kernels:
            # The same answer for a kernel of somebody else and for none: its id is not told.
            return self._refuse(request, 404, "There is nothing at this address.")
        return self._app.find_handler(request)

    def _route(self, request: HTTPServerRequest) -> tuple[_Route | None, str | None]:
        path = request.path or ""
        for route in self._routes:
            match = re.fullmatch(route.path, path, re.ASCII)
            if match is not None and ".." not in path:
                return route, match.groupdict().get("kernel_id")
        return None, None

    def _is_our_name(self, request: HTTPServerRequest) -> bool:
        name = _host_name(request.host)
        if name in self._hosts:
            return True
        # Bound to every address, the one that this connection came in by is ours; a name is not proven by that.
        connection: Any = request.connection
        stream: Any = connection.stream if isinstance(connection, HTTP1Connection) else None
        return stream is not None and _same_address(name, str(stream.socket.getsockname()[0]))

    def _refuse(self, request: HTTPServerRequest, status: int, sentence: str) -> HTTPMessageDelegate:
        return self._app.get_handler_delegate(request, Refusal, {"status": status, "sentence": sentence})


def _host_name(host: str) -> str:
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?", host.lower())
    return "" if match is None else (match[1] or match[2]).rstrip(".")


def _is_foreign(request: HTTPServerRequest) -> bool:
    """Whether a page of another origin sent it: its websockets, forms, beacons, frames, pictures and scripts."""
    headers = request.headers
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        return True
    if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return False
    # A link on another page may be followed; nothing else.
    return (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) != ("navigate", "document")


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _same_address(one: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other.partition("%")[0])
    except ValueError:
        return False
