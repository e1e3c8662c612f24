"""A line to a kernel, as a program would open it: no browser keeps to any rule here."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import httpx
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.serving.shared_lab import Lab

V1 = "v1.kernel.websocket.jupyter.org"


def cookies_of(browser: httpx.Client) -> dict[str, str]:
    """The header that a browser would send."""
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)}


def refused_with(lab: Lab, path: str, headers: Mapping[str, str], *, protocol: str = V1) -> int:
    """The status with which a websocket is refused; 101 if it opens."""

    async def knock() -> int:
        request = HTTPRequest(f"ws://127.0.0.1:{lab.port}{path}", headers=dict(headers))
        try:
            line = await websocket_connect(request, subprotocols=[protocol] if protocol else None)
        except HTTPClientError as error:
            return error.code
        line.close()
        return 101

    return asyncio.run(knock())


def talk(
    lab: Lab,
    browser: httpx.Client,
    kernel_id: str,
    sent: list[bytes],
    *,
    until: Callable[[list[dict[str, Any]]], bool],
    patience_s: float = 15.0,
) -> list[dict[str, Any]]:
    """What the kernel says after these frames, until it is enough, the line is cut, or patience ends."""

    async def run() -> list[dict[str, Any]]:
        url = f"ws://127.0.0.1:{lab.port}/api/kernels/{kernel_id}/channels?session_id={uuid.uuid4().hex}"
        request = HTTPRequest(url, headers=cookies_of(browser), connect_timeout=60, request_timeout=60)
        line = await websocket_connect(request, subprotocols=[V1])
        assert line.selected_subprotocol == V1
        for frame in sent:
            await line.write_message(frame, binary=True)
        heard: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(patience_s):
                while not until(heard) and (said := await line.read_message()) is not None:
                    assert isinstance(said, bytes)
                    heard.append(read_frame(said))
        except TimeoutError:
            pass
        line.close()
        return heard

    return asyncio.run(run())


def kinds(heard: list[dict[str, Any]]) -> set[str]:
    """What kinds of messages these are."""
    return {said["kind"] for said in heard}


def frame(
    kind: str, content: Mapping[str, Any], channel: str = "shell", *, metadata: Mapping[str, Any] | None = None
) -> bytes:
    """A message to a kernel."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "x", "username": "x", "version": "5.3"}
    parts = [
        channel.encode(),
        *(json.dumps(part).encode() for part in (header, {}, dict(metadata or {}), dict(content))),
    ]
    offsets = [8 * (2 + len(parts))]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(n.to_bytes(8, "little") for n in (len(offsets), *offsets)) + b"".join(parts)


def read_frame(said: bytes) -> dict[str, Any]:
    """A message of a kernel."""
    n = int.from_bytes(said[:8], "little")
    offsets = [int.from_bytes(said[8 * i : 8 * (i + 1)], "little") for i in range(1, n + 1)]
    parts = [said[start:end] for start, end in pairwise(offsets)]
    kind = json.loads(parts[1])["msg_type"]
    return {"kind": kind, "content": json.loads(parts[4]), "buffers": parts[5:]}
