"""``earmark log``: who did what, when, how long it took, what came of it, and what failed."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import typer

from pipeline.catalog import operation_log
from pipeline.catalog.failures import FailureRow
from pipeline.catalog.operation_log import LogEntry, LogFilter
from pipeline.catalog.projects import duty_of
from pipeline.cli.context import (
    Context,
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    out,
    print_json,
)
from pipeline.core.errors import SettingsError
from pipeline.core.pace import duration_words
from pipeline.core.permissions import demand

Outcome = Literal["running", "done", "failed", "cancelled"]

_AGO = re.compile(r"(\d+)\s*(s|min|h|d|w)")
_UNITS_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_STYLES = {"done": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}
_N_FAILURES = 3


def log(
    operation_id: Annotated[
        int | None, typer.Argument(help="One operation, with everything that failed under it.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Only what this person ran.")] = None,
    verb: Annotated[str | None, typer.Option(help="Only this verb, like cut.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only what ended so, or still runs.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From this day or time on (2026-11-20), or 30min, 12h, 7d, 2w ago.")
    ] = None,
    before: Annotated[int | None, typer.Option(help="Go on with what is older than this operation.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=1000, help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Show the operation log, newest first: who, what, when, how long, outcome, failures."""
    with command(workspace, project, is_json=is_json) as context:
        conn, project_id = context.workspace.conn, context.project.project_id
        demand(duty_of(conn, project_id), "log", actor=context.workspace.person, project=context.project.name)
        if operation_id is not None:
            _show_one(context, operation_id)
            return
        wanted = LogFilter(author=who, verb=verb, status=outcome, since=_moment(since))
        found = operation_log.list_entries(conn, project_id, wanted, before_id=before, limit=n + 1)
        entries, has_more = found[:n], len(found) > n
        next_before = entries[-1].operation_id if has_more else None
        if is_json:
            print_json({"operations": [_json(entry) for entry in entries], "next_before": next_before})
            return
        for entry in entries:
            _print_entry(entry)
            if entry.n_failed:
                failures = operation_log.page_failures_of(conn, project_id, entry.operation_id, limit=_N_FAILURES)
                _print_failures(failures, entry, is_all=len(failures) < _N_FAILURES)
        if not entries:
            out.print("nothing in the log fits")
        if next_before is not None:
            out.print(f"older ones: earmark log --before {next_before}", style="dim")


def _show_one(context: Context, operation_id: int) -> None:
    conn, project_id = context.workspace.conn, context.project.project_id
    entry = operation_log.get_entry(conn, project_id, operation_id)
    failures: list[FailureRow] = []
    while page := operation_log.page_failures_of(
        conn, project_id, operation_id, after_id=failures[-1].failure_id if failures else 0, limit=500
    ):
        failures += page
    if context.is_json:
        print_json({**_json(entry), "failures": [asdict(failure) for failure in failures]})
        return
    _print_entry(entry)
    if entry.job_id is not None:
        out.print(f"        job {entry.job_id}")
    for title, facts in (("asked for", entry.spec), ("counted", entry.detail), ("stages in s", dict(entry.stages_s))):
        if facts:
            words = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items() if value is not None)
            out.print(f"        {title}: {words}", markup=False, soft_wrap=True)
    _print_failures(failures, entry, is_all=True)


def _print_entry(entry: LogEntry) -> None:
    took = "" if entry.duration_s is None else duration_words(entry.duration_s)
    counts = f"{entry.n_done:,} done" + (f", {entry.n_failed:,} failed" if entry.n_failed else "")
    when = f"{entry.began_at.astimezone():%Y-%m-%d %H:%M:%S}"
    out.print(f"{entry.operation_id:>6}  {when}  {entry.author:<12} {entry.action:<12} ", markup=False, end="")
    out.print(f"{entry.status:<10}", style=_STYLES[entry.status], end="")
    out.print(f"{took:>10}  {counts}", markup=False, soft_wrap=True)
    if entry.message:
        out.print(f"        {entry.message}", markup=False, soft_wrap=True)


def _print_failures(failures: list[FailureRow], entry: LogEntry, *, is_all: bool) -> None:
    for failure in failures:
        style = "dim" if failure.error == "NotSound" else "red"
        out.print(f"        {failure.message}", style=style, markup=False, soft_wrap=True)
    n_more = entry.n_failed - len(failures)
    if n_more <= 0:
        return
    words = f"{n_more:,} failed again in a later run and stand there" if is_all else f"{n_more:,} more"
    out.print(f"        … {words}: earmark log {'' if is_all else entry.operation_id}".rstrip(), style="dim")


def _json(entry: LogEntry) -> dict[str, Any]:
    return {**asdict(entry), "duration_s": entry.duration_s}


def _moment(text: str | None) -> datetime | None:
    """A day or a time, in this machine's own time zone unless it names one; or so long ago. Raises SettingsError."""
    if text is None:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        return datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _UNITS_S[ago[2]])
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            "--since is no time", expected="a day like 2026-11-20, a time like 2026-11-20T14:00, or 12h", got=text
        ) from None
    return moment if moment.tzinfo is not None else moment.astimezone()
