"""Release: freeze clips, labels and leak-proof splits as a dataset version, and write it out as files."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.catalog import annotations, datasets, split_clips
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, lock_project
from pipeline.core import registry
from pipeline.core.errors import CatalogError, NotFound
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import DatasetVersion, Outcome, ReleaseItem
from pipeline.curation.consensus import consensus
from pipeline.curation.splits import assign_splits, component_ids
from pipeline.plugins.exporters.augmented import demand_no_other_copies
from pipeline.storage import Store
from pipeline.workflows.augmented_export import copies_of_version, write_copies
from pipeline.workflows.operation import Conn, OnProgress, operation, silent


@dataclass(frozen=True, kw_only=True)
class Released:
    """The version that was frozen, and what became of the clips."""

    version: DatasetVersion
    outcome: Outcome


def update_consensus(conn: Conn, project: Project) -> int:
    """Count of clips that have a consensus now, after it is computed from all current annotations."""
    with conn.transaction():
        lock_project(conn, project.project_id)
        votes = annotations.read_votes(conn, project.project_id)
        settled = {clip_id: c for clip_id, v in votes.items() if (c := consensus(v)) is not None}
        label_ids = {label.name: label.label_id for label in list_labels(conn, project.project_id)}
        annotations.save_consensus(conn, project.project_id, settled, label_ids=label_ids)
    return len(settled)


def release(
    conn: Conn,
    project: Project,
    name: str,
    *,
    min_confidence: float = 0.0,
    people_only: bool = False,
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> Released:
    """Freeze the clips with a settled label as the next version of the dataset ``name``.

    No recording, source group or near-duplicate group straddles two splits. ``people_only`` takes
    only clips that a person answered. Raises NotFound if there is nothing to release.
    """
    spec = {
        "name": name,
        "min_confidence": min_confidence,
        "people_only": people_only,
        "seed": seed,
        "split_fractions": dict(project.recipe.split_fractions),
    }
    with operation(conn, project, "release", spec, on_progress=on_progress) as run:
        run.begin_stage("consensus")
        run.detail["n_consensus"] = update_consensus(conn, project)
        clips = datasets.releasable_clips(
            conn, project.project_id, min_confidence=min_confidence, people_only=people_only
        )
        if not clips:
            raise NotFound(
                "no clip with a settled label", which=project.name, do="label some in the review dashboard first"
            )
        run.begin_stage("splits", n_total=len(clips))
        links = split_clips.links_between(conn, project.project_id)
        items = _split(clips, links, project, seed=seed)
        run.begin_stage("freezing")
        with run.transaction():
            dataset_id, number = datasets.next_version(conn, project.project_id, name)
            version = datasets.freeze_version(
                conn,
                project.project_id,
                dataset_id=dataset_id,
                version=number,
                spec=spec,
                items=items,
                manifest_sha256=manifest_sha256(name, number, items),
                operation_id=run.operation_id,
            )
        run.n_done = len(items)
        run.detail |= {"dataset": name, "version": number}
    return Released(version=version, outcome=run.outcome)


def export(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    name: str,
    folder: Path,
    version: int | None = None,
    exporters: Sequence[PluginSpec] = (PluginSpec(name="audio_folder"), PluginSpec(name="manifest")),
    augmentations: Sequence[str] = (),
    on_progress: OnProgress = silent,
) -> list[Path]:
    """The files of a version (the latest if None), written below ``folder`` by the exporters in turn.

    Augmented copies of its clips come beside them, in augmented/ and augmented.jsonl: the version stays as frozen.
    Raises NotFound for an unknown version or augmentation, CatalogError if the manifest is not the one that was
    frozen, StorageError if a clip's bytes are gone or the folder cannot be written, AudioError if a copy comes
    out otherwise than it was made.
    """
    found = datasets.find_version(conn, project.project_id, name, version)
    spec: dict[str, Any] = {"name": name, "version": found.version, "exporters": [e.to_json() for e in exporters]}
    if augmentations:
        spec["augmentations"] = list(augmentations)
    with operation(conn, project, "export", spec, on_progress=on_progress) as run:
        items = datasets.read_items(conn, project.project_id, found.dataset_version_id)
        run.begin_stage("writing", n_total=len(items))
        if manifest_sha256(found.dataset, found.version, items) != found.manifest_sha256:
            raise CatalogError(
                "the rows of this version do not give the manifest that was frozen",
                which=f"{name} version {found.version}",
                do="restore the database from a backup",
            )
        copies = copies_of_version(conn, project, items, augmentations)
        demand_no_other_copies(folder, copies.paths)
        files: list[Path] = []
        for exporter in exporters:
            plugin = registry.create("exporter", exporter)
            files += plugin.export(found, items, folder=folder, read_object=store.read)
        if augmentations:
            run.begin_stage("augmented copies")
            files += write_copies(run, store, copies, folder)
            run.detail |= {"n_augmented": len(copies.items), "n_left_out": copies.n_left_out}
        run.n_done = len(items)
    return files


def manifest_sha256(name: str, number: int, items: Sequence[ReleaseItem]) -> bytes:
    """The hash (32 bytes) of the version's manifest.jsonl, by which it is known for ever."""
    stand_in = DatasetVersion(
        dataset_version_id=0,
        dataset=name,
        version=number,
        n_items=len(items),
        manifest_sha256=b"",
        frozen_at=datetime.fromtimestamp(0, tz=UTC),
        author="",
    )
    with tempfile.TemporaryDirectory() as folder:
        plugin = registry.create("exporter", PluginSpec(name="manifest"))
        files = plugin.export(stand_in, items, folder=Path(folder), read_object=_no_audio)
        manifest = next(path for path in files if path.suffix == ".jsonl")
        return hashlib.sha256(manifest.read_bytes()).digest()


def _no_audio(key: str) -> bytes:
    raise NotFound("a manifest needs no audio", which=key)


def _split(
    clips: Sequence[datasets.ReleasableClip], links: Sequence[frozenset[str]], project: Project, *, seed: int
) -> list[ReleaseItem]:
    groups = [frozenset(clip.groups) for clip in clips]
    labels = [clip.label for clip in clips]
    splits = assign_splits(groups, labels, fractions=project.recipe.split_fractions, seed=seed, links=links)
    components = component_ids(groups, links=links)
    return [
        ReleaseItem(
            clip_id=clip.clip_id,
            split=split,
            label=clip.label,
            confidence=clip.confidence,
            n_votes=clip.n_votes,
            object_key=clip.object_key,
            sha256=clip.sha256,
            rate_hz=clip.rate_hz,
            n_channels=clip.n_channels,
            n_samples=clip.n_samples,
            recording_uri=clip.recording_uri,
            start_sample=clip.start_sample,
            stop_sample=clip.stop_sample,
            group=f"g{component}",
            also=tuple(clip.also),
        )
        for clip, split, component in zip(clips, splits, components, strict=True)
    ]
