"""The main job in words for screens: its steps, what runs now and how fast, what came of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.catalog.operations import OperationState
from pipeline.core import pace
from pipeline.core.pace import duration_words as duration_words
from pipeline.workflows.overview import Overview

ACTIONS = {
    "ingest": "Bring in",
    "cut": "Cut",
    "embed": "Embed",
    "deduplicate": "De-duplicate",
    "select": "Select",
    "queue.build": "Build the queue",
    "queue.rank": "Keep the queue in order",
    "mislabels": "Look for mislabels",
    "quality": "Estimate progress",
    "release": "Release",
    "export": "Export",
}


def action_words(action: str) -> str:
    """The name of an operation's verb on screen."""
    return ACTIONS.get(action, action.replace(".", " ").capitalize())


def running_now(operations: Sequence[OperationState]) -> OperationState | None:
    """The run that began last of those that still run, None if nothing runs. ``operations`` newest first.

    A queue that is kept in order while people answer is none: nobody waits for it, and it stands in nobody's way.
    """
    running = (operation for operation in operations if operation.status == "running")
    return next((operation for operation in running if operation.action != "queue.rank"), None)


def main_job_steps(overview: Overview) -> list[dict[str, Any]]:
    """The strip of steps: how much there is at each, what is done, what waits, where to go."""
    counts = overview.counts
    has_deduplicated = counts.n_groups > 0 or _ended_since(overview, "deduplicate", "embed")
    n_waiting = overview.n_waiting
    stages: list[tuple[str, str, str, int, str, bool, bool]] = [
        # name, actions, page, count, unit, is it done, is it worth doing now
        ("Bring in", "ingest", "recordings", counts.n_recordings, "recordings", counts.n_recordings > 0, True),
        ("Cut", "cut", "recordings", counts.n_clips, "clips", is_cut(overview), counts.n_uncut > 0),
        (
            "Embed",
            "embed",
            "recordings",
            counts.n_embedded,
            "clips",
            is_embedded(overview),
            counts.n_clips > 0,
        ),
        (
            "De-duplicate",
            "deduplicate",
            "curate",
            counts.n_redundant,
            "redundant",
            has_deduplicated,
            counts.n_embedded > 0,
        ),
        (
            "Review",
            "queue.build",
            "review",
            n_waiting or counts.n_answered,
            "waiting" if n_waiting else "answered",
            n_waiting == 0 and counts.n_answered > 0,
            counts.n_in_queue > 0,
        ),
        (
            "Release",
            "release",
            "releases",
            counts.n_versions,
            "version" if counts.n_versions == 1 else "versions",
            counts.n_versions > 0,
            counts.n_answered + counts.n_carried > 0 and counts.n_embedded > 0,
        ),
    ]
    now = running_now(overview.operations)
    steps: list[dict[str, Any]] = []
    for name, action, page, count, unit, is_done, is_next in stages:
        if now is not None and now.action == action:
            state = "running"
        elif _failed_last(overview, action):
            state = "failed"
        else:
            state = "done" if is_done else "waiting" if is_next else "todo"
        has_count = count > 0 or is_done
        counted = {"count": count, "unit": unit} if has_count else {}
        steps.append({"name": name, "state": state, "href": f"{page}.ipynb", **counted})
    return steps


def is_cut(overview: Overview) -> bool:
    """Whether every recording is cut, or was tried since the last were brought in."""
    counts = overview.counts
    return counts.n_recordings > 0 and (counts.n_uncut == 0 or _ended_since(overview, "cut", "ingest"))


def is_embedded(overview: Overview) -> bool:
    """Whether every clip is embedded, or was tried since the last cut."""
    counts = overview.counts
    return counts.n_clips > 0 and (counts.n_embedded == counts.n_clips or _ended_since(overview, "embed", "cut"))


@dataclass(kw_only=True)
class Pace:
    """How fast the current stage of a run goes, by the times at which it told how far it is."""

    _seen: pace.Pace = field(default_factory=pace.Pace)

    def watch(self, operation: OperationState) -> tuple[float | None, float | None]:
        """Items per second and seconds left, None while not known yet."""
        if operation.updated_at is None:
            return None, None
        return self._seen.see(
            (operation.operation_id, operation.stage),
            operation.n_done + operation.n_failed,
            n_total=operation.n_total,
            at_s=operation.updated_at.timestamp(),
        )


def outcome_words(operation: OperationState) -> str:
    """What came of a run, or how far it is, as one phrase."""
    if operation.status == "running":
        stage = operation.stage or "starting"
        return stage if operation.n_total is None else f"{stage}: {operation.n_done:,} of {operation.n_total:,}"
    words = f"{operation.n_done:,} done"
    if operation.n_failed:
        words += f", {operation.n_failed:,} failed"
    return f"{words}. {operation.message}" if operation.message else words


def when_words(moment: datetime, *, now: datetime) -> str:
    """A moment for people, in the server's own time: 14:03 today, 20 Nov 09:12 before; steady, not counting up."""
    local, today = moment.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"today {local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y}"


def _ended_since(overview: Overview, action: str, earlier: str) -> bool:
    """Whether the action ended well after the last run of the earlier stage; the operations come newest first."""
    for run in overview.operations:
        if run.action == earlier:
            return False
        if run.action == action and run.status == "done":
            return True
    return False


def _failed_last(overview: Overview, action: str) -> bool:
    last = next((run for run in overview.operations if run.action == action), None)
    return last is not None and last.status == "failed"
