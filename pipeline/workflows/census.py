"""A census of the store: what lies there beside what rows name.

Both come in the order of their keys' bytes and are walked side by side, so that ten million objects need no memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from pipeline.catalog import integrity
from pipeline.core.errors import StorageError
from pipeline.core.types import Failure
from pipeline.storage import Store, StoredFile
from pipeline.workflows.operation import Conn

N_EXAMPLES = 5
_ALL_GONE = 1_000


@dataclass(kw_only=True)
class Census:
    """What lies in the store beside what rows name. ``orphans`` and ``leftovers`` are files of keys, a line each."""

    orphans: Path
    leftovers: Path
    n_objects: int = 0
    n_orphans: int = 0
    n_orphan_bytes: int = 0
    n_old_orphans: int = 0
    n_leftovers: int = 0
    n_old_leftovers: int = 0
    foreign: list[str] = field(default_factory=list[str])
    n_foreign: int = 0
    gone: list[str] = field(default_factory=list[str])
    n_gone: int = 0


def take_census(conn: Conn, store: Store, folder: Path, *, older_than_s: float) -> Census:
    """The census; ``folder`` is for its files. What is older than this counts as old. Raises StorageError."""
    census = Census(orphans=folder / "orphans", leftovers=folder / "leftovers")
    old_ns = time.time_ns() - int(older_than_s * 1e9)
    named = folder / "named"
    with named.open("w", encoding="utf-8") as out:
        out.writelines(f"{key}\n" for key, _ in integrity.named_objects(conn))
    missing = folder / "missing"
    with (
        named.open(encoding="utf-8") as keys,
        census.orphans.open("w", encoding="utf-8") as orphans,
        census.leftovers.open("w", encoding="utf-8", errors="surrogateescape") as leftovers,
        missing.open("w", encoding="utf-8") as lost,
    ):
        wanted = lines_of(keys)
        key = next(wanted, None)
        for file in _objects(store, census, leftovers, old_ns):
            census.n_objects += 1
            while key is not None and key < file.key:
                lost.write(f"{key}\n")
                key = next(wanted, None)
            if key == file.key:
                key = next(wanted, None)
                continue
            census.n_orphans += 1
            census.n_orphan_bytes += file.size_bytes
            if file.mtime_ns < old_ns:
                census.n_old_orphans += 1
                orphans.write(f"{file.key}\n")
        while key is not None:
            lost.write(f"{key}\n")
            key = next(wanted, None)
    _look_again(store, missing, census)
    return census


def _objects(store: Store, census: Census, leftovers: IO[str], old_ns: int) -> Iterator[StoredFile]:
    """The objects among the files; the others are counted on the way."""
    for file in store.files():
        if file.is_object:
            yield file
        elif file.is_leftover:
            census.n_leftovers += 1
            if file.mtime_ns < old_ns:
                census.n_old_leftovers += 1
                leftovers.write(f"{file.key}\n")
        else:
            census.n_foreign += 1
            if len(census.foreign) < N_EXAMPLES:
                census.foreign.append(file.key)


def _look_again(store: Store, missing: Path, census: Census) -> None:
    """Count as gone what is not there now either: it may have been written while the store was listed."""
    with missing.open(encoding="utf-8") as keys:
        for key in lines_of(keys):
            if not store.exists(key):
                census.n_gone += 1
                if len(census.gone) < N_EXAMPLES:
                    census.gone.append(key)


def demand_some(n_done: int, failed: Sequence[Failure]) -> None:
    """Raises StorageError if so many objects fail from the first one on that it is no rot: the store is not there."""
    if n_done == 0 and len(failed) >= _ALL_GONE:
        raise StorageError(
            f"none of the first {len(failed)} objects can be read",
            which=failed[-1].message,
            do="check that the store is mounted and that EARMARK_STORE names it",
        )


def lines_of(file: IO[str]) -> Iterator[str]:
    """The lines of a file of keys."""
    return (line.rstrip("\n") for line in file)


def first_of(path: Path) -> tuple[str, ...]:
    """The first few keys of a file of keys."""
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        return tuple(islice(lines_of(file), N_EXAMPLES))
