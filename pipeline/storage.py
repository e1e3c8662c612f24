"""Where bytes lie: sources are found and opened, never written; the store is content-addressed, written atomically.

A place is a folder (a NAS mount is a folder), a ``file://`` URI, or any URI that fsspec knows: s3://, gs://, smb://.
Local places are served by the operating system alone; what comes from fsspec goes through its driver.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote, unquote_to_bytes

from pipeline.core.errors import StorageError
from pipeline.core.types import Failure

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_PASSWORD = re.compile(r"://[^/?#@:]*:([^/?#]*)@")
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,10})?")
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
        return _scan_remote(uri)
    top = Path(path_of(uri))
    try:
        facts = top.stat()
    except (OSError, ValueError) as error:
        raise StorageError(
            "cannot open the folder",
            which=_printable(str(top)),
            got=_reason(error),
            do="check that it exists and is mounted",
        ) from error
    if stat.S_ISDIR(facts.st_mode):
        return _scan_folder(top, "", (_identity(facts),))
    return iter([_found(top, top.name, facts)])


def is_local(uri: str) -> bool:
    """Whether this is a path or a file:// URI."""
    return not _SCHEME.match(uri) or uri.startswith("file:/")


def uri_of(path: str | Path) -> str:
    """The file:// URI of a local path; every byte of its name survives."""
    return "file://" + quote(os.fsencode(_absolute(str(path))))


def path_of(uri: str) -> str:
    """The absolute local path of a path or a file:// URI. Raises StorageError for any other URI, and for nothing."""
    if not uri.strip():
        # Mostly a variable that was not set; the current folder would be the wrong one.
        raise StorageError("no folder is named", expected="a path or a URI, . for this folder", got=repr(uri))
    if not is_local(uri):
        raise StorageError("not a local file", which=uri, expected="a path or a file:// URI")
    if not uri.startswith("file:/"):
        return _absolute(uri)
    return _absolute(os.fsdecode(unquote_to_bytes(re.sub(r"^file:(//(localhost)?(?=/))?", "", uri))))


def refuse_password(uri: str) -> None:
    """Raises StorageError if a password stands in the URI: it would come to stand in logs, rows and manifests."""
    if match := _PASSWORD.search(uri):
        shown = f"{uri[: match.start(1)]}…{uri[match.end(1) :]}"
        raise StorageError("a password stands in the address", which=shown, do="set it as in FSSPEC_SFTP_PASSWORD")


@contextmanager
def local_copy(uri: str) -> Generator[str]:
    """A local path with the file's bytes: the file itself, or a download that goes when the block ends.

    Raises StorageError if a download fails.
    """
    if is_local(uri):
        yield path_of(uri)
        return
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        path = str(Path(folder, "download" + Path(uri).suffix))
        with _driver_errors("cannot download the file", uri):
            fs, remote = _open_fs(uri)
            fs.get_file(remote, path)
        yield path


def file_sha256(path: str | Path) -> bytes:
    """The SHA-256 (32 bytes) of a local file. Raises StorageError."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except (OSError, ValueError) as error:
        raise StorageError("cannot read the file", which=_printable(str(path)), got=_reason(error)) from error


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
            self._put_remote(key, data)
        else:
            _put_local(Path(path), data)
        return key

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises StorageError."""
        path = self.local_path(key)
        if path is None:
            with _driver_errors("cannot read from the store", f"{key} in {self.uri}"):
                fs, remote = self._remote(key)
                return fs.cat_file(remote)
        try:
            return Path(path).read_bytes()
        except FileNotFoundError as error:
            raise StorageError(
                "no such object in the store", which=f"{key} in {self.uri}", do="check that the store is mounted"
            ) from error
        except OSError as error:
            raise StorageError("cannot read from the store", which=path, got=_reason(error)) from error

    def exists(self, key: str) -> bool:
        """Whether the object is there. Raises StorageError if the store cannot be asked."""
        path = self.local_path(key)
        if path is not None:
            return Path(path).is_file()
        with _driver_errors("cannot ask the store", self.uri):
            fs, remote = self._remote(key)
            return fs.isfile(remote)

    def keys(self) -> Iterator[str]:
        """The keys of all objects, in order; none for a store not written to yet. Raises StorageError."""
        if is_local(self.uri):
            folder = Path(path_of(self.uri))
            return _keys_local(folder, "") if folder.is_dir() else iter(())
        with _driver_errors("cannot list the store", self.uri):
            fs, root = _open_fs(self.uri)
            fs.invalidate_cache()
            names = [_below(path, root) for path in fs.find(root)] if fs.exists(root) else []
        return iter(sorted(name for name in names if not _is_hidden(name)))

    def local_path(self, key: str) -> str | None:
        """Where the object lies, or would lie, on this machine; None for a remote store. Raises StorageError."""
        if any(part in ("", ".", "..") for part in key.split("/")) or "\\" in key or "\0" in key:
            raise StorageError("not a key of the store", which=repr(key), expected="like ab/cd/abcd….wav")
        return str(Path(path_of(self.uri), key)) if is_local(self.uri) else None

    def _remote(self, key: str) -> tuple[_FileSystem, str]:
        fs, root = _open_fs(self.uri)
        return fs, f"{root.rstrip('/')}/{key}"

    def _put_remote(self, key: str, data: bytes) -> None:
        with _driver_errors("cannot write to the store", f"{key} in {self.uri}"):
            fs, path = self._remote(key)
            if fs.exists(path) and fs.info(path)["size"] == len(data):
                return
            folder, _, name = path.rpartition("/")
            fs.makedirs(folder, exist_ok=True)
            if not _has_rename(fs):
                fs.pipe_file(path, data)
                return
            new = f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"
            fs.pipe_file(new, data)
            fs.mv(new, path)


def _scan_folder(path: Path, below: str, above: tuple[tuple[int, int], ...]) -> Iterator[FoundFile | Failure]:
    """``above`` identifies the folders on the way here, this one included: a link back to one is a loop."""
    try:
        with os.scandir(path) as entries:
            names = sorted((entry.name for entry in entries), key=os.fsencode)
    except OSError as error:
        yield _failure(path, f"cannot open the folder: {_reason(error)}")
        return
    for name in names:
        if name.startswith("."):
            continue
        inner = path / name
        try:
            facts = inner.stat()
        except OSError as error:
            yield _failure(inner, "a link that leads nowhere" if inner.is_symlink() else _reason(error))
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
    return FoundFile(uri=uri_of(path), name=_printable(name), size_bytes=facts.st_size, mtime_ns=facts.st_mtime_ns)


def _failure(path: Path, reason: str) -> Failure:
    return Failure(item=uri_of(path), error="StorageError", message=f"{_printable(str(path))}: {reason}")


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _scan_remote(uri: str) -> Iterator[FoundFile | Failure]:
    with _driver_errors("cannot open the folder", uri):
        fs, root = _open_fs(uri)
        fs.invalidate_cache()
        if not fs.exists(root):
            raise FileNotFoundError("nothing is there")
        found = fs.find(root, detail=True)
    return (
        FoundFile(
            uri=fs.unstrip_protocol(path),
            name=_printable(_below(path, root)),
            size_bytes=int(info.get("size") or 0),
            mtime_ns=_mtime_ns(info),
        )
        for path, info in sorted(found.items(), key=lambda item: item[0].split("/"))
        if not _is_hidden(_below(path, root))
    )


def _below(path: str, root: str) -> str:
    path, root = path.strip("/"), root.strip("/")
    return path[len(root) :].lstrip("/") or path.rpartition("/")[2]


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _mtime_ns(info: dict[str, Any]) -> int:
    """What drivers call the time of the last change differs; some have none."""
    for key in ("mtime", "LastModified", "last_modified", "modified", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
    return 0


def _put_local(path: Path, data: bytes) -> None:
    try:
        if path.is_file() and path.stat().st_size == len(data):
            return
        _make_folder(path.parent)
        new = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        try:
            # Not tempfile: its 0600 would hide the object from the colleagues who share the store.
            with new.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            "cannot write to the store", which=path, got=_reason(error), do="check its free space and permissions"
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
        raise StorageError("cannot list the store", which=path, got=_reason(error)) from error
    for name, is_folder in found:
        if is_folder:
            yield from _keys_local(path / name, f"{below}{name}/")
        else:
            yield below + name


def _absolute(path: str) -> str:
    # Not Path.resolve: a link that people name stays as they name it, wherever it leads tomorrow.
    return os.path.abspath(path)  # noqa: PTH100


def _printable(name: str) -> str:
    """The name with what a screen cannot show written as escapes: control characters, broken UTF-8."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class _FileSystem(Protocol):
    """What is used of an fsspec file system."""

    def exists(self, path: str) -> bool: ...
    def isfile(self, path: str) -> bool: ...
    def info(self, path: str) -> dict[str, Any]: ...
    def find(self, path: str, *, detail: bool = False) -> dict[str, dict[str, Any]]: ...
    def cat_file(self, path: str) -> bytes: ...
    def pipe_file(self, path: str, value: bytes) -> None: ...
    def get_file(self, rpath: str, lpath: str) -> None: ...
    def makedirs(self, path: str, *, exist_ok: bool) -> None: ...
    def mv(self, path1: str, path2: str) -> None: ...
    def invalidate_cache(self) -> None: ...
    def unstrip_protocol(self, name: str) -> str: ...


def _open_fs(uri: str) -> tuple[_FileSystem, str]:
    refuse_password(uri)
    from fsspec.core import url_to_fs

    return cast("tuple[_FileSystem, str]", url_to_fs(uri))


def _has_rename(fs: _FileSystem) -> bool:
    """Whether the driver renames by itself. Object stores do not, but there a put is whole or not at all."""
    from fsspec import AbstractFileSystem

    return type(fs).mv is not AbstractFileSystem.mv


@contextmanager
def _driver_errors(what: str, which: str) -> Generator[None]:
    """Turn whatever an fsspec driver raises into a StorageError."""
    try:
        yield
    except StorageError:
        raise
    except FileNotFoundError as error:
        raise StorageError(what, which=which, got="nothing is there", do="check the name and the rights") from error
    except ImportError as error:
        raise StorageError(what, which=which, got=str(error), do="pip install the driver that it names") from error
    except Exception as error:  # every driver brings an error tree of its own, outside OSError
        raise StorageError(
            what, which=which, got=f"{type(error).__name__}: {error}", do="check the address and the credentials"
        ) from error
