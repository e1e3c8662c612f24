"""``earmark mislabels``: the clips whose label the other clips doubt, with the evidence for each."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.context import (
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    out,
    print_json,
    print_outcome,
    progress_bar,
)
from pipeline.workflows.find_mislabels import Apart, find_mislabels

_MAX_SHOWN = 20


def mislabels(
    n_clips: Annotated[int, typer.Option("--n", min=1, help="At most so many clips.")] = 200,
    apart: Annotated[
        Apart, typer.Option(help="Whose clips never speak for each other: of one recording, or of one source group.")
    ] = "recording",
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same outcome.")] = 0,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """List the clips that may be wrongly labelled, the most suspicious first.

    Hear and settle them on the page flags of `earmark serve`. What was settled is not asked again.
    """
    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            report = find_mislabels(
                context.workspace.conn,
                context.project,
                n_clips=n_clips,
                apart=apart,
                seed=seed,
                on_progress=on_progress,
            )
        if is_json:
            suspects = [asdict(suspect) for suspect in report.suspects]
            print_json({"verb": "mislabels", "suspects": suspects, **asdict(report.outcome)})
            return
        for suspect in report.suspects[:_MAX_SHOWN]:
            out.print(f"clip {suspect.clip_id}  {suspect.reason}", markup=False, soft_wrap=True)
        if len(report.suspects) > _MAX_SHOWN:
            out.print(f"… and {len(report.suspects) - _MAX_SHOWN:,} more on the page flags", markup=False)
        print_outcome("mislabels", report.outcome, is_json=False)
