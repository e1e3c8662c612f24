"""A browser without a screen that annotates on the review page of `earmark serve --accounts`.

It signs in, opens the page, and speaks the clip deck's own messages with the page's kernel, through the server. Its
outbox lies on disk, as the browser's does; when the kernel is gone it loads the page again and sends what waits.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from tests.people import PASSWORD
from tests.serving.channel import V1, cookies_of, frame, read_frame
from tests.serving.shared_lab import kernel_of
from tests.workflows.annotation_writer import CORRECT_EVERY, PAUSE_S, Outbox

FEW_AHEAD = 4
PATIENCE_S = 20.0
CONTROL_PROTOCOL = {"version": "1.0.0"}


class PageLost(Exception):
    """The kernel behind the page is gone, or never came."""


class Deck:
    """The clip deck of an open page."""

    def __init__(self, line: WebSocketClientConnection) -> None:
        self._line = line
        self._comm_id = ""
        self.labels: list[str] = []
        self.clips: list[int] = []

    async def find(self) -> None:
        """Ask the kernel for its widgets, as a page does, and take the deck among them."""
        control = uuid.uuid4().hex
        opening = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        await self._send("comm_open", opening, metadata=CONTROL_PROTOCOL)
        await self._send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        said = await self._hear(lambda content: content["data"].get("method") == "update_states")
        for comm_id, model in said["data"]["states"].items():
            if "storage_key" in model["state"]:
                self._comm_id = comm_id
                self.labels = [label["name"] for label in model["state"]["labels"]]
                self.clips = [clip["id"] for clip in model["state"]["queue"]]
        if not self._comm_id:
            raise PageLost("the page holds no deck")

    async def ask(self, message: dict[str, Any], *answers: str) -> dict[str, Any]:
        """Say something to the deck and wait for an answer of one of these types about it."""
        await self._send("comm_msg", {"comm_id": self._comm_id, "data": {"method": "custom", "content": message}})

        def is_answer(content: dict[str, Any]) -> bool:
            said = content["data"].get("content") or {}
            ids = [said.get("event_id"), *said.get("event_ids", [])]
            return said.get("type") in answers and ("event_id" not in message or message["event_id"] in ids)

        return (await self._hear(is_answer))["data"]["content"]

    async def _send(self, kind: str, content: dict[str, Any], metadata: dict[str, str] | None = None) -> None:
        await self._line.write_message(frame(kind, content, metadata=metadata), binary=True)

    async def _hear(self, is_it: Any) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while (said := await self._line.read_message()) is not None:
                assert isinstance(said, bytes)
                message = read_frame(said)
                if message["kind"] == "status" and message["content"]["execution_state"] in ("restarting", "dead"):
                    raise PageLost("the kernel died")
                if message["kind"] == "comm_msg" and is_it(message["content"]):
                    return message["content"]
        raise PageLost("the line was cut")


async def _annotate(deck: Deck, outbox: Outbox, quota: int) -> None:
    decided = {entry["clip_id"] for entry in outbox.waiting()}
    await _deliver(deck, outbox)
    while len(outbox.sent) < quota:
        deck.clips = [clip_id for clip_id in deck.clips if clip_id not in decided]
        if len(deck.clips) < FEW_AHEAD:
            said = await deck.ask({"type": "more", "have": deck.clips}, "queue", "no_more")
            deck.clips += [clip["id"] for clip in said.get("clips", [])]
        if not deck.clips:
            await asyncio.sleep(PAUSE_S)
            continue
        clip_id, before = deck.clips.pop(0), None
        decided.add(clip_id)
        for label in deck.labels if len(outbox.sent) % CORRECT_EVERY == 0 else deck.labels[:1]:
            if len(outbox.sent) < quota:
                await asyncio.sleep(PAUSE_S)
                entry = {"id": str(uuid.uuid4()), "clip_id": clip_id, "label": label, "supersedes": before}
                outbox.send(entry)
                before = entry["id"]
                await _deliver(deck, outbox)


async def _deliver(deck: Deck, outbox: Outbox) -> None:
    heard = {"n_plays": 1, "heard_s": 0.5, "response_ms": 900, "speed": 1}
    for entry in outbox.waiting():
        message = {"type": "answer", "event_id": entry["id"], "answer": "label", "heard": heard}
        message |= {key: entry[key] for key in ("clip_id", "label", "supersedes")}
        while (said := await deck.ask(message, "saved", "postponed", "refused"))["type"] == "postponed":
            await asyncio.sleep(PAUSE_S)
        assert said["type"] == "saved", said
        outbox.acknowledge(entry["id"])


async def _sit_at_page(base: str, person: str, note: Path, outbox: Outbox, quota: int) -> None:
    """Sign in, open the page, annotate until the quota is reached. Raises PageLost and what the network raises."""
    with httpx.Client(base_url=base, timeout=60) as browser:
        token = re.search(r'name="_xsrf" value="([^"]+)"', browser.get("/login").text)
        if token is None:
            raise PageLost("no form to sign in")
        browser.post("/login", data={"name": person, "password": PASSWORD, "_xsrf": token[1]})
        painted = browser.get("/voila/render/review.ipynb")
        if painted.status_code != 200 or '"kernelId"' not in painted.text:
            raise PageLost("the page did not open")
        kernel_id = kernel_of(painted.text)
        place = f"{base.replace('http', 'ws', 1)}/api/kernels/{kernel_id}/channels?session_id={uuid.uuid4().hex}"
        line = await websocket_connect(HTTPRequest(place, headers=cookies_of(browser)), subprotocols=[V1])
        try:
            deck = Deck(line)
            await deck.find()
            note.write_text(kernel_id, encoding="utf-8")
            await _annotate(deck, outbox, quota)
        finally:
            line.close()


def main(base: str, person: str, note: Path, outbox: Outbox, quota: int) -> None:
    """Annotate until the quota is reached and acknowledged, whatever becomes of kernel and database meanwhile.

    ``note`` gets the id of the kernel behind the page.
    """
    gone = (PageLost, TimeoutError, httpx.HTTPError, HTTPClientError, WebSocketClosedError, OSError)
    while len(outbox.acknowledged) < quota:
        try:
            asyncio.run(_sit_at_page(base, person, note, outbox, quota))
        except gone as error:
            print(f"{person}: {type(error).__name__}: {error}; loading the page again", file=sys.stderr, flush=True)
            asyncio.run(asyncio.sleep(0.5))


if __name__ == "__main__":
    main(os.environ["ANNOTATION_BASE"], sys.argv[1], Path(sys.argv[2]), Outbox(Path(sys.argv[3])), int(sys.argv[4]))
