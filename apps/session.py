"""What a dashboard's kernel has open: one workspace, one connection, one project, for as long as it lives.

Under `earmark serve --accounts` the kernel has the login of the person who asked for the page, and no other.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import parse_qs, quote

import psycopg
from psycopg.errors import InsufficientPrivilege
from tornado.websocket import websocket_connect

from apps.jobs import Job, Verb
from pipeline.catalog.connect import connect, in_words
from pipeline.catalog.projects import Project, duty_of, get_project, list_project_names
from pipeline.core.errors import NotPermitted
from pipeline.core.logs import start_logging, tell
from pipeline.core.permissions import Duty
from pipeline.core.settings import load_recipe, load_settings
from pipeline.widgets.clip_source import ClipBytes
from pipeline.widgets.shell import Header
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.workspace import Workspace, open_workspace

_CONNECT_TIMEOUT_S = 60
PAGES = ("home", "recordings", "curate", "review", "flags", "team", "releases", "activity")
PAGES_OF_DUTY: dict[Duty, tuple[str, ...]] = {
    "annotator": ("home", "review"),
    "reviewer": ("home", "curate", "review", "flags", "team", "activity"),
    "researcher": PAGES,
    "admin": PAGES,
}


@dataclass(frozen=True, kw_only=True)
class Session:
    """The open workspace of this page and its project."""

    workspace: Workspace
    project: Project
    projects: tuple[str, ...] = ()  # those that the person may choose from; none where nobody signed in

    @cached_property
    def duty(self) -> Duty | None:
        """What this person may do in the project."""
        return duty_of(self.workspace.conn, self.project.project_id)

    @property
    def person(self) -> str:
        """Who is logged in, and so the author of what this page writes."""
        return self.workspace.person

    @property
    def storage_key(self) -> str:
        """Under which the browser keeps what is not yet saved: the same for this person in this project for ever, also
        when the database comes back at another port."""
        info = self.workspace.conn.info
        return f"{self.workspace.settings.workspace}:{info.host}/{info.dbname}/{self.project.project_id}/{self.person}"

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
        return nav(here, duty=self.duty, project=self.project.name if self.projects else None)

    def header(self, here: str) -> Header:
        """The bar on top of the page ``here``."""
        return Header(
            here.title(),
            nav=self.nav(here),
            project=self.project.name,
            person=self.person,
            projects=self.projects,
            is_signed_in=_signed_in() is not None,
        )


def nav(here: str, duty: Duty | None = None, *, project: str | None = None) -> list[dict[str, object]]:
    """The pages for the header that somebody with this duty opens; every page if the duty is not known.

    With a ``project`` the links say which, so that they lead to the same one.
    """
    query = "" if project is None else f"?project={quote(project)}"
    pages = [page for page in PAGES if duty is None or page in PAGES_OF_DUTY[duty]]
    return [{"name": page.title(), "href": f"{page}.ipynb{query}", "is_here": page == here} for page in pages]


def bare_header(here: str) -> Header:
    """The bar on top of a page that could not open its session."""
    person = _signed_in()
    duty: Duty | None = None if person is None else "annotator"
    return Header(here.title(), nav=nav(here, duty), person=person or "", is_signed_in=person is not None)


def open_session(page: str | None = None) -> Session:
    """The session of this kernel; it is closed when the kernel ends. Raises EarmarkError.

    In a kernel that was started before anybody asked for the page, it waits for the person: so what the page reads is
    new, and a waiting kernel holds no connection. Raises NotPermitted if who signed in has no project, or no business
    on this page.
    """
    _wait_for_person()
    stack = ExitStack()
    atexit.register(stack.close)
    settings = load_settings()
    # A kernel's standard error would be seen on the page.
    start_logging("dashboard", settings, stderr="nothing")
    workspace = stack.enter_context(open_workspace(settings, application_name="earmark dashboard"))
    if _signed_in() is None:
        session = Session(workspace=workspace, project=workspace.create_project(load_recipe()))
    else:
        session = _shared_session(workspace)
    _demand_page(session, page)
    tell("page opened", who=session.person, project=session.project.name, what=page, duty=session.duty)
    return session


def _signed_in() -> str | None:
    # Set by the server for the kernel of somebody who signed in: no setting of the workspace.
    return os.environ.get("EARMARK_PERSON") or None


def _shared_session(workspace: Workspace) -> Session:
    """The project that was asked for, if it is shared with the person, else the usual one, else the first."""
    conn, person = workspace.conn, workspace.person
    try:
        names = list_project_names(conn)
    except InsufficientPrivilege:
        # Who never had a duty may read no table at all.
        names: dict[int, str] = {}
    shared = tuple(name for project_id, name in names.items() if duty_of(conn, project_id) is not None)
    if not shared:
        raise NotPermitted(
            f"no project is shared with {person} yet",
            do="ask a lab admin to give you a duty in one, then load this page again",
        )
    asked = parse_qs(os.environ.get("QUERY_STRING", "")).get("project", [])
    chosen = next((name for name in (*asked, workspace.settings.project) if name in shared), shared[0])
    return Session(workspace=workspace, project=get_project(conn, chosen), projects=shared)


def _demand_page(session: Session, page: str | None) -> None:
    """Raises NotPermitted, naming who may, if this person has no business on the page."""
    if page is None or session.duty is None or page in PAGES_OF_DUTY[session.duty]:
        return
    tell("page refused", who=session.person, project=session.project.name, what=page, duty=session.duty)
    allowed = [duty for duty, pages in PAGES_OF_DUTY.items() if page in pages]
    raise NotPermitted(
        f"{page.title()} of project {session.project.name} is for the duty {' or '.join(allowed)}, "
        f"and {session.person} is {session.duty} there",
        do="ask the project's admin if you need it",
    )


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
