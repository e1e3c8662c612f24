"""Manifest and audio_folder: what others find when they open them."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pandas
import pytest

from pipeline.core.errors import StorageError
from pipeline.core.types import DatasetVersion
from pipeline.plugins.exporters.audio_folder import AudioFolder
from pipeline.plugins.exporters.layout import audio_paths, label_folders
from pipeline.plugins.exporters.manifest import COLUMNS, Manifest, manifest_csv, manifest_jsonl
from tests.contracts.releases import OBJECTS, release_items

VERSION = DatasetVersion(
    dataset_version_id=1,
    dataset="digits",
    version=2,
    n_items=6,
    manifest_sha256=b"\0" * 32,
    frozen_at=datetime(2026, 1, 1, tzinfo=UTC),
    author="ada",
)


def test_manifest_opens_with_pandas_and_names_the_files_of_audio_folder(tmp_path: Path) -> None:
    items = release_items(6)
    for exporter in (Manifest(), AudioFolder()):
        exporter.export(VERSION, items, folder=tmp_path, read_object=OBJECTS.__getitem__)
    for table in (
        pandas.read_json(tmp_path / "manifest.jsonl", lines=True, dtype={"label": str}),
        pandas.read_csv(tmp_path / "manifest.csv", dtype={"label": str}),
    ):
        assert tuple(table.columns) == COLUMNS
        assert list(table["label"]) == [item.label for item in items]
        assert list(table["clip_id"]) == [item.clip_id for item in items]
        for item, file in zip(items, table["file"], strict=True):
            assert (tmp_path / file).read_bytes() == OBJECTS[item.object_key]


def test_both_manifests_say_the_same() -> None:
    items = release_items(6)
    lines = [json.loads(line) for line in manifest_jsonl(items).decode().splitlines()]
    rows = list(csv.DictReader(io.StringIO(manifest_csv(items).decode(), newline="")))
    assert [{key: str(value) for key, value in line.items()} for line in lines] == rows
    assert lines[0]["sha256"] == items[0].sha256.hex()
    assert lines[1]["duration_s"] == 1.000063


def test_order_of_the_items_does_not_change_the_bytes() -> None:
    items = release_items(6)
    assert manifest_jsonl(items[::-1]) == manifest_jsonl(items)
    assert manifest_csv(items[::-1]) == manifest_csv(items)


def test_paths_look_as_documented() -> None:
    assert audio_paths(release_items(1)) == ["audio/train/dog/clip_000001.wav"]


@pytest.mark.parametrize("label", ["../../etc", "a/b", "", ".", "CON", "x" * 300, "tab\there", "trailing. ", "ü/ñ"])
def test_label_folder_is_one_safe_name(label: str) -> None:
    name = label_folders([label])[label]
    assert PurePosixPath(name).name == name not in ("", ".", "..")
    assert len(name.encode()) < 255 and name == name.strip(" .")
    assert not set(name) & set('/\\:*?"<>|\t\n')


def test_different_labels_have_different_folders_also_where_case_does_not_count() -> None:
    labels = ["dog", "Dog", "a/b", "a?b", "a_b", "", "_", "x" * 300, "x" * 301]
    names = [name.casefold() for name in label_folders(labels).values()]
    assert len(set(names)) == len(labels)


def test_plain_label_keeps_its_name() -> None:
    assert label_folders(["zero", "Fire crackling", "größer"]) == {
        label: label for label in ("zero", "Fire crackling", "größer")
    }


def test_object_that_was_changed_in_the_store_is_not_exported(tmp_path: Path) -> None:
    (item, *_) = release_items(1)
    with pytest.raises(StorageError, match="not what was released"):
        AudioFolder().export(VERSION, [item], folder=tmp_path, read_object=lambda key: b"other bytes")
    assert not list(tmp_path.rglob("*.wav"))


def test_extension_is_the_objects_own(tmp_path: Path) -> None:
    flac = dataclasses.replace(release_items(1)[0], object_key="ab/cd.FLAC")
    bare = dataclasses.replace(flac, object_key="ab/cd")
    assert [path.rpartition(".")[2] for path in audio_paths([flac, bare])] == ["flac", "wav"]


def test_further_labels_are_a_column_only_where_there_are_some() -> None:
    items = release_items(3)
    plain = manifest_jsonl(items), manifest_csv(items)
    assert b'"also"' not in plain[0]
    assert b"also" not in plain[1].splitlines()[0]
    more = [dataclasses.replace(items[0], also=("bird; far", "rain")), *items[1:]]
    rows = [json.loads(line) for line in manifest_jsonl(more).splitlines()]
    assert [row["also"] for row in rows] == [["bird; far", "rain"], [], []]
    table = list(csv.DictReader(io.StringIO(manifest_csv(more).decode(), newline="")))
    assert json.loads(table[0]["also"]) == ["bird; far", "rain"]
