"""Restore: what a backup folder holds, into a database without rows and into the store."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import psycopg

from pipeline.catalog import dumps, embedded, logins
from pipeline.catalog.connect import connect, in_words
from pipeline.catalog.migrate import MIGRATIONS, migrate
from pipeline.compute import parallel_map
from pipeline.core.errors import CatalogError, MigrationError, StorageError
from pipeline.core.settings import Settings
from pipeline.core.types import Failure, Outcome, Workers
from pipeline.storage import Store
from pipeline.workflows import backup_folder
from pipeline.workflows.backup import PAGE, copy_object
from pipeline.workflows.backup_folder import Entry, Index
from pipeline.workflows.operation import Conn, OnProgress, ProgressReport, in_batches, silent


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What stands again. ``outcome`` is of the objects; ``notes`` are sentences on what a person has to do now."""

    index: Index
    outcome: Outcome
    n_rows: int
    people: tuple[str, ...]
    notes: tuple[str, ...]


def restore(settings: Settings, folder: Path, *, page: int = PAGE, on_progress: OnProgress = silent) -> Restored:
    """Bring a backup back: objects first, then people, then the rows in one transaction; hashes and counts are proven.

    Objects that the backup does not hold are looked for in the store. One that is gone or wrong is a failure. A restore
    that was killed is run again. Raises StorageError for a backup that is not complete or damaged, CatalogError for a
    database that holds rows, MigrationError for a backup of a newer Earmark.
    """
    index = backup_folder.read_index(folder)
    if not (MIGRATIONS / f"{index.migration}.sql").exists():
        raise MigrationError(
            "the backup is newer than this Earmark", which=index.migration, do="install the Earmark that it came with"
        )
    tell = _Telling(on_progress=on_progress)
    tell.begin("proving the backup", n_total=3)
    dump, people, manifest = (
        backup_folder.prove(folder, part) for part in (index.database, index.people, index.manifest)
    )
    with _database(settings) as conn:
        dumps.empty(conn)
        kept = backup_folder.objects_of(folder) if index.has_sound else None
        store = Store(settings.store_uri)
        has_objects = kept is not None or next(store.keys(), None) is not None
        tell.begin("objects", n_total=index.n_objects)
        for entries in _pages(manifest, page) if has_objects else ():
            _bring(entries, partial(bring_object, store=store, kept=kept), settings.workers, tell)
        store.settle()
        tell.begin("database", n_total=index.n_objects)
        made, rights = _read_people(people)
        done = logins.make_logins(conn, made)
        logins.give_connect_rights(conn, rights)
        notes = dumps.restore(conn, dump)
        n_rows = _demand_counts(conn, index)
        logins.close_doors(conn)
        migrate(conn)
    return Restored(
        index=index,
        outcome=tell.outcome,
        n_rows=n_rows,
        people=done.made,
        notes=(*notes, *_words(done), *_words_on_sound(index, tell)),
    )


def bring_object(entry: Entry, *, store: Store, kept: Store | None) -> bool:
    """Return, when the object is in the store and right, whether it was before. Raises StorageError."""
    if store.size_bytes(entry.key) is not None and store.sha256(entry.key).hex() == entry.sha256:
        return True
    if kept is None:
        raise StorageError("an object is not in the store as it was cut", which=entry.key, do="bring it from elsewhere")
    copy_object(entry.key, entry.sha256, kept, store)
    return False


@dataclass(kw_only=True)
class _Telling:
    """How far the restore is: there is no database yet that could tell."""

    on_progress: OnProgress
    stage: str = ""
    n_total: int = 0
    n_done: int = 0
    n_unchanged: int = 0
    failed: list[Failure] = field(default_factory=list[Failure])

    def begin(self, stage: str, *, n_total: int) -> None:
        self.stage, self.n_total = stage, n_total
        self.report()

    def report(self) -> None:
        self.on_progress(
            ProgressReport(
                action="restore",
                stage=self.stage,
                n_done=self.n_done,
                n_failed=len(self.failed),
                n_total=self.n_total,
            )
        )

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            n_input=self.n_done + len(self.failed),
            n_done=self.n_done,
            n_unchanged=self.n_unchanged,
            failed=tuple(self.failed),
        )


def _bring(entries: Sequence[Entry], bring: partial[bool], workers: Workers, tell: _Telling) -> None:
    for batch in in_batches(parallel_map(bring, entries, workers=workers)):
        good = [result.value for result in batch if result.failure is None]
        tell.failed.extend(
            Failure(item=entries[r.index].key, error=r.failure.error, message=r.failure.message)
            for r in batch
            if r.failure is not None
        )
        tell.n_done += len(good)
        tell.n_unchanged += sum(value is True for value in good)
        tell.report()


@contextmanager
def _database(settings: Settings) -> Generator[Conn]:
    """The database as it is: a migration now would be of no use."""
    with _url(settings) as url, closing(connect(url, application_name="earmark restore")) as conn:
        try:
            yield conn
        except psycopg.Error as error:
            raise in_words(error) from error


@contextmanager
def _url(settings: Settings) -> Generator[str]:
    if settings.database_url is not None:
        yield settings.database_url
        return
    with embedded.hold(settings.workspace / "database") as url:
        yield url


def _read_people(path: Path) -> tuple[list[logins.Login], list[tuple[str, str]]]:
    value = json.loads(path.read_text(encoding="utf-8"))
    return [logins.Login(**one) for one in value["logins"]], [(who, right) for who, right in value["connect_rights"]]


def _demand_counts(conn: Conn, index: Index) -> int:
    now = dumps.count_rows(conn)
    if now != index.rows:
        differing = sorted(set(now.items()) ^ set(index.rows.items()))
        raise CatalogError(
            "the restored rows are not those of the backup", got=differing, do="restore into a fresh database"
        )
    return sum(now.values())


def _words(done: logins.LoginsMade) -> Iterator[str]:
    if done.stood:
        yield f"these logins stood already and keep their passwords: {', '.join(done.stood)}"
    if done.without_password:
        yield f"these people have no password yet, set one by earmark user passwd: {', '.join(done.without_password)}"
    if done.superusers:
        yield f"superusers are never made by a restore, add them if they are needed: {', '.join(done.superusers)}"


def _words_on_sound(index: Index, tell: _Telling) -> Iterator[str]:
    if not index.has_sound and tell.n_done < index.n_objects:
        yield "the backup was made without sound: bring the store from elsewhere, then run earmark verify"


def _pages(manifest: Path, n: int) -> Iterator[list[Entry]]:
    entries = backup_folder.read_manifest(manifest)
    while page := list(islice(entries, n)):
        yield page
