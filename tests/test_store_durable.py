"""What the store promises to doctor, verify and backup, and what a power cut must not take."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.core.errors import StorageError
from pipeline.storage import Store, write_whole


@pytest.fixture(params=["file", "memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store: a folder, and two by way of fsspec."""
    uris = {
        "file": (tmp_path / "store").as_uri(),
        "memory": f"memory://{uuid4().hex}",
        "local": f"local://{tmp_path}/driven",
    }
    return Store(uris[request.param])


def test_size_and_hash_are_those_of_the_bytes(store: Store) -> None:
    for data in (b"", b"sound", bytes(3_000_000)):
        key = store.put(data, suffix=".wav")
        assert store.size_bytes(key) == len(data)
        assert store.sha256(key) == hashlib.sha256(data).digest()
        with store.opened(key) as path:
            assert path.read_bytes() == data


def test_object_that_is_not_there_has_no_size_and_no_hash(store: Store) -> None:
    store.put(b"another", suffix=".wav")
    assert store.size_bytes("ab/cd/abcd.wav") is None
    with pytest.raises(StorageError):
        store.sha256("ab/cd/abcd.wav")


def test_removed_object_is_gone_and_may_be_removed_again(store: Store) -> None:
    key, other = store.put(b"sound", suffix=".wav"), store.put(b"other", suffix=".wav")
    store.remove(key)
    store.remove(key)
    assert list(store.keys()) == [other]


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "", "ab//cd"])
def test_nothing_outside_is_asked_for_or_removed(store: Store, key: str) -> None:
    for verb in (store.size_bytes, store.sha256, store.remove):
        with pytest.raises(StorageError, match="not a key"):
            verb(key)


def test_files_are_told_apart_and_objects_come_in_order_of_their_keys(tmp_path: Path) -> None:
    store = Store(tmp_path.as_uri())
    keys = sorted(store.put(str(i).encode(), suffix=suffix) for i in range(50) for suffix in (".wav", ".flac", ""))
    leftover = Path(keys[0]).with_name(f".{Path(keys[0]).name}.0123456789abcdef.tmp").as_posix()
    misplaced = f"00/00/{'f' * 64}.wav"
    for name in (leftover, misplaced, "README", "ab/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    files = list(store.files())
    assert [file.key for file in files if file.is_object] == keys
    assert [file.key for file in files if file.is_leftover] == [leftover]
    rest = [file for file in files if not file.is_object and not file.is_leftover]
    assert sorted(file.key for file in rest) == sorted([misplaced, "README", "ab/notes.txt"])
    assert {file.size_bytes for file in rest} == {5}
    assert all(file.mtime_ns == (tmp_path / file.key).stat().st_mtime_ns for file in files)


def test_name_of_an_object_that_was_there_is_safe_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path.as_uri())
    key = store.put(b"sound", suffix=".wav")
    synced: list[str] = []
    fsync = os.fsync

    def watch(fd: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", watch)
    store.put(b"sound", suffix=".wav")
    assert synced == [str((tmp_path / key).parent)]


def test_bytes_are_safe_before_their_name_and_the_name_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path.as_uri())
    happened: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watch(fd: int) -> None:
        happened.append(f"sync {Path(f'/proc/self/fd/{fd}').readlink().name}")
        fsync(fd)

    def rename(path: Path, target: Path) -> Path:
        happened.append(f"rename {path.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", watch)
    monkeypatch.setattr(Path, "replace", rename)
    key = Path(store.put(b"sound", suffix=".wav"))
    folders, (file, renamed, named) = happened[:-3], happened[-3:]
    assert folders == [f"sync {tmp_path.name}", f"sync {key.parts[0]}"]
    assert file.startswith(f"sync .{key.name}.") and renamed == f"rename {file.removeprefix('sync ')}"
    assert named == f"sync {key.parts[1]}"


def test_file_written_whole_replaces_the_former_one(tmp_path: Path) -> None:
    for data in (b"first", b"second"):
        write_whole(tmp_path / "file", data)
        assert (tmp_path / "file").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_copy_is_taken_over_what_was_there_and_only_if_it_is_whole(store: Store, tmp_path: Path) -> None:
    data, path = b"sound" * 1_000, tmp_path / "given"
    sha256 = hashlib.sha256(data).digest()
    key = store.put(data, suffix=".wav")
    before = [file.key for file in store.files()]
    path.write_bytes(bytes(len(data)))
    with pytest.raises(StorageError, match="not what was cut"):
        store.take(path, key, sha256=sha256)
    assert store.read(key) == data
    store.remove(key)
    path.write_bytes(data)
    store.take(path, key, sha256=sha256)
    store.settle()
    assert store.read(key) == data
    assert [file.key for file in store.files()] == before
