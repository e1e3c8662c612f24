"""FiftyOne's App server, run as a program of its own: closed to other sites, and to files that are not shown.

``python -m pipeline.plugins.connectors.fiftyone_server PORT FOLDER…`` listens on loopback. FiftyOne itself would give
any file to anybody who reaches the port, and a page of another site in the user's browser does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

App = Callable[[Any, Any, Any], Awaitable[None]]


def guarded(app: App, *, port: int, folders: Sequence[Path]) -> App:
    """The ASGI app for pages of this very address alone, its media only from these folders."""
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    roots = [folder.resolve() for folder in folders]

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or _is_allowed(scope, hosts, roots):
            await app(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b"not from here"})
        else:
            await send({"type": "websocket.close", "code": 1008})

    return guard


def _is_allowed(scope: Any, hosts: set[str], roots: Sequence[Path]) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if headers.get(b"host") not in hosts or (origin is not None and urlsplit(origin).netloc not in hosts):
        return False
    if scope["path"].rstrip("/") != "/media":
        return True
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("filepath", [])
    return all(any(Path(path).resolve().is_relative_to(root) for root in roots) for path in asked)


def main() -> None:
    """Serve until ended."""
    port, *folders = sys.argv[1:]
    os.environ["FIFTYONE_SERVER"] = "1"
    # What FiftyOne's own server program does, but for the guard.
    from fiftyone.server.app import app
    from fiftyone.server.events import set_port
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    set_port(int(port))
    closed: Any = guarded(app, port=int(port), folders=[Path(folder) for folder in folders])
    asyncio.run(serve(closed, config))


if __name__ == "__main__":
    main()
