"""The releases page: what would be released now, the form that freezes it, the versions and their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from IPython.display import display

from apps.releases.state import (
    SPLITS,
    LeakCheck,
    Preview,
    ReleasesState,
    check_leaks,
    count_splits,
    objection_to_name,
    title_of,
)
from apps.session import open_session
from pipeline.core.errors import EarmarkError, NotFound
from pipeline.core.types import DatasetVersion, ReleaseItem
from pipeline.widgets.charts import Bars
from pipeline.widgets.download import CardButton, DownloadCard, Fact, FileBytes
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, page
from pipeline.widgets.shell import EmptyState, Header, Kpis, Notice, Progress
from pipeline.widgets.tables import Table
from pipeline.workflows.operation import ProgressReport

_MIMES = {"jsonl": "application/jsonl", "csv": "text/csv"}
_N_LEAKS_SHOWN = 3

VERSION_COLUMNS = (
    {"key": "name", "label": "Version"},
    {"key": "n_items", "label": "Clips", "kind": "number"},
    {"key": "frozen_at", "label": "Frozen", "kind": "time"},
    {"key": "author", "label": "By"},
    {"key": "sha256", "label": "Manifest sha256"},
)
SPLIT_COLUMNS = (
    {"key": "label", "label": "Label"},
    *({"key": split, "label": split.title(), "kind": "number"} for split in SPLITS),
    {"key": "all", "label": "All", "kind": "number"},
)


def show() -> None:
    """Paint the page, or say why it cannot open."""
    try:
        display(ReleasesPage(ReleasesState(open_session())).root)
    except EarmarkError as error:
        header = Header("Releases", nav=[])
        sorry = EmptyState(
            "Releases cannot open", text=str(error), action_label="Try again", action_href="releases.ipynb"
        )
        display(page(header, sorry))


class ReleasesPage:
    """The page's parts, and what happens between them."""

    def __init__(self, state: ReleasesState) -> None:
        self._state = state
        self._versions: dict[int, DatasetVersion] = {}
        self._open: DatasetVersion | None = None
        self._notice, self._progress, self._kpis = Notice(), Progress(), Kpis()
        self._bars = Bars(title="What would be released now", note="Clips with a settled label.")
        self._bars.empty_text = "No clip has a settled label yet: label some in Review."
        self._form = _freeze_form(state)
        self._form.on_submit(self._freeze)
        empty_text = "No version is frozen yet. The first one appears here."
        self._table = Table(VERSION_COLUMNS, title="Dataset versions", empty_text=empty_text)
        self._table.on_row(self._open_version)
        self._card = DownloadCard()
        self._card.on_act(self._export)
        self._card.on_download(self._manifest)
        self._splits = Table(SPLIT_COLUMNS, title="Clips by label and split")
        self._detail = columns(self._card, self._splits)
        session = state.session
        may_release = "release" in state.may
        self.root = page(
            Header("Releases", nav=session.nav("releases"), project=session.project.name, person=session.person),
            self._notice,
            self._kpis,
            columns(self._bars, self._form, widths="1fr 400px") if may_release else self._bars,
            self._progress,
            self._table,
            self._detail,
        )
        self._show_preview()
        self._show_versions()

    def _show_preview(self) -> None:
        preview = self._state.preview()
        self._kpis.items = _kpi_items(preview)
        self._bars.items = _bar_items(preview)

    def _show_versions(self) -> None:
        """The list with the newest version open."""
        versions = self._state.versions()
        self._versions = {version.dataset_version_id: version for version in versions}
        self._table.show([_version_row(version) for version in versions])
        self._detail.layout.display = None if versions else "none"
        if versions:
            self._open_version(versions[0].dataset_version_id)

    def _open_version(self, version_id: int) -> None:
        version = self._open = self._versions[version_id]
        items = self._state.items(version)
        self._table.selected_id = version_id
        self._card.show(
            title_of(version),
            facts=_facts(version, check_leaks(items)),
            buttons=_card_buttons() if "export" in self._state.may else [],
        )
        self._splits.show(_split_rows(items))

    def _freeze(self, values: Values) -> str | None:
        if (objection := objection_to_name(values["name"])) is not None:
            self._form.errors = {"name": objection}
            return None
        try:
            version = self._state.freeze(
                values["name"],
                people_only=values["people_only"],
                min_confidence=float(values["min_confidence"]),
                seed=int(values["seed"] or 0),
                on_progress=self._show_progress,
            )
        finally:
            self._progress.clear()
        self._show_preview()
        self._show_versions()
        return f"{title_of(version)} is frozen with {version.n_items:,} clips. It stands in the list below."

    def _export(self, _key: str) -> None:
        version = self._opened()
        try:
            files = self._state.export(version, on_progress=self._show_progress)
        finally:
            self._progress.clear()
        self._notice.success(
            f"{title_of(version)} is written: {len(files):,} files in {self._state.export_folder(version)}"
        )

    def _manifest(self, ending: str) -> FileBytes:
        version = self._opened()
        data = self._state.manifest(version, ending)
        return FileBytes(name=f"{title_of(version)}-manifest.{ending}", mime=_MIMES[ending], data=data)

    def _opened(self) -> DatasetVersion:
        if self._open is None:
            raise NotFound("no version is open", do="choose one in the list")
        return self._open

    def _show_progress(self, report: ProgressReport) -> None:
        words = {"release": "Freezing", "export": "Exporting"}
        stage = f"{words.get(report.action, report.action)}: {report.stage}"
        self._progress.show(stage, report.n_done, total=report.n_total)


def _freeze_form(state: ReleasesState) -> Form:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in state.split_fractions.items())
    confidence = {"key": "min_confidence", "label": "Least confidence", "kind": "range", "min": 0, "max": 1}
    return Form(
        [
            {"key": "name", "label": "Dataset", "kind": "text", "value": state.next_name(), "is_required": True},
            {"key": "seed", "label": "Seed of the splits", "kind": "number", "value": 0, "min": 0, "step": 1},
            {**confidence, "step": 0.05, "value": 0, "help": "Clips on which people agree less stay out."},
            {"key": "people_only", "label": "Only clips that a person answered", "kind": "checkbox", "value": False},
        ],
        submit_label="Freeze a version",
        title="Freeze a version",
        intro=f"Splits by the recipe: {shares}. Recordings, source groups and near-duplicates never straddle.",
    )


def _kpi_items(preview: Preview) -> list[dict[str, Any]]:
    return [
        {"label": "Ready to release", "value": preview.n_settled, "note": f"{preview.n_by_people:,} by people"},
        {
            "label": "Disputed",
            "value": preview.n_disputed,
            "note": "people disagree: ask again" if preview.n_disputed else "nobody disagrees",
            "tone": "warn" if preview.n_disputed else "ok",
        },
        {"label": "Unsure or none of these", "value": preview.n_no_label, "note": "left out"},
        {"label": "Unlabelled", "value": preview.n_unlabelled, "note": "wait for an ear"},
        {"label": "Redundant", "value": preview.n_redundant, "note": "copies, left out"},
    ]


def _bar_items(preview: Preview) -> list[dict[str, Any]]:
    return [
        {
            "label": share.label,
            "value": share.n_settled,
            "note": f"{share.n_by_people:,} by people",
            "colour_index": index,
        }
        for index, share in enumerate(preview.labels)
        if preview.n_settled
    ]


def _version_row(version: DatasetVersion) -> dict[str, Any]:
    return {
        "id": version.dataset_version_id,
        "name": title_of(version),
        "n_items": version.n_items,
        "frozen_at": _moment(version),
        "author": version.author,
        "sha256": version.manifest_sha256.hex()[:12],
    }


def _moment(version: DatasetVersion) -> str:
    return f"{version.frozen_at.astimezone():%Y-%m-%d %H:%M}"


def _facts(version: DatasetVersion, checked: LeakCheck) -> list[Fact]:
    return [
        {"label": "Clips", "value": f"{version.n_items:,}"},
        {"label": "Frozen", "value": f"{_moment(version)} by {version.author}"},
        {"label": "Leaks", "value": _leak_words(checked), "tone": "bad" if checked.straddling else "ok"},
        {"label": "Manifest sha256", "value": version.manifest_sha256.hex(), "is_copyable": True},
    ]


def _leak_words(checked: LeakCheck) -> str:
    if not checked.straddling:
        return f"None: {checked.n_groups:,} groups and {checked.n_recordings:,} recordings, each on one side only"
    named = "; ".join(checked.straddling[:_N_LEAKS_SHOWN])
    return f"{len(checked.straddling):,} straddle the splits: {named}"


def _card_buttons() -> list[CardButton]:
    return [
        {"key": "export", "label": "Export audio and manifest", "is_primary": True},
        {"key": "jsonl", "label": "manifest.jsonl", "is_download": True},
        {"key": "csv", "label": "manifest.csv", "is_download": True},
    ]


def _split_rows(items: Sequence[ReleaseItem]) -> list[dict[str, Any]]:
    by_label = count_splits(items)
    rows = [{"id": label, "label": label, **found, "all": sum(found.values())} for label, found in by_label.items()]
    totals = {split: sum(found[split] for found in by_label.values()) for split in SPLITS}
    return [*rows, {"id": "", "label": "All labels", **totals, "all": len(items)}]
