"""The dashboards' server: ``python -m apps.serving --port 8866``. `earmark serve` starts and ends it."""

from __future__ import annotations

import argparse
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError, RedirectHandler
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from apps.serving.voila_config import SERVING, voila_config


class LeftPage(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is left; without this, kernels stay until they are culled.

    The browser's farewell is a beacon, which cannot carry the token against forgery: its origin must be ours instead.
    """

    def check_xsrf_cookie(self) -> None:
        origin = self.request.headers.get("Origin", "")
        if urlsplit(origin).netloc != self.request.host:
            raise HTTPError(403, f"a page of another origin: {origin or 'none'}")


class Dashboards(Voila):
    """Voila whose front door is the home dashboard."""

    def init_handlers(self) -> list[Any]:
        home = RedirectHandler, {"url": f"{self.base_url}voila/render/home.ipynb", "permanent": False}
        left = f"{self.base_url}voila/api/shutdown/(.*)"
        return [(self.base_url, *home), (left, LeftPage), *super().init_handlers()]


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--preheated", type=int, default=1, help="kernels kept ready for each dashboard")
    given = parser.parse_args()
    config = voila_config(SERVING.parent, port=given.port, n_preheated=given.preheated)
    Dashboards.launch_instance(argv=[], config=config)


if __name__ == "__main__":
    main()
