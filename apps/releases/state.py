"""Releases: what would be released now, what was, and whether it holds. No widgets."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.session import Session
from pipeline.catalog import annotations, counts, datasets
from pipeline.catalog.connect import connect
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import duty_of
from pipeline.core.errors import NotFound
from pipeline.core.permissions import MAY, Duty
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import DatasetVersion, ReleaseItem, Vote
from pipeline.curation.consensus import consensus
from pipeline.curation.splits import leaks
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.leaks import LeakReport, leaks_of_version
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn, OnProgress, silent
from pipeline.workflows.release import export, release

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a version takes in."""

    people_only: bool = False
    min_confidence: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LabelShare:
    """How many clips of a label would be frozen, and how many of these a person answered."""

    label: str
    n_clips: int
    n_by_people: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The clips of the project, each in one of these heaps: those of ``labels`` would be frozen."""

    labels: list[LabelShare]
    n_not_by_people: int
    n_too_doubtful: int
    n_disputed: int
    n_no_label: int
    n_unlabelled: int
    n_redundant: int

    @property
    def n_frozen(self) -> int:
        return sum(share.n_clips for share in self.labels)

    @property
    def n_by_people(self) -> int:
        return sum(share.n_by_people for share in self.labels)

    @property
    def n_settled(self) -> int:
        """Clips with a settled label, whatever the choices."""
        return self.n_frozen + self.n_not_by_people + self.n_too_doubtful


@dataclass(frozen=True, kw_only=True)
class ReleasesData:
    """What the page shows, as it is now."""

    labels: list[str]
    votes: Mapping[int, Sequence[Vote]]
    n_clips: int
    n_redundant: int
    versions: list[DatasetVersion]


@dataclass(frozen=True, kw_only=True)
class LeakCheck:
    """Whether anything stands on two sides of a split; ``straddling`` names it."""

    n_groups: int
    n_recordings: int
    straddling: list[str]


class ReleasesState:
    """One person at the releases of a project."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._project = session.project
        self._project_id = session.project.project_id
        duty: Duty | None = self._line.do(lambda conn: duty_of(conn, self._project_id))
        self.may = frozenset[str]() if duty is None else MAY[duty]

    @property
    def split_fractions(self) -> Mapping[str, float]:
        """The shares of train, validation and test that the project's recipe asks for."""
        return self._project.recipe.split_fractions

    def read_now(self) -> ReleasesData:
        """The page as it is now."""
        return self._line.do(self.read)

    def read(self, conn: Conn) -> ReleasesData:
        """The page as it is now, by this connection, which may be a thread's own."""
        now = counts.count_all(conn, self._project_id)
        return ReleasesData(
            labels=[label.name for label in list_labels(conn, self._project_id)],
            votes=annotations.read_votes(conn, self._project_id),
            n_clips=now.n_clips,
            n_redundant=now.n_redundant,
            versions=datasets.list_versions(conn, self._project_id),
        )

    def next_name(self, versions: Sequence[DatasetVersion]) -> str:
        """The dataset that a next version most likely belongs to."""
        return versions[0].dataset if versions else self._project.name.replace(" ", "-")

    def freeze(self, name: str, choices: Choices, *, seed: int, on_progress: OnProgress = silent) -> DatasetVersion:
        """The new version. Raises EarmarkError."""
        released = release(
            self._live_conn(),
            self._project,
            name,
            people_only=choices.people_only,
            min_confidence=choices.min_confidence,
            seed=seed,
            on_progress=on_progress,
        )
        return released.version

    def export_folder(self, version: DatasetVersion) -> Path:
        """Where the files of a version are written."""
        return self.session.workspace.settings.workspace / "releases" / title_of(version)

    def export(self, version: DatasetVersion, *, on_progress: OnProgress = silent) -> list[Path]:
        """The files of a version, written into its folder. Raises EarmarkError."""
        return export(
            self._live_conn(),
            self._project,
            self.session.workspace.store,
            name=version.dataset,
            version=version.version,
            folder=self.export_folder(version),
            on_progress=on_progress,
        )

    def manifest(self, version: DatasetVersion, ending: str) -> bytes:
        """The manifest as jsonl or csv, held against the hash that was frozen. Raises EarmarkError."""
        with tempfile.TemporaryDirectory() as folder:
            files = export(
                self._live_conn(),
                self._project,
                self.session.workspace.store,
                name=version.dataset,
                version=version.version,
                folder=Path(folder),
                exporters=[PluginSpec(name="manifest")],
            )
            found = next((path for path in files if path.suffix == f".{ending}"), None)
            if found is None:
                raise NotFound("no manifest of this kind", which=ending, expected="jsonl or csv")
            return found.read_bytes()

    def items(self, version: DatasetVersion) -> list[ReleaseItem]:
        """The frozen clips of a version."""
        return self._line.do(lambda conn: datasets.read_items(conn, self._project_id, version.dataset_version_id))

    def leaks(self, version: DatasetVersion, on_progress: OnProgress = silent) -> LeakReport:
        """What leaks between the splits of a version by its sound; runs in a thread. Raises EarmarkError."""
        workspace = self.session.workspace
        with connect(workspace.url, application_name="earmark dashboard leaks") as conn:
            return leaks_of_version(
                conn,
                self._project,
                workspace.store,
                version.dataset,
                version=version.version,
                on_progress=on_progress,
            )

    def read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip. Raises NotFound, StorageError, DatabaseUnavailable."""
        store = self.session.workspace.store
        data, mime, rate_hz = self._line.do(lambda conn: clip_bytes(conn, self._project, store, clip_id))
        return ClipBytes(data=data, mime=mime, rate_hz=rate_hz)

    def _live_conn(self) -> Conn:
        """A connection that answered just now: what writes a version must not be done twice by a second try."""
        self._line.do(lambda conn: duty_of(conn, self._project_id))
        return self._line.conn


def title_of(version: DatasetVersion) -> str:
    """A version's name on screen and on disk."""
    return f"{version.dataset}-v{version.version}"


def objection_to_name(name: str) -> str | None:
    """Why a dataset cannot have this name, None if it can."""
    if _NAME.fullmatch(name):
        return None
    return "A name begins with a letter or digit; then letters, digits, dot, dash and underscore, 63 at most."


def preview_of(data: ReleasesData, choices: Choices) -> Preview:
    """The heaps of the clips, by the same consensus that a release would settle."""
    settled = {clip_id: found for clip_id, given in data.votes.items() if (found := consensus(given)) is not None}
    ready = {clip_id: c for clip_id, c in settled.items() if c.answer == "label" and not c.is_disputed}
    by_people = {clip_id for clip_id in ready if any(vote.source == "human" for vote in data.votes[clip_id])}
    allowed = {clip_id: c for clip_id, c in ready.items() if clip_id in by_people or not choices.people_only}
    frozen = {clip_id: c.label for clip_id, c in allowed.items() if c.confidence >= choices.min_confidence}
    n_of = Counter(frozen.values())
    n_by_people = Counter(label for clip_id, label in frozen.items() if clip_id in by_people)
    n_disputed = sum(c.is_disputed for c in settled.values())
    return Preview(
        labels=[LabelShare(label=x, n_clips=n_of[x], n_by_people=n_by_people[x]) for x in data.labels],
        n_not_by_people=len(ready) - len(allowed),
        n_too_doubtful=len(allowed) - len(frozen),
        n_disputed=n_disputed,
        n_no_label=len(settled) - len(ready) - n_disputed,
        n_unlabelled=data.n_clips - data.n_redundant - len(settled),
        n_redundant=data.n_redundant,
    )


def count_splits(items: Sequence[ReleaseItem]) -> dict[str, dict[str, int]]:
    """Clips by label, then by split; labels sorted."""
    tally = Counter((item.label, item.split) for item in items)
    return {label: {split: tally[label, split] for split in SPLITS} for label in sorted({i.label for i in items})}


def check_leaks(items: Sequence[ReleaseItem]) -> LeakCheck:
    """Looks whether a source or near-duplicate group, a recording or a clip's bytes are on two sides of a split."""
    keys = [
        frozenset({f"group {i.group}", f"recording {i.recording_uri}", f"sound {i.sha256.hex()[:12]}"}) for i in items
    ]
    found = leaks(keys, [item.split for item in items])
    return LeakCheck(
        n_groups=len({item.group for item in items}),
        n_recordings=len({item.recording_uri for item in items}),
        straddling=[f"{leak.key} in {' and '.join(leak.splits)}" for leak in found],
    )
