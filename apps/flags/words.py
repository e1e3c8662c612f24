"""How the flags page says what it knows: cases for the widget, key figures, empty lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.flags.state import FlagsData
from pipeline.core.verdicts import Doubt
from pipeline.widgets.clip_verdict import Evidence, NearClip, VerdictCase
from pipeline.workflows.doubts import Camp, Case, ClipFacts, Standing

TITLES: Mapping[Doubt, str] = {"suspect": "Suspects", "flagged": "Flagged by people", "disputed": "Disputed"}
_ANSWERS = {"unsure": "unsure", "none_of_these": "none of these", "bad_audio": "bad audio"}


@dataclass(frozen=True, kw_only=True)
class NothingHere:
    """Why a list is empty, and what to do: press a button that searches, or go to another page."""

    title: str
    text: str
    action: str = ""
    page: str = ""


def verdict_case(case: Case) -> VerdictCase:
    """A case as the widget shows it."""
    told = case.evidence
    evidence: Evidence | None = None
    if told is not None:
        evidence = {
            "given": told.given_probability,
            "suggested": told.suggested_probability,
            "n_near": told.n_near,
            "n_near_given": told.n_near_given,
            "n_near_suggested": told.n_near_suggested,
        }
    return {
        "id": case.clip.clip_id,
        "doubt": case.doubt,
        "name": case.clip.recording_name,
        "sub": _place(case.clip),
        "reason": _reason(case),
        "given": case.given,
        "suggested": case.suggested,
        "near_given": _near(case.near_given),
        "near_suggested": _near(case.near_suggested),
        "evidence": evidence,
        "camps": [{"words": _said(camp), "label": camp.label, "people": camp.people} for camp in case.camps],
        "score": None if told is None else told.score,
    }


def kpi_items(standing: Standing) -> list[dict[str, object]]:
    """What was heard of the suspects, how right the list was, and what the rest of it holds."""
    found, rest = standing.precision, standing.expected
    unsure = f", {found.n_unsure} unsure" if found.n_unsure else ""
    heard = f"{found.n_wrong} of {found.n_heard} heard {_were(found.n_wrong)} wrong{unsure}"
    if found.n_heard == 0:
        heard = f"{found.n_unsure} unsure" if found.n_unsure else "none yet"
    if found.share is None:
        wrong: dict[str, object] = {"value": "–", "note": "known after the first verdict"}
    else:
        span = f"{100 * found.low:.0f} to {100 * found.high:.0f} %, 9 times in 10"
        wrong = {"value": f"{100 * found.share:.0f}", "unit": "%", "note": span}
    n_left = standing.counts.n_suspects
    expected = {"value": f"{rest.n:.0f}", "note": f"{rest.low} to {rest.high} of {n_left:,} not yet heard"}
    return [
        {
            "label": "Suspects heard",
            "value": found.n_heard + found.n_unsure,
            "note": heard,
        },
        {"label": "Wrong so far", **wrong},
        {"label": "Still wrong in the list", **(expected if n_left else {"value": "–", "note": "the list is empty"})},
    ]


def tab_items(what: FlagsData) -> list[dict[str, Any]]:
    """The three lists with their lengths."""
    doubts: tuple[Doubt, ...] = ("suspect", "flagged", "disputed")
    return [{"key": doubt, "label": TITLES[doubt], "count": what.n_open(doubt)} for doubt in doubts]


def nothing_here(what: FlagsData, doubt: Doubt, *, may_search: bool, may_bring_in: bool) -> NothingHere:
    """Why the list is empty."""
    if doubt == "flagged":
        text = "While labelling, F flags a clip that a reviewer should hear. Every flag raised so far is settled."
        return NothingHere(title="No open flag", text=text)
    if doubt == "disputed":
        text = "Where as many people say one thing as another, the clip comes here. Nobody disagrees just now."
        return NothingHere(title="No dispute", text=text)
    if what.n_embedded == 0:
        text = "Mislabels are found by how clips sound. Bring recordings in, cut and embed them first."
        page, action = ("recordings", "Go to recordings") if may_bring_in else ("", "")
        return NothingHere(title="Nothing to compare yet", text=text, page=page, action=action)
    if what.n_labelled == 0:
        text = "Labels are doubted by the labels of the clips around them: label some clips first, or bring labels in."
        return NothingHere(title="No labels yet", text=text, page="review", action="Go to review")
    action = "Look for mislabels" if may_search else ""
    if what.standing.counts.searched_at is None:
        text = "Every label is compared with what the other clips say; the most doubtful come first."
        return NothingHere(title="Mislabels were never looked for", text=text, action=action)
    found = what.standing.precision
    title = "All heard" if found.n_heard + found.n_unsure else "No label is in doubt"
    heard = f"{found.n_wrong} of {found.n_heard} heard {_were(found.n_wrong)} wrong. " if found.n_heard else ""
    text = f"{heard}With the labels as they are now, a new search may find more."
    return NothingHere(title=title, text=text, action="Look again" if may_search else "")


def search_ended(detail: Mapping[str, Any], n_clips: int) -> str:
    """What a search found, in one sentence."""
    n_listed, n_suspects = int(detail.get("n_listed", 0)), int(detail.get("n_suspects", 0))
    if n_listed == 0:
        return f"None of {n_clips:,} labels is in doubt."
    more = (
        f"; {n_suspects - n_listed:,} less suspicious ones are left for the next search"
        if n_suspects > n_listed
        else ""
    )
    return f"{n_listed:,} of {n_clips:,} labels are in doubt, the most suspicious first{more}."


def _reason(case: Case) -> str:
    if case.doubt == "flagged":
        return f"Flagged by {', '.join(case.flagged_by)}"
    if case.doubt == "disputed":
        return "People disagree"
    return f"Labelled {case.given}, sounds like {case.suggested}"


def _said(camp: Camp) -> str:
    return camp.label if camp.label is not None else _ANSWERS.get(camp.answer, camp.answer)


def _near(clip: ClipFacts | None) -> NearClip | None:
    return None if clip is None else {"id": clip.clip_id, "name": clip.recording_name}


def _place(clip: ClipFacts) -> str:
    facts = f"{clip.duration_s:.2f} s · {clip.rate_hz / 1000:g} kHz"
    if clip.start_s == 0:
        return facts
    minutes, seconds = divmod(clip.start_s, 60)
    return f"{facts} · from {minutes:.0f}:{seconds:04.1f} of the recording"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
