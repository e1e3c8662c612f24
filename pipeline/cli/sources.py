"""`earmark watch` and `earmark sources`: what recordings come from, and when each place is looked at again."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.catalog.sources import Source, list_sources
from pipeline.cli.context import (
    Context,
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    err,
    out,
    print_json,
    print_outcome,
    progress_bar,
)
from pipeline.core.errors import SettingsError, StorageError
from pipeline.core.settings import DEFAULT_RECIPE
from pipeline.workflows.carried_labels import LabelRules

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def watch(
    uri: Annotated[str | None, typer.Argument(help="A folder, or any fsspec URI. Absent: list the sources.")] = None,
    every: Annotated[str | None, typer.Option(help="The interval, like 30s, 10m, 6h, 1d.")] = None,
    labels: Annotated[str | None, typer.Option(help="As in ingest: folder, none.")] = None,
    pattern: Annotated[str | None, typer.Option(help="As in ingest.")] = None,
    table: Annotated[Path | None, typer.Option(help="As in ingest.")] = None,
    then: Annotated[list[str] | None, typer.Option(help="What follows: prepare, or cut, embed, …")] = None,
    is_once: Annotated[bool, typer.Option("--once", help="Look at all sources that are due, now and here.")] = False,
    off: Annotated[str | None, typer.Option(help="End the watching of this source.")] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Look at sources again at an interval; only new and changed files are read."""
    from pipeline.workflows.watch import unwatch
    from pipeline.workflows.watch import watch as run

    if (uri is not None) + is_once + (off is not None) > 1:
        raise typer.BadParameter("a source to watch, --once or --off, not two of them")
    if (uri is None) != (every is None):
        raise typer.BadParameter("a source and its interval belong together", param_hint="--every")
    rules = _rules(labels, pattern, table)
    every_s = None if every is None else _seconds(every)
    recipe = None if uri is None else DEFAULT_RECIPE
    with command(workspace, project, is_json=is_json, recipe=recipe) as context:
        conn = context.workspace.conn
        if is_once:
            _look_at_due(context)
            return
        if off is not None and not unwatch(conn, context.project, off):
            raise SettingsError("no such source is watched", which=off, do="earmark sources lists them")
        if uri is not None and every_s is not None:
            run(conn, context.project, uri, every_s=every_s, labels=rules, then=then or ())
        _print_sources(context)


def sources(workspace: WorkspaceOption = None, project: ProjectOption = None, is_json: JsonOption = False) -> None:
    """List what recordings come from: when it was looked at, when it is due again, what has vanished."""
    with command(workspace, project, is_json=is_json) as context:
        _print_sources(context)


def _look_at_due(context: Context) -> None:
    """A source that cannot be read is told of, and does not keep the others waiting."""
    from pipeline.workflows.watch import due_sources, follow, look_again

    conn, project, workers = context.workspace.conn, context.project, context.settings.workers
    unread: list[StorageError] = []
    for source in due_sources(conn, project):
        with progress_bar(is_json=context.is_json) as on_progress:
            try:
                outcome = look_again(conn, project, source, workers=workers, on_progress=on_progress)
            except StorageError as error:
                unread.append(error)
                continue
            is_new = outcome.n_done > outcome.n_unchanged
            later = (
                follow(conn, project, context.workspace.store, source, workers=workers, on_progress=on_progress)
                if is_new
                else []
            )
        for verb, result in [(f"ingest {source.uri}", outcome), *later]:
            print_outcome(verb, result, is_json=context.is_json)
    for error in unread[:-1]:
        err.print(f"earmark: {error}", style="red", markup=False, soft_wrap=True)
    if unread:
        raise unread[-1]


def _print_sources(context: Context) -> None:
    found = list_sources(context.workspace.conn, context.project.project_id)
    if context.is_json:
        print_json({"sources": [asdict(source) for source in found]})
        return
    for source in found:
        out.print(escape(source.uri), soft_wrap=True)
        out.print("  " + ", ".join(_words(source)), soft_wrap=True)
    if not found:
        out.print("no sources yet: earmark ingest or earmark watch brings one in")


def _words(source: Source) -> list[str]:
    words = [f"looked at {_minute(source.looked_at)}" if source.looked_at else "never looked at"]
    if source.n_files is not None:
        words.append(f"{source.n_files:,} files")
    if source.n_vanished:
        words.append(f"{source.n_vanished:,} vanished")
    if source.watch_every_s is None or source.due_at is None:
        return [*words, "not watched"]
    words.append(f"every {_interval(source.watch_every_s)}, due {_minute(source.due_at)}")
    if source.then_verbs:
        words.append("then " + " ".join(line[0] for line in source.then_verbs))
    return words


def _minute(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"


def _interval(seconds: int) -> str:
    unit = max((u for u in _UNITS_S if seconds % _UNITS_S[u] == 0), key=_UNITS_S.__getitem__)
    return f"{seconds // _UNITS_S[unit]}{unit}"


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if match is None or int(match[1]) == 0:
        raise typer.BadParameter("expected an interval like 30s, 10m, 6h or 1d", param_hint="--every")
    return int(match[1]) * _UNITS_S[match[2]]


def _rules(labels: str | None, pattern: str | None, table: Path | None) -> LabelRules | None:
    """None if no rule is given: a source keeps those that it has."""
    if labels not in (None, "none", "folder"):
        raise typer.BadParameter("expected none or folder", param_hint="--labels")
    if labels is None and pattern is None and table is None:
        return None
    return LabelRules(
        from_folder=labels == "folder", name_pattern=pattern, csv_path=None if table is None else str(table)
    )
