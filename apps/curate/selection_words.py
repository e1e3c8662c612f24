"""What the preview of a selection says: figures, bars, rows to hear, and notes at the form's fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apps.curate.selection_columns import column_label
from apps.curate.selection_form import Trouble
from apps.curate.selection_preview import Seen
from apps.curate.words import NO_LABEL, clip_rows, clips
from apps.main_job import duration_words
from pipeline.catalog.clip_columns import COLUMNS
from pipeline.curation.selection import SelectionSpec, Threshold
from pipeline.workflows.select_preview import SelectionPreview

_MOST_BARS_N = 12
_COLUMN_NAMES = re.compile(r"\b(" + "|".join(name for name in COLUMNS if "_" in name) + r")\b")


def preview_rows(found: SelectionPreview, spec: SelectionSpec) -> list[list[str]]:
    """The figures of a preview: a number and what it is."""
    about = "about " if found.is_sample else ""
    pool = "1 that is not redundant" if found.n_pool == 1 else f"{found.n_pool:,} that are not redundant"
    rows = [
        [f"{about}{found.n_chosen:,}", f"of {pool}"],
        [f"{about}{_span(found.chosen_s)}", f"of {_span(found.pool_s)} of sound"],
    ]
    if spec.keep is not None:
        rows.append([f"{about}{found.n_kept:,}", f"of them kept from “{spec.keep}”"])
    if found.let_through:
        rows.append([f"{about}{found.n_allowed:,}", "are within the bounds"])
    return rows


def preview_note(found: SelectionPreview, *, is_complete: bool) -> tuple[str, str]:
    """What to know of a preview beside its figures, and its tone."""
    if found.is_sample:
        n, n_all = found.n_looked_at, found.n_pool
        return (
            f"Looked at a sample of {n:,} of {n_all:,} clips, since all would take too long here: "
            "the figures are estimates, the saved selection looks at all.",
            "warn",
        )
    if not found.n_chosen:
        return "Nothing would be chosen.", "warn"
    if not is_complete:
        return "Without what is not complete yet; nothing is saved.", "muted"
    return "As the form stands now; nothing is saved yet.", "muted"


def label_bars(seen: Seen) -> list[dict[str, Any]]:
    """The chosen clips by label, in the order of the label set; rare ones together where there are many."""
    counted = seen.preview.labels
    places = {label: place for place, label in enumerate(seen.labels)}
    known = [(label, n) for label, n in counted.items() if label is not None]
    frequent = {label for label, _ in sorted(known, key=lambda one: (-one[1], one[0]))[:_MOST_BARS_N]}
    bars: list[dict[str, Any]] = [
        {"label": label, "value": n, "colour_index": places.get(label)}
        for label, n in sorted(known, key=lambda one: (places.get(one[0], len(places)), one[0]))
        if label in frequent
    ]
    others = [n for label, n in known if label not in frequent]
    if others:
        bars.append({"label": f"{len(others):,} other labels", "value": sum(others)})
    if counted.get(None):
        bars.append({"label": NO_LABEL, "value": counted[None], "colour_index": -1})
    return bars


def heard_rows(seen: Seen) -> list[dict[str, Any]]:
    """The first picks as rows of a table, each with its reason."""
    reasons = dict(seen.preview.picks)
    return [{**row, "reason": reason_words(reasons[row["id"]])} for row in clip_rows(seen.cards)]


def reason_words(reason: str) -> str:
    """A pick's reason with the columns' names as they stand on screen."""
    return _COLUMN_NAMES.sub(lambda found: column_label(found.group()), reason)


def form_errors(troubles: Sequence[Trouble], *, is_sent: bool) -> dict[str, str]:
    """What is wrong, by field; what is only missing yet is an error once the form was sent."""
    return {one.key: one.sentence for one in reversed(troubles) if is_sent or not one.is_missing}


def form_notes(troubles: Sequence[Trouble]) -> dict[str, str]:
    """What is missing yet, by field."""
    return {one.key: one.sentence for one in reversed(troubles) if one.is_missing}


def notes_of_preview(
    found: SelectionPreview, spec: SelectionSpec, values: Mapping[str, Any], troubles: Sequence[Trouble]
) -> tuple[dict[str, str], dict[str, str]]:
    """Errors and notes at the form's fields, once it was seen what the rows without ``troubles`` would choose."""
    errors, notes = form_errors(troubles, is_sent=False), form_notes(troubles)
    incomplete = {one.key.partition(".")[0] for one in troubles}
    about = "about " if found.is_sample else ""
    thresholds = [
        row["key"] for row in values["rows"] if row["kind"] == Threshold.name and row["key"] not in incomplete
    ]
    for key, n in zip(thresholds, found.let_through, strict=True):
        notes[key] = f"Lets {about}{n:,} of {clips(found.n_pool)} through."
        if n == 0 and not found.is_sample:
            errors[key] = "No clip is within these bounds."
    if len(thresholds) > 1 and found.n_allowed == 0 and not errors and not found.is_sample:
        errors[thresholds[-1]] = "No clip is within all of the bounds at once."
    n_gone = found.n_kept_asked - found.n_kept
    if spec.keep is not None and found.n_kept >= found.n_pool:
        errors["keep"] = f"It holds all {clips(found.n_pool)} that are not redundant: nothing is left to choose."
    elif spec.keep is not None and n_gone > 0 and not found.is_sample:
        notes["keep"] = f"{n_gone:,} of its {clips(found.n_kept_asked)} are redundant or gone, and drop out."
    n_new = found.n_chosen - found.n_kept
    if spec.budget.n_clips is not None and n_new < spec.budget.n_clips and not errors and not found.is_sample:
        notes["n"] = f"Only {n_new:,} can be chosen."
    return errors, notes


def _span(seconds: float) -> str:
    return duration_words(seconds) if seconds else "0 s"
