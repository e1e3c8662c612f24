"""What the leaks of a split are called on screen: rows, the open pair, the verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.curation.leaks import LeakingPair, LeakKind, SplitClip
from pipeline.widgets.clip_pair import PairedClip, PairOfClips
from pipeline.workflows.leaks import LeakReport

PAGE_N = 50
LEAK_COLUMNS = (
    {"key": "kind", "label": "What they share", "kind": "pill"},
    {"key": "name", "label": "Clip"},
    {"key": "split", "label": "Split", "kind": "pill"},
    {"key": "other", "label": "Leaks to"},
    {"key": "other_split", "label": "Split", "kind": "pill"},
    {"key": "lie", "label": "How they lie", "is_minor": True},
    {"key": "score", "label": "Match", "kind": "number", "digits": 2},
)
_TONES = {
    LeakKind.IDENTICAL: "bad",
    LeakKind.SAME_SPAN: "bad",
    LeakKind.SAME_RECORDING: "bad",
    LeakKind.SAME_FILE: "warn",
    LeakKind.SAME_SOURCE: "warn",
}


def verdict_words(name: str, report: LeakReport | None) -> tuple[str, str]:
    """Title and text where there is no list: not looked for yet, or none found."""
    if report is None:
        return (
            "Leaks by sound were not looked for here",
            f"Lays the clips of {name} on each other across its splits, and finds the same sound however altered, the "
            "same file and the same source group. Nothing is changed.",
        )
    clips = ", ".join(f"{n:,} in {split}" for split, n in report.n_of_split.items())
    failed = f" {len(report.outcome.failed):,} clips could not be read." if report.outcome.failed else ""
    return f"No leaks: {n_examined(report.n_of_split):,} pairs examined", f"Clips: {clips}.{failed}"


def n_examined(n_of_split: Mapping[str, int]) -> int:
    """How many pairs of clips lie on two sides of the split."""
    total = sum(n_of_split.values())
    return (total**2 - sum(n**2 for n in n_of_split.values())) // 2


def page_words(report: LeakReport, n_before: int) -> str:
    """Which part of the list is shown, and out of how much it was found."""
    n, stop = len(report.pairs), min(len(report.pairs), n_before + PAGE_N)
    shown = f"{n_before + 1:,}-{stop:,} of {n:,}" if n > PAGE_N else f"{n:,} {'leak' if n == 1 else 'leaks'}"
    return f"{shown}; {n_examined(report.n_of_split):,} pairs examined"


def leak_rows(pairs: Sequence[LeakingPair], start: int, stop: int) -> list[dict[str, Any]]:
    """The pairs from one to another as rows of a table; a row's id is its place in the list."""
    return [
        {
            "id": index,
            "kind": {"text": pair.kind.value, "tone": _TONES[pair.kind]},
            "name": _name(pair.clip),
            "split": {"text": pair.clip.split, "tone": "accent"},
            "other": _name(pair.other),
            "other_split": {"text": pair.other.split, "tone": "accent"},
            "lie": lie_words(pair),
            "score": pair.score,
        }
        for index, pair in enumerate(pairs[start:stop], start=start)
    ]


def lie_words(pair: LeakingPair) -> str:
    """How the clip lies to the other, and how much sound they share; what else ties them where it is none."""
    if pair.lag_s is None:
        return pair.clip.source_group or "" if pair.kind is LeakKind.SAME_SOURCE else "elsewhere in the file"
    lag = (
        f"{abs(pair.lag_s):.2f} s {'later' if pair.lag_s > 0 else 'earlier'}" if abs(pair.lag_s) >= 0.005 else "no lag"
    )
    return f"{lag}, {overlap_s(pair):.2f} s shared"


def overlap_s(pair: LeakingPair) -> float:
    """The seconds of sound that both hold, 0 where they share none."""
    if pair.lag_s is None:
        return 0.0
    stop_s = min(_duration_s(pair.other), pair.lag_s + _duration_s(pair.clip))
    return max(0.0, stop_s - max(0.0, pair.lag_s))


def leak_pair(pair: LeakingPair) -> PairOfClips:
    """The pair for the ear: the clip that would have to move second."""
    lag_s = pair.lag_s
    laid = "The two share no sound: each is heard from its own beginning."
    return {
        "title": f"{pair.kind.value.capitalize()} in {pair.other.split} and {pair.clip.split}",
        "about": laid if lag_s is None else f"Heard at the same place (B: {lie_words(pair)}).",
        "lag_s": None if lag_s is None else -lag_s,
        "first": _side(pair.other),
        "second": _side(pair.clip),
    }


def _side(clip: SplitClip) -> PairedClip:
    place = f"{_duration_s(clip):.2f} s from {clip.start_s:.2f} s"
    facts = [place, f"source group {clip.source_group}"] if clip.source_group else [place]
    return {"clip_id": clip.clip_id, "name": clip.recording_name, "side": clip.split, "detail": " · ".join(facts)}


def _name(clip: SplitClip) -> str:
    return f"{clip.recording_name}, from {clip.start_s:.1f} s" if clip.start_s else clip.recording_name


def _duration_s(clip: SplitClip) -> float:
    return clip.stop_s - clip.start_s
