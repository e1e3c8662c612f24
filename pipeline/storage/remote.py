"""Remote places by way of fsspec: listing, reading and writing, every driver's error told in one sentence.

Credentials come from the environment (AWS_…, FSSPEC_S3_…, FSSPEC_SMB_…), never from an address, and what a driver
says is shown without them. Listings are never cached: what lies there changes under us.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from pipeline.core.errors import StorageError
from pipeline.core.types import Failure
from pipeline.storage.places import refuse_password

_N_SHOWN_CHARS = 300
_SECRET_WORDS = ("secret", "password", "token", "key", "credential")
_UNREACHABLE = (
    *("EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError"),
    *("SMBConnectionClosed", "ClientConnectorError", "ServerDisconnectedError", "HTTPClientError", "TimeoutError"),
)
_REFUSED = ("SMBAuthenticationError", "LogonFailure", "AccessDenied", "NoCredentialsError", "PermissionError")


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file that a remote listing names; ``below`` is its path below the listed folder."""

    uri: str
    below: str
    size_bytes: int
    mtime_ns: int


def find_remote(uri: str) -> Iterator[RemoteFile | Failure]:
    """Every file below a folder, or the one file, in the order of its path; a folder that stays shut is a Failure.

    Raises StorageError, at once, if nothing is there or the server does not answer.
    """
    base = uri.rstrip("/")
    with driver_errors("cannot open the folder", uri):
        fs, root = _open(uri)
        info = fs.info(root)
        if info["type"] == "file":
            return iter([_file(base, root.rstrip("/").rpartition("/")[2], info)])
        listed = _walk(fs, base, root) if _lists_by_folder(fs) else _find(fs, base, root)
    return iter(sorted(listed, key=lambda found: _address(found).split("/")))


def download(uri: str, path: str) -> None:
    """Write the file's bytes to a local path, piece by piece. Raises StorageError."""
    with driver_errors("cannot download the file", uri):
        fs, remote = _open(uri)
        fs.get_file(remote, path)


def read(folder_uri: str, key: str) -> bytes:
    """The bytes of one object. Raises StorageError."""
    with driver_errors("cannot read from the store", f"{key} in {folder_uri}"):
        fs, path = _object(folder_uri, key)
        return fs.cat_file(path)


def exists(folder_uri: str, key: str) -> bool:
    """Whether the object is there. Raises StorageError if the store cannot be asked."""
    with driver_errors("cannot ask the store", folder_uri):
        fs, path = _object(folder_uri, key)
        return _size_bytes(fs, path) is not None


def keys(folder_uri: str) -> list[str]:
    """The paths of all files below the folder, in order; none if it is not there. Raises StorageError."""
    with driver_errors("cannot list the store", folder_uri):
        fs, root = _open(folder_uri)
        names = [_below(path, root) for path in fs.find(root)] if fs.exists(root) else []
    return sorted(name for name in names if not _is_hidden(name))


def files(folder_uri: str) -> list[RemoteFile]:
    """All files below the folder, hidden ones too, in order; none if it is not there. Raises StorageError."""
    with driver_errors("cannot list the store", folder_uri):
        fs, root = _open(folder_uri)
        found = fs.find(root, detail=True) if fs.exists(root) else {}
        named = ((_below(path, root), info) for path, info in found.items() if not path.endswith("/"))
        return sorted((_file(f"{folder_uri}/{name}", name, info) for name, info in named), key=lambda f: f.below)


def size_bytes(folder_uri: str, key: str) -> int | None:
    """The size of one object, None if it is not there. Raises StorageError if the store cannot be asked."""
    with driver_errors("cannot ask the store", folder_uri):
        fs, path = _object(folder_uri, key)
        return _size_bytes(fs, path)


def remove(folder_uri: str, key: str) -> None:
    """Return when no such file is there any more. Raises StorageError."""
    with driver_errors("cannot remove from the store", f"{key} in {folder_uri}"):
        fs, path = _object(folder_uri, key)
        if _size_bytes(fs, path) is not None:
            fs.rm_file(path)


def put(folder_uri: str, key: str, data: bytes | Path) -> None:
    """Write an object unless it is there with this size; it appears whole or not at all. Raises StorageError."""
    with driver_errors("cannot write to the store", f"{key} in {folder_uri}"):
        fs, path = _object(folder_uri, key)
        n_bytes = data.stat().st_size if isinstance(data, Path) else len(data)
        there = _size_bytes(fs, path)
        if there == n_bytes:
            return
        if not _has_rename(fs):
            _send(fs, path, data)
            return
        folder, _, name = path.rpartition("/")
        fs.makedirs(folder, exist_ok=True)
        new = f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"
        try:
            _send(fs, new, data)
            if there is not None:
                fs.rm_file(path)
            _rename(fs, new, path, n_bytes=n_bytes)
        except BaseException:
            with suppress(Exception):  # what hindered the writing hinders this too; a leftover is swept by doctor
                fs.rm_file(new)
            raise


@contextmanager
def driver_errors(what: str, which: str) -> Generator[None]:
    """Turn whatever an fsspec driver raises into a StorageError that holds no credential."""
    try:
        yield
    except StorageError:
        raise
    except ImportError as error:
        raise StorageError(what, which=which, got=str(error), do="pip install the driver that it names") from error
    except Exception as error:  # every driver brings an error tree of its own, outside OSError
        _forget_connections()
        got, do = _words(error)
        # The driver's error may quote the request with its credentials, so it is not chained.
        raise StorageError(what, which=which, got=got, do=do) from None


class _FileSystem(Protocol):
    """What is used of an fsspec file system."""

    def exists(self, path: str) -> bool: ...
    def info(self, path: str) -> dict[str, Any]: ...
    def ls(self, path: str, *, detail: bool) -> list[Any]: ...
    def find(self, path: str, *, detail: bool = False) -> dict[str, dict[str, Any]]: ...
    def cat_file(self, path: str) -> bytes: ...
    def pipe_file(self, path: str, value: bytes) -> None: ...
    def put_file(self, lpath: str, rpath: str) -> None: ...
    def get_file(self, rpath: str, lpath: str) -> None: ...
    def rm_file(self, path: str) -> None: ...
    def makedirs(self, path: str, *, exist_ok: bool) -> None: ...
    def mv(self, path1: str, path2: str) -> None: ...


def _open(uri: str) -> tuple[_FileSystem, str]:
    refuse_password(uri)
    from fsspec.core import url_to_fs

    # The driver of sftp keeps no listings, and hands every option on to its connection.
    options: dict[str, Any] = {} if uri.startswith(("sftp:", "ssh:")) else {"use_listings_cache": False}
    if uri.startswith(("s3:", "s3a:")):
        # Else ten parts of 50 MB of a large object are held in memory at once.
        options["max_concurrency"] = 1
    return cast("tuple[_FileSystem, str]", url_to_fs(uri, **options))


def _object(folder_uri: str, key: str) -> tuple[_FileSystem, str]:
    fs, root = _open(folder_uri)
    return fs, f"{root.rstrip('/')}/{key}"


def _size_bytes(fs: _FileSystem, path: str) -> int | None:
    """The size of a file, None if it is not there."""
    try:
        info = fs.info(path)
    except OSError as error:
        if _is_absent(error):
            return None
        raise
    return int(info.get("size") or 0) if info["type"] == "file" else None


def _send(fs: _FileSystem, path: str, data: bytes | Path) -> None:
    if isinstance(data, Path):
        fs.put_file(str(data), path)
    else:
        fs.pipe_file(path, data)


def _rename(fs: _FileSystem, new: str, path: str, *, n_bytes: int) -> None:
    try:
        fs.mv(new, path)
    except OSError:
        # Another writer was faster: the same name means the same bytes.
        if _size_bytes(fs, path) != n_bytes:
            raise
        fs.rm_file(new)


def _find(fs: _FileSystem, base: str, root: str) -> list[RemoteFile | Failure]:
    found = fs.find(root, detail=True)
    # S3 consoles mark an empty folder by an object whose name ends in a slash.
    named = ((_below(path, root), info) for path, info in found.items() if not path.endswith("/"))
    return [_file(f"{base}/{below}", below, info) for below, info in named if not _is_hidden(below)]


def _walk(fs: _FileSystem, base: str, root: str) -> list[RemoteFile | Failure]:
    """Folder by folder: the driver's own walk passes over a folder that it cannot list, and says nothing."""
    out: list[RemoteFile | Failure] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = fs.ls(f"{root.rstrip('/')}/{folder}".rstrip("/"), detail=False)
        except OSError as error:
            if not folder:
                raise
            out.append(_failure(f"{base}/{folder}", f"cannot open the folder: {_words(error)[0]}"))
            continue
        for path in entries:
            below = folder + path.rstrip("/").rpartition("/")[2]
            if _is_hidden(below):
                continue
            try:
                info = fs.info(path)
            except OSError as error:
                out.append(_failure(f"{base}/{below}", _words(error)[0]))
                continue
            if info["type"] == "directory":
                waiting.append(f"{below}/")
            else:
                out.append(_file(f"{base}/{below}", below, info))
    return out


def _file(uri: str, below: str, info: dict[str, Any]) -> RemoteFile:
    return RemoteFile(uri=uri, below=below, size_bytes=int(info.get("size") or 0), mtime_ns=_mtime_ns(info))


def _failure(uri: str, reason: str) -> Failure:
    return Failure(item=uri.rstrip("/"), error="StorageError", message=f"{uri}: {reason}")


def _address(found: RemoteFile | Failure) -> str:
    return found.uri if isinstance(found, RemoteFile) else found.item


def _lists_by_folder(fs: _FileSystem) -> bool:
    """Whether the driver has no listing of its own that takes all levels at once, as object stores have."""
    from fsspec import AbstractFileSystem

    return type(fs).find is AbstractFileSystem.find


def _has_rename(fs: _FileSystem) -> bool:
    """Whether the driver renames by itself. Object stores do not, but there a put is whole or not at all."""
    from fsspec import AbstractFileSystem

    return type(fs).mv is not AbstractFileSystem.mv


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


def _is_absent(error: OSError) -> bool:
    return isinstance(error, FileNotFoundError) or error.errno in (2, 20)


def _words(error: Exception) -> tuple[str, str]:
    """What happened and what to do, in our words as far as the driver's error can be told."""
    kinds = {kind.__name__ for link in _chain(error) for kind in type(link).__mro__}
    text = _without_secrets(" ".join(str(error).split()))[:_N_SHOWN_CHARS]
    if isinstance(error, OSError) and _is_absent(error):
        return "nothing is there", "check the name and the rights"
    if kinds & set(_REFUSED) or (isinstance(error, OSError) and error.errno in (1, 13)):
        return f"the server refuses these credentials ({text})", "check the credentials in the environment"
    if kinds & set(_UNREACHABLE) or isinstance(error, ConnectionError) or "Failed to connect" in text:
        return f"the server does not answer ({text})", "check the address and that the server runs"
    return f"{type(error).__name__}: {text}", "check the address and the credentials"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _without_secrets(text: str) -> str:
    for secret in _known_secrets():
        text = text.replace(secret, "…")
    return text


def _known_secrets() -> Iterator[str]:
    """What the drivers were given as secrets: by fsspec's own settings, and by the AWS ones that botocore reads."""
    from fsspec.config import conf

    for options in conf.values():
        for name, value in options.items():
            if isinstance(value, str) and value and any(word in name.lower() for word in _SECRET_WORDS):
                yield value
    if "botocore" in sys.modules:
        from botocore.credentials import EnvProvider

        with suppress(Exception):  # it finds fault with half a pair of keys, which is told elsewhere
            if (given := EnvProvider().load()) is not None:
                yield from (part for part in (given.secret_key, given.access_key, given.token) if part)


def _forget_connections() -> None:
    """Let the next call connect anew: drivers keep a connection that died, smbprotocol without its credentials."""
    from fsspec import AbstractFileSystem

    module = sys.modules.get("fsspec.implementations.smb")
    if module is not None:
        cast("type[AbstractFileSystem]", module.SMBFileSystem).clear_instance_cache()
