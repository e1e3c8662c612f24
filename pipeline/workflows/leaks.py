"""Leaks: examine a split, ours or another's, for clips that lie on two sides and should not; nothing is changed."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.catalog import datasets, split_clips
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.projects import Project
from pipeline.catalog.split_clips import ClipOfSplit, NamedRecording
from pipeline.core import registry
from pipeline.core.errors import NotFound, SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio, DuplicateGroup, Failure, Outcome
from pipeline.curation.leaks import LeakingPair, SplitClip, leaking_pairs
from pipeline.storage import Store, is_local, path_of
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.fingerprints import marks_of
from pipeline.workflows.operation import Conn, OnProgress, Run, operation, silent


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """What an examination found: the pairs to hear, and how many clips lie in each split."""

    pairs: list[LeakingPair]
    n_of_split: dict[str, int]
    outcome: Outcome


def leaks_of_version(
    conn: Conn,
    project: Project,
    store: Store,
    dataset: str,
    *,
    version: int | None = None,
    deduplicator: PluginSpec | None = None,
    on_progress: OnProgress = silent,
) -> LeakReport:
    """Examine a dataset version (the latest if None). Raises NotFound, PluginError."""
    plugin, full = _deduplicator(deduplicator)
    spec = {"dataset": dataset, "version": version, "deduplicator": full.to_json()}
    with operation(conn, project, "leaks", spec, on_progress=on_progress) as run:
        found = datasets.find_version(conn, project.project_id, dataset, version)
        clips = split_clips.version_clips(conn, project.project_id, found.dataset_version_id)
        pairs, n_of_split = _examine(run, store, [(clip, clip.split or "") for clip in clips], plugin, full)
    return LeakReport(pairs=pairs, n_of_split=n_of_split, outcome=run.outcome)


def leaks_of_table(
    conn: Conn,
    project: Project,
    store: Store,
    table: Path,
    *,
    deduplicator: PluginSpec | None = None,
    on_progress: OnProgress = silent,
) -> LeakReport:
    """Examine the split in a CSV with the columns file and split, maybe start_s and stop_s, of this project's files.

    A file is named by its path below its source, its whole path, or its name if only one has it. A clip belongs to
    the row that holds its middle. Files that the project does not hold are failures. Raises SettingsError, PluginError.
    """
    plugin, full = _deduplicator(deduplicator)
    rows = read_split_table(table)
    with operation(
        conn, project, "leaks", {"table": str(table), "deduplicator": full.to_json()}, on_progress=on_progress
    ) as run:
        by_recording, absent = _recordings_of(rows, split_clips.named_recordings(conn, project.project_id))
        run.fail(_not_here(file) for file in absent)
        clips = split_clips.clips_of_recordings(conn, project.project_id, sorted(by_recording))
        placed = [
            (clip, row.split)
            for clip in clips
            for row in dict.fromkeys(by_recording[clip.recording_id])
            if row.has(clip)
        ]
        pairs, n_of_split = _examine(run, store, placed, plugin, full)
    return LeakReport(pairs=pairs, n_of_split=n_of_split, outcome=run.outcome)


@dataclass(frozen=True, kw_only=True)
class SplitRow:
    """One row of a split table; stop None = to the end."""

    split: str
    start_s: float = 0.0
    stop_s: float | None = None

    def has(self, clip: ClipOfSplit) -> bool:
        """Whether the middle of the clip lies in the row's span."""
        middle_s = (clip.start_s + clip.stop_s) / 2
        return self.start_s <= middle_s and (self.stop_s is None or middle_s < self.stop_s)


def read_split_table(path: Path) -> dict[str, list[SplitRow]]:
    """The rows of a split table by file. Raises SettingsError for what is not such a table."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            columns = {name.strip().lower() for name in reader.fieldnames or ()}
            if not {"file", "split"} <= columns:
                raise SettingsError(
                    "cannot use the table of a split",
                    which=path,
                    expected="the columns file and split",
                    got=", ".join(sorted(columns)) or "no header",
                )
            rows: defaultdict[str, list[SplitRow]] = defaultdict(list)
            for number, row in enumerate(reader, start=2):
                cells = {k.strip().lower(): (v or "").strip() for k, v in row.items() if k}
                rows[cells["file"]].append(_split_row(cells, f"{path} line {number}"))
            return dict(rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            "cannot read the table of a split", which=path, got=str(error), do="save it as CSV with commas, in UTF-8"
        ) from error


def _split_row(cells: Mapping[str, str], where: str) -> SplitRow:
    if not cells["file"] or not cells["split"]:
        raise SettingsError("cannot use the table of a split", which=where, expected="a file and a split")
    try:
        stop = cells.get("stop_s")
        return SplitRow(
            split=cells["split"], start_s=float(cells.get("start_s") or 0), stop_s=float(stop) if stop else None
        )
    except ValueError as error:
        raise SettingsError("cannot use the table of a split", which=where, expected="seconds", got=error) from error


def _recordings_of(
    rows: Mapping[str, list[SplitRow]], recordings: Sequence[NamedRecording]
) -> tuple[dict[int, list[SplitRow]], list[str]]:
    """The rows by recording, and the files that are no recording."""
    exact: dict[str, int] = {}
    tails: defaultdict[str, list[int]] = defaultdict(list)
    for recording in recordings:
        path = path_of(recording.uri) if is_local(recording.uri) else recording.uri
        exact |= {recording.uri: recording.recording_id, str(path): recording.recording_id}
        tails[PurePosixPath(recording.name).name].append(recording.recording_id)
    by_name = Counter(recording.name for recording in recordings)
    exact |= {r.name: r.recording_id for r in recordings if by_name[r.name] == 1}
    found: defaultdict[int, list[SplitRow]] = defaultdict(list)
    absent: list[str] = []
    for file, of_file in rows.items():
        candidates = [exact[file]] if file in exact else tails.get(file, [])
        if len(candidates) > 1:
            raise SettingsError(
                "the table of a split does not say which file it means",
                which=file,
                got=f"{len(candidates)} recordings of that name",
                do="write whole paths into column file",
            )
        if not candidates:
            absent.append(file)
        for recording_id in candidates:
            found[recording_id] += of_file
    return dict(found), absent


def _not_here(file: str) -> Failure:
    return Failure(
        item=file, error="NotFound", message=f"{file}: not a recording of this project; bring it in by `earmark ingest`"
    )


def _deduplicator(given: PluginSpec | None) -> tuple[Any, PluginSpec]:
    spec = given or PluginSpec(name="fingerprint")
    plugin = registry.create("deduplicator", spec)
    return plugin, registry.spec_of(spec.name, plugin)


def _examine(
    run: Run, store: Store, placed: Sequence[tuple[ClipOfSplit, str]], plugin: Any, spec: PluginSpec
) -> tuple[list[LeakingPair], dict[str, int]]:
    if not placed:
        raise NotFound("no clip lies in this split", do="cut its recordings first: `earmark cut`")
    clips = [_side(clip, split) for clip, split in placed]
    # A clip on two sides is compared once; that it is on two sides is seen by its samples.
    once: dict[int, int] = {}
    for index, (clip, _) in enumerate(placed):
        once.setdefault(clip.clip_id, index)
    sounds = [_sound(placed[index][0]) for index in once.values()]
    marks = marks_of(run, store, spec, sounds, workers=1, is_kept=False)
    places = [index for index in once.values() if placed[index][0].clip_id in marks]
    sounds = [sound for sound in sounds if sound.clip_id in marks]
    run.begin_stage("comparing")

    def read(index: int) -> Audio:
        return read_clip(store, sounds[index])

    groups: list[DuplicateGroup] = plugin.group(
        [marks[sound.clip_id] for sound in sounds],
        pcm_sha256=[sound.sha256 for sound in sounds],
        rank=[-round(1000 * sound.duration_s) for sound in sounds],
        read_clip=read,
    )
    run.n_done = len(sounds)
    pairs = leaking_pairs(clips, [_by_place(group, places) for group in groups])
    n_of_kind = Counter(pair.kind.value for pair in pairs)
    run.detail |= {"n_leaks": len(pairs)} | {f"n_{kind}": n for kind, n in n_of_kind.items()}
    return pairs, dict(sorted(Counter(clip.split for clip in clips).items()))


def _sound(clip: ClipOfSplit) -> ClipSound:
    return ClipSound(
        clip_id=clip.clip_id,
        object_key=clip.object_key,
        sha256=clip.sha256,
        rate_hz=clip.rate_hz,
        duration_s=clip.duration_s,
    )


def _by_place(group: DuplicateGroup, places: Sequence[int]) -> DuplicateGroup:
    """The group by the places that its clips have among all that lie in the split."""
    members = tuple(replace(member, index=places[member.index]) for member in group.members)
    return DuplicateGroup(representative=places[group.representative], members=members)


def _side(clip: ClipOfSplit, split: str) -> SplitClip:
    return SplitClip(
        clip_id=clip.clip_id,
        split=split,
        recording_name=clip.recording_name,
        file_key=clip.file_key,
        start_s=clip.start_s,
        stop_s=clip.stop_s,
        source_group=clip.source_group,
        sha256=clip.sha256,
    )
