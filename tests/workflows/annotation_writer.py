"""A process that annotates as a dashboard's kernel does, with the browser's outbox beside it on disk.

The outbox outlives its kernel, as the browser's does: what was sent and not acknowledged is sent again by the same id.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from apps.review.state import ReviewState
from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.catalog.projects import get_project
from pipeline.core.errors import DatabaseUnavailable
from pipeline.core.settings import load_settings
from pipeline.core.types import AnswerGiven, Heard
from pipeline.storage import Store
from pipeline.workflows.workspace import Workspace

PAUSE_S = 0.04  # between two answers, so that all eight are at work when something is killed
CORRECT_EVERY = 10  # so many answers are followed by another on the same clip


class Outbox:
    """What a person said, by id, and what the kernel has said to be committed."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self.sent: dict[str, dict[str, Any]] = {}
        self.acknowledged: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if "acknowledged" in entry:
                self.acknowledged.append(entry["acknowledged"])
            else:
                self.sent[entry["id"]] = entry

    def send(self, entry: dict[str, Any]) -> None:
        """Keep an answer before the kernel hears of it."""
        self.sent[entry["id"]] = entry
        self._write(entry)

    def acknowledge(self, annotation_id: str) -> None:
        """Note that the kernel said: committed."""
        self.acknowledged.append(annotation_id)
        self._write({"acknowledged": annotation_id})

    def waiting(self) -> list[dict[str, Any]]:
        """What is to be sent again, in order."""
        done = set(self.acknowledged)
        return [entry for key, entry in self.sent.items() if key not in done]

    def _write(self, entry: dict[str, Any]) -> None:
        # One write: kill -9 leaves a line whole or not at all.
        os.write(self._fd, (json.dumps(entry) + "\n").encode())


@contextmanager
def _review(url: str, folder: Path) -> Generator[ReviewState]:
    settings = load_settings(workspace=folder, project="made", environ={"EARMARK_DATABASE_URL": url})
    with connect(url, application_name="earmark dashboard") as conn:
        workspace = Workspace(settings=settings, url=url, conn=conn, store=Store(settings.store_uri))
        yield ReviewState(Session(workspace=workspace, project=get_project(conn, "made")))


def _deliver(state: ReviewState, outbox: Outbox) -> None:
    for entry in outbox.waiting():
        heard = Heard(n_plays=1, heard_s=0.5, response_ms=900)
        given = AnswerGiven(
            annotation_id=uuid.UUID(entry["id"]),
            clip_id=entry["clip_id"],
            answer="label",
            label=entry["label"],
            heard=heard,
        )
        state.save(given)
        outbox.acknowledge(entry["id"])


def _annotate(state: ReviewState, outbox: Outbox, quota: int) -> None:
    labels = state.labels()
    _deliver(state, outbox)
    while len(outbox.sent) < quota:
        clips = state.claim().clips
        if not clips:
            time.sleep(0.05)
        for clip in clips:
            n = len(outbox.sent)
            for label in labels if n % CORRECT_EVERY == 0 else labels[:1]:
                if len(outbox.sent) < quota:
                    time.sleep(PAUSE_S)
                    outbox.send({"id": str(uuid.uuid4()), "clip_id": clip.clip_id, "label": label})
                    _deliver(state, outbox)


def main(url: str, folder: Path, outbox: Outbox, quota: int) -> None:
    """Annotate until the quota is reached and acknowledged, whatever becomes of the database meanwhile."""
    while len(outbox.acknowledged) < quota:
        try:
            with _review(url, folder) as state:
                _annotate(state, outbox, quota)
        except (DatabaseUnavailable, psycopg.OperationalError):
            time.sleep(0.05)


if __name__ == "__main__":
    main(os.environ["ANNOTATION_URL"], Path(sys.argv[1]), Outbox(Path(sys.argv[2])), int(sys.argv[3]))
