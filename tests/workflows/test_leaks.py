"""Leaks of a split that stands: planted ones are found, whatever was done to their sound, and none is invented."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import soundfile

from bench.copies import COPIES
from pipeline.catalog import operations
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotPermitted, SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio
from pipeline.curation.leaks import LeakKind
from pipeline.storage import Store
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.leaks import leaks_of_table, leaks_of_version
from pipeline.workflows.release import release
from tests.conftest import ROOT
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
CHANGES = (
    *("mp3 64k", "ogg", "opus 24k", "via 8 kHz", "gain -6 dB", "noise 30 dB"),
    *("shift", "shift", "shift", "shift", "trim", "trim", "trim"),
)
N_SAME_SPEAKER = 7


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A folder with a table of its split, and the file names of each planted leak by the kind that it is."""

    folder: Path
    table: Path
    copies: dict[str, str]
    strays: set[str]


@pytest.fixture
def planted(test_data: Path, tmp_path: Path) -> Planted:
    """Real sounds of two folds, and of three speakers, on two sides; thirteen altered copies and seven strays."""
    folder = tmp_path / "planted"
    folder.mkdir()
    rows: list[dict[str, str]] = []

    def add(name: str, split: str, group: str) -> None:
        rows.append({"file": name, "label": "x", "group": group, "split": split})

    scenes = sorted(
        path
        for path in (test_data / "esc10").rglob("*.*")
        if path.suffix in (".ogg", ".wav", ".flac") and path.name[0] in "15"
    )
    for path in scenes:
        shutil.copy2(path, folder)
        add(path.name, "train" if path.name[0] == "1" else "test", path.name.split("-")[1])
    rng = np.random.default_rng(20)
    train = [path for path in scenes if path.name[0] == "1"]
    copies: dict[str, str] = {}
    for number, (change, at) in enumerate(zip(CHANGES, rng.permutation(len(train)), strict=False)):
        samples, rate_hz = soundfile.read(train[at], dtype="float32", always_2d=True)
        copy = COPIES[change](Audio(samples=samples.T, rate_hz=rate_hz), rng)
        name = f"copy_{number:02}.wav"
        soundfile.write(folder / name, copy.samples.T, copy.rate_hz)
        copies[name] = train[at].name
        add(name, "test", f"unknown {number}")
    strays = {f"{digit}_theo_1.wav" for digit in range(N_SAME_SPEAKER)}
    for path in sorted((test_data / "fsdd").glob("*_[01].wav")):
        speaker = path.stem.split("_")[1]
        if speaker != "jackson":
            shutil.copy2(path, folder)
            add(path.name, "test" if speaker == "george" or path.name in strays else "train", speaker)
    table = tmp_path / "split.csv"
    with table.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, ("file", "label", "group", "split"))
        writer.writeheader()
        writer.writerows(rows)
    return Planted(folder=folder, table=table, copies=copies, strays=strays)


def bring_in(conn: Conn, project: Project, store: Store, planted: Planted) -> None:
    ingest(conn, project, str(planted.folder), labels=LabelRules(csv_path=str(planted.table)))
    cut(conn, project, store)


def test_twenty_planted_leaks_are_found_and_none_is_invented(
    conn: Conn, project: Project, store: Store, planted: Planted
) -> None:
    bring_in(conn, project, store, planted)
    report = leaks_of_table(conn, project, store, planted.table)
    assert report.outcome.failed == ()
    assert len(report.pairs) == len(planted.copies) + len(planted.strays) == 20
    by_sound = {p.clip.recording_name: p.other.recording_name for p in report.pairs if p.kind == "same recording"}
    # Of a copy and its original, one on each side, either may be named first.
    assert {frozenset(pair) for pair in by_sound.items()} == {frozenset(pair) for pair in planted.copies.items()}
    strays = [pair for pair in report.pairs if pair.kind == "same source group"]
    assert {pair.clip.recording_name for pair in strays} == planted.strays
    assert {pair.other.source_group for pair in strays} == {"theo"}
    assert all(pair.score is not None and pair.lag_s is not None for pair in report.pairs if pair not in strays)


@pytest.fixture
def split_digits(conn: Conn, project: Project, store: Store, digits: Path, tmp_path: Path) -> Path:
    """The digits, cut, and a table that splits them by speaker."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    return write_table(
        tmp_path / "split.csv", {p.name: "test" if "theo" in p.name else "train" for p in digits.iterdir()}
    )


def write_table(path: Path, splits: dict[str, str]) -> Path:
    path.write_text("file,split\n" + "".join(f"{name},{split}\n" for name, split in sorted(splits.items())), "utf-8")
    return path


def test_split_without_leaks_has_none(conn: Conn, project: Project, store: Store, split_digits: Path) -> None:
    report = leaks_of_table(conn, project, store, split_digits)
    assert (report.pairs, report.n_of_split) == ([], {"test": 15, "train": 45})
    assert (report.outcome.n_input, report.outcome.n_done) == (60, 60)
    run = operations.list_operations(conn, project.project_id)[0]
    assert (run.action, run.status) == ("leaks", "done")


def test_file_in_two_splits_and_file_that_is_not_here(
    conn: Conn, project: Project, store: Store, split_digits: Path
) -> None:
    with split_digits.open("a", encoding="utf-8") as lines:
        lines.write("0_george_0.wav,test\nnowhere.wav,train\n")
    report = leaks_of_table(conn, project, store, split_digits)
    (pair,) = report.pairs
    assert (pair.kind, pair.clip.clip_id) == (LeakKind.IDENTICAL, pair.other.clip_id)
    (failure,) = report.outcome.failed
    assert "earmark ingest" in failure.message


def test_overlapping_spans_of_one_file_leak_with_their_lag(
    conn: Conn, project: Project, store: Store, test_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    digits = [soundfile.read(test_data / "fsdd" / f"{digit}_theo_0.wav", dtype="float32") for digit in range(10)]
    sound = np.concatenate([samples for samples, _ in digits])
    soundfile.write(folder / "long.wav", sound, digits[0][1])
    ingest(conn, project, str(folder))
    cut(
        conn, project, store, segmenter=PluginSpec(name="fixed", params={"length_s": 1.0, "hop_s": 0.5, "tail": "drop"})
    )
    table = tmp_path / "split.csv"
    # Middles at 0.5, 1, 1.5 ... s: the third clip overlaps the first and the second of the other side.
    table.write_text("file,split,start_s,stop_s\nlong.wav,test,0,1.4\nlong.wav,train,1.4,\n", "utf-8")
    report = leaks_of_table(conn, project, store, table)
    spans = [pair for pair in report.pairs if pair.kind == LeakKind.SAME_SPAN]
    files = [pair for pair in report.pairs if pair.kind == LeakKind.SAME_FILE]
    assert [(pair.clip.start_s, pair.other.start_s, pair.lag_s, pair.score) for pair in spans] == [
        (0.5, 1.0, -0.5, 0.5)
    ]
    assert [(pair.clip.start_s, pair.lag_s) for pair in files] == [(0.0, None)]


def test_clip_whose_sound_is_gone_is_a_failure_and_the_others_are_examined(
    conn: Conn, project: Project, store: Store, split_digits: Path
) -> None:
    row = conn.execute("SELECT object_key FROM clip ORDER BY clip_id LIMIT 1").fetchone()
    path = store.local_path(row[0] if row else "")
    assert path is not None
    Path(path).unlink()
    report = leaks_of_table(conn, project, store, split_digits)
    assert (report.outcome.n_done, len(report.outcome.failed), report.pairs) == (59, 1, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,label\na.wav,x\n", "columns file and split"),
        ("file,split\na.wav,\n", "line 2"),
        ("file,split,start_s\na.wav,train,soon\n", "seconds"),
        (None, "cannot read"),
    ],
)
def test_table_that_is_no_split_is_refused(
    conn: Conn, project: Project, store: Store, tmp_path: Path, text: str | None, words: str
) -> None:
    table = tmp_path / "split.csv"
    if text is not None:
        table.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=words):
        leaks_of_table(conn, project, store, table)


def test_our_own_release_has_no_leak_and_a_reviewer_may_look_but_no_annotator(
    conn: Conn, empty_database: str, project: Project, store: Store, split_digits: Path
) -> None:
    released = release(conn, project, "digits")
    assert released.version.n_items == 60
    with logged_in(conn, empty_database, project.project_id, "reviewer") as reviewer:
        report = leaks_of_version(reviewer, project, store, "digits")
    assert report.pairs == [] and sum(report.n_of_split.values()) == 60
    with logged_in(conn, empty_database, project.project_id, "annotator") as annotator, pytest.raises(NotPermitted):
        leaks_of_version(annotator, project, store, "digits")


def test_command_line_gives_the_pairs_as_json_and_csv(
    conn: Conn, empty_database: str, project: Project, store: Store, split_digits: Path, tmp_path: Path
) -> None:
    names = {line.split(",")[0]: line.strip().split(",")[1] for line in split_digits.read_text().splitlines()[1:]}
    write_table(split_digits, names | {"0_theo_0.wav": "train"})
    environ = os.environ | {
        "EARMARK_DATABASE_URL": empty_database,
        "EARMARK_WORKSPACE": str(tmp_path),
        "EARMARK_STORE": (tmp_path / "store").as_uri(),
        "EARMARK_PROJECT": project.name,
    }
    words = ["leaks", "--table", str(split_digits), "--csv", str(tmp_path / "pairs.csv"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *words], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (pair,) = json.loads(done.stdout)["pairs"]
    assert (pair["kind"], pair["recording"], pair["split"]) == ("same source group", "0_theo_0.wav", "train")
    with (tmp_path / "pairs.csv").open(encoding="utf-8") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["recording"], row["other_split"], row["lag_s"]) == ("0_theo_0.wav", "test", "")
