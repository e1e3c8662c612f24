"""The store: objects by the hash of their bytes, in a folder or a remote place, there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import StorageError
from pipeline.storage import remote
from pipeline.storage.files import file_sha256
from pipeline.storage.places import is_local, path_of, reason_of

_SUFFIX = re.compile(r"(\.[a-z0-9]{1,10})?")


@dataclass(frozen=True)
class Store:
    """Objects by the hash of their bytes, under a folder or any fsspec URI; the same bytes lie there once.

    An object is there whole or not at all, also after a power cut. It can be pickled and used from many processes.
    """

    uri: str

    def put(self, data: bytes, *, suffix: str) -> str:
        """Write the bytes unless they are there; the key is like ``ab/cd/abcd….wav``. Raises StorageError."""
        if not _SUFFIX.fullmatch(suffix):
            raise StorageError("not a suffix", which=repr(suffix), expected="like .wav, lower case")
        digest = hashlib.sha256(data).hexdigest()
        key = f"{digest[:2]}/{digest[2:4]}/{digest}{suffix}"
        path = self.local_path(key)
        if path is None:
            remote.put(self.uri, key, data)
        else:
            _put_local(Path(path), data)
        return key

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises StorageError."""
        path = self.local_path(key)
        if path is None:
            return remote.read(self.uri, key)
        try:
            return Path(path).read_bytes()
        except FileNotFoundError as error:
            raise StorageError(
                "no such object in the store", which=f"{key} in {self.uri}", do="check that the store is mounted"
            ) from error
        except OSError as error:
            raise StorageError("cannot read from the store", which=path, got=reason_of(error)) from error

    def exists(self, key: str) -> bool:
        """Whether the object is there. Raises StorageError if the store cannot be asked."""
        path = self.local_path(key)
        if path is not None:
            return Path(path).is_file()
        return remote.exists(self.uri, key)

    def keys(self) -> Iterator[str]:
        """The keys of all objects, in order; none for a store not written to yet. Raises StorageError."""
        if is_local(self.uri):
            folder = Path(path_of(self.uri))
            return _keys_local(folder, "") if folder.is_dir() else iter(())
        return iter(remote.keys(self.uri))

    def local_path(self, key: str) -> str | None:
        """Where the object lies, or would lie, on this machine; None for a remote store. Raises StorageError."""
        if any(part in ("", ".", "..") for part in key.split("/")) or "\\" in key or "\0" in key:
            raise StorageError("not a key of the store", which=repr(key), expected="like ab/cd/abcd….wav")
        return str(Path(path_of(self.uri), key)) if is_local(self.uri) else None

    def put_file(self, path: Path, *, suffix: str) -> str:
        """``put`` of a file's bytes, which are never all in memory. Raises StorageError."""
        if not _SUFFIX.fullmatch(suffix):
            raise StorageError("not a suffix", which=repr(suffix), expected="like .wav, lower case")
        digest = file_sha256(path).hex()
        key = f"{digest[:2]}/{digest[2:4]}/{digest}{suffix}"
        target = self.local_path(key)
        if target is None:
            remote.put(self.uri, key, path)
        else:
            _put_local(Path(target), path)
        return key


def _put_local(path: Path, data: bytes | Path) -> None:
    try:
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        if path.is_file() and path.stat().st_size == size:
            return
        _make_folder(path.parent)
        new = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        try:
            # Not tempfile: its 0600 would hide the object from the colleagues who share the store.
            with new.open("xb") as file:
                if isinstance(data, Path):
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, file, 2**20)
                else:
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            "cannot write to the store", which=path, got=reason_of(error), do="check its free space and permissions"
        ) from error


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(exist_ok=True)
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Make a new name in the folder survive a power cut."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network mounts cannot sync a folder; they write names through at once.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(fd)


def _keys_local(path: Path, below: str) -> Iterator[str]:
    try:
        with os.scandir(path) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise StorageError("cannot list the store", which=path, got=reason_of(error)) from error
    for name, is_folder in found:
        if is_folder:
            yield from _keys_local(path / name, f"{below}{name}/")
        else:
            yield below + name
