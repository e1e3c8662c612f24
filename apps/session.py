"""What a dashboard's kernel has open: one workspace, one connection, one project, for as long as it lives."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

import psycopg
from tornado.websocket import websocket_connect

from apps.jobs import Job, Verb
from pipeline.catalog.connect import connect, in_words
from pipeline.catalog.projects import Project
from pipeline.core.settings import load_recipe, load_settings
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.workspace import Workspace, open_workspace

_CONNECT_TIMEOUT_S = 60
PAGES = ("home", "recordings", "curate", "review", "releases")


@dataclass(frozen=True, kw_only=True)
class Session:
    """The open workspace of this page and its project."""

    workspace: Workspace
    project: Project

    @property
    def person(self) -> str:
        """Who is logged in, and so the author of what this page writes."""
        return self.workspace.person

    def read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip, for a player. Raises NotFound, StorageError."""
        data, mime, rate_hz = clip_bytes(self.workspace.conn, self.project, self.workspace.store, clip_id)
        return ClipBytes(data=data, mime=mime, rate_hz=rate_hz)

    def submit(self, verb: str, words: Sequence[str] = ()) -> Job:
        """Leave a verb of the command line to a worker, and go on without waiting for it. Raises as submit_all."""
        return self.submit_all([(verb, words)])

    def submit_all(self, verbs: Sequence[Verb]) -> Job:
        """Leave verbs that follow each other to a worker, each begun when the one before it ended well.

        How far they are is told by the rows of ``pipeline.catalog.operations``, also to a page that is opened later:
        a job outlives its page. What came of it, also of one that wrote no row, is in the Job.

        Raises SettingsError for words that no job may have, NotPermitted, DatabaseUnavailable.
        """
        # procrastinate takes a fifth of a second to import: not before the first screen.
        from pipeline.workflows.jobs import see_to_worker, submit

        workspace, lines = self.workspace, [[verb, *words] for verb, words in verbs]
        # A connection of its own, since the page's may be lost and a job must not be submitted twice.
        try:
            with connect(workspace.url, application_name="earmark dashboard order") as conn:
                job_id = submit(conn, self.project, lines)
                has_worker = see_to_worker(replace(workspace, conn=conn))
        except psycopg.Error as error:
            raise in_words(error) from error
        return Job(Lifeline(workspace.conn, workspace.url), self.project, job_id, has_worker=has_worker)

    def nav(self, here: str) -> list[dict[str, object]]:
        """The pages for the header."""
        return nav(here)


def nav(here: str) -> list[dict[str, object]]:
    """The pages for the header of a page that may have no session."""
    return [{"name": page.title(), "href": f"{page}.ipynb", "is_here": page == here} for page in PAGES]


def open_session() -> Session:
    """The session of this kernel; it is closed when the kernel ends. Raises EarmarkError.

    In a kernel that was started before anybody asked for the page, it waits for the person: so what the page reads is
    new, and a waiting kernel holds no connection.
    """
    _wait_for_person()
    stack = ExitStack()
    atexit.register(stack.close)
    workspace = stack.enter_context(open_workspace(load_settings(), application_name="earmark dashboard"))
    return Session(workspace=workspace, project=workspace.create_project(load_recipe()))


def _wait_for_person() -> None:
    # Voila's own variables, not settings of ours. What voila.utils.wait_for_request does, without the three seconds
    # of processor time that importing it costs every kernel that is made ready.
    environ = os.environ
    if environ.get("VOILA_PREHEAT", "False") == "False":
        return
    base = environ.get("VOILA_WS_BASE_URL") or environ.get("VOILA_SERVER_URL", "/")
    place = f"{environ.get('VOILA_APP_IP', '127.0.0.1')}:{environ['VOILA_APP_PORT']}"
    protocol = environ.get("VOILA_WS_PROTOCOL", "ws")
    asked = _next_message(f"{protocol}://{place}{base}voila/query/{environ['VOILA_KERNEL_ID']}")
    # The kernel's own loop runs already, so the waiting has one of its own.
    with ThreadPoolExecutor(max_workers=1) as beside:
        environ.update(json.loads(beside.submit(asyncio.run, asked).result()))


async def _next_message(url: str) -> str | bytes:
    line = await websocket_connect(url, connect_timeout=_CONNECT_TIMEOUT_S)
    return await line.read_message() or "{}"
