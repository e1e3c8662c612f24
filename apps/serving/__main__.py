"""The dashboards' server: ``python -m apps.serving --port 8866``. `earmark serve` starts and ends it."""

from __future__ import annotations

import argparse
from typing import Any

from tornado.web import RedirectHandler
from voila.app import Voila

from apps.serving.voila_config import SERVING, voila_config


class Dashboards(Voila):
    """Voila whose front door is the home dashboard."""

    def init_handlers(self) -> list[Any]:
        home = RedirectHandler, {"url": f"{self.base_url}voila/render/home.ipynb", "permanent": False}
        return [(self.base_url, *home), *super().init_handlers()]


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
