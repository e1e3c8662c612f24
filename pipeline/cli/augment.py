"""The verb augment: clips made from clips."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.context import (
    Context,
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    print_outcome,
    progress_bar,
)
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Outcome
from pipeline.workflows.operation import OnProgress


def augment(
    name: Annotated[str, typer.Argument(help="Name of the augmentation.")],
    steps: Annotated[
        list[str] | None,
        typer.Option("--with", help="An augmenter, as in pitch:min_semitones=-2,max_semitones=2; again for the next."),
    ] = None,
    n_copies: Annotated[int, typer.Option("--copies", min=1, help="How many of each clip.")] = 1,
    dataset: Annotated[
        str | None, typer.Option("--of", help="The train clips of this dataset's latest version.")
    ] = None,
    selection: Annotated[str | None, typer.Option(help="The clips of this selection.")] = None,
    backgrounds: Annotated[str | None, typer.Option(help="The selection that backgrounds are drawn from.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same outcome.")] = 0,
    is_written: Annotated[bool, typer.Option("--write", help="Put the files into the store as well.")] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make other clips of clips: by pitch, speed, noise, rooms, backgrounds. All active clips, or those named.

    Without --with, and with --write, the files of an augmentation that stands are written.
    """
    chain = [PluginSpec.parse(step) for step in steps or ()]
    if not chain and not is_written:
        raise typer.BadParameter("name an augmenter, `earmark plugins` lists them", param_hint="--with")

    def make(context: Context, on_progress: OnProgress) -> Outcome:
        from pipeline.workflows.augment import augment as run

        return run(
            context.workspace.conn,
            context.project,
            context.workspace.store,
            name,
            chain,
            n_copies=n_copies,
            seed=seed,
            dataset=dataset,
            selection=selection,
            backgrounds=backgrounds,
            workers=context.settings.workers,
            on_progress=on_progress,
        )

    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            made = make(context, on_progress) if chain else Outcome(n_input=0, n_done=0)
            outcome = _with_files(made, _write(context, name, on_progress)) if is_written else made
        print_outcome("augment", outcome, is_json=is_json)


def _write(context: Context, name: str, on_progress: OnProgress) -> Outcome:
    from pipeline.workflows.augment import write_augmented

    return write_augmented(
        context.workspace.conn,
        context.project,
        context.workspace.store,
        name,
        workers=context.settings.workers,
        on_progress=on_progress,
    )


def _with_files(made: Outcome, written: Outcome) -> Outcome:
    """What was written, and beside its failures those of making: they have nothing that could be written."""
    return Outcome(
        n_input=written.n_input + len(made.failed),
        n_done=written.n_done,
        n_unchanged=written.n_unchanged,
        failed=made.failed + written.failed,
        detail=made.detail,
    )
