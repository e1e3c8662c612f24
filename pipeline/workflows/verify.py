"""Verify: the bytes of every clip against the hash that was taken when it was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.catalog import integrity
from pipeline.catalog.clips import ClipSound
from pipeline.catalog.failures import open_items, resolve_failures
from pipeline.catalog.integrity import Kind
from pipeline.catalog.projects import Project
from pipeline.compute import Result, parallel_map
from pipeline.core.errors import StorageError
from pipeline.core.types import Failure, Outcome, Workers
from pipeline.storage import Store
from pipeline.workflows.census import demand_some
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent

PAGE = 100_000
"""Clips that are held in memory at a time."""

_KINDS: tuple[Kind, ...] = ("clips", "augmented clips")


def verify(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    is_from_start: bool = False,
    workers: Workers = 1,
    page: int = PAGE,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Read every clip of the project, resting and augmented ones too; one whose bytes are gone or wrong is a failure.

    A run that was killed or stopped is gone on with, unless ``is_from_start``; what had failed before is read again
    in any case. Raises StorageError if no clip at all can be read.
    """
    with operation(conn, project, "verify", {"is_from_start": is_from_start}, on_progress=on_progress) as run:
        kind, done_id = (_KINDS[0], 0) if is_from_start else _go_on_at(run)
        integrity.write_cursor(conn, run.operation_id, done_id, stage=kind)
        run.begin_stage(kind, n_total=sum(integrity.count_sounds(conn, project.project_id, k) for k in _KINDS))
        reading = _Reading(run=run, check=partial(check_clip, store=store), workers=workers, page=page)
        for before in _KINDS[: _KINDS.index(kind)]:
            reading.read_failed_again(before, up_to_id=None)
        reading.read_failed_again(kind, up_to_id=done_id)
        reading.read(kind, after_id=done_id)
        for later in _KINDS[_KINDS.index(kind) + 1 :]:
            integrity.write_cursor(conn, run.operation_id, 0, stage=later)
            run.begin_stage(later)
            reading.read(later, after_id=0)
    return run.outcome


def _go_on_at(run: Run) -> tuple[Kind, int]:
    """The kind of clip and the id up to which the last run came."""
    found = integrity.read_cursor(run.conn, run.project.project_id, "verify", before_operation_id=run.operation_id)
    if found is not None:
        stage, last_id = found
        for kind in _KINDS:
            if kind == stage:
                return kind, last_id
    return _KINDS[0], 0


def check_clip(sound: ClipSound, *, store: Store) -> None:
    """Return if the clip's bytes are those that were cut. Raises StorageError."""
    if store.sha256(sound.object_key) != sound.sha256:
        raise StorageError(
            "an object of the store is not what was cut",
            which=sound.object_key,
            do="restore the store from its backup",
        )


@dataclass(kw_only=True)
class _SoFar:
    """Up to which clip of a page all are done, though they end in any order."""

    sounds: Sequence[ClipSound]
    n: int = 0
    ahead: set[int] = field(default_factory=set[int])

    def take(self, batch: Sequence[Result[None]]) -> int | None:
        """The id of the last clip before which none is missing, None if the first is."""
        self.ahead.update(result.index for result in batch)
        while self.n in self.ahead:
            self.ahead.remove(self.n)
            self.n += 1
        return self.sounds[self.n - 1].clip_id if self.n else None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How clips are read in this run, page by page, and what of it is kept."""

    run: Run
    check: Callable[[ClipSound], None]
    workers: Workers
    page: int

    def read(self, kind: Kind, *, after_id: int, among: Sequence[int] | None = None) -> None:
        """Read the clips after this id; the cursor moves with them, unless only those ``among`` are read."""
        conn, project_id = self.run.conn, self.run.project.project_id
        while sounds := integrity.sounds_after(conn, project_id, kind, after_id=after_id, limit=self.page, among=among):
            so_far = _SoFar(sounds=sounds)
            for batch in in_batches(parallel_map(self.check, sounds, workers=self.workers)):
                cursor = so_far.take(batch)
                self._save(kind, sounds, batch, cursor=cursor if among is None else None)
            after_id = sounds[-1].clip_id

    def read_failed_again(self, kind: Kind, *, up_to_id: int | None) -> None:
        """Read again what had failed among those that were read before; the others are done."""
        run, project_id = self.run, self.run.project.project_id
        failed = [id_ for id_ in _open_ids(run, kind) if up_to_id is None or id_ <= up_to_id]
        again = integrity.sounds_after(run.conn, project_id, kind, after_id=0, limit=len(failed), among=failed)
        n_before = integrity.count_sounds(run.conn, project_id, kind, up_to_id=up_to_id) - len(again)
        run.n_done += n_before
        run.n_unchanged += n_before
        self.read(kind, after_id=0, among=failed)

    def _save(
        self, kind: Kind, sounds: Sequence[ClipSound], batch: Sequence[Result[None]], *, cursor: int | None
    ) -> None:
        run = self.run
        failed = [
            Failure(item=_item(kind, sounds[r.index].clip_id), error=r.failure.error, message=r.failure.message)
            for r in batch
            if r.failure is not None
        ]
        good = [_item(kind, sounds[result.index].clip_id) for result in batch if result.failure is None]
        with run.conn.transaction():
            run.fail(failed)
            resolve_failures(run.conn, run.project.project_id, "verify", good)
            if cursor is not None:
                integrity.write_cursor(run.conn, run.operation_id, cursor, stage=kind)
        run.n_done += len(good)
        run.report()
        run.stop_if_asked()
        demand_some(run.n_done, run.failed)


def _open_ids(run: Run, kind: Kind) -> Iterator[int]:
    for item in open_items(run.conn, run.project.project_id, "verify"):
        word, _, number = item.rpartition(" ")
        if word == kind.removesuffix("s") and number.isdecimal():
            yield int(number)


def _item(kind: Kind, clip_id: int) -> str:
    return f"{kind.removesuffix('s')} {clip_id}"
