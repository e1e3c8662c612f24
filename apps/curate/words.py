"""What the curate page says: rows, group cards, key figures and sentences, from what the catalog holds. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from apps.curate.state import CurateData, OpenGroup
from apps.main_job import duration_words, when_words
from pipeline.catalog.clips import ClipCard
from pipeline.catalog.curation_lists import GroupEntry, SelectionItem
from pipeline.catalog.duplicates import GroupMember
from pipeline.catalog.selections import SelectionRow
from pipeline.core.types import Finding
from pipeline.widgets.clip_compare import ComparedClip, ComparedGroup, ListedGroup

NO_LABEL = "no label"
_DOUBTFUL = 0.02
_FINDINGS: tuple[Finding, ...] = ("identical", "same recording", "sounds alike")
_STATES: Mapping[str, Literal["copy", "restored"]] = {"mark": "copy", "restore": "restored"}


def clips(n: int) -> str:
    """A number of clips in words."""
    return "1 clip" if n == 1 else f"{n:,} clips"


def kpis(what: CurateData) -> list[dict[str, Any]]:
    """The key figures of curation."""
    counts, sound = what.counts, what.sound
    n_open = what.n_groups_open
    share = 100 * sound.redundant_s / sound.all_s if sound.all_s else 0.0
    latest = what.selections[0] if what.selections else None
    figures: list[dict[str, Any]] = [
        {"label": "Clips", "value": counts.n_clips, "note": f"{counts.n_embedded:,} on the map"},
        {
            "label": "Near-duplicates",
            "value": counts.n_groups,
            "unit": "group" if counts.n_groups == 1 else "groups",
            "note": f"{n_open:,} to judge" if n_open else "all judged" if counts.n_groups else "none",
            "tone": "warn" if n_open else "muted",
        },
        {
            "label": "Redundant clips",
            "value": counts.n_redundant,
            "unit": f"/ {counts.n_clips:,}",
            "note": "marked, never deleted",
        },
        {
            "label": "Redundant sound",
            "value": f"{share:.1f}",
            "unit": "%",
            "note": f"{_span_words(sound.redundant_s)} of {_span_words(sound.all_s)}",
        },
        {
            "label": "Selections",
            "value": len(what.selections),
            "note": "none yet" if latest is None else f"latest: {latest.name}",
        },
    ]
    if what.copies is not None:
        figures.append(_copies_figure(what))
    return figures


def clip_name(card: ClipCard) -> str:
    """The recording's name, and where in it the clip begins."""
    return card.recording_name + (f", from {_clock(card.start_s)}" if card.start_s else "")


def clip_rows(cards: Sequence[ClipCard]) -> list[dict[str, Any]]:
    """Clips as rows of a table."""
    return [
        {
            "id": card.clip_id,
            "play": card.clip_id,
            "wave": base64.b64encode(card.thumbnail).decode(),
            "name": clip_name(card),
            "label": _label_pill(card),
            "duration_s": card.duration_s,
        }
        for card in cards
    ]


def item_rows(items: Sequence[SelectionItem], cards: Sequence[ClipCard], *, n_before: int) -> list[dict[str, Any]]:
    """A page of a selection as rows of a table; clips without a card are gone."""
    reasons = {item.clip_id: (n_before + n, item.reason) for n, item in enumerate(items, start=1)}
    return [{**row, "position": reasons[row["id"]][0], "reason": reasons[row["id"]][1]} for row in clip_rows(cards)]


def selection_rows(selections: Sequence[SelectionRow], *, now: datetime) -> list[dict[str, Any]]:
    """Selections as rows of a table; a row's id is the selection's name."""
    return [
        {
            "id": row.name,
            "name": row.name,
            "n_clips": row.n_clips,
            "author": row.author,
            "when": when_words(row.created_at, now=now),
        }
        for row in selections
    ]


def coverage_series(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The coverage curve of a selection as lines of a chart; none for one chosen by hand."""
    curve = detail.get("coverage") or []
    names = {"mean": "on average", "p95": "95 % are nearer than this"}
    if len(curve) < 2:
        return []
    return [
        {"name": name, "points": [[point["n_picks"], point[key]] for point in curve]} for key, name in names.items()
    ]


def coverage_words(detail: Mapping[str, Any]) -> str:
    """What the curve comes to: where the selection ends, and what more clips would add."""
    n_selected, gain = detail.get("n_selected", 0), detail.get("gain_of_more")
    if gain is None:
        return f"The selection ends at {clips(n_selected)}: there are no others." if n_selected else ""
    more = "Another clip" if detail["n_more"] == 1 else f"Another {detail['n_more']}"
    return f"The selection ends at {clips(n_selected)}. {more} would bring the average down by {100 * gain:.1f} %."


def listed_groups(groups: Sequence[GroupEntry]) -> list[ListedGroup]:
    """The groups for the list; doubt is relative to the most doubtful one of the same finding.

    Where even that one is hardly doubtful, it is relative to a distance that is.
    """
    most: dict[Finding, float] = {}
    for group in groups:
        most[group.finding] = max(group.doubt, most.get(group.finding, _DOUBTFUL))
    return [
        {
            "id": group.duplicate_group_id,
            "name": group.name,
            "n_clips": group.n_clips,
            "is_settled": group.n_open == 0,
            "doubt": group.doubt / most[group.finding],
            "finding": group.finding,
        }
        for group in groups
    ]


def compared_group(group: OpenGroup) -> ComparedGroup:
    """A group for the eye and the ear."""
    representative = next(member for member in group.members if member.is_representative)
    return {
        "id": representative.duplicate_group_id,
        "name": representative.recording_name,
        "representative_id": representative.clip_id,
        "reason": _group_reason(group),
        "members": [_compared_clip(member, group, representative) for member in group.members],
    }


def clip_detail(card: ClipCard) -> str:
    """Its length, its place in the recording and its label."""
    return " · ".join([_place(card), *card.labels[:1]])


def ended_words(result: Mapping[str, Any]) -> str:
    """What came of a verb, from the JSON object that it printed."""
    detail = result.get("detail", {})
    if result.get("verb") == "deduplicate":
        groups, redundant = detail["n_groups"], detail["n_redundant"]
        found = "1 group" if groups == 1 else f"{groups:,} groups"
        n_alike = detail.get("n_by_finding", {}).get("sounds alike", 0)
        only = f", {n_alike:,} of them because {'it sounds' if n_alike == 1 else 'they sound'} alike" if n_alike else ""
        proposed = f"{redundant:,} proposed as copies{only}"
        return f"Compared {clips(result['n_done'])}: {found}, {proposed}. Your decisions stand."
    if result.get("verb") == "select":
        return f"Chose {clips(detail['n_selected'])} out of {result['n_done']:,} that are not redundant."
    queued = f"The review queue holds {clips(detail['n_queued'])} now: they wait in Review."
    return f"{queued} Answered and redundant clips stay out."


def _copies_figure(what: CurateData) -> dict[str, Any]:
    copies = what.copies
    if copies is None or copies.trouble:
        note = "" if copies is None else copies.trouble
        return {"label": "Planted copies found", "value": "–", "note": note, "tone": "warn"}
    is_good = copies.n_found >= 0.9 * copies.n_planted and not copies.n_false
    return {
        "label": "Planted copies found",
        "value": copies.n_found,
        "unit": f"/ {copies.n_planted:,}",
        "note": f"{copies.n_false:,} grouped in error" if copies.n_false else "none grouped in error",
        "tone": "ok" if is_good else "warn",
    }


def _label_pill(card: ClipCard) -> dict[str, str] | None:
    if card.is_redundant:
        return {"text": f"{card.labels[0]} · copy" if card.labels else "copy", "tone": "warn"}
    return {"text": card.labels[0], "tone": "accent"} if card.labels else None


def _place(card: ClipCard) -> str:
    """Where in its recording the clip lies, and how long it is."""
    length = f"{card.duration_s:.2f} s"
    return f"{length} from {_clock(card.start_s)}" if card.start_s else length


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def _group_reason(group: OpenGroup) -> str:
    labels = sorted({label for card in group.cards.values() for label in card.labels[:1]})
    words = f"{clips(len(group.members))}, {sum(member.is_redundant for member in group.members):,} redundant"
    if len(labels) > 1:
        named = ", ".join(labels)
        return f"{words}. They carry different labels ({named}): one is wrong, or they are no copies."
    return f"{words}, all labelled {labels[0]}" if labels and _all_labelled(group) else words


def _all_labelled(group: OpenGroup) -> bool:
    return all(card.labels for card in group.cards.values())


def _compared_clip(member: GroupMember, group: OpenGroup, representative: GroupMember) -> ComparedClip:
    card = group.cards.get(member.clip_id)
    decision = group.decisions.get(member.clip_id)
    distance, reason = _proof(member, group, representative)
    finding = max((member, representative), key=lambda one: _FINDINGS.index(one.finding)).finding
    is_laid = finding != "sounds alike" or member is representative
    facts = [f"{member.duration_s:.2f} s", f"{member.rate_hz / 1000:g} kHz"]
    if card is not None:
        facts[0] = _place(card)
        facts += card.labels[:1]
    return {
        "clip_id": member.clip_id,
        "name": member.recording_name,
        "state": "proposed" if decision is None else _STATES[decision],
        "detail": " · ".join(facts),
        "distance": distance,
        "finding": finding,
        # The widget asks where the representative begins within this clip, if they were laid on each other.
        "lag_s": representative.lag_s - member.lag_s if is_laid else None,
        "share": _share_words(member, representative) if is_laid else "",
        # The lag and the finding stand beside it, seen from the present representative.
        "reason": _short_reason(reason, is_laid=is_laid),
    }


def _short_reason(reason: str, *, is_laid: bool) -> str:
    if is_laid and reason.startswith("same recording"):
        return reason.rpartition(", ")[2]
    return "" if reason.startswith("sounds alike, ") else reason


def _share_words(member: GroupMember, representative: GroupMember) -> str:
    """How the clip lies to the representative, and how much sound they share."""
    lag_s = member.lag_s - representative.lag_s
    words = f"{abs(lag_s):.2f} s {'later' if lag_s > 0 else 'earlier'}" if abs(lag_s) >= 0.005 else "no lag"
    first, second = representative.duration_s, member.duration_s
    overlap_s = member.overlap_s if representative.distance == 0 else None
    if overlap_s is None:
        overlap_s = max(0.0, min(first, lag_s + second) - max(0.0, lag_s))
    overlap_s = min(overlap_s, first, second)
    return f"{words}, {overlap_s:.2f} s shared" if overlap_s else words


def _proof(member: GroupMember, group: OpenGroup, representative: GroupMember) -> tuple[float | None, str]:
    """The distance to the representative and its reason.

    Both were measured from the clip that first represented the group. When a person chose another, that first one
    lies as far from it as it lay from the first one; of the others nothing is known.
    """
    first = _first_representative(group)
    if first is None or first is representative:
        return member.distance, member.reason
    if member is first:
        return representative.distance, f"seen from this clip: {representative.reason}"
    if representative.distance == 0:
        return member.distance, member.reason
    return None, f"{member.distance:.3f} from {first.recording_name}: {member.reason}"


def _first_representative(group: OpenGroup) -> GroupMember | None:
    at_zero = [member for member in group.members if member.distance == 0]
    return next((member for member in at_zero if "represents" in member.reason), at_zero[0] if at_zero else None)


def _span_words(seconds: float) -> str:
    return duration_words(seconds) if seconds else "0 s"
