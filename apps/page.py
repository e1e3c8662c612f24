"""How a page starts, and how it stays fresh while something runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from IPython.display import display
from ipywidgets import Widget

from apps.session import Session, bare_header, open_session
from pipeline.catalog.connect import connect
from pipeline.core.errors import EarmarkError, NotPermitted
from pipeline.widgets import layout
from pipeline.widgets.shell import EmptyState
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 1.0
_PAUSE_AFTER_TROUBLE_S = 10.0
_N_TIMES_THE_WORK = 10  # reading takes at most a tenth of the time, however large the project


class Page(Protocol):
    """What a dashboard's view is. ``freshening`` holds the task that keeps it fresh."""

    freshening: object

    @property
    def root(self) -> Widget: ...
    def read(self, conn: Conn) -> Any:
        """What the page shows, as it is now; runs in a thread, with that thread's connection. Raises EarmarkError."""
        ...

    def draw(self, what: Any) -> float:
        """Show what was read; gives the seconds until it is worth reading again."""
        ...

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        ...


def show_page(name: str, build: Callable[[Session], Page]) -> None:
    """Paint the page and keep it fresh, or say why it cannot open."""
    try:
        session = open_session(name)
        page = build(session)
    except EarmarkError as error:
        display(layout.page(bare_header(name), _sorry(name, error)))
        return
    display(page.root)
    page.freshening = asyncio.get_running_loop().create_task(_keep_fresh(session, page))


def _sorry(name: str, error: EarmarkError) -> EmptyState:
    """Why the page cannot open; who may not open it is led back to the one that everybody may."""
    if isinstance(error, NotPermitted) and name != "home":
        return EmptyState(
            "This page is not for you", text=str(error), action_label="Back to Home", action_href="home.ipynb"
        )
    return EmptyState(
        "This page cannot be opened", text=str(error), action_label="Try again", action_href=f"{name}.ipynb"
    )


async def _keep_fresh(session: Session, page: Page) -> None:
    """Read and draw for as long as the kernel lives. Only what changed is sent, so an idle page lets its kernel be."""
    line: Lifeline | None = None
    pause_s = _FIRST_PAUSE_S
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(pause_s)
        began = loop.time()
        try:
            if line is None:
                line = await asyncio.to_thread(_connect, session.workspace.url)
            what = await asyncio.to_thread(line.do, page.read)
            pause_s = max(page.draw(what), _N_TIMES_THE_WORK * (loop.time() - began))
        except EarmarkError as error:
            page.say_trouble(f"This page is not fresh: {error}")
            pause_s = _PAUSE_AFTER_TROUBLE_S
        except Exception as error:
            # The outermost edge: without this the page would stand still in silence.
            _log.exception("cannot keep the page fresh")
            page.say_trouble(f"This page is not fresh: {type(error).__name__}: {error}")
            pause_s = _PAUSE_AFTER_TROUBLE_S


def _connect(url: str) -> Lifeline:
    return Lifeline(connect(url, application_name="earmark dashboard reader"), url)
