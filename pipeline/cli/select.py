"""The verb select: a named selection, by one selector or by a list of strategies."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.context import (
    Context,
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    out,
    print_outcome,
    progress_bar,
)
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Outcome
from pipeline.workflows.operation import OnProgress

_DEFAULT_N = 100
_NOT_IN_WORDS = ("coverage", "n_more", "gain_of_more")
_N_LINES = 8


def _spec_json(given: str | None) -> str | None:
    """The file's spec as JSON text, so that a worker in another folder has it as well; such text as it is."""
    from pipeline.core.errors import SettingsError
    from pipeline.curation.selection import spec_from_text

    if given is None:
        return None
    try:
        text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
        return json.dumps(spec_from_text(text).to_json())
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise typer.BadParameter(str(error), param_hint="--spec") from error


def select(
    name: Annotated[str, typer.Argument(help="Name of the selection.")],
    n_clips: Annotated[int | None, typer.Option("--n", min=1, help="How many clips; 100 if nothing else says.")] = None,
    selector: Annotated[
        str | None, typer.Option(help="NAME or NAME:key=value,key=value; the recipe's own if absent.")
    ] = None,
    spec: Annotated[
        str | None,
        typer.Option("--spec", callback=_spec_json, help="YAML as in config/selection.yaml: strategies and a budget."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same outcome; 0 if absent.")
    ] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Choose the clips that say most, as a named selection, and show what more of them would add."""
    if spec is not None and selector is not None:
        raise typer.BadParameter("a spec names its strategies itself: give --spec or --selector", param_hint="--spec")
    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            if spec is None:
                outcome = _by_selector(context, on_progress, name, n_clips, selector, seed)
            else:
                outcome = _by_spec(context, on_progress, name, spec, n_clips, seed)
        if is_json:
            print_outcome("select", outcome, is_json=True)
            return
        said = {key: value for key, value in outcome.detail.items() if key not in _NOT_IN_WORDS}
        print_outcome("select", dataclasses.replace(outcome, detail=said), is_json=False)
        for line in _coverage_lines(outcome.detail):
            out.print(line, markup=False)


def _by_selector(
    context: Context, on_progress: OnProgress, name: str, n_clips: int | None, selector: str | None, seed: int | None
) -> Outcome:
    from pipeline.workflows.select import select as run

    return run(
        context.workspace.conn,
        context.project,
        name,
        n_clips=n_clips or _DEFAULT_N,
        selector=None if selector is None else PluginSpec.parse(selector),
        seed=seed or 0,
        on_progress=on_progress,
    )


def _by_spec(
    context: Context, on_progress: OnProgress, name: str, text: str, n_clips: int | None, seed: int | None
) -> Outcome:
    """What the command line says goes before what the file says."""
    from pipeline.curation.selection import Budget, spec_from_text
    from pipeline.workflows.select import select_by as run

    spec = spec_from_text(text)
    if n_clips is not None:
        spec = dataclasses.replace(spec, budget=Budget(n_clips=n_clips))
    if seed is not None:
        spec = dataclasses.replace(spec, seed=seed)
    return run(context.workspace.conn, context.project, name, spec, on_progress=on_progress)


def _coverage_lines(detail: dict[str, Any]) -> list[str]:
    """The coverage curve in a few lines, and what more clips would add."""
    curve, n_selected = detail.get("coverage") or [], detail.get("n_selected", 0)
    within = [point for point in curve if point["n_picks"] <= n_selected]
    step = max(1, -(-len(within) // _N_LINES))
    lines = [
        f"  {point['n_picks']:>7,} clips: the others are {point['mean']:.3f} away on average, 95 % within"
        f" {point['p95']:.3f}"
        for point in within[::-1][::step][::-1]
    ]
    if detail.get("gain_of_more") is not None:
        clips = "1 clip" if detail["n_more"] == 1 else f"{detail['n_more']} clips"
        lines.append(f"  another {clips} would bring that down by {100 * detail['gain_of_more']:.1f} %")
    return lines
