"""The dashboards' server: ``python -m apps.serving --port 8866``. `earmark serve` starts and ends it."""

from __future__ import annotations

import argparse
import json
import ssl
import time
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import RedirectHandler
from voila.app import Voila

from apps.serving import kernels
from apps.serving.door import Door
from apps.serving.gate import Gate
from apps.serving.people import People
from apps.serving.sessions import IDLE_S, LONGEST_S, Sessions
from apps.serving.sign_in import AskSession, SignIn, SignOut
from apps.serving.voila_config import SERVING, voila_config
from pipeline.core.logs import start_logging
from pipeline.core.settings import load_settings

_MAX_BODY_BYTES = 1_000_000
_KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


class Dashboards(Voila):
    """Voila behind our own gate, with the home dashboard as its front door."""

    door: Door | None = None
    allowed_hosts: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None

    def init_settings(self) -> Any:
        settings = super().init_settings()
        if self.door is not None:
            identity: Any = self.identity_provider
            identity.door, self.door.shutdown = self.door, self._end_kernel
        return settings

    async def _end_kernel(self, kernel_id: str) -> None:
        await self.kernel_manager.shutdown_kernel(kernel_id, now=True)

    def init_handlers(self) -> Any:
        home = RedirectHandler, {"url": f"{self.base_url}voila/render/home.ipynb", "permanent": False}
        own: list[Any] = [
            (self.base_url, *home),
            (rf"/voila/api/shutdown/{_KERNEL_ID}", kernels.LeftPage),
        ]
        channels = rf"/api/kernels/{_KERNEL_ID}/channels"
        handlers: Any = super().init_handlers()
        if self.door is not None:
            door = {"door": self.door}
            page = next(handler[2] for handler in handlers if handler[0].startswith("/voila/render/"))
            own += [
                (r"/login", SignIn, door),
                (r"/logout", SignOut, door),
                (r"/session", AskSession, door),
                (channels, kernels.PersonsChannels, door),
                (r"/voila/render/(.*)", kernels.PersonsPage, {**page, **door}),
            ]
        return [*own, (channels, kernels.Channels), *handlers]

    def listen(self) -> None:
        """Serve on this very port until a signal ends it."""
        gate = Gate(self.app, allowed_hosts=(self.ip, *self.allowed_hosts), door=self.door)
        server = HTTPServer(gate, ssl_options=self.tls, max_body_size=_MAX_BODY_BYTES)
        server.listen(self.port, self.ip)
        self.ioloop = IOLoop.current()
        if self.door is not None:
            self.ioloop.add_callback(self.door.watch)
        try:
            self.ioloop.start()
        finally:
            self.stop()


def main() -> None:
    """Serve until a signal ends it."""
    given = _arguments()
    start_logging("server", load_settings(), stderr="everything")
    config = voila_config(
        SERVING.parent,
        port=given.port,
        ip=given.host,
        n_preheated=0 if given.accounts else given.preheated,
        has_accounts=given.accounts is not None,
        is_secure=given.certfile is not None,
    )
    if given.certfile is not None:
        Dashboards.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        Dashboards.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        Dashboards.tls.load_cert_chain(given.certfile, given.keyfile)
    Dashboards.allowed_hosts = tuple(given.allow_host)
    if given.accounts is not None:
        sessions = Sessions(time.monotonic, idle_s=given.idle, longest_s=given.longest)
        people = People(json.loads(given.accounts))
        Dashboards.door = Door(people, sessions, port=given.port, is_secure=given.certfile is not None)
    Dashboards.launch_instance(argv=[], config=config)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--allow-host", action="append", default=[], help="a name by which people reach this server")
    parser.add_argument("--preheated", type=int, default=1, help="kernels kept ready for each dashboard")
    parser.add_argument("--accounts", help="people sign in to the database at this place (libpq parameters as JSON)")
    parser.add_argument("--idle", type=float, default=IDLE_S, help="seconds without a deed that end a session")
    parser.add_argument("--longest", type=float, default=LONGEST_S, help="seconds after which a session ends anyway")
    parser.add_argument("--certfile", help="the certificate for TLS")
    parser.add_argument("--keyfile", help="its key, where it is not in the same file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
