"""Augment on real sound: rows that rebuild every copy bit for bit, files when asked, and the parent's split."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import soundfile

from pipeline.catalog import augmentations, datasets, operations
from pipeline.catalog.clips import clip_sounds
from pipeline.catalog.failures import page_failures
from pipeline.catalog.projects import Project
from pipeline.core.errors import (
    Cancelled,
    CatalogError,
    NotFound,
    NotPermitted,
    PluginError,
    SettingsError,
)
from pipeline.core.plugin_spec import PluginSpec
from pipeline.storage import Store
from pipeline.workflows.augment import augment, render, write_augmented
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.release import release
from pipeline.workflows.select import save_chosen
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]

PITCH = PluginSpec.parse("pitch:min_semitones=-3,max_semitones=3")
NOISE = PluginSpec.parse("noise:min_snr_db=10,max_snr_db=20")
MIX = PluginSpec(name="background_mix")
EVERY_KIND = tuple(
    PluginSpec(name=name)
    for name in (
        *("background_mix", "band_limit", "codec", "gain", "noise", "pitch"),
        *("room_response", "speed", "time_shift", "time_stretch"),
    )
)


@pytest.fixture
def cut_digits(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """The digits with labels and speakers, cut whole; nothing is redundant."""
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    return project


@pytest.fixture
def few(conn: Conn, cut_digits: Project) -> Project:
    """The same, of which the first six clips are the selection few, and the last three the selection rain."""
    ids = all_clips(conn, cut_digits)
    save_chosen(conn, cut_digits, "few", ids[:6])
    save_chosen(conn, cut_digits, "rain", ids[-3:])
    return cut_digits


def test_every_parent_gets_its_copies_as_rows_and_no_file(conn: Conn, cut_digits: Project, store: Store) -> None:
    keys = list(store.keys())
    outcome = augment(conn, cut_digits, store, "noisy", [NOISE], n_copies=2)
    assert (outcome.n_input, outcome.n_done, outcome.failed) == (120, 120, ())
    rows = augmentations.augmented_clips(conn, cut_digits.project_id, "noisy")
    assert [(row.clip_id, row.position) for row in rows] == [
        (i, p) for i in all_clips(conn, cut_digits) for p in (0, 1)
    ]
    assert len({row.sha256 for row in rows}) == 120
    assert {row.object_key for row in rows} == {None}
    assert list(store.keys()) == keys
    assert rows[0].spec["chain"] == [
        {"name": "noise", "params": {"colour": "any", "min_snr_db": 10.0, "max_snr_db": 20.0}}
    ]


def test_copies_have_the_rate_channels_and_subtype_of_their_parents(conn: Conn, few: Project, store: Store) -> None:
    augment(conn, few, store, "fast", [PluginSpec.parse("speed:min_speed=2,max_speed=2")], selection="few")
    for row in augmentations.augmented_clips(conn, few.project_id, "fast"):
        (parent,) = clip_sounds(conn, few.project_id, [row.clip_id])
        data, mime, rate_hz = render(conn, few, store, row.augmented_clip_id)
        info = soundfile.info(io.BytesIO(data))
        before = soundfile.info(store.local_path(parent.object_key))
        assert (info.samplerate, info.channels, info.subtype) == (before.samplerate, before.channels, before.subtype)
        assert (mime, rate_hz, info.frames) == ("audio/wav", before.samplerate, row.n_samples)
        assert row.n_samples == round(before.frames / 2)


def test_one_and_four_workers_give_the_same_rows(conn: Conn, few: Project, store: Store) -> None:
    for workers in (1, 4):
        augment(conn, few, store, f"by-{workers}", EVERY_KIND, backgrounds="rain", workers=workers)
    assert contents(conn, few, "by-1") == contents(conn, few, "by-4")


def test_another_process_rebuilds_every_copy_from_its_row_alone(
    conn: Conn, few: Project, store: Store, empty_database: str
) -> None:
    augment(conn, few, store, "all", EVERY_KIND, n_copies=2, selection="few", backgrounds="rain")
    save_chosen(conn, few, "rain", all_clips(conn, few)[:1])  # what the selection holds now is of no matter
    program = """
import hashlib, json, sys
from pipeline.catalog import augmentations
from pipeline.catalog.connect import connect
from pipeline.catalog.projects import get_project
from pipeline.storage import Store
from pipeline.workflows.augment import render
with connect(sys.argv[1], application_name="tests") as conn:
    project = get_project(conn, "test")
    rows = augmentations.augmented_clips(conn, project.project_id, "all")
    made = [render(conn, project, Store(sys.argv[2]), row.augmented_clip_id)[0] for row in rows]
    print(json.dumps([hashlib.sha256(data).hexdigest() for data in made]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, empty_database, store.uri],
        check=True,
        capture_output=True,
        env=os.environ | {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"},
    )
    rows = augmentations.augmented_clips(conn, few.project_id, "all")
    assert json.loads(ran.stdout) == [row.sha256.hex() for row in rows]
    assert len(rows) == 12


def test_seed_of_a_copy_is_its_own_and_depends_on_nothing_else_that_is_augmented(
    conn: Conn, few: Project, store: Store
) -> None:
    augment(conn, few, store, "six", [PITCH], selection="few", seed=5)
    augment(conn, few, store, "all", [PITCH], n_copies=2, seed=5)
    augment(conn, few, store, "other", [PITCH], selection="few", seed=6)
    of_all = {(row.clip_id, row.position): row for row in augmentations.augmented_clips(conn, few.project_id, "all")}
    for row in augmentations.augmented_clips(conn, few.project_id, "six"):
        assert row.sha256 == of_all[row.clip_id, 0].sha256
        assert row.seed != of_all[row.clip_id, 1].seed
    assert len({row.seed for row in of_all.values()}) == 120
    assert not seeds(conn, few, "six") & seeds(conn, few, "other")


def test_same_again_makes_what_is_missing_only(conn: Conn, few: Project, store: Store) -> None:
    augment(conn, few, store, "noisy", [NOISE])
    before = contents(conn, few, "noisy")
    conn.execute("DELETE FROM augmented_clip WHERE clip_id = %s", (all_clips(conn, few)[3],))
    again = augment(conn, few, store, "noisy", [PluginSpec.parse("noise:max_snr_db=20,min_snr_db=10.0,colour=any")])
    assert (again.n_done, again.n_unchanged) == (60, 59)
    assert contents(conn, few, "noisy") == before


def test_same_name_with_another_spec_is_refused_and_nothing_is_made(conn: Conn, few: Project, store: Store) -> None:
    augment(conn, few, store, "noisy", [NOISE], selection="few")
    with pytest.raises(CatalogError, match=r"noisy.*another n_copies, seed.*choose another name"):
        augment(conn, few, store, "noisy", [NOISE], selection="few", n_copies=2, seed=1)
    assert len(augmentations.augmented_clips(conn, few.project_id, "noisy")) == 6


def test_run_that_was_stopped_goes_on_to_the_same_rows(conn: Conn, few: Project, store: Store) -> None:
    augment(conn, few, store, "calm", [PITCH], n_copies=3)

    def stop(report: ProgressReport) -> None:
        if report.n_done > 10:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        augment(conn, few, store, "wild", [PITCH], n_copies=3, on_progress=stop)
    n_before = len(augmentations.augmented_clips(conn, few.project_id, "wild"))
    assert 10 < n_before < 180
    again = augment(conn, few, store, "wild", [PITCH], n_copies=3, workers=4)
    assert (again.n_unchanged, again.n_done) == (n_before, 180)
    assert contents(conn, few, "wild") == contents(conn, few, "calm")


def test_killed_run_goes_on_to_the_same_rows(
    conn: Conn, few: Project, store: Store, empty_database: str, tmp_path: Path
) -> None:
    augment(conn, few, store, "calm", EVERY_KIND, n_copies=4, backgrounds="rain")
    program = tmp_path / "run.py"
    program.write_text(
        """
import sys
from pipeline.catalog.connect import connect
from pipeline.catalog.projects import get_project
from pipeline.storage import Store
from pipeline.workflows.augment import augment
from tests.workflows.test_augment import EVERY_KIND

if __name__ == "__main__":
    with connect(sys.argv[1], application_name="tests") as conn:
        project = get_project(conn, "test")
        augment(conn, project, Store(sys.argv[2]), "wild", EVERY_KIND, n_copies=4, backgrounds="rain", workers=2)
"""
    )
    run = subprocess.Popen(
        [sys.executable, str(program), empty_database, store.uri],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    while run.poll() is None and n_rows(conn, few, "wild") == 0:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    n_before = n_rows(conn, few, "wild")
    assert 0 < n_before < 240
    again = augment(conn, few, store, "wild", EVERY_KIND, n_copies=4, backgrounds="rain", workers=2)
    assert (again.n_done, again.n_unchanged) == (240, n_before)
    assert contents(conn, few, "wild") == contents(conn, few, "calm")


def test_written_files_are_the_rendered_bytes_and_are_written_once(conn: Conn, few: Project, store: Store) -> None:
    augment(conn, few, store, "noisy", [NOISE], selection="few")
    n_before = len(list(store.keys()))
    rendered = [render(conn, few, store, i) for i in augmented_ids(conn, few, "noisy")]
    outcome = write_augmented(conn, few, store, "noisy", workers=2)
    assert (outcome.n_done, outcome.n_unchanged, outcome.failed) == (6, 0, ())
    rows = augmentations.augmented_clips(conn, few.project_id, "noisy")
    written = [store.read(row.object_key) for row in rows if row.object_key is not None]
    assert written == [data for data, _, _ in rendered]
    assert [hashlib.sha256(data).digest() for data in written] == [row.sha256 for row in rows]
    assert len(list(store.keys())) == n_before + 6
    assert write_augmented(conn, few, store, "noisy").n_unchanged == 6
    assert [render(conn, few, store, row.augmented_clip_id) for row in rows] == rendered


def test_copy_that_comes_out_otherwise_is_a_failure_and_no_file(conn: Conn, few: Project, store: Store) -> None:
    augment(conn, few, store, "noisy", [NOISE], selection="few")
    conn.execute(
        "UPDATE augmented_clip SET sha256 = sha256(sha256) WHERE augmented_clip_id = %s",
        (augmented_ids(conn, few, "noisy")[2],),
    )
    outcome = write_augmented(conn, few, store, "noisy")
    assert (outcome.n_done, len(outcome.failed)) == (5, 1)
    assert "comes out otherwise" in outcome.failed[0].message
    assert [row.stage for row in page_failures(conn, few.project_id)] == ["augment"]
    rows = augmentations.augmented_clips(conn, few.project_id, "noisy")
    assert [row.object_key is None for row in rows] == [False, False, True, False, False, False]


def test_parent_whose_sound_is_gone_fails_alone_and_is_made_later(conn: Conn, few: Project, store: Store) -> None:
    (parent,) = clip_sounds(conn, few.project_id, all_clips(conn, few)[:1])
    path = Path(store.local_path(parent.object_key) or "")
    sound = path.read_bytes()
    path.unlink()
    outcome = augment(conn, few, store, "noisy", [NOISE], selection="few")
    assert (outcome.n_input, outcome.n_done, len(outcome.failed)) == (6, 5, 1)
    path.write_bytes(sound)
    assert augment(conn, few, store, "noisy", [NOISE], selection="few").n_unchanged == 5
    assert page_failures(conn, few.project_id) == []


def test_row_keeps_the_backgrounds_by_hash_and_never_the_parent_itself(conn: Conn, few: Project, store: Store) -> None:
    rain = all_clips(conn, few)[-3:]
    augment(conn, few, store, "rainy", [MIX], selection="rain", backgrounds="rain")
    by_id = {sound.clip_id: sound for sound in clip_sounds(conn, few.project_id, rain)}
    for row in augmentations.augmented_clips(conn, few.project_id, "rainy"):
        kept = {sound["clip_id"]: sound["sha256"] for sound in row.spec["backgrounds"]}
        assert kept == {i: by_id[i].sha256.hex() for i in rain if i != row.clip_id}


def test_only_train_clips_of_the_dataset_are_augmented_and_nothing_of_test_is_mixed_in(
    conn: Conn, cut_digits: Project, store: Store
) -> None:
    split_of = released(conn, cut_digits)
    save_chosen(conn, cut_digits, "everything", all_clips(conn, cut_digits))
    augment(conn, cut_digits, store, "train", [MIX], dataset="digits", backgrounds="everything")
    rows = augmentations.augmented_clips(conn, cut_digits.project_id, "train")
    assert {row.clip_id for row in rows} == {i for i, split in split_of.items() if split == "train"}
    mixed_in = {sound["clip_id"] for row in rows for sound in row.spec["backgrounds"]}
    assert {split_of[i] for i in mixed_in} == {"train"}


@pytest.mark.parametrize(
    ("chain", "given", "error", "words"),
    [
        ([], {}, PluginError, "one augmenter or more"),
        ([PluginSpec(name="reverse")], {}, PluginError, "unknown augmenter: reverse"),
        ([PluginSpec.parse("pitch:semitones=2")], {}, PluginError, "semitones; expected only max_semitones"),
        ([PluginSpec.parse("noise:min_snr_db=200")], {}, PluginError, "min_snr_db"),
        ([MIX], {}, PluginError, "background_mix needs backgrounds"),
        ([PITCH], {"backgrounds": "rain"}, PluginError, "no augmenter of this chain takes backgrounds"),
        ([MIX, PluginSpec(name="impulse_response")], {"backgrounds": "rain"}, PluginError, "two kinds"),
        ([MIX], {"backgrounds": "snow"}, NotFound, "snow; expected one of rain, few"),
        ([PITCH], {"selection": "nobody"}, NotFound, "nobody; expected one of rain, few"),
        ([PITCH], {"dataset": "nothing"}, NotFound, "no such dataset version"),
        ([PITCH], {"dataset": "a", "selection": "few"}, SettingsError, "one place"),
        ([PITCH], {"n_copies": 0}, SettingsError, "n_copies"),
        ([PITCH], {"seed": -1}, SettingsError, "seed"),
    ],
)
def test_what_cannot_be_augmented_is_refused_in_words(
    conn: Conn, few: Project, store: Store, chain: list[PluginSpec], given: dict[str, Any], error: type, words: str
) -> None:
    with pytest.raises(error, match=words):
        augment(conn, few, store, "wrong", chain, **given)
    assert augmentations.list_augmentations(conn, few.project_id) == []


def test_project_without_clips_a_wrong_name_and_an_unknown_one_are_refused_in_words(
    conn: Conn, project: Project, store: Store
) -> None:
    with pytest.raises(NotFound, match="ingest and cut first"):
        augment(conn, project, store, "noisy", [NOISE])
    with pytest.raises(NotFound, match=r"no augmentation of this name.*earmark augment"):
        write_augmented(conn, project, store, "noisy")
    with pytest.raises(NotFound, match="no such augmented clip"):
        render(conn, project, store, 1)


def test_name_that_could_not_be_a_file_is_refused(conn: Conn, few: Project, store: Store) -> None:
    with pytest.raises(CatalogError, match="cannot have this name"):
        augment(conn, few, store, "../up", [NOISE])


@pytest.fixture
def annotator(conn: Conn, few: Project, empty_database: str) -> Iterator[Conn]:
    """The connection of a login that is an annotator in the project."""
    with logged_in(conn, empty_database, few.project_id, "annotator") as other:
        yield other


def test_annotator_may_not_augment_and_leaves_no_trace(annotator: Conn, conn: Conn, few: Project, store: Store) -> None:
    before = operations.list_operations(conn, few.project_id)
    for verb in (
        lambda: augment(annotator, few, store, "noisy", [NOISE]),
        lambda: write_augmented(annotator, few, store, "noisy"),
    ):
        with pytest.raises(NotPermitted, match="may not augment"):
            verb()
    assert operations.list_operations(conn, few.project_id) == before


def released(conn: Conn, project: Project) -> dict[int, str]:
    """The split of each clip of a version of dataset digits."""
    version = release(conn, project, "digits").version
    items = datasets.read_items(conn, project.project_id, version.dataset_version_id)
    assert {item.split for item in items} == {"train", "validation", "test"}
    return {item.clip_id: item.split for item in items}


def all_clips(conn: Conn, project: Project) -> list[int]:
    return augmentations.clips_to_augment(conn, project.project_id)


def augmented_ids(conn: Conn, project: Project, name: str) -> list[int]:
    return [row.augmented_clip_id for row in augmentations.augmented_clips(conn, project.project_id, name)]


def n_rows(conn: Conn, project: Project, name: str) -> int:
    return len(augmented_ids(conn, project, name))


def seeds(conn: Conn, project: Project, name: str) -> set[int]:
    return {row.seed for row in augmentations.augmented_clips(conn, project.project_id, name)}


def contents(conn: Conn, project: Project, name: str) -> list[tuple[Any, ...]]:
    """All that must be equal, without ids and names."""
    rows = augmentations.augmented_clips(conn, project.project_id, name)
    return [(r.clip_id, r.position, r.seed, r.sha256, r.n_samples, r.rate_hz, r.spec) for r in rows]
