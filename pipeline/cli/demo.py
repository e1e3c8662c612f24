"""The verb demo: the whole main job on a made corpus, or on one's own sounds, then the dashboards."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.context import (
    Context,
    JsonOption,
    WorkspaceOption,
    command,
    out,
    print_json,
    print_outcome,
    progress_bar,
)
from pipeline.cli.serve import DEFAULT_PORT, serve_workspace
from pipeline.core.errors import NotFound
from pipeline.core.settings import DEFAULT_RECIPE
from pipeline.core.types import Outcome
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.operation import OnProgress

DEMO_RECIPE = DEFAULT_RECIPE.with_name("demo.yaml")
SITE_PATTERN = "{group}_{kind}_{take}.{ending}"


def demo(
    data: Annotated[Path | None, typer.Option(help="A folder with your own sounds; a made corpus if absent.")] = None,
    is_served: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the dashboards at the end.")] = True,
    port: Annotated[int, typer.Option(help="Port of the dashboards; a free one if it is taken.")] = DEFAULT_PORT,
    workspace: WorkspaceOption = None,
    is_json: JsonOption = False,
) -> None:
    """Run the whole main job, from raw files to a released dataset, and open the dashboards."""
    name = "demo" if data is None else project_name(data)
    with command(workspace, name, is_json=is_json, recipe=DEMO_RECIPE) as context:
        outcomes = _main_job(context, data)
        _say_what_was_found(context)
        if is_json:
            print_json({verb: asdict(outcome) for verb, outcome in outcomes.items()})
        if is_served:
            serve_workspace(context.workspace, port=port)


def project_name(folder: Path) -> str:
    """A project's name made from a folder's."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-._")[:40] or "my-sounds"


def _main_job(context: Context, data: Path | None) -> dict[str, Outcome]:
    """Every stage in turn; what an earlier start has done already is not done again."""
    outcomes = _bring_in(context, data)
    outcomes |= _cut_and_embed(context)
    is_changed = any(outcome.n_done > outcome.n_unchanged for outcome in outcomes.values())
    if is_changed or not _has_release(context):
        outcomes |= _curate_and_release(context)
    return outcomes


def _bring_in(context: Context, data: Path | None) -> dict[str, Outcome]:
    if data is not None:
        return {"ingest": _ingest(context, data, LabelRules(from_folder=True))}
    from pipeline.catalog.projects import set_truth_uri
    from pipeline.demo.corpus import make_corpus
    from pipeline.demo.truth import TRUTH_FILE

    corpus = context.settings.workspace / "demo-corpus"
    if not context.is_json and not (corpus / TRUTH_FILE).exists():
        out.print("[bold]corpus[/bold]  making a few hundred sounds …")
    make_corpus(corpus)
    set_truth_uri(context.workspace.conn, context.project.project_id, (corpus / TRUTH_FILE).as_uri())
    rules = {"short": LabelRules(from_folder=True, name_pattern=SITE_PATTERN)}
    return {
        f"ingest {room}": _ingest(context, corpus / room, rules.get(room, LabelRules(name_pattern=SITE_PATTERN)))
        for room in ("short", "long", "odd")
    }


def _ingest(context: Context, folder: Path, rules: LabelRules) -> Outcome:
    from pipeline.workflows.ingest import ingest

    conn, workers = context.workspace.conn, context.settings.workers
    work = partial(ingest, conn, context.project, str(folder), labels=rules, workers=workers)
    return _do(context, f"ingest {folder.name}", work)


def _cut_and_embed(context: Context) -> dict[str, Outcome]:
    from pipeline.workflows.cut import cut
    from pipeline.workflows.embed import embed

    given = context.workspace.conn, context.project, context.workspace.store
    workers = context.settings.workers
    return {
        "cut": _do(context, "cut", partial(cut, *given, workers=workers)),
        "embed": _do(context, "embed", partial(embed, *given, workers=workers)),
    }


def _curate_and_release(context: Context) -> dict[str, Outcome]:
    from pipeline.workflows.deduplicate import deduplicate
    from pipeline.workflows.find_mislabels import find_mislabels
    from pipeline.workflows.queue import build_queue
    from pipeline.workflows.release import release
    from pipeline.workflows.select import select

    conn, project, store = context.workspace.conn, context.project, context.workspace.store
    find_duplicates = partial(deduplicate, conn, project, store, workers=context.settings.workers)

    def freeze(*, on_progress: OnProgress) -> Outcome:
        return release(conn, project, project.name, on_progress=on_progress).outcome

    def doubt(*, on_progress: OnProgress) -> Outcome:
        return find_mislabels(conn, project, on_progress=on_progress).outcome

    outcomes = {
        "deduplicate": _do(context, "deduplicate", find_duplicates),
        "select": _do(context, "select", partial(select, conn, project, "most-diverse", n_clips=60)),
        "queue": _do(context, "queue", partial(build_queue, conn, project)),
    }
    with suppress(NotFound):  # labels of one sort only, or none
        outcomes["mislabels"] = _do(context, "mislabels", doubt)
    try:
        outcomes["release"] = _do(context, "release", freeze)
    except NotFound:
        out.print("[bold]release[/bold]  no labels yet: label some clips in the review dashboard, then release")
    return outcomes


def _do(context: Context, verb: str, work: Callable[..., Outcome]) -> Outcome:
    """Run one stage with a bar, and say what came of it."""
    with progress_bar(is_json=context.is_json) as on_progress:
        outcome = work(on_progress=on_progress)
    if not context.is_json:
        print_outcome(verb, outcome, is_json=False)
    return outcome


def _has_release(context: Context) -> bool:
    from pipeline.catalog.datasets import list_versions

    return bool(list_versions(context.workspace.conn, context.project.project_id))


def _say_what_was_found(context: Context) -> None:
    from pipeline.workflows.planted import compare_with_truth

    # Read anew: where the truth lies was noted after this command had read the project.
    found = compare_with_truth(context.workspace.conn, context.workspace.project())
    if found is None or context.is_json:
        return
    out.print("\n[bold]what was found of the planted truth[/bold]")
    for what, score in found.items():
        false = f", {score.n_false} false" if score.n_false else ""
        out.print(f"  {what:<38} {score.n_found} of {score.n_planted}{false}")
