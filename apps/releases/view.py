"""The releases page: what would be released now, the form that freezes it, the versions and their files."""

from __future__ import annotations

from collections.abc import Sequence

from apps.page import show_page
from apps.releases.leaks_part import LeaksPart
from apps.releases.rows import bar_items, card_buttons, chosen_rows, facts, kpi_items, split_rows, version_row
from apps.releases.state import (
    SPLITS,
    Choices,
    ReleasesData,
    ReleasesState,
    check_leaks,
    objection_to_name,
    preview_of,
    title_of,
)
from apps.session import Session
from pipeline.core.errors import NotFound
from pipeline.core.types import DatasetVersion
from pipeline.widgets.charts import Bars
from pipeline.widgets.download import DownloadCard, FileBytes
from pipeline.widgets.form_preview import FormPreview
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, page, stack
from pipeline.widgets.shell import Kpis, Notice, Progress
from pipeline.widgets.tables import Table
from pipeline.workflows.operation import Conn, ProgressReport

_FREEZE = "Freeze a version"
_NOT_FRESH = "This page is not fresh"
_PAUSE_S = 5.0
_MIMES = {"jsonl": "application/jsonl", "csv": "text/csv"}

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
    """Paint the page and keep it fresh."""
    show_page("releases", ReleasesPage)


class ReleasesPage:
    """The page's parts, and what happens between them."""

    def __init__(self, session: Session) -> None:
        self.freshening: object = None
        self._state = state = ReleasesState(session)
        self._choices = Choices()
        self._data = data = state.read_now()
        self._versions: dict[int, DatasetVersion] = {}
        self._open: DatasetVersion | None = None
        self._notice, self._progress, self._kpis = Notice(), Progress(), Kpis()
        self._bars = Bars(title="What would be released now")
        self._bars.empty_text = "No clip would be released: label some in Review, or choose less strictly."
        self._form = _freeze_form(state, data.versions)
        self._form.on_submit(self._freeze)
        self._chosen = FormPreview(_FREEZE, title="By these choices", headings=("Clips", ""), is_counting=True)
        self._chosen.on_change(self._choose)
        empty_text = "No version is frozen yet. The first one appears here."
        self._table = Table(VERSION_COLUMNS, title="Dataset versions", empty_text=empty_text)
        self._table.on_row(self._open_version)
        self._card = DownloadCard()
        self._card.on_act(self._export)
        self._card.on_download(self._manifest)
        self._splits = Table(SPLIT_COLUMNS, title="Clips by label and split")
        self._leaks = LeaksPart(state, on_trouble=self._notice.error)
        self._detail = stack(columns(self._card, self._splits), self._leaks.root)
        freezing = columns(stack(self._bars, self._chosen), self._form, widths="1fr 400px")
        self.root = page(
            session.header("releases"),
            self._notice,
            self._kpis,
            freezing if "release" in state.may else self._bars,
            self._progress,
            self._table,
            self._detail,
        )
        self.draw(data)

    def read(self, conn: Conn) -> ReleasesData:
        """The page as it is now. Raises EarmarkError."""
        return self._state.read(conn)

    def draw(self, what: ReleasesData) -> float:
        """Show it; gives the seconds until it is worth reading again."""
        self._data = what
        if self._notice.text.startswith(_NOT_FRESH):
            self._notice.clear()
        self._draw_preview()
        if [version.dataset_version_id for version in what.versions] != list(self._versions):
            self._draw_versions(what.versions)
        self._detail.layout.display = None if what.versions else "none"
        return _PAUSE_S

    def say_trouble(self, sentence: str) -> None:
        """Show why the page is not fresh."""
        self._notice.error(sentence)

    def _draw_preview(self) -> None:
        preview = preview_of(self._data, self._choices)
        self._kpis.items = kpi_items(preview)
        self._bars.items = bar_items(preview)
        self._chosen.show(chosen_rows(preview, self._choices))

    def _draw_versions(self, versions: Sequence[DatasetVersion]) -> None:
        """The list with the newest version open."""
        self._versions = {version.dataset_version_id: version for version in versions}
        self._table.show([version_row(version) for version in versions])
        if versions:
            self._open_version(versions[0].dataset_version_id)

    def _choose(self, values: Values) -> None:
        self._choices = _choices_in(values)
        self._draw_preview()

    def _open_version(self, version_id: int) -> None:
        version = self._open = self._versions[version_id]
        items = self._state.items(version)
        self._table.selected_id = version_id
        self._card.show(
            title_of(version),
            facts=facts(version, check_leaks(items)),
            buttons=card_buttons() if "export" in self._state.may else [],
        )
        self._splits.show(split_rows(items))
        self._leaks.show(version)

    def _freeze(self, values: Values) -> str | None:
        if (objection := objection_to_name(values["name"])) is not None:
            self._form.errors = {"name": objection}
            return None
        self._choices = _choices_in(values)
        try:
            version = self._state.freeze(
                values["name"], self._choices, seed=int(values["seed"] or 0), on_progress=self._show_progress
            )
        finally:
            self._progress.clear()
        self.draw(self._state.read_now())
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


def _freeze_form(state: ReleasesState, versions: Sequence[DatasetVersion]) -> Form:
    shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in state.split_fractions.items())
    confidence = {"key": "min_confidence", "label": "Least confidence", "kind": "range", "min": 0, "max": 1}
    return Form(
        [
            {
                "key": "name",
                "label": "Dataset",
                "kind": "text",
                "value": state.next_name(versions),
                "is_required": True,
            },
            {"key": "seed", "label": "Seed of the splits", "kind": "number", "value": 0, "min": 0, "step": 1},
            {**confidence, "step": 0.05, "value": 0, "help": "Clips on which people agree less stay out."},
            {"key": "people_only", "label": "Only clips that a person answered", "kind": "checkbox", "value": False},
        ],
        submit_label="Freeze this version",
        title=_FREEZE,
        intro=f"Splits by the recipe: {shares}. Recordings, source groups and near-duplicates never straddle.",
    )


def _choices_in(values: Values) -> Choices:
    return Choices(people_only=values["people_only"] is True, min_confidence=float(values["min_confidence"] or 0))
