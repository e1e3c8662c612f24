"""Promises of pipeline/storage over SFTP, kept against a server on loopback (paramiko's, which FiftyOne brings)."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import StorageError
from pipeline.storage import FoundFile, Store, local_copy, scan

paramiko = pytest.importorskip("paramiko")

NAME, PASSWORD = "anna", "only-in-tests"


class _Door(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == (NAME, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Folder(paramiko.SFTPServerInterface):
    """This machine's own files, as far as these tests go."""

    def list_folder(self, path: str) -> list[Any] | int:
        try:
            return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in os.scandir(path)]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(Path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        handle = paramiko.SFTPHandle(flags)
        try:
            handle.readfile = handle.writefile = os.fdopen(os.open(path, flags, 0o600), "r+b" if flags & 3 else "rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return handle

    def mkdir(self, path: str, attr: Any) -> int:
        Path(path).mkdir()
        return paramiko.SFTP_OK

    def remove(self, path: str) -> int:
        Path(path).unlink()
        return paramiko.SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        Path(oldpath).rename(newpath)
        return paramiko.SFTP_OK

    posix_rename = rename


@contextmanager
def sftp_server() -> Iterator[int]:
    """The port of a running server."""
    key, listener = paramiko.RSAKey.generate(2048), socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                transport = paramiko.Transport(listener.accept()[0])
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder)
                transport.start_server(server=_Door())

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The folder ``tmp_path`` on the server; the credentials lie where fsspec looks for them."""
    from fsspec.config import conf
    from fsspec.implementations.sftp import SFTPFileSystem

    access = {"username": NAME, "password": PASSWORD, "allow_agent": False, "look_for_keys": False}
    monkeypatch.setitem(conf, "sftp", access)
    with sftp_server() as port:
        yield f"sftp://127.0.0.1:{port}{tmp_path}"
    SFTPFileSystem.clear_instance_cache()


def test_folder_is_listed_by_level_and_its_files_are_fetched(address: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.wav").write_bytes(b"first")
    (tmp_path / "below" / "b.wav").write_bytes(b"second")
    found = [file for file in scan(address) if isinstance(file, FoundFile)]
    assert [(file.name, file.size_bytes) for file in found] == [("a.wav", 5), ("below/b.wav", 6)]
    with local_copy(found[1].uri) as path:
        assert Path(path).read_bytes() == b"second"
    (tmp_path / "c.wav").write_bytes(b"third")
    assert len(list(scan(address))) == 3  # no listing is kept


def test_store_keeps_objects_there(address: str) -> None:
    store = Store(f"{address}/store")
    key = store.put(b"sound", suffix=".wav")
    assert store.read(key) == b"sound"
    assert list(store.keys()) == [key]


def test_wrong_password_is_refused_in_words_that_do_not_hold_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.config import conf

    monkeypatch.setitem(conf["sftp"], "password", "geheim-77")
    with pytest.raises(StorageError) as refused:
        list(scan(address))
    assert "geheim-77" not in str(refused.value)
