"""Promises of pipeline/storage on this machine and through drivers without a server."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.core.errors import StorageError
from pipeline.core.types import Failure
from pipeline.storage import FoundFile, Store, file_sha256, local_copy, path_of, scan, uri_of

ROOT = Path(__file__).parent.parent


def names(folder: Path | str) -> list[str]:
    return [found.name for found in scan(str(folder)) if isinstance(found, FoundFile)]


def failures(folder: Path) -> list[Failure]:
    return [found for found in scan(str(folder)) if isinstance(found, Failure)]


def test_scan_finds_every_file_in_the_order_of_its_path(tmp_path: Path) -> None:
    for name in ("b.wav", "a/2.wav", "a/1/deep.wav", "a.wav", "c/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    found = list(scan(str(tmp_path)))
    assert names(tmp_path) == ["a/1/deep.wav", "a/2.wav", "a.wav", "b.wav", "c/x.txt"]
    assert found == list(scan(tmp_path.as_uri()))
    first = found[0]
    assert isinstance(first, FoundFile)
    assert first.uri == (tmp_path / "a/1/deep.wav").as_uri()
    assert first.size_bytes == 5
    assert first.mtime_ns == (tmp_path / "a/1/deep.wav").stat().st_mtime_ns


def test_relative_path_gives_absolute_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "a.wav").touch()
    monkeypatch.chdir(tmp_path)
    assert list(scan("sounds")) == list(scan("./sounds/../sounds")) == list(scan(str(tmp_path / "sounds")))


def test_one_file_is_found_alone(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "b.wav").touch()
    assert names(tmp_path / "a.wav") == names((tmp_path / "a.wav").as_uri()) == ["a.wav"]


def test_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert list(scan(str(tmp_path))) == []


def test_missing_folder_is_refused_at_once(tmp_path: Path) -> None:
    for missing in (str(tmp_path / "missing"), (tmp_path / "missing").as_uri(), "memory://missing", "\0"):
        with pytest.raises(StorageError):
            scan(missing)


@pytest.mark.parametrize(
    "raw", [b"caf\xe9.wav", b"two\nlines.wav", b"tab\there.wav", "größe 音.wav".encode(), b"50%20?#.wav", b"~"]
)
def test_any_name_survives_the_way_through_its_uri(tmp_path: Path, raw: bytes) -> None:
    path = os.fsencode(tmp_path) + b"/" + raw
    Path(os.fsdecode(path)).write_bytes(b"sound")
    (found,) = scan(str(tmp_path))
    assert isinstance(found, FoundFile)
    assert os.fsencode(path_of(found.uri)) == path
    assert found.uri.isascii() and found.uri.isprintable()
    assert found.name.isprintable()
    found.name.encode()
    with local_copy(found.uri) as local:
        assert file_sha256(local) == hashlib.sha256(b"sound").digest()


def test_uri_of_agrees_with_pathlib(tmp_path: Path) -> None:
    path = tmp_path / "a b%ü'(1).wav"
    assert uri_of(path) == path.as_uri()
    assert path_of(f"file://localhost{path}") == str(path)
    assert path_of("file:/a/b") == "/a/b"


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    for name in (".hidden.wav", ".cache/a.wav", "a/.DS_Store", "a/b.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["a/b.wav"]
    assert names(tmp_path / ".cache") == ["a.wav"]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.wav").touch()
    (tmp_path / "file.wav").symlink_to(tmp_path / "real" / "a.wav")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    assert names(tmp_path) == ["file.wav", "folder/a.wav", "real/a.wav"]


def test_dangling_and_looping_links_are_failures(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "gone.wav")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    assert names(tmp_path) == ["a.wav"]
    found = {Path(path_of(failure.item)).name: failure for failure in failures(tmp_path)}
    assert set(found) == {"dangling.wav", "itself", "up"}
    assert "leads nowhere" in found["dangling.wav"].message
    assert "back to a folder" in found["up"].message


def test_pipes_and_sockets_are_failures_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        messages = [failure.message for failure in failures(tmp_path)]
    assert [message.rpartition(": ")[2] for message in messages] == ["a pipe, not a file", "a socket, not a file"]
    assert len(failures(tmp_path / "pipe.wav")) == 1


def test_folder_that_may_not_be_read_is_a_failure_and_the_rest_is_found(open_folder: Path) -> None:
    (open_folder / "a.wav").touch()
    (open_folder / "locked").mkdir()
    (open_folder / "locked" / "b.wav").touch()
    (open_folder / "locked").chmod(0)
    # Root may read everything, so look with the eyes of somebody else.
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        found = list(scan(str(open_folder)))
    finally:
        os.seteuid(os.getuid())
        (open_folder / "locked").chmod(0o755)
    assert [type(entry) for entry in found] == [FoundFile, Failure]
    assert isinstance(found[1], Failure) and "Permission denied" in found[1].message


def test_real_corpus_is_found_whole(test_data: Path) -> None:
    assert len(names(test_data / "fsdd")) == sum(1 for _ in (test_data / "fsdd").glob("*.wav"))
    assert not failures(test_data)


@pytest.fixture(params=["path", "file", "memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Folder, file:// URI, a driver without rename (memory) and one with (fsspec's own local://)."""
    return Store(
        {
            "path": str(tmp_path / "a store%20"),
            "file": (tmp_path / "a store").as_uri(),
            "memory": f"memory://{uuid4().hex}",
            "local": f"local://{tmp_path}/driven",
        }[request.param]
    )


def test_object_is_found_under_the_hash_of_its_bytes(store: Store) -> None:
    digest = hashlib.sha256(b"sound").hexdigest()
    key = store.put(b"sound", suffix=".wav")
    assert key == f"{digest[:2]}/{digest[2:4]}/{digest}.wav"
    assert store.exists(key)
    assert store.read(key) == b"sound"


def test_same_bytes_lie_there_once(store: Store) -> None:
    keys = [store.put(data, suffix=suffix) for data in (b"one", b"one", b"", b"two") for suffix in (".wav", "")]
    assert list(store.keys()) == sorted(set(keys))
    assert len(set(keys)) == 6


def test_put_again_leaves_the_file_alone(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    path = Path(store.local_path(store.put(b"sound", suffix=".wav")) or "")
    before = path.stat()
    store.put(b"sound", suffix=".wav")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_object_of_the_wrong_size_is_mended(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    key = store.put(b"sound", suffix=".wav")
    Path(store.local_path(key) or "").write_bytes(b"so")
    store.put(b"sound", suffix=".wav")
    assert store.read(key) == b"sound"


def test_missing_object_is_named(store: Store) -> None:
    assert not store.exists("ab/cd/abcd.wav")
    with pytest.raises(StorageError, match=r"ab/cd/abcd\.wav"):
        store.read("ab/cd/abcd.wav")


def test_store_not_written_to_has_no_keys(store: Store) -> None:
    assert list(store.keys()) == []


@pytest.mark.parametrize(
    "key", ["../secret", "ab/../../secret", "/etc/passwd", "", "ab//cd", "ab\\..\\x", "./ab", "\0"]
)
def test_key_that_climbs_out_is_refused(store: Store, key: str) -> None:
    for verb in (store.read, store.exists, store.local_path):
        with pytest.raises(StorageError, match="not a key"):
            verb(key)


@pytest.mark.parametrize("suffix", ["wav", "/../x", ".WAV", ".a.b", ".wav\n"])
def test_odd_suffix_is_refused(store: Store, suffix: str) -> None:
    with pytest.raises(StorageError, match="not a suffix"):
        store.put(b"sound", suffix=suffix)


def test_local_path_is_only_for_local_stores(tmp_path: Path) -> None:
    assert Store(str(tmp_path)).local_path("ab/x.wav") == str(tmp_path / "ab" / "x.wav")
    assert Store("memory://x").local_path("ab/x.wav") is None


def test_colleagues_may_read_what_is_stored(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = Store(str(tmp_path / "store"))
        path = Path(store.local_path(store.put(b"sound", suffix=".wav")) or "")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_store_travels_to_workers(store: Store) -> None:
    assert pickle.loads(pickle.dumps(store)) == store


def test_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write to the store"):
        Store(str(tmp_path / "file")).put(b"sound", suffix=".wav")
    with pytest.raises(StorageError, match="cannot write to the store"):
        Store("nonsense://x").put(b"sound", suffix=".wav")


KILLED_WRITER = """
import sys
from pipeline.storage import Store
store = Store(sys.argv[1])
data = bytearray(16_000_000)
print("ready", flush=True)
for i in range(100):
    data[:2] = int(sys.argv[2]), i
    store.put(bytes(data), suffix=".wav")
"""


def test_object_is_whole_or_absent_while_it_is_written_and_after_its_writer_is_killed(tmp_path: Path) -> None:
    store, rng = Store(str(tmp_path)), random.Random(7)
    for round_ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", KILLED_WRITER, str(tmp_path), str(round_)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout and writer.stdout.readline() == "ready\n"
        until = time.monotonic() + rng.uniform(0.1, 0.3)
        n_before = len(list(store.keys()))
        while time.monotonic() < until or len(list(store.keys())) == n_before:
            assert {Path(store.local_path(key) or "").stat().st_size for key in store.keys()} <= {16_000_000}  # noqa: SIM118
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    for key in store.keys():  # noqa: SIM118
        assert file_sha256(store.local_path(key) or "").hex() == Path(key).stem


def test_remote_folder_is_scanned_like_a_local_one() -> None:
    store = Store(f"memory://{uuid4().hex}")
    for data in (b"one", b"three"):
        store.put(data, suffix=".wav")
    found = list(scan(store.uri))
    assert [entry.name for entry in found if isinstance(entry, FoundFile)] == list(store.keys())
    assert [entry.size_bytes for entry in found if isinstance(entry, FoundFile)] == [
        len(store.read(key))
        for key in store.keys()  # noqa: SIM118
    ]
    one = found[0]
    assert isinstance(one, FoundFile) and one.mtime_ns > 0
    assert [entry.name for entry in scan(one.uri) if isinstance(entry, FoundFile)] == [Path(one.uri).name]


def test_remote_file_is_downloaded_for_as_long_as_it_is_used() -> None:
    store = Store(f"memory://{uuid4().hex}")
    key = store.put(b"sound", suffix=".wav")
    with local_copy(f"{store.uri}/{key}") as path:
        assert Path(path).read_bytes() == b"sound"
        assert path.endswith(".wav")
    assert not Path(path).exists()
    with pytest.raises(StorageError, match="cannot download"), local_copy(f"{store.uri}/gone.wav"):
        pass


def test_local_file_is_used_where_it_is(tmp_path: Path) -> None:
    with local_copy(uri_of(tmp_path / "a.wav")) as path:
        assert path == str(tmp_path / "a.wav")


def test_hash_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read the file"):
        file_sha256(tmp_path / "gone")
