"""``earmark search``: more like this, or unlike anything."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import JsonOption, ProjectOption, WorkspaceOption, command, out, print_json
from pipeline.storage import path_of


def search(
    like: Annotated[int | None, typer.Option(help="The id of a clip.")] = None,
    file: Annotated[Path | None, typer.Option(help="A sound file of this machine.")] = None,
    is_unlike: Annotated[bool, typer.Option("--unlike", help="The clips that are unlike anything.")] = False,
    start: Annotated[float | None, typer.Option("--from", min=0, help="Only from this second of it.")] = None,
    stop: Annotated[float | None, typer.Option("--to", min=0, help="Only to this second of it.")] = None,
    low: Annotated[float | None, typer.Option(min=0, help="Only what sounds above so many Hz.")] = None,
    high: Annotated[float | None, typer.Option(min=0, help="Only what sounds below so many Hz.")] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=10_000, help="How many.")] = 20,
    with_redundant: Annotated[bool, typer.Option("--with-redundant", help="Copies as well.")] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Find the clips that sound most like a clip, a file or a region of it; or those unlike anything."""
    from pipeline.workflows.search import search as run
    from pipeline.workflows.search import search_unlike

    if (like is not None) + (file is not None) + is_unlike != 1:
        raise typer.BadParameter("name one of --like, --file and --unlike", param_hint="--like")
    if is_unlike and (start, stop, low, high) != (None, None, None, None):
        raise typer.BadParameter("a region is one of a clip or a file", param_hint="--unlike")
    with command(workspace, project, is_json=is_json) as context:
        conn, store = context.workspace.conn, context.workspace.store
        if is_unlike:
            found = search_unlike(conn, context.project, n=n)
        else:
            found = run(
                conn,
                context.project,
                store,
                like if like is not None else path_of(str(file)),
                start_s=start,
                stop_s=stop,
                low_hz=low,
                high_hz=high,
                n=n,
                with_redundant=with_redundant,
            )
        if is_json:
            print_json({"verb": "search", "clips": [asdict(clip) for clip in found]})
            return
        for clip in found:
            copy = "  redundant" if clip.is_redundant else ""
            place = f"{clip.recording_name} {clip.start_s:.2f} s"
            out.print(
                f"{clip.clip_id:>10}  {clip.cosine:6.3f}  {clip.duration_s:7.2f} s  {place}{copy}",
                markup=False,
                soft_wrap=True,
            )
