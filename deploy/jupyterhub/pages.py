"""The dashboards of one person as their server under the Hub: stand-alone Voila, no notebook, no file, no code.

Started by the Hub, which says by environment who the person is. A route that ``access`` does not name is not served.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from access import is_route  # pyright: ignore[reportMissingImports]
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import url_path_join
from jupyterhub.singleuser.extension import JupyterHubAuthorizer, JupyterHubIdentityProvider
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.routing import Router
from tornado.web import Application, RedirectHandler
from voila.app import Voila

from apps.serving.gate import Refusal
from apps.serving.kernels import LeftPage, kernel_environ
from apps.serving.voila_config import SERVING, voila_config

_MAX_BODY_BYTES = 1_000_000
_KERNEL = r"\w+-\w+-\w+-\w+-\w+"


class HubIdentity(JupyterHubIdentityProvider):
    """The Hub's word about who asks, fitted to stand-alone Voila."""

    def __init__(self, **kwargs: Any) -> None:
        # Voila gives these; here they are the Hub's business.
        kwargs.pop("token", None)
        kwargs.pop("login_handler_class", None)
        super().__init__(**kwargs)

    def get_handlers(self) -> list[Any]:
        """Those of the Hub's sign-in, below this person's prefix."""
        prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
        return [(url_path_join(prefix, path), *rest) for path, *rest in super().get_handlers()]


class HubKernels(AsyncMappingKernelManager):
    """Kernels that know this person's login, and not the token by which the server speaks to the Hub."""

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        kwargs["env"] = kernel_environ(
            kwargs.get("env") or os.environ,
            person=os.environ["EARMARK_PERSON"],
            url=os.environ["EARMARK_DATABASE_URL"],
            home=str(self.connection_dir),
        )
        return str(await super()._async_start_kernel(**kwargs))


class Gate(Router):
    """Hands a request on if its route is one of ours."""

    def __init__(self, app: Application, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> HTTPMessageDelegate | None:
        """The application's own handler, or one that refuses."""
        if is_route(request.method or "", request.path or "", self._prefix):
            return self._app.find_handler(request)
        words = {"status": 404, "sentence": "There is nothing at this address."}
        return self._app.get_handler_delegate(request, Refusal, words)


class Pages(Voila):
    """Voila behind the gate, with the home dashboard as its front door."""

    def init_settings(self) -> Any:
        self.identity_provider_class = HubIdentity
        self.authorizer_class = JupyterHubAuthorizer
        return super().init_settings()

    def init_handlers(self) -> Any:
        front: dict[str, Any] = {"url": url_path_join(self.base_url, "voila/render/home.ipynb"), "permanent": False}
        own = [
            (self.base_url, RedirectHandler, front),
            (url_path_join(self.base_url, rf"/voila/api/shutdown/({_KERNEL})"), LeftPage),
        ]
        return [*own, *super().init_handlers()]

    def listen(self) -> None:
        """Serve on the Hub's port for us until a signal ends it."""
        server = HTTPServer(Gate(self.app, self.base_url), max_body_size=_MAX_BODY_BYTES, xheaders=True)
        server.listen(self.port, self.ip)
        self.ioloop = IOLoop.current()
        try:
            self.ioloop.start()
        finally:
            self.stop()


def main() -> None:
    """Serve until the Hub ends it."""
    place = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    config = voila_config(SERVING.parent, port=place.port or 0, ip=place.hostname or "127.0.0.1", base_url=prefix)
    config.Voila.tornado_settings["xsrf_cookie_kwargs"]["path"] = prefix
    config.VoilaConfiguration.multi_kernel_manager_class = HubKernels
    Pages.launch_instance(argv=[], config=config)


if __name__ == "__main__":
    main()
