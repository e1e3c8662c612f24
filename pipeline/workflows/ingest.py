"""Ingest: bring in the recordings of a folder, a NAS or an object store; every file becomes a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.audio.check import check
from pipeline.audio.measure import measure
from pipeline.catalog import annotations, recordings
from pipeline.catalog.failures import resolve_failures
from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import Project
from pipeline.compute import Result, parallel_map
from pipeline.core.types import AudioFacts, AudioFormat, Failure, Outcome, Problem, Workers
from pipeline.storage import FoundFile, file_sha256, local_copy, refuse_password, scan
from pipeline.workflows.carried_labels import LabelReader, LabelRules, label_reader
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent

# What lies beside recordings in real folders. Such a file is tried like any other, but its failure alarms nobody.
_NOT_SOUND = frozenset(
    """csv tsv txt md rst json jsonl yaml yml xml html htm log ini toml cfg pdf doc docx odt rtf xls xlsx ods ppt pptx
    png jpg jpeg gif bmp svg webp tif tiff db lnk url py ipynb r m sh bat sql npy npz mat pkl parquet textgrid eaf srt
    lab zip gz tar 7z rar""".split()  # noqa: SIM905
)


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """What reading one file gave."""

    file_sha256: bytes
    facts: AudioFacts
    problems: tuple[Problem, ...]


def ingest(
    conn: Conn,
    project: Project,
    source_uri: str,
    *,
    labels: LabelRules | None = None,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Bring in every file under a folder or fsspec URI, with the labels it carries.

    Files in = done + failed; ``n_unchanged`` of the done were known already by size and time. What could
    not be read is a failure with its reason and is tried again by the next run.
    Raises StorageError if the source itself cannot be read, SettingsError for unusable label rules.
    """
    refuse_password(source_uri)
    rules = labels or LabelRules()
    reader = label_reader(rules)
    spec = {"source": source_uri, "labels": rules.to_json()}
    with operation(conn, project, "ingest", spec, on_progress=on_progress) as run:
        run.begin_stage("looking for files")
        files = _take_stock(run, source_uri, skip=rules.csv_path)
        if n_absent := reader.count_absent([f.name for f in files]):
            run.detail["n_files_of_table_absent"] = n_absent
        known = recordings.known_files(conn, project.project_id)
        new = [f for f in files if known.get(f.uri, (0, -1, -1))[1:] != (f.size_bytes, f.mtime_ns)]
        run.n_done = run.n_unchanged = len(files) - len(new)
        run.begin_stage("reading", n_total=len(files) + len(run.failed))
        _read_all(run, new, workers=workers)
        _keep_labels(run, files, reader)
    return run.outcome


def read_file(found: FoundFile, *, audio_format: AudioFormat) -> ReadFile:
    """Hash and decode one file, once, to its last sample. Raises AudioError or StorageError."""
    with local_copy(found.uri) as path:
        facts = measure(path)
        return ReadFile(file_sha256=file_sha256(path), facts=facts, problems=tuple(check(facts, audio_format)))


def _take_stock(run: Run, source_uri: str, *, skip: str | None) -> list[FoundFile]:
    """The files of the source, but for the table of labels itself; what cannot be looked at is a failure."""
    table_uri = None if skip is None else Path(skip).absolute().as_uri()
    files: list[FoundFile] = []
    failures: list[Failure] = []
    for found in scan(source_uri):
        if isinstance(found, Failure):
            failures.append(found)
        elif found.uri != table_uri:
            files.append(found)
    with run.transaction():
        run.fail(failures)
    return files


def _read_all(run: Run, files: Sequence[FoundFile], *, workers: Workers) -> None:
    work = partial(read_file, audio_format=run.project.recipe.audio_format)
    for batch in in_batches(parallel_map(work, files, workers=workers)):
        with run.transaction():
            _save(run, files, batch)
        run.report()
        run.stop_if_asked()


def _save(run: Run, files: Sequence[FoundFile], batch: Sequence[Result[ReadFile]]) -> None:
    project_id = run.project.project_id
    done: list[str] = []
    failures: list[Failure] = []
    for result in batch:
        found = files[result.index]
        if result.failure is not None:
            failures.append(_failure(found, result.failure))
        elif result.value is not None:
            read = result.value
            recording_id = recordings.save_recording(
                run.conn,
                project_id,
                uri=found.uri,
                name=found.name,
                size_bytes=found.size_bytes,
                mtime_ns=found.mtime_ns,
                file_sha256=read.file_sha256,
                facts=read.facts,
                operation_id=run.operation_id,
            )
            recordings.save_problems(run.conn, project_id, recording_id, read.problems)
            done.append(found.uri)
    resolve_failures(run.conn, project_id, "ingest", done)
    run.n_done += len(done)
    run.fail(failures)


def _failure(found: FoundFile, failure: Failure) -> Failure:
    """The failure of this file; one that never claimed to be sound is said to be none."""
    ending = Path(found.name).suffix.lower().lstrip(".")
    if failure.error in ("UnreadableAudio", "EmptyAudio") and ending in _NOT_SOUND:
        message = f"a .{ending} file, which holds no sound: {found.name}; nothing to do"
        return Failure(item=found.uri, error="NotSound", message=message)
    return Failure(item=found.uri, error=failure.error, message=failure.message)


def _keep_labels(run: Run, files: Sequence[FoundFile], reader: LabelReader) -> None:
    """Let labels and source groups follow the rules of this run, also for files that did not change."""
    run.begin_stage("labels")
    conn, project_id = run.conn, run.project.project_id
    facts = {f.uri: reader.read(f.name) for f in files}
    with run.transaction():
        names = sorted({label.label for fact in facts.values() for label in fact.labels})
        label_ids = add_labels(conn, project_id, names)
        ids = recordings.known_files(conn, project_id)
        lengths = recordings.read_lengths(conn, project_id)
        carried: list[recordings.CarriedLabel] = []
        groups: list[tuple[int, str]] = []
        n_beyond = 0
        for uri, fact in facts.items():
            if uri not in ids:
                continue
            recording_id = ids[uri][0]
            if fact.source_group is not None:
                groups.append((recording_id, fact.source_group))
            for label in fact.labels:
                rate_hz, n_samples = lengths[recording_id]
                start = round(label.start_s * rate_hz)
                if start >= n_samples:
                    n_beyond += 1
                    continue
                carried.append(
                    recordings.CarriedLabel(
                        recording_id=recording_id,
                        label_id=label_ids[label.label],
                        source=label.source,
                        start_sample=start,
                        stop_sample=None if label.stop_s is None else max(start + 1, round(label.stop_s * rate_hz)),
                    )
                )
        recordings.set_source_groups(conn, groups)
        recordings.save_carried_labels(conn, project_id, carried)
        annotations.carry_labels(conn, project_id)
    run.detail["n_labels_carried"] = len(carried)
    if n_beyond:
        run.detail["n_labels_beyond_the_end"] = n_beyond
