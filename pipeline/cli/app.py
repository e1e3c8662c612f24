"""The verbs of the main job, and those that look."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.markup import escape

from pipeline.cli import accounts, fiftyone, gold
from pipeline.cli.agreement import agreement
from pipeline.cli.augment import augment
from pipeline.cli.context import (
    Context,
    JsonOption,
    ProjectOption,
    WorkspaceOption,
    command,
    out,
    over_store,
    print_json,
    print_outcome,
    progress_bar,
    run_verb,
)
from pipeline.cli.demo import demo
from pipeline.cli.durability import backup, doctor, restore, verify
from pipeline.cli.leaks import leaks
from pipeline.cli.log import log
from pipeline.cli.mislabels import mislabels
from pipeline.cli.picture import picture
from pipeline.cli.progress import progress
from pipeline.cli.search import search
from pipeline.cli.select import select
from pipeline.cli.serve import serve
from pipeline.cli.sources import sources, watch
from pipeline.cli.train_encoder import train_encoder
from pipeline.cli.worker import cancel, jobs, long_verb, worker
from pipeline.core import registry
from pipeline.core.errors import SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import DEFAULT_RECIPE
from pipeline.core.types import Outcome
from pipeline.storage import path_of
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.operation import OnProgress

app = typer.Typer(
    name="earmark",
    help="Turn raw audio into trusted training data, by ear.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(long_verb(augment))
app.command()(long_verb(select))
app.command()(demo)
app.command()(serve)
app.command()(doctor)
app.command()(long_verb(verify))
app.command()(backup)
app.command()(restore)
app.command()(long_verb(train_encoder))
app.command()(watch)
app.command()(sources)
app.command()(worker)
app.command()(jobs)
app.command()(log)
app.command()(leaks)
app.command()(picture)
app.command()(search)
app.command()(long_verb(mislabels))
app.command()(cancel)
app.command()(long_verb(progress))
app.command()(agreement)
app.add_typer(accounts.user, name="user")
app.add_typer(accounts.project, name="project")
app.add_typer(fiftyone.fiftyone, name="fiftyone")
app.add_typer(gold.gold, name="gold")

SeedOption = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same outcome.")]

_UsageError: Any = typer.BadParameter.__base__  # all that a command line may be blamed for; typer does not name it

PluginOption = Annotated[str | None, typer.Option(help="NAME or NAME:key=value,key=value; the recipe's own if absent.")]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A name that is not UTF-8, or a terminal that is not, must not end a verb.
        cast(TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    try:
        status = app(standalone_mode=False)
    except _UsageError as error:
        if "--json" in sys.argv:
            print_json({"error": "UsageError", "message": error.format_message()})
        error.show()
        status = error.exit_code
    sys.exit(status)


@app.command()
def init(
    recipe: Annotated[Path | None, typer.Option(help="YAML as in config/project.yaml.")] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make the workspace and a project in it."""
    with command(workspace, project, is_json=is_json, recipe=recipe or DEFAULT_RECIPE) as context:
        if is_json:
            print_json({"project": context.project.name, "recipe": context.project.recipe.to_json()})
        else:
            out.print(f"project {context.project.name} stands ready in {escape(str(context.settings.workspace))}")


@app.command()
@long_verb
def ingest(
    source: Annotated[str, typer.Argument(help="A folder, or any fsspec URI.")],
    labels: Annotated[str, typer.Option(help="folder: the name of a file's folder is its label; none.")] = "none",
    pattern: Annotated[str | None, typer.Option(help="File names as in {label}_{group}_{take}.wav.")] = None,
    table: Annotated[Path | None, typer.Option(help="CSV with file, label, maybe group, start_s, stop_s.")] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Bring in recordings; every file becomes a recording or a failure with its reason."""
    from pipeline.workflows.ingest import ingest as run

    if labels not in ("none", "folder"):
        raise typer.BadParameter("expected none or folder", param_hint="--labels")
    rules = LabelRules(
        from_folder=labels == "folder", name_pattern=pattern, csv_path=None if table is None else str(table)
    )

    def work(context: Context, on_progress: OnProgress) -> Outcome:
        return run(
            context.workspace.conn,
            context.project,
            source,
            labels=rules,
            workers=context.settings.workers,
            on_progress=on_progress,
        )

    run_verb("ingest", work, workspace, project, is_json=is_json, recipe=DEFAULT_RECIPE)


@app.command()
@long_verb
def cut(
    segmenter: PluginOption = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Cut recordings into clips in the project's audio format."""
    from pipeline.workflows.cut import cut as run

    work = over_store(run, segmenter=_spec(segmenter))
    run_verb("cut", work, workspace, project, is_json=is_json)


@app.command()
@long_verb
def embed(
    encoder: PluginOption = None,
    draws_anew: Annotated[
        bool, typer.Option("--new-map", help="Lay out all clips anew; else only new ones move in.")
    ] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Embed the clips and put them on the map, by the encoder of the recipe: the one trained last."""
    from pipeline.workflows.embed import embed as run

    work = over_store(run, encoder=_spec(encoder), draws_anew=draws_anew)
    run_verb("embed", work, workspace, project, is_json=is_json)


@app.command()
@long_verb
def deduplicate(
    deduplicator: PluginOption = None,
    alike: Annotated[
        str | None, typer.Option(help="From now on clips nearer than this cosine distance are redundant too, or: off.")
    ] = None,
    is_approximate: Annotated[bool, typer.Option("--approximate", help="Nearly all pairs that sound alike.")] = False,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Group near-duplicates and mark all but one of each as redundant."""
    from pipeline.workflows.deduplicate import deduplicate as run
    from pipeline.workflows.deduplicate import prefer_distance

    def work(context: Context, on_progress: OnProgress) -> Outcome:
        conn, project = context.workspace.conn, context.project
        if alike is not None:
            project = prefer_distance(conn, project, None if alike == "off" else _distance(alike))
        return run(
            conn,
            project,
            context.workspace.store,
            deduplicator=_spec(deduplicator),
            is_approximate=is_approximate,
            workers=context.settings.workers,
            on_progress=on_progress,
        )

    run_verb("deduplicate", work, workspace, project, is_json=is_json)


@app.command()
@long_verb
def queue(
    strategy: PluginOption = None,
    selection: Annotated[str | None, typer.Option(help="Only clips of this selection.")] = None,
    only: Annotated[str | None, typer.Option(help="disputed: only clips about which people disagree.")] = None,
    n_clips: Annotated[int | None, typer.Option("--n", min=1, help="At most so many clips.")] = None,
    audit_share: Annotated[
        float | None, typer.Option("--audit", help="Share of the questions drawn by lot; 0.1 at first.")
    ] = None,
    overlap_share: Annotated[
        float | None, typer.Option("--overlap", help="Share of the clips that several people are asked about.")
    ] = None,
    n_people: Annotated[int | None, typer.Option("--people", help="How many those are; 2 at first.")] = None,
    is_fixed: Annotated[bool, typer.Option("--fixed", help="Keep this order while people answer.")] = False,
    seed: SeedOption = 0,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Put what waits for a person's ear in order; a worker keeps it so while people answer."""
    from pipeline.workflows.queue import Sharing, only_of
    from pipeline.workflows.queue import build_queue as run

    def work(context: Context, on_progress: OnProgress) -> Outcome:
        return run(
            context.workspace.conn,
            context.project,
            strategy=_spec(strategy),
            selection=selection,
            only=only_of(only),
            n_clips=n_clips,
            sharing=Sharing(audit_share=audit_share, overlap_share=overlap_share, n_people=n_people),
            is_live=not is_fixed,
            seed=seed,
            on_progress=on_progress,
        )

    run_verb("queue", work, workspace, project, is_json=is_json)


@app.command()
@long_verb
def release(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")],
    people_only: Annotated[bool, typer.Option(help="Only clips that a person answered.")] = False,
    min_confidence: Annotated[float, typer.Option(min=0, max=1)] = 0.0,
    seed: SeedOption = 0,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Freeze labels and leak-proof splits as the next version of a dataset."""
    from pipeline.workflows.release import release as run

    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            released = run(
                context.workspace.conn,
                context.project,
                name,
                min_confidence=min_confidence,
                people_only=people_only,
                seed=seed,
                on_progress=on_progress,
            )
        if is_json:
            print_json(asdict(released.version))
        else:
            print_outcome("release", released.outcome, is_json=False)


@app.command()
@long_verb
def export(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")],
    folder: Annotated[str, typer.Argument(help="Where to write it: a folder of this machine or a mount.")],
    version: Annotated[int | None, typer.Option(help="The latest if absent.")] = None,
    augmentations: Annotated[
        list[str] | None, typer.Option("--with", help="An augmentation whose copies go beside; again for more.")
    ] = None,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Write a dataset version out: audio folder, manifest.jsonl, manifest.csv."""
    from pipeline.workflows.release import export as run

    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            files = run(
                context.workspace.conn,
                context.project,
                context.workspace.store,
                name=name,
                folder=Path(path_of(folder)),
                version=version,
                augmentations=augmentations or (),
                on_progress=on_progress,
            )
        if is_json:
            print_json({"verb": "export", "folder": folder, "n_files": len(files)})
        else:
            out.print(f"[bold]export[/bold]  {len(files)} files in {escape(folder)}")


@app.command()
def status(workspace: WorkspaceOption = None, project: ProjectOption = None, is_json: JsonOption = False) -> None:
    """Say how much there is at each stage, and what ran last."""
    from pipeline.workflows.overview import read_overview

    with command(workspace, project, is_json=is_json) as context:
        overview = read_overview(context.workspace.conn, context.project)
        if is_json:
            print_json(asdict(overview))
            return
        for key, value in asdict(overview.counts).items():
            out.print(f"{key.removeprefix('n_').replace('_', ' '):>16}  {value:,.10g}")
        for run in overview.operations[:5]:
            out.print(
                f"{run.began_at:%Y-%m-%d %H:%M}  {run.action:<12} {run.status:<9} {run.n_done} done  {run.author}"
            )


@app.command()
def plugins(is_json: JsonOption = False) -> None:
    """List every plug-in with its parameters and their defaults."""
    table = {
        kind: {
            name: {f.name: None if f.default is dataclasses.MISSING else f.default for f in dataclasses.fields(load)}
            for name in registry.names(kind)
            for load in (registry.load(kind, name),)
        }
        for kind in registry.KINDS
    }
    if is_json:
        print_json(table)
        return
    for kind, members in table.items():
        out.print(f"[bold]{kind}[/bold]")
        for name, params in members.items():
            out.print(f"  {name}" + (":" + ",".join(f"{k}={v}" for k, v in params.items()) if params else ""))


def _spec(text: str | None) -> PluginSpec | None:
    return None if text is None else PluginSpec.parse(text)


def _distance(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingsError("cannot read --alike", expected="a distance as 0.05, or off", got=text) from None
