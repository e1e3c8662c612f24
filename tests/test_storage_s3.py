"""Promises of pipeline/storage on S3, kept against a real S3 API server on loopback that checks every signature."""

from __future__ import annotations

import json
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.catalog.projects import Project, create_project
from pipeline.core.errors import StorageError
from pipeline.core.settings import load_recipe
from pipeline.core.types import Failure
from pipeline.storage import FoundFile, Store, file_sha256, local_copy, refuse_password, scan
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from tests.servers import S3Server, s3_server

Conn = psycopg.Connection[Any]


@pytest.fixture
def project(conn: Conn) -> Project:
    return create_project(conn, "test", load_recipe())


@pytest.fixture
def digits(test_data: Path, tmp_path: Path) -> Path:
    """A folder with 12 spoken digits."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for path in sorted((test_data / "fsdd").glob("*_0.wav"))[:12]:
        shutil.copy2(path, folder)
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def access(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, with its credentials in the environment."""
    give(server, monkeypatch)
    yield server
    forget_connections()


def give(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    forget_connections()


def forget_connections() -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


def upload(folder: Path, uri: str) -> None:
    from fsspec.core import url_to_fs

    fs, root = url_to_fs(uri)
    for path in sorted(folder.iterdir()):
        fs.pipe_file(f"{root}/{path.name}", path.read_bytes())


def test_object_is_written_once_and_read_back(access: S3Server) -> None:
    store = Store("s3://sounds/store-1")
    assert list(store.keys()) == []
    keys = [store.put(data, suffix=".wav") for data in (b"one", b"three", b"one")]
    assert list(store.keys()) == sorted(set(keys))
    assert [store.read(key) for key in keys] == [b"one", b"three", b"one"]
    assert store.exists(keys[0]) and not store.exists("ab/cd/ef.wav")
    with pytest.raises(StorageError, match=r"ab/cd/ef\.wav in s3://sounds/store-1; got nothing is there"):
        store.read("ab/cd/ef.wav")


def test_folder_markers_and_hidden_objects_are_passed_over(access: S3Server) -> None:
    from fsspec.core import url_to_fs

    fs, root = url_to_fs("s3://sounds/scanned")
    for name in ("a b#1.wav", "deep/größe.wav", "deep/.hidden", "empty/"):
        fs.pipe_file(f"{root}/{name}", b"12345" if not name.endswith("/") else b"")
    found = [entry for entry in scan("s3://sounds/scanned/") if isinstance(entry, FoundFile)]
    assert [(entry.name, entry.size_bytes) for entry in found] == [("a b#1.wav", 5), ("deep/größe.wav", 5)]
    assert all(entry.mtime_ns > 0 for entry in found)
    for entry in found:
        assert list(scan(entry.uri)) == [
            FoundFile(
                uri=entry.uri,
                name=entry.name.rpartition("/")[2],
                size_bytes=5,
                mtime_ns=entry.mtime_ns // 10**9 * 10**9,
            )
        ]
        with local_copy(entry.uri) as path:
            assert Path(path).read_bytes() == b"12345"


def test_main_job_runs_from_s3_to_s3(access: S3Server, conn: Conn, project: Project, digits: Path) -> None:
    upload(digits, "s3://sounds/digits")
    store = Store("s3://sounds/clips")
    outcome = ingest(conn, project, "s3://sounds/digits")
    assert (outcome.n_done, outcome.failed) == (12, ())
    assert ingest(conn, project, "s3://sounds/digits").n_unchanged == 12
    assert cut(conn, project, store).n_done == 12
    assert_clips_are_heard(conn, project, store)


def assert_clips_are_heard(conn: Conn, project: Project, store: Store) -> None:
    rows = conn.execute("SELECT clip_id, n_samples FROM clip").fetchall()
    assert len(rows) == 12
    for clip_id, n_samples in rows[:5]:
        data, mime, rate_hz = clip_bytes(conn, project, store, clip_id)
        assert (mime, rate_hz) == ("audio/wav", 16_000)
        assert len(data) >= 2 * n_samples


def test_large_object_is_never_held_in_memory(access: S3Server, tmp_path: Path) -> None:
    from fsspec.core import url_to_fs

    big = tmp_path / "big.wav"
    big.write_bytes(bytes(80_000_000))
    fs, root = url_to_fs("s3://sounds/large")
    fs.put_file(str(big), f"{root}/big.wav")
    forget_connections()
    tracemalloc.start()
    with local_copy("s3://sounds/large/big.wav") as path:
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert file_sha256(path) == file_sha256(big)
    assert peak_bytes < 20_000_000


def test_wrong_credentials_are_one_sentence_without_them(
    access: S3Server, conn: Conn, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store("s3://sounds/store-2")
    key = store.put(b"sound", suffix=".wav")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wr0ng/secret")
    forget_connections()
    for verb in (
        lambda: list(scan("s3://sounds")),
        lambda: store.read(key),
        lambda: store.exists(key),
        lambda: store.put(b"more", suffix=".wav"),
        lambda: list(store.keys()),
        lambda: ingest(conn, project, "s3://sounds/digits"),
    ):
        with pytest.raises(StorageError, match="the server refuses these credentials") as caught:
            verb()
        assert_no_credential(access, str(caught.value))
    assert_no_credential(access, caplog.text + whole_database(conn))


def assert_no_credential(server: S3Server, text: str) -> None:
    assert "wr0ng" not in text
    assert server.environ["AWS_SECRET_ACCESS_KEY"] not in text
    assert server.environ["AWS_ACCESS_KEY_ID"] not in text


def whole_database(conn: Conn) -> str:
    tables = ("operation", "operation_outcome", "failure", "source", "recording", "progress")
    rows = [conn.execute(f"SELECT to_jsonb(t) FROM {table} t".encode()).fetchall() for table in tables]
    return json.dumps(rows, default=str)


def test_bucket_that_is_not_there_is_named(access: S3Server) -> None:
    with pytest.raises(StorageError, match="s3://no-such-bucket/x; got nothing is there"):
        scan("s3://no-such-bucket/x")
    with pytest.raises(StorageError, match="s3://no-such-bucket; got nothing is there"):
        scan("s3://no-such-bucket")
    with pytest.raises(StorageError, match="in s3://no-such-bucket/x; got nothing is there"):
        Store("s3://no-such-bucket/x").put(b"sound", suffix=".wav")


def test_server_that_goes_away_is_one_sentence_and_nothing_has_vanished(
    conn: Conn, project: Project, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server() as server:
        give(server, monkeypatch)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        upload(digits, "s3://sounds/digits")
        ingest(conn, project, "s3://sounds/digits")
        server.process.kill()
        with pytest.raises(StorageError, match="the server does not answer") as caught:
            ingest(conn, project, "s3://sounds/digits")
        assert_no_credential(server, str(caught.value) + whole_database(conn))
    forget_connections()
    assert conn.execute("SELECT count(*) FROM recording WHERE vanished_at IS NOT NULL").fetchone() == (0,)


def test_server_that_goes_away_while_files_are_read_fails_the_file(
    conn: Conn, project: Project, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server() as server:
        give(server, monkeypatch)
        for path in sorted(digits.iterdir())[1:]:
            path.unlink()
        upload(digits, "s3://sounds/few")
        found = list(scan("s3://sounds/few"))
        server.process.kill()
        for entry in found:
            assert not isinstance(entry, Failure)
            with pytest.raises(StorageError, match="the server does not answer"), local_copy(entry.uri):
                pass
    forget_connections()


@pytest.mark.parametrize(
    "uri",
    [
        "s3://AKIA:abc/def@sounds/x",
        "smb://WORK;me:pa:ss/w@rd@nas/share",
        "https://x.org/a.wav?X-Amz-Signature=abcd",
        "abfs://c@a.net/x?sv=1&sig=abcd",
    ],
)
def test_secret_in_an_address_is_refused_before_anything_is_written(conn: Conn, project: Project, uri: str) -> None:
    with pytest.raises(StorageError, match="a password stands in the address") as caught:
        ingest(conn, project, uri)
    assert not any(secret in str(caught.value) for secret in ("abc", "def", "w@rd", "pa:ss"))
    assert whole_database(conn) == json.dumps([[]] * 6)


def test_port_and_at_sign_are_no_password() -> None:
    for uri in ("smb://nas:1445/share/a@b.wav", "smb://me@nas/share", "smb://[fe80::1]:445/share/a@b", "s3://b/a:c@d"):
        refuse_password(uri)
