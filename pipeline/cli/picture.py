"""``earmark picture``: how the project's spectrograms are drawn, the same for everyone who listens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.cli.context import JsonOption, ProjectOption, WorkspaceOption, command, out, print_json
from pipeline.core.picture import Colours, PictureRecipe, Scale
from pipeline.workflows.picture import set_picture


def picture(
    scale: Annotated[Scale | None, typer.Option(help="How frequencies are spaced.")] = None,
    fmin_hz: Annotated[float | None, typer.Option("--fmin", help="Lowest frequency, in Hz.")] = None,
    fmax_hz: Annotated[
        float | None, typer.Option("--fmax", help="Highest frequency, in Hz; 0: up to half the rate.")
    ] = None,
    window_ms: Annotated[float | None, typer.Option("--window", help="Length of a window, in ms.")] = None,
    overlap: Annotated[float | None, typer.Option(help="Share of a window that the next one covers again.")] = None,
    n_bands: Annotated[int | None, typer.Option("--bands", help="Rows of the picture.")] = None,
    pcen: Annotated[bool | None, typer.Option("--pcen/--no-pcen", help="Fade what is steady in each band.")] = None,
    range_db: Annotated[float | None, typer.Option("--range", help="dB from the loudest to what is not shown.")] = None,
    colours: Annotated[Colours | None, typer.Option(help="Viridis suits people who see few colours.")] = None,
    is_usual: Annotated[
        bool, typer.Option("--usual", help="Begin from the usual picture, not from that of now.")
    ] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Show how spectrograms are drawn, and change what is given. Pages that are open follow with their next clips."""
    asked: dict[str, Any] = {
        "scale": scale,
        "fmin_hz": fmin_hz,
        "fmax_hz": fmax_hz,
        "window_ms": window_ms,
        "overlap": overlap,
        "n_bands": n_bands,
        "pcen": pcen,
        "range_db": range_db,
        "colours": colours,
    }
    given = {key: value for key, value in asked.items() if value is not None}
    if given.get("fmax_hz") == 0:
        given["fmax_hz"] = None
    changes = (PictureRecipe().to_json() if is_usual else {}) | given
    with command(workspace, project, is_json=is_json) as context:
        now = context.project.recipe.picture
        if changes:
            now = set_picture(context.workspace.conn, context.project, changes)
        if is_json:
            print_json({"verb": "picture", "picture": now.to_json(), "hash": now.hash, "is_changed": bool(changes)})
            return
        words = ", ".join(f"{key} {'none' if value is None else value}" for key, value in now.to_json().items())
        out.print(f"[bold]picture[/bold]  {words} (hash {now.hash})", soft_wrap=True)
