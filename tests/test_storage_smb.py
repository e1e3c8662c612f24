"""Promises of pipeline/storage on SMB, kept against a real Samba on loopback (skipped where smbd is not installed)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.projects import Project, create_project
from pipeline.core.errors import StorageError
from pipeline.core.settings import load_recipe
from pipeline.core.types import Failure
from pipeline.storage import FoundFile, Store, local_copy, scan
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from tests.servers import SMB_PASSWORD, SmbServer, smb_server, smbd, stop_group

ROOT = Path(__file__).parent.parent
Conn = psycopg.Connection[Any]

pytestmark = [
    pytest.mark.skipif(smbd() is None, reason="no smbd on this machine: make samba installs it"),
    pytest.mark.skipif(os.getuid() != 0, reason="smbd takes another user's place for a session, which only root may"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[SmbServer]:
    with tempfile.TemporaryDirectory(prefix="earmark-smb-") as folder, smb_server(Path(folder)) as running:
        yield running


@pytest.fixture
def access(server: SmbServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmbServer]:
    """The server, empty, with its credentials where fsspec looks for them."""
    give(server, monkeypatch)
    shutil.rmtree(server.share)
    server.share.mkdir()
    yield server
    forget_connections()


def give(server: SmbServer, monkeypatch: pytest.MonkeyPatch, *, password: str = SMB_PASSWORD) -> None:
    """As the environment does when fsspec is imported, which in this process has happened."""
    from fsspec.config import conf

    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    settings = {"username": server.environ["FSSPEC_SMB_USERNAME"], "password": password}
    monkeypatch.setitem(conf, "smb", settings)
    forget_connections()


def forget_connections() -> None:
    import smbclient
    from fsspec.implementations.smb import SMBFileSystem

    SMBFileSystem.clear_instance_cache()
    smbclient.reset_connection_cache(fail_on_error=False)


@pytest.fixture
def project(conn: Conn) -> Project:
    return create_project(conn, "test", load_recipe())


def digits_into(folder: Path, test_data: Path) -> None:
    folder.mkdir()
    for path in sorted((test_data / "fsdd").glob("*_0.wav"))[:12]:
        shutil.copy2(path, folder)


def test_object_is_written_once_and_read_back(access: SmbServer) -> None:
    store = Store(f"{access.url}/store")
    assert list(store.keys()) == []
    keys = [store.put(data, suffix=".wav") for data in (b"one", b"three", b"one")]
    assert list(store.keys()) == sorted(set(keys))
    assert [store.read(key) for key in keys] == [b"one", b"three", b"one"]
    assert [(access.share / "store" / key).read_bytes() for key in keys] == [b"one", b"three", b"one"]
    assert store.exists(keys[0]) and not store.exists("ab/cd/ef.wav")
    with pytest.raises(StorageError, match="got nothing is there"):
        store.read("ab/cd/ef.wav")


def test_object_of_the_wrong_size_is_mended_and_no_rest_is_left(access: SmbServer) -> None:
    store = Store(f"{access.url}/store")
    key = store.put(b"sound", suffix=".wav")
    (access.share / "store" / key).write_bytes(b"so")
    store.put(b"sound", suffix=".wav")
    assert store.read(key) == b"sound"
    assert [path.name for path in (access.share / "store").rglob("*") if path.is_file()] == [Path(key).name]


def test_files_are_found_with_the_address_that_opens_them(access: SmbServer) -> None:
    for name in ("a b.wav", "deep/größe #1.wav", "deep/.hidden", ".cache/x.wav"):
        (access.share / name).parent.mkdir(exist_ok=True)
        (access.share / name).write_bytes(b"12345")
    found = [entry for entry in scan(f"{access.url}/") if isinstance(entry, FoundFile)]
    assert [(entry.name, entry.size_bytes) for entry in found] == [("a b.wav", 5), ("deep/größe #1.wav", 5)]
    for entry in found:
        assert entry.uri == f"{access.url}/{entry.name}"
        assert abs(entry.mtime_ns - (access.share / entry.name).stat().st_mtime_ns) < 1_000
        with local_copy(entry.uri) as path:
            assert Path(path).read_bytes() == b"12345"
    (alone,) = scan(f"{access.url}/a b.wav")
    assert isinstance(alone, FoundFile) and (alone.name, alone.size_bytes) == ("a b.wav", 5)


def test_main_job_runs_from_smb_to_smb(access: SmbServer, conn: Conn, project: Project, test_data: Path) -> None:
    digits_into(access.share / "digits", test_data)
    store = Store(f"{access.url}/clips")
    outcome = ingest(conn, project, f"{access.url}/digits")
    assert (outcome.n_done, outcome.failed) == (12, ())
    assert ingest(conn, project, f"{access.url}/digits").n_unchanged == 12
    assert cut(conn, project, store).n_done == 12
    for (clip_id,) in conn.execute("SELECT clip_id FROM clip").fetchall():
        _, mime, rate_hz = clip_bytes(conn, project, store, clip_id)
        assert (mime, rate_hz) == ("audio/wav", 16_000)


def test_credentials_are_taken_from_the_environment(access: SmbServer) -> None:
    code = "import sys; from pipeline.storage import Store; print(Store(sys.argv[1]).put(b'sound', suffix=''))"
    done = subprocess.run(
        [sys.executable, "-c", code, f"{access.url}/store"],
        cwd=ROOT,
        env={**os.environ, **access.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (access.share / "store" / done.stdout.strip()).read_bytes() == b"sound"


def test_wrong_password_is_one_sentence_without_it(
    access: SmbServer, conn: Conn, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    give(access, monkeypatch, password="wr0ng-passw0rd")
    for verb in (
        lambda: list(scan(access.url)),
        lambda: Store(f"{access.url}/store").put(b"sound", suffix=".wav"),
        lambda: ingest(conn, project, access.url),
    ):
        with pytest.raises(StorageError, match="the server refuses these credentials") as caught:
            verb()
        assert "wr0ng" not in str(caught.value)
    tables = ("operation", "operation_outcome", "failure", "source", "progress")
    rows = [conn.execute(f"SELECT to_jsonb(t) FROM {table} t".encode()).fetchall() for table in tables]
    assert "wr0ng" not in json.dumps(rows, default=str) + caplog.text


def test_missing_share_and_folder_are_named(access: SmbServer) -> None:
    for uri in (f"{access.url}/nowhere", access.url.replace("/sounds", "/noshare")):
        with pytest.raises(StorageError, match=f"{uri}; got nothing is there"):
            scan(uri)


def test_server_that_goes_away_is_one_sentence_and_nothing_has_vanished(
    conn: Conn, project: Project, test_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="earmark-smb-") as folder:
        with smb_server(Path(folder)) as server:
            give(server, monkeypatch)
            digits_into(server.share / "digits", test_data)
            found = list(scan(f"{server.url}/digits"))
            assert ingest(conn, project, f"{server.url}/digits").n_done == 12
            stop_group(server.process)
            assert not isinstance(found[0], Failure)
            with pytest.raises(StorageError, match="the server does not answer"), local_copy(found[0].uri):
                pass
            with pytest.raises(StorageError, match="the server does not answer"):
                ingest(conn, project, f"{server.url}/digits")
        forget_connections()
    assert conn.execute("SELECT count(*) FROM recording WHERE vanished_at IS NOT NULL").fetchone() == (0,)
