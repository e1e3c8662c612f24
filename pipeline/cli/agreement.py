"""``earmark agreement``: how far people agree, how reliable each is, who answers faster than one can hear."""

from __future__ import annotations

from dataclasses import asdict

from pipeline.cli.context import JsonOption, ProjectOption, WorkspaceOption, command, out, print_json
from pipeline.curation.agreement import Alpha
from pipeline.workflows.quality import PersonQuality, TeamReport, team_report

_MAX_SHOWN = 20


def agreement(workspace: WorkspaceOption = None, project: ProjectOption = None, is_json: JsonOption = False) -> None:
    """Compare what people said of the same clips, and what they said of gold clips."""
    with command(workspace, project, is_json=is_json) as context:
        report = team_report(context.workspace.conn, context.project)
        if is_json:
            print_json({"verb": "agreement", **asdict(report)})
            return
        for line in _lines(report):
            out.print(line, markup=False, soft_wrap=True)


def _lines(report: TeamReport) -> list[str]:
    lines = [
        f"alpha {_alpha_words(report.alpha)} over {report.n_shared:,} clips with answers of several people, "
        f"of {report.n_answered:,}; {len(report.disputed):,} disputed"
    ]
    lines += [f"  {x.label:<20} {_alpha_words(x.alpha)}  said {x.n_said} times" for x in report.labels[:_MAX_SHOWN]]
    lines += [
        f"  {x.one} and {x.other}: {_alpha_words(x.alpha)}, the same of {x.n_same} of {x.n_shared}"
        for x in report.pairs[:_MAX_SHOWN]
    ]
    return lines + [_person_line(person) for person in report.people]


def _person_line(person: PersonQuality) -> str:
    right = "not judged yet" if person.accuracy is None else f"right in {100 * person.accuracy:.0f} %"
    words = [f"{person.person}: {person.n_answers:,} answers", right]
    if person.n_gold:
        words.append(f"gold {person.n_gold_met} of {person.n_gold}")
    if person.n_too_fast or person.n_unheard:
        words.append(f"{person.n_too_fast} too fast, {person.n_unheard} hardly heard")
    return ", ".join(words)


def _alpha_words(alpha: Alpha) -> str:
    if alpha.alpha is None:
        return "–"
    if alpha.low is None or alpha.high is None:
        return f"{alpha.alpha:.2f}"
    return f"{alpha.alpha:.2f} ({alpha.low:.2f} to {alpha.high:.2f})"
