"""What a backup folder holds, and when it is complete.

    backup.json               written last: what belongs to the backup, with hashes; without it there is none
    database-STAMP.dump       the database as pg_dump's custom format
    people-STAMP.json         logins and groups, with the verifiers of passwords (0600)
    manifest-STAMP.jsonl.gz   a line for each object that a row names: key, sha256, size
    objects/                  the objects themselves, as in a store, if they were asked for

A later backup into the same folder writes beside the former one, which stands until the new backup.json does.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import StorageError
from pipeline.storage import Store, file_sha256, uri_of, write_whole

FORMAT = 1
INDEX = "backup.json"

_PARTS = re.compile(r"(database|people|manifest|named)-[0-9A-Za-z]+\.(dump|json|jsonl\.gz|txt)|\..+\.[0-9a-f]{16}\.tmp")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a backup."""

    name: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True, kw_only=True)
class Index:
    """What stands in backup.json. ``rows`` counts each table's; ``n_failed`` objects could not be kept."""

    made_at: str
    author: str
    server_version: str
    migration: str
    database: Part
    people: Part
    manifest: Part
    rows: dict[str, int]
    n_objects: int
    n_object_bytes: int
    n_failed: int
    has_sound: bool
    format: int = FORMAT


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the manifest; without a size if the object could not be kept."""

    key: str
    sha256: str
    size: int | None


@contextmanager
def opened(folder: Path) -> Generator[None]:
    """Make the folder if need be and keep other backups out of it. Raises StorageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(
            "cannot write the backup", which=folder, got=error.strerror, do="choose a folder that you may write to"
        ) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError("another backup writes here", which=folder, do="wait until it is done") from error
        except OSError:
            pass  # this mount knows no locks
        yield
    finally:
        os.close(fd)


def objects_of(folder: Path) -> Store:
    """The store within a backup folder."""
    return Store(uri_of(folder / "objects"))


def read_index(folder: Path) -> Index:
    """What the backup in the folder is. Raises StorageError if it is not complete."""
    path = folder / INDEX
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        value |= {name: Part(**value[name]) for name in ("database", "people", "manifest")}
        index = Index(**value)
    except FileNotFoundError as error:
        raise StorageError(
            "no complete backup is here", which=folder, expected=INDEX, do="run earmark backup once more"
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StorageError("cannot read the backup", which=path, got=str(error)) from error
    if index.format != FORMAT:
        raise StorageError("a backup of another format", which=path, expected=FORMAT, got=index.format)
    return index


def write_index(folder: Path, index: Index) -> None:
    """Make the backup complete, and let go of what belonged to the one before."""
    write_whole(folder / INDEX, json.dumps(asdict(index), indent=2).encode())
    clear(folder)


def clear(folder: Path) -> None:
    """Remove the files that belong to no complete backup: of an earlier one, or of one that was killed."""
    kept = set[str]()
    if (folder / INDEX).exists():
        index = read_index(folder)
        kept = {index.database.name, index.people.name, index.manifest.name}
    for path in folder.iterdir():
        if path.name not in kept and _PARTS.fullmatch(path.name):
            path.unlink(missing_ok=True)


def part_of(path: Path) -> Part:
    """The file as it lies on the disk now."""
    return Part(name=path.name, sha256=file_sha256(path).hex(), n_bytes=path.stat().st_size)


def prove(folder: Path, part: Part) -> Path:
    """The path of a part whose bytes are those that were written. Raises StorageError."""
    path = folder / part.name
    if file_sha256(path).hex() != part.sha256:
        raise StorageError("a file of the backup is damaged", which=path, do="take another backup")
    return path


def read_manifest(path: Path) -> Iterator[Entry]:
    """The objects of a backup, in the order of their keys. Raises StorageError."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield Entry(**json.loads(line))
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise StorageError("cannot read the manifest", which=path, got=str(error)) from error
