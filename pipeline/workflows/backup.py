"""Backup: the database, the people and the list of objects as of one moment, and the objects if they are asked for."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from pipeline.catalog import dumps, integrity, logins
from pipeline.catalog.connect import connect
from pipeline.catalog.failures import open_items, resolve_failures
from pipeline.catalog.projects import Project
from pipeline.compute import parallel_map
from pipeline.core.errors import NotPermitted, StorageError
from pipeline.core.types import Failure, Outcome, Workers
from pipeline.storage import Store
from pipeline.workflows import backup_folder
from pipeline.workflows.backup_folder import Entry, Index, Part
from pipeline.workflows.census import demand_some
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent
from pipeline.workflows.workspace import Workspace

PAGE = 100_000
"""Objects that are held in memory at a time."""


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What was written, and sentences on what a restore will lack."""

    index: Index
    outcome: Outcome
    notes: tuple[str, ...]


def backup(
    workspace: Workspace,
    project: Project,
    folder: Path,
    *,
    with_sound: bool = False,
    workers: Workers = 1,
    page: int = PAGE,
    on_progress: OnProgress = silent,
) -> BackedUp:
    """Write the whole database into the folder, which is complete when its backup.json stands; logged in the project.

    Rows, people and manifest are of one snapshot, which does not hold this run's own log row. ``with_sound`` keeps the
    objects too: one that is there and right is not copied again. An object that cannot be read is a failure, the others
    go on. Raises NotPermitted, StorageError, CatalogError.
    """
    conn = workspace.conn
    if not integrity.is_owner(conn):
        raise NotPermitted(
            f"{conn.info.user} does not see every row", expected="the database's owner", do="ask the owner for a backup"
        )
    with backup_folder.opened(folder), ExitStack() as held:
        backup_folder.clear(folder)
        reader = held.enter_context(connect(workspace.url, application_name="earmark backup"))
        seen = held.enter_context(ExitStack())
        name = seen.enter_context(dumps.snapshot(reader))
        with operation(conn, project, "backup", _spec(folder, with_sound), on_progress=on_progress) as run:
            new = _Writing(run=run, reader=reader, folder=folder, stamp=_stamp())
            run.begin_stage("database")
            rows, migration = dumps.count_rows(reader), integrity.newest_migration(reader)
            database = new.write("database", ".dump", lambda out: out.writelines(dumps.dump(reader, name)))
            people, notes = new.write_people()
            named = new.write_named()
            seen.close()
            manifest = new.write_manifest(named, workspace.store, with_sound=with_sound, workers=workers, page=page)
            run.begin_stage("proving")
            backup_folder.objects_of(folder).settle()
            for part in (database, people, manifest):
                backup_folder.prove(folder, part)
            index = Index(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                author=workspace.person,
                server_version=dumps.server_version(conn),
                migration=migration,
                database=database,
                people=people,
                manifest=manifest,
                rows=rows,
                n_objects=new.n_objects,
                n_object_bytes=new.n_object_bytes,
                n_failed=len(run.failed),
                has_sound=with_sound,
            )
            backup_folder.write_index(folder, index)
            run.detail |= {"n_rows": sum(rows.values()), "n_object_bytes": new.n_object_bytes}
    return BackedUp(index=index, outcome=run.outcome, notes=notes)


def keep_object(named: tuple[str, str], *, store: Store, kept: Store | None) -> tuple[int, bool]:
    """The size of an object, and whether nothing had to be copied. Raises StorageError if it is gone or wrong."""
    key, sha256 = named
    if kept is None:
        size = store.size_bytes(key)
        if size is None:
            raise StorageError("no such object in the store", which=f"{key} in {store.uri}", do="run earmark verify")
        return size, True
    there = kept.size_bytes(key)
    if there is not None and kept.sha256(key).hex() == sha256:
        return there, True
    copy_object(key, sha256, store, kept)
    return kept.size_bytes(key) or 0, False


def copy_object(key: str, sha256: str, source: Store, target: Store) -> None:
    """Copy one object, proven before and after; it is safe when the target is settled. Raises StorageError."""
    with source.opened(key) as path:
        target.take(path, key, sha256=bytes.fromhex(sha256))
    if target.sha256(key).hex() != sha256:
        raise StorageError("a copy is not what it was made of", which=f"{key} in {target.uri}", do="check that disk")


@dataclass(kw_only=True)
class _Writing:
    """The files of one backup while they are written."""

    run: Run
    reader: Conn
    folder: Path
    stamp: str
    n_objects: int = 0
    n_object_bytes: int = 0

    def write(self, what: str, suffix: str, fill: Callable[[IO[bytes]], None]) -> Part:
        """A file of this backup, safe on the disk, with the hash of what was meant to be written."""
        path = self.folder / f"{what}-{self.stamp}{suffix}"
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
                out = _Hashing(file)
                fill(out)  # pyright: ignore[reportArgumentType]
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                "cannot write the backup", which=path, got=error.strerror, do="check its free space"
            ) from error
        return Part(name=path.name, sha256=out.digest.hexdigest(), n_bytes=out.n_bytes)

    def write_people(self) -> tuple[Part, tuple[str, ...]]:
        """The logins, and a sentence on those whose passwords cannot be read."""
        found = logins.read_logins(self.reader)
        value = {
            "logins": [login.to_json() for login in found],
            "connect_rights": logins.read_connect_rights(self.reader),
        }
        part = self.write("people", ".json", lambda out: _put(out, json.dumps(value, indent=2).encode()))
        silent_ones = [x.name for x in found if x.may_log_in and not x.is_superuser and x.verifier is None]
        if not silent_ones:
            return part, ()
        return part, (
            "the passwords of these people could not be read, only a superuser may: " + ", ".join(silent_ones),
        )

    def write_named(self) -> Path:
        """A file with key and hash of every object that a row names."""
        self.run.begin_stage("listing objects")
        part = self.write("named", ".txt", self._put_named)
        return self.folder / part.name

    def _put_named(self, out: IO[bytes]) -> None:
        for key, sha256 in integrity.named_objects(self.reader):
            self.n_objects += 1
            out.write(f"{key} {sha256}\n".encode())

    def write_manifest(self, named: Path, store: Store, *, with_sound: bool, workers: Workers, page: int) -> Part:
        """The manifest, each object looked at or kept on the way."""
        self.run.begin_stage("objects", n_total=self.n_objects)
        keep = partial(keep_object, store=store, kept=backup_folder.objects_of(self.folder) if with_sound else None)

        def fill(out: IO[bytes]) -> None:
            # Without a time of its own, the same objects give the same bytes.
            with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=5) as lines:
                for items in _pages(named, page):
                    for entry in self._kept(items, keep, workers):
                        lines.write(json.dumps(asdict(entry)).encode() + b"\n")

        part = self.write("manifest", ".jsonl.gz", fill)
        named.unlink()
        return part

    def _kept(
        self, items: Sequence[tuple[str, str]], keep: Callable[[tuple[str, str]], tuple[int, bool]], workers: Workers
    ) -> list[Entry]:
        run, sizes = self.run, dict[int, int]()
        open_before = open_items(run.conn, run.project.project_id, "backup")
        for batch in in_batches(parallel_map(keep, items, workers=workers)):
            failed = [
                Failure(item=items[r.index][0], error=r.failure.error, message=r.failure.message)
                for r in batch
                if r.failure is not None
            ]
            good = {r.index: r.value for r in batch if r.value is not None}
            sizes |= {index: size for index, (size, _) in good.items()}
            with run.conn.transaction():
                run.fail(failed)
                mended = [items[index][0] for index in good if items[index][0] in open_before]
                resolve_failures(run.conn, run.project.project_id, "backup", mended)
            run.n_done += len(good)
            run.n_unchanged += sum(is_unchanged for _, is_unchanged in good.values())
            run.report()
            run.stop_if_asked()
            demand_some(run.n_done, run.failed)
        self.n_object_bytes += sum(sizes.values())
        return [Entry(key=key, sha256=sha256, size=sizes.get(i)) for i, (key, sha256) in enumerate(items)]


class _Hashing:
    """A file to write to that knows the hash of all that was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.n_bytes = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.n_bytes += len(data)
        return self._file.write(data)

    def writelines(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self.write(piece)

    def flush(self) -> None:
        self._file.flush()


def _put(out: IO[bytes], data: bytes) -> None:
    out.write(data)


def _pages(named: Path, n: int) -> Iterator[list[tuple[str, str]]]:
    with named.open(encoding="utf-8") as lines:
        pairs = ((key, sha256) for key, _, sha256 in (line.rstrip("\n").rpartition(" ") for line in lines))
        while page := list(islice(pairs, n)):
            yield page


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}{secrets.token_hex(3)}"


def _spec(folder: Path, with_sound: bool) -> dict[str, object]:
    return {"folder": str(folder), "with_sound": with_sound}
