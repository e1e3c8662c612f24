"""The verbs that look after what was kept: doctor, verify, backup, restore."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import (
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    opened,
    out,
    over_store,
    print_json,
    print_outcome,
    progress_bar,
    run_verb,
    settled,
)
from pipeline.storage import path_of

_STYLES = {"good": "green", "note": "yellow", "harm": "red"}
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}

FolderArgument = Annotated[str, typer.Argument(help="A folder of this machine or a mount.")]


def doctor(
    is_sweep: Annotated[bool, typer.Option("--sweep", help="Remove orphans and leftovers; logged.")] = False,
    older_than: Annotated[str, typer.Option(help="Sweep what is older than this: 90m, 12h, 2d.")] = "1d",
    even_most: Annotated[bool, typer.Option("--even-most", help="Sweep even if most of the store would go.")] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Say whether rows, store and processes fit together; status 1 if something needs a person."""
    from pipeline.workflows.doctor import examine, sweep

    older_than_s = _seconds(older_than)
    if is_sweep:
        with command(workspace, project, is_json=is_json) as context, progress_bar(is_json=is_json) as on_progress:
            found = sweep(
                context.workspace,
                context.project,
                older_than_s=older_than_s,
                even_most=even_most,
                on_progress=on_progress,
            )
    else:
        with opened(workspace, project, is_json=is_json) as space:
            found = examine(space, older_than_s=older_than_s)
    if is_json:
        print_json({"verb": "doctor", "is_well": found.is_well, **asdict(found)})
    else:
        for finding in found.findings:
            out.print(f"{finding.what:>24}  ", end="")
            out.print(finding.message, style=_STYLES[finding.grade], markup=False, soft_wrap=True)
            for example in finding.examples:
                out.print(f"{'':>24}    {example}", markup=False, soft_wrap=True)
        if found.swept is not None:
            print_outcome("sweep", found.swept, is_json=False)
    sys.exit(0 if found.is_well else 1)


def verify(
    is_from_start: Annotated[
        bool, typer.Option("--from-start", help="Do not go on where a run was stopped or killed.")
    ] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Read the bytes of every clip and compare them with the hash that was taken when it was cut."""
    from pipeline.workflows.verify import verify as run

    run_verb("verify", over_store(run, is_from_start=is_from_start), workspace, project, is_json=is_json)


def backup(
    folder: FolderArgument,
    with_sound: Annotated[bool, typer.Option("--with-sound", help="Keep the clips' bytes as well.")] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Write the whole database, its people and the list of its objects into a folder; again for the next one."""
    from pipeline.workflows.backup import backup as run

    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            done = run(
                context.workspace,
                context.project,
                Path(path_of(folder)),
                with_sound=with_sound,
                workers=context.settings.workers,
                on_progress=on_progress,
            )
        if is_json:
            print_json({"verb": "backup", **asdict(done)})
            return
        print_outcome("backup", done.outcome, is_json=False)
        _print_notes(done.notes)


def restore(
    folder: FolderArgument,
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Bring a backup back into an empty database and the store."""
    from pipeline.workflows.restore import restore as run

    with settled(workspace, None, is_json=is_json) as settings:
        with progress_bar(is_json=is_json) as on_progress:
            done = run(settings, Path(path_of(folder)), on_progress=on_progress)
        if is_json:
            print_json({"verb": "restore", **asdict(done)})
            return
        print_outcome("restore", done.outcome, is_json=False)
        out.print(f"{done.n_rows} rows as of {done.index.made_at}, {len(done.people)} people and groups made")
        _print_notes(done.notes)


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        out.print(note, style="yellow", markup=False, soft_wrap=True)


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if match is None:
        raise typer.BadParameter("expected a number with s, m, h or d, as in 12h", param_hint="--older-than")
    return float(match[1]) * _UNITS_S[match[2]]
