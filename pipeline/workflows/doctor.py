"""Doctor: whether rows, objects and processes fit together, and the one way in which objects leave the store.

It is for the database's owner: a store serves every project of one database, and an orphan belongs to none of them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from pipeline.catalog import integrity, operations
from pipeline.catalog.jobs import has_queue
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotPermitted, StorageError
from pipeline.core.types import Outcome
from pipeline.storage import Store, is_local, path_of
from pipeline.workflows.census import N_EXAMPLES, Census, first_of, lines_of, take_census
from pipeline.workflows.operation import Conn, OnProgress, Run, operation, silent
from pipeline.workflows.workspace import Workspace

DAY_S = 86_400.0

_BATCH = 5_000
_SMALL = 1_000  # so few orphans are swept whatever their share
_LOW_SPACE = 0.05
_OLD_AGE = 1_000_000_000  # transactions; at twice that PostgreSQL stops writing

Grade = Literal["good", "note", "harm"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: a note can be swept or goes by itself, harm needs a person."""

    what: str
    grade: Grade
    n: int
    message: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Examination:
    """All findings, and what was swept; None if nothing was to be."""

    findings: tuple[Finding, ...]
    swept: Outcome | None = None

    @property
    def is_well(self) -> bool:
        return all(finding.grade != "harm" for finding in self.findings)


def examine(workspace: Workspace, *, older_than_s: float = DAY_S) -> Examination:
    """What doctor finds; nothing is changed. Raises NotPermitted for who does not own the database."""
    _demand_owner(workspace.conn)
    with tempfile.TemporaryDirectory(prefix="earmark-doctor-") as folder:
        census = take_census(workspace.conn, workspace.store, Path(folder), older_than_s=older_than_s)
        return Examination(findings=(*_of_store(workspace, census, older_than_s), *_of_catalog(workspace)))


def sweep(
    workspace: Workspace,
    project: Project,
    *,
    older_than_s: float = DAY_S,
    even_most: bool = False,
    on_progress: OnProgress = silent,
) -> Examination:
    """Examine, then remove orphans and leftovers that are old enough; it is logged in this project.

    Removing waits for no one and harms no one: while a cut or an augmentation writes, nothing is removed.
    Raises NotPermitted, and StorageError if most of a store would go, unless ``even_most``.
    """
    conn = workspace.conn
    _demand_owner(conn)
    spec = {"store": workspace.store.uri, "older_than_s": older_than_s, "even_most": even_most}
    with operation(conn, project, "doctor", spec, on_progress=on_progress) as run:
        run.begin_stage("looking")
        with tempfile.TemporaryDirectory(prefix="earmark-doctor-") as folder:
            census = take_census(workspace.conn, workspace.store, Path(folder), older_than_s=older_than_s)
            found = (*_of_store(workspace, census, older_than_s), *_of_catalog(workspace))
            n_old = census.n_old_orphans
            if n_old > _SMALL and n_old > census.n_objects / 2 and not even_most:
                raise StorageError(
                    "most of the store belongs to no row of this database",
                    which=workspace.store.uri,
                    got=f"{n_old} of {census.n_objects} objects",
                    do="check that EARMARK_STORE and the database belong together; --even-most removes them",
                )
            run.begin_stage("sweeping", n_total=n_old + census.n_old_leftovers)
            _sweep_orphans(run, workspace.store, census.orphans)
            _sweep_leftovers(run, workspace.store, census.leftovers)
        run.detail["n_runs_ended"] = sum(operations.sweep_dead(conn, id_) for id_ in _projects_with_dead_runs(conn))
    return Examination(findings=found, swept=run.outcome)


def _sweep_orphans(run: Run, store: Store, orphans: Path) -> None:
    """Remove them batch by batch, each asked for again while no operation can begin and no writer runs."""
    with orphans.open(encoding="utf-8") as keys:
        lines = lines_of(keys)
        while batch := list(islice(lines, _BATCH)):
            with run.conn.transaction():
                if not integrity.hold_off_writers(run.conn):
                    run.detail["stopped_by"] = "a cut or an augmentation that runs"
                    return
                kept = integrity.still_named(run.conn, batch)
                _remove(run, store, [key for key in batch if key not in kept])
            run.n_done += len(kept)
            run.n_unchanged += len(kept)
            run.report()
            run.stop_if_asked()


def _sweep_leftovers(run: Run, store: Store, leftovers: Path) -> None:
    with leftovers.open(encoding="utf-8", errors="surrogateescape") as keys:
        lines = lines_of(keys)
        while batch := list(islice(lines, _BATCH)):
            _remove(run, store, batch)
            run.report()
            run.stop_if_asked()


def _remove(run: Run, store: Store, keys: list[str]) -> None:
    for key in keys:
        store.remove(key)
    run.n_done += len(keys)
    run.detail["n_removed"] = run.detail.get("n_removed", 0) + len(keys)


def _of_store(workspace: Workspace, census: Census, older_than_s: float) -> Iterator[Finding]:
    hours = f"{older_than_s / 3600:g} h"
    yield Finding(
        what="orphans",
        grade="note" if census.n_orphans else "good",
        n=census.n_orphans,
        message=f"{census.n_orphans} of {census.n_objects} objects belong to no row ({_mb(census.n_orphan_bytes)}), "
        f"{census.n_old_orphans} of them are older than {hours} and can be swept",
        examples=first_of(census.orphans),
    )
    yield Finding(
        what="leftovers",
        grade="note" if census.n_leftovers else "good",
        n=census.n_leftovers,
        message=f"{census.n_leftovers} files were left half written, {census.n_old_leftovers} of them are older than "
        f"{hours} and can be swept",
        examples=first_of(census.leftovers),
    )
    yield Finding(
        what="foreign files",
        grade="note" if census.n_foreign else "good",
        n=census.n_foreign,
        message=f"{census.n_foreign} files in the store are not Earmark's; they are left alone",
        examples=tuple(census.foreign),
    )
    yield Finding(
        what="objects gone",
        grade="harm" if census.n_gone else "good",
        n=census.n_gone,
        message=f"{census.n_gone} objects that rows name are not in the store"
        + ("; restore them from a backup, or check that the store is mounted" if census.n_gone else ""),
        examples=tuple(integrity.rows_naming(workspace.conn, census.gone)[:N_EXAMPLES]),
    )
    yield from _of_disks(workspace)


def _of_disks(workspace: Workspace) -> Iterator[Finding]:
    store = workspace.store.uri
    places = {"store": Path(path_of(store))} if is_local(store) else {}
    if workspace.is_embedded:
        places["database"] = workspace.settings.workspace
    for name, place in places.items():
        usage = shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists()))
        is_low = usage.free < _LOW_SPACE * usage.total
        yield Finding(
            what=f"disk of the {name}",
            grade="harm" if is_low else "good",
            n=int(is_low),
            message=f"{_mb(usage.free)} free of {_mb(usage.total)}",
        )


def _of_catalog(workspace: Workspace) -> Iterator[Finding]:
    conn = workspace.conn
    dead = integrity.dead_runs(conn)
    yield Finding(
        what="dead runs",
        grade="note" if dead else "good",
        n=len(dead),
        message=f"{len(dead)} operations have no outcome, and the process that ran them is gone; "
        "the next run in their project, or --sweep, writes them as failed",
        examples=tuple(f"{run.action} {run.operation_id} of project {run.project}" for run in dead[:N_EXAMPLES]),
    )
    yield from _of_jobs(conn)
    n_lapsed = integrity.count_lapsed_claims(conn)
    yield Finding(
        what="claims that ran out",
        grade="note" if n_lapsed else "good",
        n=n_lapsed,
        message=f"{n_lapsed} clips are held by people whose time has run out; the next to ask gets them",
    )
    yield Finding(what="migrations", grade="good", n=0, message=f"the schema is at {integrity.newest_migration(conn)}")
    yield from _of_database(conn)


def _of_jobs(conn: Conn) -> Iterator[Finding]:
    jobs = integrity.stranded_jobs(conn, has_queue=has_queue(conn))
    yield Finding(
        what="jobs left behind",
        grade="note" if jobs.n_left else "good",
        n=jobs.n_left,
        message=f"{jobs.n_left} jobs lost the worker that carried them; any worker takes them up again",
    )
    yield Finding(
        what="jobs unknown to the queue",
        grade="harm" if jobs.n_lost else "good",
        n=jobs.n_lost,
        message=f"{jobs.n_lost} open jobs are not in the queue, nobody will carry them"
        + ("; cancel them and submit them again" if jobs.n_lost else ""),
    )
    n_alone = 0 if jobs.has_worker else jobs.n_waiting + jobs.n_left
    yield Finding(
        what="jobs without a worker",
        grade="harm" if n_alone else "good",
        n=n_alone,
        message=f"{n_alone} jobs wait and no worker is alive" + ("; start earmark worker" if n_alone else ""),
    )


def _of_database(conn: Conn) -> Iterator[Finding]:
    health = integrity.database_health(conn)
    damaged = health.n_checksum_failures
    yield _check(
        "checksums",
        is_bad=bool(damaged),
        good="checksums of pages are off" if damaged is None else "no damaged page was met",
        bad=f"{damaged} damaged pages were met; restore a backup at once",
    )
    yield _check(
        "indexes",
        is_bad=health.n_invalid_indexes > 0,
        good="all indexes are valid",
        bad=f"{health.n_invalid_indexes} indexes are not valid; REINDEX them",
    )
    yield _check(
        "prepared transactions",
        is_bad=health.n_prepared > 0,
        good="none is held open",
        bad=f"{health.n_prepared} are held open; commit them or roll them back",
    )
    yield _check(
        "durability",
        is_bad=not health.is_durable,
        good="what was committed survives a power cut",
        bad="fsync, full_page_writes or synchronous_commit is off: a power cut loses rows; switch it on",
    )
    yield _check(
        "age",
        is_bad=health.age > _OLD_AGE,
        good=f"the oldest row is {health.age} transactions old",
        bad=f"the oldest row is {health.age} transactions old; run VACUUM FREEZE",
    )
    yield _check(
        "connections",
        is_bad=health.n_connections > 0.9 * health.max_connections,
        good=f"{health.n_connections} of {health.max_connections} are open",
        bad=f"{health.n_connections} of {health.max_connections} are open; close some, or raise max_connections",
    )
    yield Finding(what="database", grade="good", n=0, message=f"PostgreSQL {health.version}, {_mb(health.n_bytes)}")


def _check(what: str, *, is_bad: bool, good: str, bad: str) -> Finding:
    return Finding(what=what, grade="harm" if is_bad else "good", n=int(is_bad), message=bad if is_bad else good)


def _demand_owner(conn: Conn) -> None:
    if not integrity.is_owner(conn):
        raise NotPermitted(
            f"{conn.info.user} does not see every project, so an object may belong to one that is hidden",
            expected="the database's owner",
            do="ask the owner to run earmark doctor",
        )


def _projects_with_dead_runs(conn: Conn) -> list[int]:
    return sorted({run.project_id for run in integrity.dead_runs(conn)})


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
