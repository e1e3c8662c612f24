"""``earmark gold``: clips whose answer is certain, by which people are measured."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.context import JsonOption, ProjectOption, WorkspaceOption, command, out, print_json
from pipeline.workflows.gold import NONE_OF_THESE, add_gold, list_gold, remove_gold

gold = typer.Typer(help="Clips whose answer is certain, mixed into everybody's queue.", no_args_is_help=True)

ClipsArgument = Annotated[list[int], typer.Argument(help="Clips by their numbers.")]


@gold.command()
def add(
    clip_ids: ClipsArgument,
    label: Annotated[
        str | None, typer.Option(help=f"What they are, or '{NONE_OF_THESE}'; else what people said of each.")
    ] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make clips gold; the next queue asks everybody about them."""
    with command(workspace, project, is_json=is_json) as context:
        n = add_gold(context.workspace.conn, context.project, clip_ids, label=label)
        _tell("gold add", n, is_json=is_json)


@gold.command()
def remove(
    clip_ids: ClipsArgument,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Let clips be gold no longer; what people said of them stays."""
    with command(workspace, project, is_json=is_json) as context:
        _tell("gold remove", remove_gold(context.workspace.conn, context.project, clip_ids), is_json=is_json)


@gold.command("list")
def list_(workspace: WorkspaceOption = None, project: ProjectOption = None, is_json: JsonOption = False) -> None:
    """List gold clips, and how many people met each."""
    with command(workspace, project, is_json=is_json) as context:
        clips = list_gold(context.workspace.conn, context.project)
        if is_json:
            print_json({"verb": "gold list", "clips": [asdict(clip) for clip in clips]})
            return
        for clip in clips:
            answer = clip.label or NONE_OF_THESE
            out.print(f"clip {clip.clip_id}  {answer}, met by {clip.n_met} of {clip.n_asked}", markup=False)
        if not clips:
            out.print("no gold clips")


def _tell(verb: str, n: int, *, is_json: bool) -> None:
    if is_json:
        print_json({"verb": verb, "n": n})
    else:
        out.print(f"{n} {'clip' if n == 1 else 'clips'}")
