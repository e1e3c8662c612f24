"""What the figures, charts, tables and cards of the releases page hold, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.releases.state import SPLITS, Choices, LeakCheck, Preview, count_splits, title_of
from pipeline.core.types import DatasetVersion, ReleaseItem
from pipeline.widgets.download import CardButton, Fact

_N_LEAKS_SHOWN = 3


def kpi_items(preview: Preview) -> list[dict[str, Any]]:
    """The key figures."""
    n_disputed = preview.n_disputed
    return [
        {"label": "Settled", "value": preview.n_settled, "note": "have a label"},
        {
            "label": "Disputed",
            "value": n_disputed,
            "note": "people disagree: left out" if n_disputed else "nobody disagrees",
            "tone": "warn" if n_disputed else "ok",
        },
        {"label": "No label", "value": preview.n_no_label, "note": "unsure or none of these"},
        {"label": "Unlabelled", "value": preview.n_unlabelled, "note": "wait for an ear"},
        {"label": "Redundant", "value": preview.n_redundant, "note": "copies, left out"},
    ]


def bar_items(preview: Preview) -> list[dict[str, Any]]:
    """Nothing where nothing would be released, so that the chart says so."""
    if preview.n_frozen == 0:
        return []
    has_people = preview.n_by_people > 0
    return [
        {
            "label": share.label,
            "value": share.n_clips,
            "note": f"{share.n_by_people:,} by people" if has_people else "",
            "colour_index": index,
        }
        for index, share in enumerate(preview.labels)
    ]


def chosen_rows(preview: Preview, choices: Choices) -> list[list[str]]:
    """What the choices of the form leave of the settled clips."""
    rows: list[tuple[str, int]] = [("with a settled label", preview.n_settled)]
    if choices.people_only:
        rows.append(("left out: no person answered", preview.n_not_by_people))
    if choices.min_confidence:
        rows.append((f"left out: confidence below {choices.min_confidence:g}", preview.n_too_doubtful))
    rows.append(("would be frozen", preview.n_frozen))
    rows.append(("of these answered by people", preview.n_by_people))
    return [[f"{n:,}", words] for words, n in rows]


def version_row(version: DatasetVersion) -> dict[str, Any]:
    """A version in the list."""
    return {
        "id": version.dataset_version_id,
        "name": title_of(version),
        "n_items": version.n_items,
        "frozen_at": _moment(version),
        "author": version.author,
        "sha256": version.manifest_sha256.hex()[:12],
    }


def facts(version: DatasetVersion, checked: LeakCheck) -> list[Fact]:
    """What the card of a version says."""
    return [
        {"label": "Clips", "value": f"{version.n_items:,}"},
        {"label": "Frozen", "value": f"{_moment(version)} by {version.author}"},
        {"label": "Straddling", "value": _leak_words(checked), "tone": "bad" if checked.straddling else "ok"},
        {"label": "Manifest sha256", "value": version.manifest_sha256.hex(), "is_copyable": True},
    ]


def card_buttons() -> list[CardButton]:
    """How to take a version along."""
    return [
        {"key": "export", "label": "Export audio and manifest", "is_primary": True},
        {"key": "jsonl", "label": "manifest.jsonl", "is_download": True},
        {"key": "csv", "label": "manifest.csv", "is_download": True},
    ]


def split_rows(items: Sequence[ReleaseItem]) -> list[dict[str, Any]]:
    """Clips by label and split, the sum last."""
    by_label = count_splits(items)
    rows = [{"id": label, "label": label, **found, "all": sum(found.values())} for label, found in by_label.items()]
    totals = {split: sum(found[split] for found in by_label.values()) for split in SPLITS}
    return [*rows, {"id": "", "label": "All labels", **totals, "all": len(items)}]


def _moment(version: DatasetVersion) -> str:
    return f"{version.frozen_at.astimezone():%Y-%m-%d %H:%M}"


def _leak_words(checked: LeakCheck) -> str:
    if not checked.straddling:
        return f"None: {checked.n_groups:,} groups and {checked.n_recordings:,} recordings, each on one side only"
    named = "; ".join(checked.straddling[:_N_LEAKS_SHOWN])
    return f"{len(checked.straddling):,} straddle the splits: {named}"
