"""Augmented copies beside an export: in their parent's split and label, the frozen version untouched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.catalog import datasets
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotFound, StorageError
from pipeline.storage import Store
from pipeline.workflows.augment import augment, write_augmented
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.release import export
from pipeline.workflows.select import save_chosen
from tests.workflows.conftest import SPEAKERS
from tests.workflows.test_augment import MIX, NOISE, PITCH, Conn, all_clips, released


@pytest.fixture
def cut_digits(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """The digits with labels and speakers, cut whole; nothing is redundant."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    return project


def test_exported_copies_lie_in_their_parents_split_and_the_frozen_manifest_stays(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path
) -> None:
    split_of = released(conn, cut_digits)
    augment(conn, cut_digits, store, "noisy", [NOISE], n_copies=2)
    augment(conn, cut_digits, store, "high", [PITCH], dataset="digits")
    write_augmented(conn, cut_digits, store, "high")
    out = tmp_path / "out"
    export(conn, cut_digits, store, name="digits", folder=tmp_path / "plain")
    for _ in range(2):
        files = export(conn, cut_digits, store, name="digits", folder=out, augmentations=["noisy", "high"])
    rows = [json.loads(line) for line in (out / "augmented.jsonl").read_text().splitlines()]
    n_train = sum(split == "train" for split in split_of.values())
    assert len(rows) == 2 * len(split_of) + n_train
    assert len(files) == len(split_of) + 2 + len(rows) + 1
    manifest = {row["clip_id"]: row for row in map(json.loads, (out / "manifest.jsonl").read_text().splitlines())}
    for row in rows:
        parent = manifest[row["parent_clip_id"]]
        assert (row["split"], row["label"]) == (parent["split"], parent["label"])
        assert Path(row["file"]).parent == Path("augmented", row["split"], row["label"])
        assert hashlib.sha256((out / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    assert {(row["augmentation"], row["split"]) for row in rows if row["augmentation"] == "high"} == {("high", "train")}
    version = datasets.find_version(conn, cut_digits.project_id, "digits", None)
    assert hashlib.sha256((out / "manifest.jsonl").read_bytes()).digest() == version.manifest_sha256
    for path in (tmp_path / "plain").rglob("*.*"):
        assert (out / path.relative_to(tmp_path / "plain")).read_bytes() == path.read_bytes()


def test_copy_without_its_parent_in_the_version_or_over_sound_of_another_split_is_left_out(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path
) -> None:
    ids = all_clips(conn, cut_digits)
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = ANY(%s)", (ids[:5],))
    split_of = released(conn, cut_digits)
    conn.execute("UPDATE clip SET is_redundant = false WHERE clip_id = ANY(%s)", (ids[:5],))
    of_test = [i for i, split in split_of.items() if split == "test"][:1]
    save_chosen(conn, cut_digits, "one of test", of_test)
    augment(conn, cut_digits, store, "noisy", [NOISE])
    augment(conn, cut_digits, store, "mixed", [MIX], backgrounds="one of test")
    export(conn, cut_digits, store, name="digits", folder=tmp_path / "out", augmentations=["noisy", "mixed"])
    rows = [json.loads(line) for line in (tmp_path / "out" / "augmented.jsonl").read_text().splitlines()]
    assert {row["parent_clip_id"] for row in rows if row["augmentation"] == "noisy"} == set(split_of)
    assert {row["split"] for row in rows if row["augmentation"] == "mixed"} == {"test"}


def test_folder_with_copies_of_another_export_is_refused(
    conn: Conn, cut_digits: Project, store: Store, tmp_path: Path
) -> None:
    released(conn, cut_digits)
    augment(conn, cut_digits, store, "noisy", [NOISE])
    export(conn, cut_digits, store, name="digits", folder=tmp_path / "out", augmentations=["noisy"])
    with pytest.raises(StorageError, match="augmented sounds that are not of this export"):
        export(conn, cut_digits, store, name="digits", folder=tmp_path / "out")
    with pytest.raises(NotFound, match="no augmentation of this name: loud; expected one of noisy"):
        export(conn, cut_digits, store, name="digits", folder=tmp_path / "out", augmentations=["loud"])
