"""Finding files: every file below a folder of this machine or of a remote store, in the order of its path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import StorageError
from pipeline.core.types import Failure
from pipeline.storage.places import is_local, path_of, printable, reason_of, uri_of
from pipeline.storage.remote import RemoteFile, find_remote

_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A file that a scan met. ``name`` is its path below the scanned folder, printable whatever it holds.

    ``mtime_ns`` is 0 where the storage does not tell.
    """

    uri: str
    name: str
    size_bytes: int
    mtime_ns: int


def scan(uri: str) -> Iterator[FoundFile | Failure]:
    """Every file below a folder, or the one file, in the order of its path; what cannot be read is a Failure.

    Names that begin with a dot are skipped, links are followed. Raises StorageError, at once, if nothing is there.
    """
    if not is_local(uri):
        return map(_as_found, find_remote(uri))
    top = Path(path_of(uri))
    try:
        facts = top.stat()
    except (OSError, ValueError) as error:
        raise StorageError(
            "cannot open the folder",
            which=printable(str(top)),
            got=reason_of(error),
            do="check that it exists and is mounted",
        ) from error
    if stat.S_ISDIR(facts.st_mode):
        return _scan_folder(top, "", (_identity(facts),))
    return iter([_found(top, top.name, facts)])


def _scan_folder(path: Path, below: str, above: tuple[tuple[int, int], ...]) -> Iterator[FoundFile | Failure]:
    """``above`` identifies the folders on the way here, this one included: a link back to one is a loop."""
    try:
        with os.scandir(path) as entries:
            names = sorted((entry.name for entry in entries), key=os.fsencode)
    except OSError as error:
        yield _failure(path, f"cannot open the folder: {reason_of(error)}")
        return
    for name in names:
        if name.startswith("."):
            continue
        inner = path / name
        try:
            facts = inner.stat()
        except OSError as error:
            yield _failure(inner, "a link that leads nowhere" if inner.is_symlink() else reason_of(error))
            continue
        if not stat.S_ISDIR(facts.st_mode):
            yield _found(inner, below + name, facts)
        elif _identity(facts) in above:
            yield _failure(inner, "a link back to a folder that it lies in")
        else:
            yield from _scan_folder(inner, f"{below}{name}/", (*above, _identity(facts)))


def _found(path: Path, name: str, facts: os.stat_result) -> FoundFile | Failure:
    if not stat.S_ISREG(facts.st_mode):
        return _failure(path, f"{_KINDS.get(stat.S_IFMT(facts.st_mode), 'something else')}, not a file")
    return FoundFile(uri=uri_of(path), name=printable(name), size_bytes=facts.st_size, mtime_ns=facts.st_mtime_ns)


def _failure(path: Path, reason: str) -> Failure:
    return Failure(item=uri_of(path), error="StorageError", message=f"{printable(str(path))}: {reason}")


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _as_found(found: RemoteFile | Failure) -> FoundFile | Failure:
    if isinstance(found, Failure):
        return found
    return FoundFile(uri=found.uri, name=printable(found.below), size_bytes=found.size_bytes, mtime_ns=found.mtime_ns)
