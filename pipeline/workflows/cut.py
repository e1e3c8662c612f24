"""Cut: turn recordings into clips that conform to the project's audio format, each written, read back and proven."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.audio.conform import conform, conformed_n_samples, encode, prove
from pipeline.audio.decode import open_sound
from pipeline.audio.descriptors import DescriptorMeter
from pipeline.audio.levels import clip_problems
from pipeline.audio.long_clip import write_long_clip
from pipeline.audio.thumbnail import waveform_thumbnail
from pipeline.catalog import annotations, clips, recordings
from pipeline.catalog.failures import resolve_failures
from pipeline.catalog.projects import Project
from pipeline.compute import Result, parallel_map
from pipeline.core import registry
from pipeline.core.errors import AudioError, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AudioFormat, Failure, Outcome, Segment, Sound, Workers
from pipeline.storage import Store, file_sha256, local_copy
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent

_MOST_IN_MEMORY = 2**21
"""Values, 2 minutes at 16 kHz: longer clips are made block by block, in a file."""


@dataclass(frozen=True, kw_only=True)
class CutWork:
    """What a worker needs to cut recordings."""

    segmenter: PluginSpec
    audio_format: AudioFormat
    store: Store


def cut(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    segmenter: PluginSpec | None = None,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Cut every recording by the segmenter (the project's own if None); the clips become the active ones.

    Recordings in = done + failed. Clips of another cut are kept, not active, and come back when that cut is
    run again. A file that changed since ingest is a failure that says so. Raises PluginError for a wrong spec.
    """
    given = segmenter or project.recipe.segmenter
    full = registry.spec_of(given.name, registry.create("segmenter", given))
    work = CutWork(segmenter=full, audio_format=project.recipe.audio_format, store=store)
    spec = {"segmenter": full.to_json(), "audio_format": project.recipe.to_json()["audio_format"]}
    spec_sha256 = PluginSpec(name="cut", params=spec).sha256()
    with operation(conn, project, "cut", spec, on_progress=on_progress) as run:
        todo = recordings.recordings_to_cut(conn, project.project_id, spec_sha256)
        run.n_done = run.n_unchanged = recordings.count_recordings(conn, project.project_id) - len(todo)
        run.begin_stage("cutting", n_total=run.n_done + len(todo))
        again = clips.taken_up_again(conn, project.project_id, spec_sha256)
        saver = _Saver(run=run, spec_sha256=spec_sha256, spec=spec)
        with run.transaction():
            saver.save([(r, []) for r in todo if r.recording_id in again])
        new = [r for r in todo if r.recording_id not in again]
        for batch in in_batches(parallel_map(partial(cut_recording, work=work), new, workers=workers), max_n=50):
            with run.transaction():
                saver.take(new, batch)
            run.report()
            run.stop_if_asked()
        run.begin_stage("labels")
        with run.transaction():
            annotations.carry_labels(conn, project.project_id)
    return run.outcome


def cut_recording(recording: recordings.Recording, *, work: CutWork) -> list[clips.NewClip]:
    """The clips of one recording, their audio in the store before this returns. Raises AudioError or StorageError."""
    segmenter = registry.create("segmenter", work.segmenter)
    with local_copy(recording.uri) as path:
        _demand_unchanged(Path(path), recording)
        sound = open_sound(
            path, rate_hz=recording.rate_hz, n_channels=recording.n_channels, n_samples=recording.n_samples
        )
        return [_make_clip(sound, segment, work) for segment in segmenter.segment(sound)]


def _demand_unchanged(path: Path, recording: recordings.Recording) -> None:
    try:
        facts = path.stat()
    except OSError as error:
        raise StorageError(
            "the recording is not where it was brought in from",
            which=recording.name,
            got=error.strerror,
            do="check that its folder is mounted",
        ) from error
    is_download = not recording.uri.startswith("file://")
    if facts.st_size != recording.size_bytes or not (is_download or facts.st_mtime_ns == recording.mtime_ns):
        raise AudioError("the file changed since it was brought in", which=recording.name, do="ingest it again")
    if file_sha256(path) != recording.file_sha256:
        raise AudioError(
            "the file holds something else than was brought in, though its size and time are the same",
            which=recording.name,
            do="touch it and ingest it again",
        )


def _make_clip(sound: Sound, segment: Segment, work: CutWork) -> clips.NewClip:
    if _n_values(sound, segment, work.audio_format) > _MOST_IN_MEMORY:
        return _make_long_clip(sound, segment, work)
    source = sound.span(segment.start, segment.stop)
    audio = conform(source, work.audio_format)
    data = encode(audio, work.audio_format)
    prove(data, work.audio_format, audio)
    meter = DescriptorMeter(audio.rate_hz, audio.n_channels, bit_depth=_bit_depth(sound, work.audio_format))
    meter.add(audio.samples)
    descriptors = meter.finish()
    return clips.NewClip(
        start_sample=segment.start,
        stop_sample=segment.stop,
        object_key=work.store.put(data, suffix=f".{work.audio_format.container.lower()}"),
        sha256=hashlib.sha256(data).digest(),
        rate_hz=audio.rate_hz,
        n_channels=audio.n_channels,
        n_samples=audio.n_samples,
        peak_dbfs=meter.peak_dbfs,
        rms_dbfs=meter.rms_dbfs,
        thumbnail=waveform_thumbnail(audio),
        descriptors=descriptors,
        problems=tuple(clip_problems(meter.peak_dbfs, descriptors)),
    )


def _make_long_clip(sound: Sound, segment: Segment, work: CutWork) -> clips.NewClip:
    suffix = f".{work.audio_format.container.lower()}"
    with TemporaryDirectory(prefix="earmark-") as folder:
        path = Path(folder, f"clip{suffix}")
        written = write_long_clip(
            sound, segment, work.audio_format, path, bit_depth=_bit_depth(sound, work.audio_format)
        )
        object_key = work.store.put_file(path, suffix=suffix)
        sha256 = file_sha256(path)
    return clips.NewClip(
        start_sample=segment.start,
        stop_sample=segment.stop,
        object_key=object_key,
        sha256=sha256,
        rate_hz=work.audio_format.rate_hz,
        n_channels=work.audio_format.n_channels,
        n_samples=written.n_samples,
        peak_dbfs=written.peak_dbfs,
        rms_dbfs=written.rms_dbfs,
        thumbnail=written.thumbnail,
        descriptors=written.descriptors,
        problems=tuple(clip_problems(written.peak_dbfs, written.descriptors)),
    )


def _n_values(sound: Sound, segment: Segment, audio_format: AudioFormat) -> int:
    """How many values the larger of the span and its clip has."""
    n_source = segment.stop - segment.start
    n_clip = conformed_n_samples(n_source, sound.rate_hz, audio_format)
    return max(n_source * sound.n_channels, n_clip * audio_format.n_channels)


def _bit_depth(sound: Sound, audio_format: AudioFormat) -> int | None:
    """Resampling and mixing blur flat tops as compression does."""
    is_blurred = (sound.rate_hz, sound.n_channels) != (audio_format.rate_hz, audio_format.n_channels)
    return None if is_blurred else 16


@dataclass(frozen=True, kw_only=True)
class _Saver:
    """Writes what the workers made, one recording with all its clips at a time."""

    run: Run
    spec: Mapping[str, Any]
    spec_sha256: bytes

    def take(self, todo: Sequence[recordings.Recording], batch: Sequence[Result[list[clips.NewClip]]]) -> None:
        failures: list[Failure] = []
        made: list[tuple[recordings.Recording, list[clips.NewClip]]] = []
        for result in batch:
            recording = todo[result.index]
            if result.failure is not None:
                failed = result.failure
                failures.append(Failure(item=recording.uri, error=failed.error, message=failed.message))
            elif result.value is not None:
                made.append((recording, result.value))
        self.save(made)
        self.run.fail(failures)

    def save(self, made: Sequence[tuple[recordings.Recording, list[clips.NewClip]]]) -> None:
        conn, project_id = self.run.conn, self.run.project.project_id
        clips.save_cuts(
            conn,
            project_id,
            {recording.recording_id: new for recording, new in made},
            spec=self.spec,
            spec_sha256=self.spec_sha256,
            operation_id=self.run.operation_id,
        )
        resolve_failures(conn, project_id, "cut", [recording.uri for recording, _ in made])
        self.run.n_done += len(made)
