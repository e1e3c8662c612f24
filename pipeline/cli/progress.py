"""``earmark progress``: how good the rest would be if people stopped now, and what more answers would bring."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.context import JsonOption, ProjectOption, WorkspaceOption, command, out, print_json, progress_bar
from pipeline.curation.score_thresholds import LabelThresholds
from pipeline.curation.stopping_words import GOAL
from pipeline.workflows.stop_report import StopReport
from pipeline.workflows.stopping import estimate_stopping


def progress(
    goal: Annotated[float, typer.Option(min=0.5, max=0.999, help="The share of right labels at which to stop.")] = GOAL,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed, the same outcome.")] = 0,
    workspace: WorkspaceOption = None,
    project: ProjectOption = None,
    is_json: JsonOption = False,
) -> None:
    """Say whether people can stop labelling: by the clips drawn by lot, what the rest is worth.

    Intervals hold the truth nine times of ten. Kept for the screens.
    """
    with command(workspace, project, is_json=is_json) as context:
        with progress_bar(is_json=is_json) as on_progress:
            report = estimate_stopping(
                context.workspace.conn, context.project, goal=goal, seed=seed, on_progress=on_progress
            )
        if is_json:
            print_json({"verb": "progress", **asdict(report)})
            return
        for line in _lines(report):
            out.print(line, markup=False, soft_wrap=True)


def _lines(report: StopReport) -> list[str]:
    drawn, wrong = report.drawn, report.given_wrong
    lines = [report.advice.sentence]
    lot = f"{drawn.n_drawn} clips drawn by lot, {drawn.n_wrong_drawn} of them guessed wrong"
    lines.append(lot + (f"; {report.n_passed_over} passed over" if report.n_passed_over else ""))
    if wrong is not None and report.given_drawn is not None:
        lines.append(
            f"wrong labels among the {report.given_drawn.n_left:,} that came with the files and nobody heard: "
            f"about {wrong.value:.0f} ({wrong.low:.0f}–{wrong.high:.0f})"
        )
    if report.thresholds:
        lines.append("score from which guesses are right often enough (clips above it):")
        lines += [_threshold_line(label) for label in report.thresholds]
    return lines


def _threshold_line(label: LabelThresholds) -> str:
    said = [
        f"{100 * t.target:g} % " + ("not yet" if t.score is None else f"from {t.score:.3f} ({t.n_above:,})")
        for t in label.thresholds
    ]
    return f"  {label.label:<20} {', '.join(said)}   {label.n_right} of {label.n_judged} right"
