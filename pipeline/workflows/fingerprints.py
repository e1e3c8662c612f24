"""The marks of clips: read where they are kept, made in parallel where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.catalog import fingerprints
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.failures import resolve_failures
from pipeline.compute import Result, parallel_map
from pipeline.core import registry
from pipeline.core.errors import EarmarkError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Failure, Workers
from pipeline.storage import Store
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.operation import Run, in_batches

_CLIPS_A_TASK = 32


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What one task gave: marks by clip id, and the clips whose sound could not be read."""

    marks: list[tuple[int, bytes]]
    failed: list[Failure]


def marks_of(
    run: Run, store: Store, deduplicator: PluginSpec, sounds: Sequence[ClipSound], *, workers: Workers, is_kept: bool
) -> Mapping[int, bytes]:
    """The marks of the clips, by clip id; one whose sound cannot be read is left out, and a failure of the run.

    New ones are kept for the next time if ``is_kept``, batch by batch; the run counts the clips.
    """
    project_id = run.project.project_id
    method: str = registry.create("deduplicator", deduplicator).method
    by_id = {sound.clip_id: sound for sound in sounds}
    missing = fingerprints.clips_without_marks(run.conn, project_id, method, list(by_id))
    run.n_done = len(by_id) - len(missing)
    run.begin_stage("listening", n_total=len(run.failed) + len(by_id))
    tasks = [[by_id[one] for one in missing[i : i + _CLIPS_A_TASK]] for i in range(0, len(missing), _CLIPS_A_TASK)]
    work = partial(mark_clips, deduplicator=deduplicator, store=store)
    made: dict[int, bytes] = {}
    for batch in in_batches(parallel_map(work, tasks, workers=workers), max_n=20):
        new = [one for result in batch if result.value is not None for one in result.value.marks]
        with run.transaction():
            if is_kept:
                fingerprints.save_marks(run.conn, project_id, method, new)
                resolve_failures(run.conn, project_id, run.action, [str(clip_id) for clip_id, _ in new])
            run.fail(_failures(tasks, batch))
        made |= dict(new)
        run.n_done += len(new)
        run.report()
        run.stop_if_asked()
    return made | fingerprints.read_marks(run.conn, project_id, method, [one for one in by_id if one not in made])


def mark_clips(sounds: Sequence[ClipSound], *, deduplicator: PluginSpec, store: Store) -> Marked:
    """The marks of some clips; one whose sound cannot be read fails alone."""
    plugin = registry.create("deduplicator", deduplicator)
    marked: list[tuple[int, bytes]] = []
    failed: list[Failure] = []
    for sound in sounds:
        try:
            marked.append((sound.clip_id, plugin.marks(read_clip(store, sound))))
        except EarmarkError as error:
            failed.append(Failure(item=str(sound.clip_id), error=type(error).__name__, message=str(error)))
    return Marked(marks=marked, failed=failed)


def _failures(tasks: Sequence[Sequence[ClipSound]], batch: Sequence[Result[Marked]]) -> list[Failure]:
    found: list[Failure] = []
    for result in batch:
        if result.value is not None:
            found += result.value.failed
        elif (lost := result.failure) is not None:
            found += [
                Failure(item=str(sound.clip_id), error=lost.error, message=lost.message)
                for sound in tasks[result.index]
            ]
    return found
