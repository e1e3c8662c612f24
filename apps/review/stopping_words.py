"""The stop estimate as figures, curves and a table. No widgets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.main_job import when_words
from pipeline.curation.score_thresholds import LabelThresholds, Threshold
from pipeline.curation.stopping import Estimate
from pipeline.curation.stopping_words import percent
from pipeline.workflows.stop_report import N_MORE, StopReport
from pipeline.workflows.stopping import MadeReport

QUESTION = "When can I stop?"


def fold_label(made: MadeReport | None) -> str:
    """The panel's line: the question, and the answer while the panel is closed."""
    if made is None:
        return QUESTION
    return f"{QUESTION}  {'You can stop' if made.report.advice.can_stop else 'Not yet'}"


def headline(made: MadeReport | None, *, now: datetime) -> tuple[str, str]:
    """Title and text of the answer."""
    if made is None:
        text = (
            "Some of the questions are drawn by lot. What people answer to those says how good the rest would be if "
            "you stopped now, and what more answers would bring."
        )
        return "Nothing is estimated yet", text
    verdict = "You can stop" if made.report.advice.can_stop else "Not yet"
    since = made.n_answers_since
    fresh = "no answer came since" if since == 0 else f"{since:,} {'answer' if since == 1 else 'answers'} came since"
    # In the title, since a form is drawn anew when that changes: so both are fresh.
    title = f"{verdict} (estimated {when_words(made.made_at, now=now)}, {fresh})"
    return title, _without_head(made.report)


def _without_head(report: StopReport) -> str:
    """The sentence, its verdict standing in the title already."""
    sentence = report.advice.sentence
    for verdict in ("You can stop: ", "Not yet: "):
        before, found, after = sentence.partition(verdict)
        if found:
            return f"{before}{after[:1].upper()}{after[1:]}"
    return sentence


def figures(report: StopReport) -> list[dict[str, Any]]:
    """The estimates as key figures."""
    drawn = report.drawn
    passed = f", {report.n_passed_over} passed over" if report.n_passed_over else ""
    items: list[dict[str, Any]] = [
        {"label": "Drawn by lot", "value": drawn.n_drawn, "note": f"answered{passed}"},
        _share("Model right", report.model_right, f"of {drawn.n_left:,} clips left"),
    ]
    if report.given_wrong is not None and report.given_drawn is not None:
        wrong = report.given_wrong
        items.append(
            {
                "label": "Wrong labels left",
                "value": round(wrong.value),
                "note": f"{wrong.low:,.0f} to {wrong.high:,.0f}, of {report.given_drawn.n_left:,} that came with one",
            }
        )
    if report.curve is not None and drawn.n_left > N_MORE:
        gain = report.curve.gain
        items.append(
            {
                "label": f"Next {report.curve.n_more} answers",
                "value": f"+{100 * gain.value:.1f}",
                "unit": "points",
                "note": f"{100 * max(gain.low, 0):.1f} to {100 * gain.high:.1f}",
            }
        )
    return items


def curve_series(report: StopReport) -> list[dict[str, Any]]:
    """The learning curve: what was measured, and the ends of its intervals."""
    if report.curve is None:
        return []
    points = report.curve.points
    return [
        {"name": "right", "points": [[p.n_answers, 100 * p.share_right] for p in points]},
        {"name": "at least", "points": [[p.n_answers, 100 * p.low] for p in points]},
        {"name": "at most", "points": [[p.n_answers, 100 * p.high] for p in points]},
    ]


def precision_series(report: StopReport) -> list[dict[str, Any]]:
    """How often guesses of at least a score are right, over all labels."""
    if not report.thresholds or len(report.thresholds[0].points) < 2:
        return []
    points = report.thresholds[0].points[::-1]
    return [
        {"name": "right", "points": [[p.score, 100 * p.precision] for p in points]},
        {"name": "surely at least", "points": [[p.score, 100 * p.low] for p in points]},
    ]


def threshold_rows(report: StopReport) -> list[dict[str, Any]]:
    """One row for all labels and one for each: from which score its guesses may be taken over."""
    return [
        {
            "id": entry.label,
            "label": entry.label,
            "judged": _judged(entry),
            **{f"at_{round(100 * t.target)}": _promise(t) for t in entry.thresholds},
        }
        for entry in report.thresholds
    ]


def _share(label: str, share: Estimate | None, note: str) -> dict[str, Any]:
    if share is None:
        return {"label": label, "value": "–", "note": "not known yet"}
    value, _, interval = percent(share).partition(" (")
    return {"label": label, "value": value.removesuffix(" %"), "unit": "%", "note": f"{interval.rstrip(')')} % {note}"}


def _judged(entry: LabelThresholds) -> str:
    return "none yet" if entry.n_judged == 0 else f"{entry.n_right:,} of {entry.n_judged:,}"


def _promise(threshold: Threshold) -> str:
    if threshold.score is None:
        return "not yet"
    clips = "1 clip" if threshold.n_above == 1 else f"{threshold.n_above:,} clips"
    return f"{threshold.score:.2f} · {clips}"
