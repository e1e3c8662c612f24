"""What every verb shares: the options, the open workspace, progress bars, results, and errors as one sentence."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from pipeline.catalog.projects import Project
from pipeline.cli import signals
from pipeline.core.errors import Cancelled, EarmarkError
from pipeline.core.logs import start_logging, tell
from pipeline.core.pace import Pace, speed_words
from pipeline.core.settings import Settings, load_recipe, load_settings
from pipeline.core.types import Outcome
from pipeline.workflows.operation import OnProgress, ProgressReport
from pipeline.workflows.workspace import Workspace, open_workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="Folder of the embedded database and the store [EARMARK_WORKSPACE]."),
]
ProjectOption = Annotated[str | None, typer.Option("--project", "-p", help="Name of the project [EARMARK_PROJECT].")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words and bars.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_MAX_FAILURES_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Context:
    """An open workspace with the project of this command."""

    workspace: Workspace
    project: Project
    is_json: bool

    @property
    def settings(self) -> Settings:
        return self.workspace.settings


@contextmanager
def command(
    workspace: Path | None, project: str | None, *, is_json: bool = False, recipe: Path | None = None
) -> Generator[Context]:
    """The context of one verb. Any EarmarkError ends the program with its sentence and status 1, a signal with 128 + n.

    With a ``recipe`` (YAML) the project is made if it does not stand yet.
    """
    with opened(workspace, project, is_json=is_json) as space:
        found = space.project() if recipe is None else space.create_project(load_recipe(recipe))
        yield Context(workspace=space, project=found, is_json=is_json)


@contextmanager
def opened(workspace: Path | None, project: str | None, *, is_json: bool = False) -> Generator[Workspace]:
    """The workspace of a command that needs no project; ends the program as ``command`` does."""
    with settled(workspace, project, is_json=is_json) as settings, open_workspace(settings) as space:
        yield space


@contextmanager
def settled(workspace: Path | None, project: str | None, *, is_json: bool = False) -> Generator[Settings]:
    """The settings of a command that opens no workspace; ends the program as ``command`` does."""
    with signals.listening():
        try:
            settings = load_settings(workspace=workspace, project=project)
            start_logging("earmark", settings)
            if settings.job_id is not None:
                signals.end_with_stdin()
            yield settings
        except (EarmarkError, KeyboardInterrupt) as error:
            _end(error, is_json=is_json)
        except BrokenPipeError:
            raise
        except Exception as error:  # the outermost edge: whatever it is, who reads JSON gets JSON
            if is_json:
                print_json({"error": type(error).__name__, "message": str(error) or type(error).__name__})
            raise


def over_store(run: Callable[..., Outcome], **choices: Any) -> Callable[[Context, OnProgress], Outcome]:
    """The work, for ``run_verb``, of a workflow that reads or writes the store by parallel workers."""

    def work(context: Context, on_progress: OnProgress) -> Outcome:
        return run(
            context.workspace.conn,
            context.project,
            context.workspace.store,
            workers=context.settings.workers,
            on_progress=on_progress,
            **choices,
        )

    return work


def run_verb(
    verb: str,
    work: Callable[[Context, OnProgress], Outcome],
    workspace: Path | None,
    project: str | None,
    *,
    is_json: bool,
    recipe: Path | None = None,
) -> None:
    """Do the work of one verb with a bar, and say what became of its items."""
    with command(workspace, project, is_json=is_json, recipe=recipe) as context:
        with progress_bar(is_json=is_json) as on_progress:
            outcome = work(context, on_progress)
        print_outcome(verb, outcome, is_json=is_json)


@contextmanager
def progress_bar(*, is_json: bool) -> Generator[OnProgress]:
    """A bar on the terminal (standard error) that follows a workflow, and ends it when the program was told to end."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[failed]}"),
        console=err,
        disable=is_json or not err.is_terminal,
    )
    with bar:
        task = bar.add_task("starting", total=None, speed="", failed="")
        pace = Pace(min_watched_s=1.0)

        def show(report: ProgressReport) -> None:
            if (told := signals.told()) is not None:
                raise told
            failed = f"[red]{report.n_failed} failed" if report.n_failed else ""
            n = report.n_done + report.n_failed
            rate, left_s = pace.see(report.stage, n, n_total=report.n_total, at_s=time.monotonic())
            bar.update(
                task,
                description=f"{report.action}: {report.stage}",
                completed=n,
                total=report.n_total,
                speed=speed_words(rate, left_s),
                failed=failed,
            )

        yield show


def print_outcome(verb: str, outcome: Outcome, *, is_json: bool) -> None:
    """Say what became of the items, every failure with its reason (the first few; all are on the dashboard)."""
    if is_json:
        print_json({"verb": verb, **asdict(outcome)})
        return
    aside = [f for f in outcome.failed if f.error == "NotSound"]
    failed = [f for f in outcome.failed if f.error != "NotSound"]
    words = [f"{outcome.n_input} in", f"{outcome.n_done} done"]
    if outcome.n_unchanged:
        words.append(f"{outcome.n_unchanged} of them unchanged")
    words.append(f"[red]{len(failed)} failed[/red]" if failed else "0 failed")
    if aside:
        words.append(f"{len(aside)} are no sound files")
    # Curves and tables are for screens.
    said = {key: value for key, value in outcome.detail.items() if not isinstance(value, list | dict)}
    words += [f"{key.removeprefix('n_').replace('_', ' ')} {value}" for key, value in said.items()]
    out.print(f"[bold]{verb}[/bold]  " + ", ".join(words))
    for failure in failed[:_MAX_FAILURES_SHOWN]:
        out.print(f"  {failure.message}", style="red", markup=False, soft_wrap=True)
    if len(failed) > _MAX_FAILURES_SHOWN:
        out.print(f"  … and {len(failed) - _MAX_FAILURES_SHOWN} more: see the recordings dashboard")


def print_json(value: Any) -> None:
    """One JSON object on standard output, in ASCII: it passes every pipe, whatever the names in it are made of."""
    print(json.dumps(value, default=_plain))


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


def _end(error: EarmarkError | KeyboardInterrupt, *, is_json: bool) -> NoReturn:
    """End the program with the error's sentence; whatever fails after it was told to end fails of that."""
    told, status = signals.told(), 1
    if told is not None or isinstance(error, KeyboardInterrupt):
        error = Cancelled("stopped", do="run the same again to go on, what was committed stands")
        number = told.number if told is not None else signal.SIGINT
        status = 128 + number
        tell("told to end", what=signal.Signals(number).name)
    if is_json:
        print_json({"error": type(error).__name__, "message": str(error)})
    else:
        err.print(f"earmark: {error}", style="red", markup=False, soft_wrap=True)
    sys.exit(status)
