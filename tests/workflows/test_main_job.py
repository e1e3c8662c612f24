"""The main job on real sound: from files to a frozen dataset version, every stage twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import psycopg
import pytest
import soundfile

from pipeline.catalog import datasets, duplicates, operations, recordings
from pipeline.catalog.counts import count_all
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotFound, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven, Heard
from pipeline.storage import Store
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.deduplicate import deduplicate
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.queue import build_queue, claim_clips
from pipeline.workflows.release import export, release
from pipeline.workflows.select import select
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
RULES = LabelRules(name_pattern=SPEAKERS)


@pytest.fixture
def embedded_digits(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """The digits, brought in with labels and speakers, cut whole and embedded."""
    ingest(conn, project, str(digits), labels=RULES)
    cut(conn, project, store)
    embed(conn, project, store)
    return project


def test_every_file_becomes_a_row_with_its_label_and_speaker(conn: Conn, project: Project, digits: Path) -> None:
    outcome = ingest(conn, project, str(digits), labels=RULES)
    assert (outcome.n_input, outcome.n_done, outcome.failed) == (60, 60, ())
    rows = recordings.page_recordings(conn, project.project_id, limit=100)
    for row in rows:
        digit, speaker, _ = row.name.split("_")
        assert (row.labels, row.source_group) == ([digit], speaker)
        assert row.duration_s == soundfile.info(str(digits / row.name)).duration


def test_unchanged_files_are_not_read_again(conn: Conn, project: Project, digits: Path) -> None:
    ingest(conn, project, str(digits), labels=RULES)
    again = ingest(conn, project, str(digits), labels=RULES)
    assert (again.n_done, again.n_unchanged) == (60, 60)
    assert count_all(conn, project.project_id).n_recordings == 60


def test_file_that_changed_becomes_a_new_recording_and_the_old_one_stays(
    conn: Conn, project: Project, digits: Path
) -> None:
    ingest(conn, project, str(digits))
    (digits / "0_george_0.wav").write_bytes((digits / "1_george_0.wav").read_bytes())
    again = ingest(conn, project, str(digits))
    assert again.n_unchanged == 59
    n_all = conn.execute("SELECT count(*) FROM recording").fetchone()
    assert n_all == (61,)
    assert count_all(conn, project.project_id).n_recordings == 60


def test_text_renamed_to_wav_is_a_failure_until_it_is_mended(conn: Conn, project: Project, digits: Path) -> None:
    broken = digits / "0_george_0.wav"
    sound = broken.read_bytes()
    broken.write_text("no sound at all")
    (digits / "notes.txt").write_text("recorded in spring")
    outcome = ingest(conn, project, str(digits))
    assert outcome.n_input == 61
    assert sorted(f.error for f in outcome.failed) == ["NotSound", "UnreadableAudio"]
    assert count_all(conn, project.project_id).n_failures == 1
    broken.write_bytes(sound)
    assert ingest(conn, project, str(digits)).n_done == 60
    assert count_all(conn, project.project_id).n_failures == 0


def test_missing_source_is_refused_and_logged(conn: Conn, project: Project, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        ingest(conn, project, str(tmp_path / "nowhere"))
    (run,) = operations.list_operations(conn, project.project_id)
    assert (run.status, run.author) == ("failed", conn.info.user)
    assert "nowhere" in (run.message or "")


def test_clips_conform_and_their_lengths_are_right_to_the_sample(
    conn: Conn, project: Project, store: Store, digits: Path
) -> None:
    ingest(conn, project, str(digits))
    outcome = cut(conn, project, store)
    assert (outcome.n_done, outcome.failed) == (60, ())
    rows = conn.execute(
        "SELECT r.name, c.object_key, c.n_samples, c.start_sample, c.stop_sample FROM clip c "
        "JOIN recording r USING (recording_id)"
    ).fetchall()
    assert len(rows) == 60
    for name, key, n_samples, start, stop in rows:
        source = soundfile.info(str(digits / name))
        written = soundfile.info(store.local_path(key))
        assert (start, stop) == (0, source.frames)
        assert n_samples == written.frames == 2 * source.frames
        assert (written.samplerate, written.channels, written.subtype) == (16_000, 1, "PCM_16")


def test_another_cut_replaces_the_clips_and_the_first_one_comes_back(
    conn: Conn, project: Project, store: Store, digits: Path
) -> None:
    ingest(conn, project, str(digits))
    cut(conn, project, store)
    fixed = PluginSpec(name="fixed", params={"length_s": 0.1, "tail": "drop"})
    cut(conn, project, store, segmenter=fixed)
    assert count_all(conn, project.project_id).n_clips > 60
    again = cut(conn, project, store)
    assert again.n_done == 60
    assert count_all(conn, project.project_id).n_clips == 60
    assert conn.execute("SELECT count(DISTINCT cut_id) FROM clip").fetchone() == (120,)


def test_source_that_changed_since_ingest_fails_with_a_sentence(
    conn: Conn, project: Project, store: Store, digits: Path
) -> None:
    ingest(conn, project, str(digits))
    (digits / "0_george_0.wav").write_bytes(b"gone")
    outcome = cut(conn, project, store)
    (failure,) = outcome.failed
    assert "changed since it was brought in" in failure.message
    assert (outcome.n_input, outcome.n_done) == (60, 59)


def test_only_clips_without_an_embedding_are_embedded(
    conn: Conn, embedded_digits: Project, store: Store, digits: Path
) -> None:
    again = embed(conn, embedded_digits, store)
    assert (again.n_done, again.n_unchanged) == (60, 60)
    (digits / "9_copy_0.wav").write_bytes((digits / "3_george_1.wav").read_bytes())
    ingest(conn, embedded_digits, str(digits), labels=RULES)
    cut(conn, embedded_digits, store)
    again = embed(conn, embedded_digits, store)
    assert (again.n_done, again.n_unchanged) == (61, 60)
    assert conn.execute("SELECT count(*) FROM map_point").fetchone() == (61,)


def test_copy_is_marked_restored_by_a_person_and_stays_restored(
    conn: Conn, embedded_digits: Project, store: Store, digits: Path
) -> None:
    project = embedded_digits
    (digits / "9_copy_0.wav").write_bytes((digits / "3_george_1.wav").read_bytes())
    ingest(conn, project, str(digits), labels=RULES)
    cut(conn, project, store)
    embed(conn, project, store)
    outcome = deduplicate(conn, project, store)
    assert outcome.detail["n_redundant"] >= 1
    groups = [
        duplicates.read_group(conn, project.project_id, group_id)
        for _, group_id in duplicates.list_group_ids(conn, project.project_id)
    ]
    group = next(g for g in groups if "9_copy_0.wav" in {m.recording_name for m in g})
    copy = next(m for m in group if not m.is_representative)
    assert copy.is_redundant
    with conn.transaction():
        duplicates.decide(conn, project.project_id, copy.clip_id, "restore")
    before = count_all(conn, project.project_id).n_redundant
    deduplicate(conn, project, store)
    assert count_all(conn, project.project_id).n_redundant == before
    assert conn.execute("SELECT is_redundant FROM clip WHERE clip_id = %s", (copy.clip_id,)).fetchone() == (False,)


def test_selection_holds_the_clips_asked_for_with_reasons(conn: Conn, embedded_digits: Project) -> None:
    outcome = select(conn, embedded_digits, "most-diverse", n_clips=10)
    assert outcome.detail["n_selected"] == 10
    reasons = conn.execute("SELECT reason FROM selection_item ORDER BY position").fetchall()
    assert len(reasons) == 10 and all(reason for (reason,) in reasons)


def test_queue_before_embed_says_what_to_do(conn: Conn, project: Project) -> None:
    with pytest.raises(NotFound, match="earmark embed"):
        build_queue(conn, project)


def test_released_version_is_frozen_leak_free_and_opens_with_pandas(
    conn: Conn, embedded_digits: Project, store: Store, tmp_path: Path
) -> None:
    project = embedded_digits
    build_queue(conn, project, n_clips=20)
    answers = [
        AnswerGiven(
            annotation_id=uuid4(),
            clip_id=clip.clip_id,
            answer="label",
            label=clip.proposed_label,
            heard=Heard(n_plays=1, heard_s=clip.duration_s, response_ms=700),
        )
        for clip in claim_clips(conn, project, 5)
    ]
    assert len(save_answers(conn, project, answers).saved) == 5
    first = release(conn, project, "digits").version
    assert (first.version, first.n_items, first.author) == (1, 60, conn.info.user)
    items = datasets.read_items(conn, project.project_id, first.dataset_version_id)
    splits_of: dict[str, set[str]] = {}
    for item in items:
        splits_of.setdefault(item.recording_uri.rsplit("/", 1)[-1].split("_")[1], set()).add(item.split)
    assert all(len(splits) == 1 for splits in splits_of.values()), "a speaker straddles splits"
    files = export(conn, project, store, name="digits", folder=tmp_path / "out")
    manifest = pd.read_json(tmp_path / "out" / "manifest.jsonl", lines=True)
    assert len(manifest) == 60
    assert set(manifest.split) <= {"train", "validation", "test"}
    assert all((tmp_path / "out" / name).is_file() for name in manifest.file)
    assert len(files) == 62
    second = release(conn, project, "digits").version
    assert second.version == 2


def test_frozen_items_and_annotations_cannot_be_changed(conn: Conn, embedded_digits: Project) -> None:
    release(conn, embedded_digits, "digits")
    for table in ("dataset_item", "dataset_version", "annotation", "operation", "operation_outcome"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET author = 'eve'", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement.encode())


def test_nothing_labelled_gives_nothing_to_release(conn: Conn, project: Project) -> None:
    with pytest.raises(NotFound, match="label some"):
        release(conn, project, "empty")
