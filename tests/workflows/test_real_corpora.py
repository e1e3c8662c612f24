"""The main job on whole real corpora and on a hostile folder: files in = rows out, nothing crashes, all is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
import soundfile

from pipeline.catalog.projects import Project
from pipeline.storage import Store, path_of
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from tests.audio.hostile import make_hostile_folder

Conn = psycopg.Connection[Any]


def test_esc10_comes_in_with_folder_labels_and_original_recordings_as_groups(
    conn: Conn, project: Project, test_data: Path
) -> None:
    rules = LabelRules(from_folder=True, name_pattern="{fold}-{group}-{take}.ogg")
    outcome = ingest(conn, project, str(test_data / "esc10"), labels=rules, workers=4)
    n_files = len(list((test_data / "esc10").rglob("*.ogg")))
    assert (outcome.n_input, outcome.n_done, outcome.failed) == (n_files, n_files, ())
    rows = conn.execute(
        "SELECT r.uri, r.n_samples, r.rate_hz, r.source_group, l.name FROM recording r "
        "JOIN recording_label USING (recording_id) JOIN label l USING (label_id)"
    ).fetchall()
    assert len(rows) == n_files
    for uri, n_samples, rate_hz, group, label in rows:
        path = Path(path_of(uri))
        facts = soundfile.info(str(path))
        assert (n_samples, rate_hz) == (facts.frames, facts.samplerate)
        assert (group, label) == (path.stem.split("-")[1], path.parent.name)


def test_every_phone_recording_decodes_and_conforms(
    conn: Conn, project: Project, store: Store, test_data: Path
) -> None:
    n_files = len([p for p in (test_data / "formats").iterdir() if p.suffix in (".3gp", ".caf")])
    outcome = ingest(conn, project, str(test_data / "formats"), workers=2)
    assert (outcome.n_done, outcome.failed) == (n_files, ())
    assert cut(conn, project, store, workers=2).n_done == n_files
    rows = conn.execute(
        "SELECT c.n_samples, round(r.n_samples * 16000.0 / r.rate_hz) FROM clip c JOIN recording r USING (recording_id)"
    ).fetchall()
    assert len(rows) == n_files and all(got == expected for got, expected in rows)


def test_hostile_folder_ends_in_rows_and_sentences(conn: Conn, project: Project, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    expected = make_hostile_folder(folder)
    outcome = ingest(conn, project, str(folder), labels=LabelRules(from_folder=True), workers=4)
    count = conn.execute(
        "SELECT (SELECT count(*) FROM recording), (SELECT count(*) FROM failure WHERE resolved_at IS NULL)"
    ).fetchone()
    assert count == (outcome.n_done, len(outcome.failed))
    assert outcome.n_input >= 60
    read = {Path(path_of(uri)).name for (uri,) in conn.execute("SELECT uri FROM recording")}
    failed = {Path(path_of(f.item)).name: f for f in outcome.failed}
    for name, expectation in expected.items():
        base = Path(name).name
        if expectation == "sound":
            assert base in read, f"{name!r} is sound: {failed.get(base)}"
        elif expectation == "failure":
            assert base in failed or base not in read, f"{name!r} is no sound"
        assert base in read or base in failed or (folder / name).is_dir(), f"{name!r} was passed over in silence"
    for failure in outcome.failed:
        assert len(failure.message) > 20, failure
    cut_outcome = cut(conn, project, store, workers=4)
    assert cut_outcome.n_input == outcome.n_done
    embed_outcome = embed(conn, project, store, workers=4)
    assert embed_outcome.failed == ()
    again = ingest(conn, project, str(folder), labels=LabelRules(from_folder=True), workers=4)
    assert (again.n_done, again.n_unchanged, len(again.failed)) == (
        outcome.n_done,
        outcome.n_done,
        len(outcome.failed),
    )


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers_gives_the_same_rows(
    conn: Conn, project: Project, store: Store, digits: Path, workers: int
) -> None:
    ingest(conn, project, str(digits), workers=workers)
    cut(conn, project, store, workers=workers)
    row = conn.execute(
        "SELECT count(*), md5(string_agg(encode(sha256, 'hex'), '' ORDER BY sha256)) FROM clip"
    ).fetchone()
    assert row is not None and row[0] == 60
    expected = {sha for (sha,) in conn.execute("SELECT encode(sha256, 'hex') FROM clip")}
    assert expected == {Path(key).stem for key in list(store.keys())}
