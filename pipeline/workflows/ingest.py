"""Ingest: bring in the recordings of a folder, a NAS or an object store; every file becomes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.audio.check import check
from pipeline.audio.measure import measure
from pipeline.catalog import recordings, sources
from pipeline.catalog.failures import open_items, resolve_failures
from pipeline.catalog.projects import Project
from pipeline.compute import Result, parallel_map
from pipeline.core.errors import StorageError
from pipeline.core.types import AudioFacts, AudioFormat, Failure, Outcome, Problem, Workers
from pipeline.storage import FoundFile, file_sha256, is_local, local_copy, path_of, refuse_password, scan, uri_of
from pipeline.workflows.carried_labels import LabelRules, label_reader
from pipeline.workflows.labelling import Labelled, Labelling
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


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What a look at a source met: its files, and what could not be looked at."""

    files: tuple[FoundFile, ...]
    failures: tuple[Failure, ...]

    def may_hold(self, uri: str) -> bool:
        """Whether a file may be there although it was not met: it, or a folder above it, could not be looked at."""
        return any(is_below(uri, failure.item) for failure in self.failures)


def ingest(
    conn: Conn,
    project: Project,
    source_uri: str,
    *,
    labels: LabelRules | None = None,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Bring in every file under a folder or fsspec URI, with the labels it carries, and remember the source.

    Files in = done + failed; ``n_unchanged`` of the done were known already by size and time. What could
    not be read is a failure with its reason and is tried again by the next run. Recordings whose files are
    gone are noted as vanished, unless the place of the file could not be looked at.
    Raises StorageError if the source itself cannot be read, SettingsError for unusable label rules.
    """
    refuse_password(source_uri)
    rules = labels or LabelRules()
    reader = label_reader(rules)
    uri = source_address(source_uri)
    spec = {"source": source_uri, "labels": rules.to_json()}
    with operation(conn, project, "ingest", spec, on_progress=on_progress) as run:
        run.begin_stage("looking for files")
        sources.note_look(conn, project.project_id, uri)
        stock = _take_stock(source_uri, skip=rules.csv_path)
        if n_absent := reader.count_absent([f.name for f in stock.files]):
            run.detail["n_files_of_table_absent"] = n_absent
        known = sources.known_files(conn, project.project_id, [f.uri for f in stock.files])
        new = [f for f in stock.files if f.uri not in known or not _is_unchanged(f, known[f.uri])]
        source = _compare(run, uri, stock, rules, known={f.uri: known[f.uri] for f in stock.files if f.uri in known})
        labelling = Labelling(run=run, reader=reader)
        # Labels of a table may have been written anew without a trace in the rules.
        must_label_all = source.n_files is None or source.label_rules != rules.to_json() or bool(reader.table)
        labelling.begin([f.name for f in (stock.files if must_label_all else new)])
        run.n_done = run.n_unchanged = len(stock.files) - len(new)
        run.begin_stage("reading", n_total=len(stock.files) + len(run.failed))
        _read_all(run, new, source, labelling, workers=workers)
        if must_label_all:
            unread = {f.uri for f in stock.files} - {f.uri for f in new}
            labelling.keep_all(_as_labelled(f, known[f.uri]) for f in stock.files if f.uri in unread)
        labelling.end()
        sources.note_looked(conn, source.source_id, n_files=len(stock.files), label_rules=rules.to_json())
    return run.outcome


def source_address(uri: str) -> str:
    """The one URI by which a source is known, however it was written. Raises StorageError for no address at all."""
    return uri_of(path_of(uri)) if is_local(uri) else uri.rstrip("/")


def is_below(uri: str, folder: str) -> bool:
    """Whether a file's URI is this one, or lies in this folder."""
    return uri == folder or uri.startswith(folder.rstrip("/") + "/")


def read_file(found: FoundFile, *, audio_format: AudioFormat) -> ReadFile:
    """Hash and decode one file, once, to its last sample. Raises AudioError or StorageError."""
    with local_copy(found.uri) as path:
        facts = measure(path)
        return ReadFile(file_sha256=file_sha256(path), facts=facts, problems=tuple(check(facts, audio_format)))


def _take_stock(source_uri: str, *, skip: str | None) -> Stock:
    """The files of the source, but for the table of labels itself. Raises StorageError if it cannot be read at all."""
    table_uri = None if skip is None else Path(skip).absolute().as_uri()
    files: list[FoundFile] = []
    failures: list[Failure] = []
    for found in scan(source_uri):
        if isinstance(found, Failure):
            failures.append(found)
        elif found.uri != table_uri:
            files.append(found)
    return Stock(files=tuple(files), failures=tuple(failures))


def _is_unchanged(found: FoundFile, known: sources.KnownFile) -> bool:
    return (known.size_bytes, known.mtime_ns) == (found.size_bytes, found.mtime_ns)


def _as_labelled(found: FoundFile, known: sources.KnownFile) -> Labelled:
    return Labelled(name=found.name, recording_id=known.recording_id, rate_hz=known.rate_hz, n_samples=known.n_samples)


def _compare(
    run: Run, uri: str, stock: Stock, rules: LabelRules, *, known: Mapping[str, sources.KnownFile]
) -> sources.Source:
    """The source, after noting which of its files are there and which have vanished since it was looked at last."""
    conn, project_id = run.conn, run.project.project_id
    with run.transaction():
        source = sources.add_source(conn, project_id, uri, rules.to_json())
        sources.note_found(conn, source.source_id, [file.recording_id for file in known.values()])
        standing = sources.standing_files(conn, project_id, source)
        if standing and not stock.files and not stock.failures:
            # The folder over which a NAS is mounted is still there, and empty, when it is not.
            raise StorageError(
                "the source is empty, nothing was noted",
                which=uri,
                expected=f"{len(standing):,} files as before",
                got="none",
                do="check that it is mounted",
            )
        met = {file.uri for file in stock.files}
        gone = {item: number for item, number in standing.items() if item not in met and not stock.may_hold(item)}
        sources.note_vanished(conn, list(gone.values()))
        failed = (item for item in open_items(conn, project_id, "ingest") if is_below(item, uri) and item not in met)
        resolve_failures(conn, project_id, "ingest", [item for item in failed if not stock.may_hold(item)])
        run.fail(stock.failures)
    if gone:
        run.detail["n_vanished"] = len(gone)
    return source


def _read_all(
    run: Run, files: Sequence[FoundFile], source: sources.Source, labelling: Labelling, *, workers: Workers
) -> None:
    work = partial(read_file, audio_format=run.project.recipe.audio_format)
    for batch in in_batches(parallel_map(work, files, workers=workers)):
        with run.transaction():
            saved = _save(run, files, batch)
            sources.note_found(run.conn, source.source_id, [item.recording_id for item in saved])
            labelling.keep(saved)
        run.report()
        run.stop_if_asked()


def _save(run: Run, files: Sequence[FoundFile], batch: Sequence[Result[ReadFile]]) -> list[Labelled]:
    project_id = run.project.project_id
    new: list[recordings.NewRecording] = []
    failures: list[Failure] = []
    for result in batch:
        found = files[result.index]
        if result.failure is not None:
            failures.append(_failure(found, result.failure))
        elif result.value is not None:
            new.append(_new_recording(found, result.value))
    ids = recordings.save_recordings(run.conn, project_id, new, operation_id=run.operation_id)
    resolve_failures(run.conn, project_id, "ingest", [recording.uri for recording in new])
    run.n_done += len(new)
    run.fail(failures)
    return [
        Labelled(
            name=recording.name,
            recording_id=recording_id,
            rate_hz=recording.facts.rate_hz,
            n_samples=recording.facts.n_samples,
        )
        for recording, recording_id in zip(new, ids, strict=True)
    ]


def _new_recording(found: FoundFile, read: ReadFile) -> recordings.NewRecording:
    return recordings.NewRecording(
        uri=found.uri,
        name=found.name,
        size_bytes=found.size_bytes,
        mtime_ns=found.mtime_ns,
        file_sha256=read.file_sha256,
        facts=read.facts,
        problems=read.problems,
    )


def _failure(found: FoundFile, failure: Failure) -> Failure:
    """The failure of this file; one that never claimed to be sound is said to be none."""
    ending = Path(found.name).suffix.lower().lstrip(".")
    if failure.error in ("UnreadableAudio", "EmptyAudio") and ending in _NOT_SOUND:
        message = f"a .{ending} file, which holds no sound: {found.name}; nothing to do"
        return Failure(item=found.uri, error="NotSound", message=message)
    return Failure(item=found.uri, error=failure.error, message=failure.message)
