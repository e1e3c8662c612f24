"""The store: objects by the hash of their bytes, in a folder or a remote place, there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import StorageError
from pipeline.storage import remote
from pipeline.storage.files import file_sha256, local_copy
from pipeline.storage.places import is_local, path_of, reason_of

_SUFFIX = re.compile(r"(\.[a-z0-9]{1,10})?")
_KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}(\.[a-z0-9]{1,10})?")
_LEFTOVER = re.compile(r"\..*\.[0-9a-f]{16}\.tmp")


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """Any file below the store: an object, what a killed writer left half written, or somebody else's."""

    key: str
    size_bytes: int
    mtime_ns: int

    @property
    def is_object(self) -> bool:
        """Whether its name is one that ``put`` gives."""
        return _KEY.fullmatch(self.key) is not None

    @property
    def is_leftover(self) -> bool:
        """Whether a writer gave it this name until it would be whole."""
        return _LEFTOVER.fullmatch(self.key.rpartition("/")[2]) is not None


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
            raise _absent(key, self.uri) from error
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

    def files(self) -> Iterator[StoredFile]:
        """Every file, hidden ones too; objects come in the order of their keys. Raises StorageError."""
        if is_local(self.uri):
            folder = Path(path_of(self.uri))
            return _files_local(folder, "") if folder.is_dir() else iter(())
        found = remote.files(self.uri)
        return (StoredFile(key=f.below, size_bytes=f.size_bytes, mtime_ns=f.mtime_ns) for f in found)

    def size_bytes(self, key: str) -> int | None:
        """The size of the object, None if it is not there. Raises StorageError if the store cannot be asked."""
        path = self.local_path(key)
        if path is None:
            return remote.size_bytes(self.uri, key)
        try:
            return Path(path).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError("cannot ask the store", which=path, got=reason_of(error)) from error

    def sha256(self, key: str) -> bytes:
        """The SHA-256 (32 bytes) of the object's bytes, which are never all in memory. Raises StorageError."""
        with self.opened(key) as path:
            return file_sha256(path)

    @contextmanager
    def opened(self, key: str) -> Generator[Path]:
        """A local file with the object's bytes, for as long as the block lasts. Raises StorageError."""
        path = self.local_path(key)
        if path is not None and not Path(path).is_file():
            raise _absent(key, self.uri)
        with local_copy(path or f"{self.uri.rstrip('/')}/{key}") as copy:
            yield Path(copy)

    def remove(self, key: str) -> None:
        """Return when no such file is there any more. Raises StorageError."""
        path = self.local_path(key)
        if path is None:
            remote.remove(self.uri, key)
            return
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError("cannot remove from the store", which=path, got=reason_of(error)) from error

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

    def take(self, path: Path, key: str, *, sha256: bytes) -> None:
        """A copy of the file under its key, over what may be there, if the bytes are those of this hash.

        It is whole or absent, but may be lost in a power cut until ``settle`` returns. Raises StorageError.
        """
        target = self.local_path(key)
        if target is not None:
            _take_local(path, Path(target), sha256)
            return
        if file_sha256(path) != sha256:
            raise _not_what_was_cut(path)
        remote.remove(self.uri, key)
        remote.put(self.uri, key, path)

    def settle(self) -> None:
        """Return when everything that was taken survives a power cut."""
        if is_local(self.uri):
            os.sync()


def _take_local(path: Path, target: Path, sha256: bytes) -> None:
    new = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("rb") as source, new.open("xb") as file:
                while piece := source.read(2**20):
                    digest.update(piece)
                    file.write(piece)
            if digest.digest() != sha256:
                raise _not_what_was_cut(path)
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            "cannot write to the store", which=target, got=reason_of(error), do="check its free space and permissions"
        ) from error


def _not_what_was_cut(path: Path) -> StorageError:
    return StorageError("an object is not what was cut", which=path, do="restore it from a backup that holds it whole")


def _absent(key: str, uri: str) -> StorageError:
    return StorageError("no such object in the store", which=f"{key} in {uri}", do="check that the store is mounted")


def _put_local(path: Path, data: bytes | Path) -> None:
    try:
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        if path.is_file() and path.stat().st_size == size:
            # Its writer may have been killed before the name was safe, and a row is about to rely on it.
            _sync_folder(path.parent)
            return
        _make_folder(path.parent)
        write_whole(path, data)
    except OSError as error:
        raise StorageError(
            "cannot write to the store", which=path, got=reason_of(error), do="check its free space and permissions"
        ) from error


def write_whole(path: Path, data: bytes | Path) -> None:
    """Write a local file, or a copy of one, that is there whole or not at all, also after a power cut.

    Raises OSError.
    """
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
    for name, is_folder in _entries(path):
        if name.startswith("."):
            continue
        if is_folder:
            yield from _keys_local(path / name, f"{below}{name}/")
        else:
            yield below + name


def _files_local(path: Path, below: str) -> Iterator[StoredFile]:
    for name, is_folder in _entries(path):
        if is_folder:
            yield from _files_local(path / name, f"{below}{name}/")
            continue
        try:
            facts = (path / name).lstat()
        except FileNotFoundError:
            continue  # its writer is done with it
        yield StoredFile(key=below + name, size_bytes=facts.st_size, mtime_ns=facts.st_mtime_ns)


def _entries(path: Path) -> list[tuple[str, bool]]:
    """Name and whether it is a folder, of all that lies in the folder, sorted."""
    try:
        with os.scandir(path) as entries:
            return sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError as error:
        raise StorageError("cannot list the store", which=path, got=reason_of(error)) from error
