"""The verbs fiftyone publish, serve and pull: clips in FiftyOne's App, and what people say there back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.context import (
    Context,
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    err,
    out,
    over_store,
    run_verb,
    settled,
)
from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Outcome
from pipeline.workflows.operation import OnProgress

DEFAULT_PORT = 5151
_BRAIN_HELP = "What its brain shall add: uniqueness,visualization,mistakenness,similarity; what was added stays."

SelectionOption = Annotated[str | None, typer.Option(help="Only clips of this selection, as a set of its own.")]

fiftyone = typer.Typer(
    help="Show clips in FiftyOne's App, and take over the labels and tags given there.", no_args_is_help=True
)


@fiftyone.command()
def publish(
    selection: SelectionOption = None,
    brain: Annotated[str, typer.Option(help=_BRAIN_HELP)] = "",
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Let FiftyOne show the clips as they are now; edits made there are pulled first."""
    from pipeline.workflows.exchange import publish as run

    connector = PluginSpec(name="fiftyone", params={"brain": brain})

    def work(context: Context, on_progress: OnProgress) -> Outcome:
        publishing = over_store(run, folder=_folder(context), selection=selection, connector=connector)
        return publishing(context, on_progress)

    _run("publish", work, workspace, project, connector=connector, is_json=is_json)


@fiftyone.command()
def pull(
    selection: SelectionOption = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Take over labels as your answers, the tag flag as a flag, and any other tag as the selection of its name."""
    from pipeline.workflows.exchange import pull as run

    def work(context: Context, on_progress: OnProgress) -> Outcome:
        return run(
            context.workspace.conn,
            context.project,
            folder=_folder(context),
            selection=selection,
            on_progress=on_progress,
        )

    _run("pull", work, workspace, project, is_json=is_json)


@fiftyone.command()
def serve(
    selection: SelectionOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the App, on this machine only.")] = DEFAULT_PORT,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
) -> None:
    """Open FiftyOne's App with a panel that plays the clips, until Ctrl+C."""
    from pipeline.workflows.exchange import FIFTYONE, place_of, shown_folders

    _demand_fiftyone(workspace, project, is_json=False)
    with command(workspace, project) as context:
        place = place_of(context.project, _folder(context), selection=selection)
        folders = shown_folders(context.workspace.store, _folder(context))
        if os.geteuid() == 0:
            err.print(
                "earmark: you are root, and anybody on this machine may use the App with your rights: "
                "better serve it as an ordinary user",
                style="yellow",
                markup=False,
            )
        out.print(
            f"FiftyOne at http://127.0.0.1:{port}/datasets/{escape(place.name)}  (Ctrl+C stops it)", soft_wrap=True
        )
        registry.create("connector", FIFTYONE).serve(place, port=port, folders=folders)


def _run(
    verb: str,
    work: Callable[[Context, OnProgress], Outcome],
    workspace: Path | None,
    project: str | None,
    *,
    connector: PluginSpec | None = None,
    is_json: bool,
) -> None:
    _demand_fiftyone(workspace, project, connector, is_json=is_json)
    run_verb(verb, work, workspace, project, is_json=is_json)


def _demand_fiftyone(
    workspace: Path | None, project: str | None, connector: PluginSpec | None = None, *, is_json: bool
) -> None:
    """Refuse before the database is opened, which may take longer than the refusal."""
    from pipeline.workflows.exchange import FIFTYONE

    with settled(workspace, project, is_json=is_json):
        registry.create("connector", connector or FIFTYONE).preflight()


def _folder(context: Context) -> Path:
    return context.settings.workspace / "fiftyone"
