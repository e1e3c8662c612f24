"""The team's report as figures and rows. No widgets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.main_job import duration_words, when_words
from pipeline.catalog.agreement import FASTEST_MS, FastAnswer
from pipeline.curation.agreement import Alpha
from pipeline.workflows.gold import NONE_OF_THESE
from pipeline.workflows.quality import PersonQuality, TeamReport

_GOOD, _FAIR = 0.8, 0.667
"""Krippendorff's own limits: above the first one may rely on answers, above the second draw tentative conclusions."""
_ANSWERS = {"none_of_these": NONE_OF_THESE, "bad_audio": "bad audio", "unsure": "unsure"}


def kpi_items(report: TeamReport) -> list[dict[str, Any]]:
    """The figures on top."""
    n_fast = sum(person.n_hasty for person in report.people)
    alpha = report.alpha
    return [
        {"label": "People", "value": len(report.people), "note": "have answered"},
        {
            "label": "Agreement",
            "value": "–" if alpha.alpha is None else f"{alpha.alpha:.2f}",
            "note": interval_words(alpha) or "needs clips that two people answered",
            "tone": "muted" if alpha.alpha is None else tone_of(alpha),
        },
        {"label": "Clips in common", "value": report.n_shared, "note": f"of {report.n_answered:,} answered"},
        {
            "label": "Disputed",
            "value": len(report.disputed),
            "note": "clips" if report.disputed else "nothing is disputed",
            "tone": "warn" if report.disputed else "muted",
        },
        {"label": "Gold clips", "value": len(report.gold), "note": "everybody is asked about them"},
        {
            "label": "In haste",
            "value": n_fast,
            "note": "answers before one can know" if n_fast else "no answer came too fast",
            "tone": "warn" if n_fast else "muted",
        },
    ]


def person_rows(report: TeamReport, *, now: datetime) -> list[dict[str, Any]]:
    """Everybody who has answered."""
    return [
        {
            "id": person.person,
            "person": person.person,
            "n_answers": person.n_answers,
            "pace": "–" if not person.median_response_ms else duration_words(person.median_response_ms / 1000),
            "right": _right(person),
            "gold": _gold(person),
            "confuses": _confuses(person),
            "too_fast": _counted(person.n_too_fast),
            "unheard": _counted(person.n_unheard),
            "latest": when_words(person.latest_at, now=now),
        }
        for person in report.people
    ]


def label_rows(report: TeamReport) -> list[dict[str, Any]]:
    """Each label with how far people agree on it, the least first."""
    return [
        {
            "id": entry.label,
            "label": entry.label,
            "alpha": alpha_pill(entry.alpha),
            "interval": interval_words(entry.alpha),
            "n_said": entry.n_said,
        }
        for entry in report.labels
    ]


def pair_rows(report: TeamReport) -> list[dict[str, Any]]:
    """Every two people with clips in common."""
    return [
        {
            "id": f"{pair.one} {pair.other}",
            "pair": f"{pair.one} and {pair.other}",
            "same": f"{pair.n_same:,} of {pair.n_shared:,}",
            "alpha": alpha_pill(pair.alpha),
            "interval": interval_words(pair.alpha),
        }
        for pair in report.pairs
    ]


def disputed_rows(report: TeamReport, *, n: int) -> list[dict[str, Any]]:
    """The first n clips about which people disagree, and who says what."""
    return [
        {
            "id": clip.clip_id,
            "play": clip.clip_id,
            "clip": f"clip {clip.clip_id}",
            "said": ", ".join(f"{person}: {value}" for person, value in sorted(clip.said.items())),
        }
        for clip in report.disputed[:n]
    ]


def gold_rows(report: TeamReport, *, now: datetime) -> list[dict[str, Any]]:
    """The gold clips, newest first."""
    return [
        {
            "id": clip.clip_id,
            "play": clip.clip_id,
            "clip": f"clip {clip.clip_id}",
            "answer": clip.label or NONE_OF_THESE,
            "met": f"{clip.n_met:,} of {clip.n_asked:,}" if clip.n_asked else "nobody asked yet",
            "who": clip.author,
            "when": when_words(clip.created_at, now=now),
        }
        for clip in report.gold
    ]


def fast_rows(report: TeamReport, *, now: datetime) -> list[dict[str, Any]]:
    """Answers that came before one can have heard, newest first."""
    return [
        {
            "id": f"{fast.clip_id} {fast.author}",
            "play": fast.clip_id,
            "who": fast.author,
            "answer": fast.label or _ANSWERS.get(fast.answer, fast.answer),
            "why": _why(fast),
            "when": when_words(fast.created_at, now=now),
        }
        for fast in report.fast
    ]


def alpha_pill(alpha: Alpha) -> dict[str, str] | None:
    """Alpha as a toned word; None where nothing can be said."""
    return None if alpha.alpha is None else {"text": f"{alpha.alpha:.2f}", "tone": tone_of(alpha)}


def tone_of(alpha: Alpha) -> str:
    """By Krippendorff's limits."""
    value = alpha.alpha or 0.0
    return "ok" if value >= _GOOD else "warn" if value >= _FAIR else "bad"


def interval_words(alpha: Alpha) -> str:
    """From where to where it lies."""
    if alpha.low is None or alpha.high is None:
        return ""
    return f"{alpha.low:.2f} to {alpha.high:.2f}"


def _right(person: PersonQuality) -> dict[str, str] | None:
    if person.accuracy is None:
        return None
    share = 100 * person.accuracy
    return {"text": f"{share:.0f} %", "tone": "ok" if share >= 90 else "warn" if share >= 75 else "bad"}


def _gold(person: PersonQuality) -> str:
    if not person.n_gold:
        return "–"
    return f"{person.n_gold_met} of {person.n_gold} ({100 * person.gold_low:.0f}–{100 * person.gold_high:.0f} %)"


def _confuses(person: PersonQuality) -> str:
    confused = person.most_confused
    return "" if confused is None else f"{confused.label} for {confused.said}, {100 * confused.share:.0f} %"


def _counted(n: int) -> dict[str, str] | None:
    return {"text": f"{n:,}", "tone": "warn"} if n else None


def _why(fast: FastAnswer) -> str:
    parts: list[str] = []
    if fast.response_ms is not None and fast.response_ms < FASTEST_MS:
        parts.append(f"after {fast.response_ms} ms")
    if fast.heard_s is not None:
        parts.append(f"heard {fast.heard_s:.2f} s of {fast.duration_s:.2f} s")
    return ", ".join(parts)
