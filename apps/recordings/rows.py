"""Recordings and failures as rows of tables."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from apps.main_job import action_words
from apps.recordings.state import RecordingsPage
from pipeline.catalog.failures import FailureRow
from pipeline.catalog.first_clips import FirstClip
from pipeline.catalog.recordings import RecordingRow

N_FAILURES_SHOWN = 12
# What cut mends by itself; everything else stays as it is and is worth a look.
MENDED = frozenset({"wrong rate", "wrong channels", "wrong depth", "dc offset"})


def recording_rows(page: RecordingsPage) -> list[dict[str, Any]]:
    """The page as rows of a table."""
    return [_recording_row(recording, page.clips.get(recording.recording_id)) for recording in page.recordings]


def page_note(page: RecordingsPage) -> str:
    """Which part of the list this is."""
    if not page.recordings:
        return ""
    first = page.place.n_before + 1
    last = page.place.n_before + len(page.recordings)
    what = "recordings" if page.place.problem is None else f"recordings: {page.place.problem}"
    return f"{first:,}–{last:,} of {max(page.n_total, last):,} {what}"


def problem_words(problem: str) -> str:
    """A problem's name on screen."""
    return problem.replace("dc ", "DC ")


@dataclass(frozen=True, kw_only=True)
class FailurePage:
    """One page of a list of failures that is in memory: rows of a table, from ``start`` on."""

    start: int
    rows: list[dict[str, Any]]
    has_previous: bool
    has_next: bool
    note: str
    n_turn: int = N_FAILURES_SHOWN


def failure_page(failures: list[FailureRow], start: int) -> FailurePage:
    """The page that holds this place of the list, or its last one."""
    last = max(0, len(failures) - 1) // N_FAILURES_SHOWN * N_FAILURES_SHOWN
    start = min(max(0, start), last)
    shown = failures[start : start + N_FAILURES_SHOWN]
    is_one_page = len(failures) <= N_FAILURES_SHOWN
    return FailurePage(
        start=start,
        rows=[_failure_row(failure) for failure in shown],
        has_previous=start > 0,
        has_next=start < last,
        note="" if is_one_page else f"{start + 1:,}–{start + len(shown):,} of {len(failures):,}",
    )


def item_name(failure: FailureRow) -> str:
    """What failed, for people: the last part of a file's URI, or the clip's number."""
    if failure.item.isdecimal():
        return f"clip {failure.item}"
    return unquote(failure.item.rstrip("/").rpartition("/")[2]) or failure.item


def _failure_row(failure: FailureRow) -> dict[str, Any]:
    return {
        "id": failure.failure_id,
        "item": item_name(failure),
        "stage": action_words(failure.stage),
        "message": _reason(failure),
        "n_attempts": failure.n_attempts,
    }


def _reason(failure: FailureRow) -> str:
    """The message without the name, which stands beside it: the reason itself must not be cut off."""
    name = item_name(failure)
    path, names_it_first, reason = failure.message.partition(f"{name}: ")
    if names_it_first and path.startswith("/"):
        return reason
    return failure.message.replace(f": {name}", "", 1)


def _recording_row(recording: RecordingRow, clip: FirstClip | None) -> dict[str, Any]:
    is_mended = MENDED.issuperset(recording.problems)
    return {
        "id": recording.recording_id,
        "play": None if clip is None else clip.clip_id,
        "name": recording.name,
        "wave": None if clip is None else base64.b64encode(clip.thumbnail).decode(),
        "container": _container(recording),
        "rate_khz": recording.rate_hz / 1000,
        "n_channels": recording.n_channels,
        "duration_s": recording.duration_s,
        "peak_dbfs": recording.peak_dbfs,
        "problems": {"text": ", ".join(map(problem_words, recording.problems)), "tone": "info" if is_mended else "warn"}
        if recording.problems
        else None,
        "labels": ", ".join(recording.labels),
        "source_group": recording.source_group,
        "n_clips": recording.n_clips,
    }


def _container(recording: RecordingRow) -> str:
    container, codec = recording.container, recording.codec
    return container if codec.lower() == container.lower() else f"{container} · {codec}"
