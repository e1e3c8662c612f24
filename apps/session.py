"""What a dashboard's kernel has open: one workspace, one connection, one project, for as long as it lives."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from pipeline.catalog.projects import Project
from pipeline.core.settings import load_recipe, load_settings
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.workspace import Workspace, open_workspace

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

    def submit(self, verb: str, words: Sequence[str] = ()) -> None:
        """Start a verb of the command line beside this page; its progress is a row that screens read."""
        settings = self.workspace.settings
        environ = {**os.environ, "EARMARK_WORKSPACE": str(settings.workspace), "EARMARK_STORE": settings.store_uri}
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", verb, *words, "--project", self.project.name],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def nav(self, here: str) -> list[dict[str, object]]:
        """The pages for the header."""
        return [{"name": page.title(), "href": f"{page}.ipynb", "is_here": page == here} for page in PAGES]


def open_session() -> Session:
    """The session of this kernel; it is closed when the kernel ends. Raises EarmarkError."""
    stack = ExitStack()
    atexit.register(stack.close)
    workspace = stack.enter_context(open_workspace(load_settings(), application_name="earmark dashboard"))
    return Session(workspace=workspace, project=workspace.create_project(load_recipe()))
