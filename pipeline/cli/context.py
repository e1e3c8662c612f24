"""What every verb shares: the options, the open workspace, progress bars, results, and errors as one sentence."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from pipeline.catalog.projects import Project
from pipeline.core.errors import Cancelled, EarmarkError
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
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    _listen_to_signals()
    try:
        settings = load_settings(workspace=workspace, project=project)
        with open_workspace(settings) as opened:
            found = opened.project() if recipe is None else opened.create_project(load_recipe(recipe))
            yield Context(workspace=opened, project=found, is_json=is_json)
    except EarmarkError as error:
        _fail(error, is_json=is_json)
    except KeyboardInterrupt as error:
        stopped = Cancelled("stopped", do="run the same again to go on, what was committed stands")
        _fail(stopped, is_json=is_json, code=_status_of(error))
    except BrokenPipeError:
        raise
    except Exception as error:  # the outermost edge: whatever it is, who reads JSON gets JSON
        if is_json:
            print_json({"error": type(error).__name__, "message": str(error) or type(error).__name__})
        raise


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
    """A bar on the terminal (standard error) that follows a workflow."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
        console=err,
        disable=is_json or not err.is_terminal,
    )
    with bar:
        task = bar.add_task("starting", total=None, failed="")

        def show(report: ProgressReport) -> None:
            failed = f"[red]{report.n_failed} failed" if report.n_failed else ""
            bar.update(
                task,
                description=f"{report.action}: {report.stage}",
                completed=report.n_done + report.n_failed,
                total=report.n_total,
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
    words += [f"{key.removeprefix('n_').replace('_', ' ')} {value}" for key, value in outcome.detail.items()]
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


class _Signal(KeyboardInterrupt):
    """Told to end, not by Ctrl+C but in the same orderly way: so no database is left running."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


def _listen_to_signals() -> None:
    def leave(number: int, frame: object) -> None:
        raise _Signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        # What nohup ignores stays ignored.
        if signal.getsignal(number) == signal.SIG_DFL and threading.current_thread() is threading.main_thread():
            signal.signal(number, leave)


def _status_of(error: KeyboardInterrupt) -> int:
    return 128 + (error.number if isinstance(error, _Signal) else signal.SIGINT)


def _fail(error: EarmarkError, *, is_json: bool, code: int = 1) -> None:
    if is_json:
        print_json({"error": type(error).__name__, "message": str(error)})
    else:
        err.print(f"earmark: {error}", style="red", markup=False, soft_wrap=True)
    sys.exit(code)
