"""Backup and restore: the same rows and hashes, in another server, after everything was lost; also over kill -9."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from apps.session import Session
from pipeline.catalog.connect import connect
from pipeline.catalog.dumps import count_rows, empty
from pipeline.catalog.dumps import restore as restore_dump
from pipeline.catalog.failures import open_items
from pipeline.catalog.operations import list_operations
from pipeline.catalog.projects import duty_of
from pipeline.core.errors import CatalogError, DatabaseUnavailable, NotPermitted, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import Settings, load_settings
from pipeline.core.types import AnswerGiven
from pipeline.storage import Store, path_of
from pipeline.workflows.annotate import flag_clip, save_answers
from pipeline.workflows.augment import augment, write_augmented
from pipeline.workflows.backup import backup
from pipeline.workflows.backup_folder import objects_of, opened, read_index, read_manifest
from pipeline.workflows.jobs import submit
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.queue import claim_clips
from pipeline.workflows.release import release
from pipeline.workflows.restore import restore
from pipeline.workflows.workspace import open_workspace
from tests.apps.made import Made, add_person, drop_person, make_once
from tests.conftest import ROOT, other_database
from tests.people import PASSWORD, login_url

N_CLIPS = 24
N_KILLS = int(os.environ.get("EARMARK_KILLS", "3"))
LOG = ("operation", "operation_outcome", "progress")
Conn = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A filled project that waits to be copied."""
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N_CLIPS) as made:
        yield made


@pytest.fixture
def session(made: Made, tmp_path: Path) -> Iterator[Session]:
    """The owner's session in a copy of the filled project, with a store of its own that may be lost."""
    with made.copy() as session:
        store = Store((tmp_path / "store").as_uri())
        shutil.copytree(path_of(session.workspace.store.uri), path_of(store.uri))
        settings = replace(session.workspace.settings, store_uri=store.uri, workers=2)
        yield replace(session, workspace=replace(session.workspace, settings=settings, store=store))


@pytest.fixture
def new_place(open_folder: Path) -> Settings:
    """A workspace with nothing in it: no server, no store."""
    return load_settings(workspace=open_folder / "workspace", project="made", environ={"EARMARK_WORKERS": "2"})


def test_after_everything_is_lost_the_same_rows_and_hashes_and_people_stand_in_another_server(
    session: Session, tmp_path: Path, new_place: Settings
) -> None:
    people = [add_person(session, "annotator"), add_person(session, "reviewer")]
    work_on(session, people)
    rows, hashes = contents(session.workspace.conn), hashes_of(session.workspace.store)
    assert rows["annotation"].n >= 6 and rows["dataset_item"].n > 0 and rows["procrastinate.procrastinate_jobs"].n == 1

    done = backup(session.workspace, session.project, tmp_path / "backup", with_sound=True, workers=2)
    assert (done.outcome.failed, done.notes) == ((), ())
    lose(session, people)

    restored = restore(new_place, tmp_path / "backup")
    assert (restored.outcome.n_done, restored.outcome.failed) == (len(hashes), ())
    assert set(people) <= set(restored.people)
    with open_workspace(new_place) as workspace:
        assert contents(workspace.conn) == rows
        assert hashes_of(workspace.store) == hashes
        with connect(login_url(workspace.url, people[0]), application_name="tests") as conn:
            assert duty_of(conn, session.project.project_id) == "annotator"
            assert conn.execute("SELECT count(*) FROM annotation").fetchone() == (3,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute("UPDATE annotation SET answer = 'unsure'")
        with pytest.raises(DatabaseUnavailable, match="password"):
            connect(login_url(workspace.url, people[0]).replace(PASSWORD, "wrong"), application_name="tests")


def work_on(session: Session, people: list[str]) -> None:
    """Let two people answer three clips each and one doubt; release, write augmented clips, leave a job waiting."""
    workspace, project = session.workspace, session.project
    for person in people:
        with connect(login_url(workspace.url, person), application_name="tests") as conn:
            clips = claim_clips(conn, project, 3)
            answers = [
                AnswerGiven(annotation_id=uuid4(), clip_id=clip.clip_id, answer="label", label="hum", heard=None)
                for clip in clips
            ]
            assert len(save_answers(conn, project, answers).saved) == 3
            flag_clip(conn, project, uuid4(), clips[0].clip_id, is_raised=True)
    release(workspace.conn, project, "tones")
    augment(workspace.conn, project, workspace.store, "louder", [PluginSpec(name="gain")])
    write_augmented(workspace.conn, project, workspace.store, "louder")
    submit(workspace.conn, project, [["verify"]])


def lose(session: Session, people: list[str]) -> None:
    """Drop the database's tables, the people and the store."""
    session.workspace.conn.execute("DROP SCHEMA public, procrastinate CASCADE")
    for person in people:
        drop_person(session, person)
    shutil.rmtree(path_of(session.workspace.store.uri))


@dataclass(frozen=True)
class Rows:
    """How many rows a table has, and the hash of all their columns, in order."""

    n: int
    sha256: str


def contents(conn: Conn) -> dict[str, Rows]:
    """Every table, procrastinate's too."""
    found: dict[str, Rows] = {}
    for name in count_rows(conn):
        digest, n = hashlib.sha256(), 0
        with conn.cursor().copy(f"COPY (SELECT x.* FROM {name} x ORDER BY x::text) TO STDOUT".encode()) as copy:
            for line in copy:
                digest.update(line)
                n += 1
        found[name] = Rows(n, digest.hexdigest())
    return found


def hashes_of(store: Store) -> dict[str, bytes]:
    return {file.key: store.sha256(file.key) for file in store.files()}


def test_next_backup_copies_only_what_is_new_and_mends_what_rotted(session: Session, tmp_path: Path) -> None:
    folder, store = tmp_path / "backup", session.workspace.store
    first = backup(session.workspace, session.project, folder, with_sound=True)
    kept = objects_of(folder)
    rotten, lost, *_ = keys = sorted(kept.keys())
    Path(kept.local_path(rotten) or "").write_bytes(bytes(kept.size_bytes(rotten) or 0))
    kept.remove(lost)
    second = backup(session.workspace, session.project, folder, with_sound=True)
    assert (first.outcome.n_unchanged, second.outcome.n_unchanged) == (0, len(keys) - 2)
    assert hashes_of(kept) == hashes_of(store)
    names = sorted(path.name.split("-")[0] for path in folder.iterdir() if not path.name.startswith("."))
    assert names == ["backup.json", "database", "manifest", "objects", "people"]


def test_manifest_names_every_object_with_its_size_and_hash(session: Session, tmp_path: Path) -> None:
    index = backup(session.workspace, session.project, tmp_path / "backup").index
    entries = list(read_manifest(tmp_path / "backup" / index.manifest.name))
    assert {entry.key: bytes.fromhex(entry.sha256) for entry in entries} == hashes_of(session.workspace.store)
    assert [entry.size for entry in entries] == [session.workspace.store.size_bytes(entry.key) for entry in entries]
    assert [entry.key for entry in entries] == sorted(entry.key for entry in entries)
    assert (index.n_objects, index.n_object_bytes) == (N_CLIPS, sum(entry.size or 0 for entry in entries))
    assert not (tmp_path / "backup" / "objects").exists()


def test_object_that_is_gone_is_a_failure_and_the_backup_stands(session: Session, tmp_path: Path) -> None:
    workspace, folder = session.workspace, tmp_path / "backup"
    key = next(workspace.store.keys())
    data = workspace.store.read(key)
    workspace.store.remove(key)
    done = backup(workspace, session.project, folder, with_sound=True)
    assert [failure.item for failure in done.outcome.failed] == [key]
    assert read_index(folder).n_failed == 1
    assert open_items(workspace.conn, session.project.project_id, "backup") == {key}
    workspace.store.put(data, suffix=".wav")
    assert backup(workspace, session.project, folder, with_sound=True).index.n_failed == 0
    assert open_items(workspace.conn, session.project.project_id, "backup") == set()


def test_rows_written_while_a_backup_runs_are_not_in_it(session: Session, tmp_path: Path) -> None:
    conn, project_id = session.workspace.conn, session.project.project_id

    def write(report: ProgressReport) -> None:
        conn.execute("INSERT INTO label (project_id, name, position) VALUES (%s, %s, 99)", (project_id, str(uuid4())))

    done = backup(session.workspace, session.project, tmp_path / "backup", on_progress=write)
    rows = count_rows(conn)
    assert rows["label"] > done.index.rows["label"] == 3
    assert rows["operation"] == done.index.rows["operation"] + 1


def test_only_the_owner_takes_a_backup(session: Session, tmp_path: Path) -> None:
    person = add_person(session, "admin")
    try:
        with connect(login_url(session.workspace.url, person), application_name="tests") as conn:
            workspace = replace(session.workspace, conn=conn)
            with pytest.raises(NotPermitted, match="does not see every row"):
                backup(workspace, session.project, tmp_path / "backup")
    finally:
        drop_person(session, person)
    assert not (tmp_path / "backup").exists()


def test_two_backups_do_not_write_into_one_folder(session: Session, tmp_path: Path) -> None:
    with opened(tmp_path / "backup"), pytest.raises(StorageError, match="another backup writes here"):
        backup(session.workspace, session.project, tmp_path / "backup")


def test_database_that_holds_rows_is_refused_and_left_alone(
    session: Session, tmp_path: Path, empty_database: str
) -> None:
    backup(session.workspace, session.project, tmp_path / "backup")
    settings = replace(session.workspace.settings, database_url=session.workspace.url)
    before = contents(session.workspace.conn)
    with pytest.raises(CatalogError, match="the database holds rows"):
        restore(settings, tmp_path / "backup")
    assert contents(session.workspace.conn) == before
    migrated = restore(replace(settings, database_url=empty_database), tmp_path / "backup")
    assert migrated.n_rows == sum(migrated.index.rows.values())
    with connect(empty_database, application_name="tests") as conn:
        assert {name: rows for name, rows in contents(conn).items() if name not in LOG} == {
            name: rows for name, rows in before.items() if name not in LOG
        }


@pytest.mark.parametrize("part", ["database", "people", "manifest"])
def test_damaged_backup_is_refused(session: Session, tmp_path: Path, new_place: Settings, part: str) -> None:
    backup(session.workspace, session.project, tmp_path / "backup")
    path = next((tmp_path / "backup").glob(f"{part}-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"):
        restore(new_place, tmp_path / "backup")
    assert not new_place.workspace.exists()


def test_folder_without_a_complete_backup_is_refused(tmp_path: Path, new_place: Settings) -> None:
    with pytest.raises(StorageError, match="no complete backup is here"):
        restore(new_place, tmp_path)


def test_backup_without_sound_proves_the_store_that_is_there(
    session: Session, tmp_path: Path, empty_database: str
) -> None:
    backup(session.workspace, session.project, tmp_path / "backup")
    rotten, gone, *_ = session.workspace.store.keys()
    Path(session.workspace.store.local_path(rotten) or "").write_bytes(b"else")
    session.workspace.store.remove(gone)
    done = restore(replace(session.workspace.settings, database_url=empty_database), tmp_path / "backup")
    assert sorted(failure.item for failure in done.outcome.failed) == sorted([rotten, gone])
    assert done.outcome.n_done == N_CLIPS - 2
    assert any("without sound" in note for note in done.notes)


def test_backup_without_sound_leaves_an_empty_store_to_be_filled(
    session: Session, tmp_path: Path, new_place: Settings
) -> None:
    backup(session.workspace, session.project, tmp_path / "backup")
    done = restore(new_place, tmp_path / "backup")
    assert (done.outcome.n_input, any("without sound" in note for note in done.notes)) == (0, True)


def test_store_that_is_not_there_is_no_backup(session: Session, tmp_path: Path) -> None:
    session.workspace.conn.execute(
        """
        INSERT INTO clip (project_id, recording_id, cut_id, start_sample, stop_sample, object_key, sha256, rate_hz,
          n_channels, n_samples, thumbnail)
        SELECT c.project_id, c.recording_id, c.cut_id, 1000000 + i, 1000001 + i, substr(h, 1, 2) || '/' ||
          substr(h, 3, 2) || '/' || h || '.wav', decode(h, 'hex'), c.rate_hz, c.n_channels, c.n_samples, c.thumbnail
        FROM (SELECT * FROM clip ORDER BY clip_id LIMIT 1) c, generate_series(1, 3000) i,
          LATERAL (SELECT encode(sha256(i::text::bytea), 'hex')) made (h)
        """
    )
    workspace = replace(session.workspace, store=Store((tmp_path / "nowhere").as_uri()))
    with pytest.raises(StorageError, match="check that the store is mounted"):
        backup(workspace, session.project, tmp_path / "backup")
    assert not (tmp_path / "backup" / "backup.json").exists()


def test_owner_who_is_no_superuser_restores_all_but_what_only_a_superuser_may(
    session: Session, tmp_path: Path, database_url: str
) -> None:
    backup(session.workspace, session.project, tmp_path / "backup")
    with connect(database_url, application_name="tests") as conn:
        conn.execute(f"CREATE ROLE plain_owner LOGIN CREATEROLE PASSWORD '{PASSWORD}'".encode())
        conn.execute("CREATE DATABASE of_plain_owner OWNER plain_owner")
    url = other_database(database_url, "of_plain_owner")
    try:
        with connect(url, application_name="tests") as conn:
            conn.execute("CREATE EXTENSION vector")
        settings = replace(session.workspace.settings, database_url=login_url(url, "plain_owner"))
        done = restore(settings, tmp_path / "backup")
        assert done.n_rows == sum(done.index.rows.values())
        assert any("only a superuser" in note for note in done.notes)
        with connect(login_url(url, "plain_owner"), application_name="tests") as conn:
            assert duty_of(conn, session.project.project_id) == "admin"
    finally:
        with connect(database_url, application_name="tests") as conn:
            conn.execute("DROP DATABASE of_plain_owner WITH (FORCE)")
            conn.execute("DROP ROLE plain_owner")


@pytest.mark.timeout(600)
def test_killed_backup_is_none_and_the_next_goes_on(session: Session, tmp_path: Path) -> None:
    folder, rng = tmp_path / "backup", random.Random(4)
    began = time.monotonic()
    run_backup(session, tmp_path / "calm").wait()
    took_s = time.monotonic() - began
    n_killed = 0
    while n_killed < N_KILLS:
        run = run_backup(session, folder)
        try:
            run.wait(rng.uniform(0.4, 1.0) * took_s)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            if not (folder / "backup.json").exists():
                n_killed += 1
                with pytest.raises(StorageError, match="no complete backup"):
                    read_index(folder)
                continue
        # It was whole before the kill came: once more.
        (folder / "backup.json").unlink()
    n_there = len(list(objects_of(folder).keys()))
    done = backup(session.workspace, session.project, folder, with_sound=True)
    assert (done.outcome.n_unchanged, done.outcome.n_done) == (n_there, N_CLIPS)
    assert len(list(folder.glob("database-*"))) == 1
    assert hashes_of(objects_of(folder)).items() >= hashes_of(session.workspace.store).items()
    runs = [run.status for run in list_operations(session.workspace.conn, session.project.project_id)]
    assert runs[0] == "done" and "running" not in runs and runs.count("failed") >= 1


def test_killed_restore_leaves_no_row_and_the_next_goes_on(
    session: Session, tmp_path: Path, empty_database: str
) -> None:
    backup(session.workspace, session.project, tmp_path / "backup", with_sound=True)
    store = Store((tmp_path / "new").as_uri())
    environ = os.environ | {"EARMARK_DATABASE_URL": empty_database, "EARMARK_STORE": store.uri, "EARMARK_WORKERS": "1"}
    command = [sys.executable, "-m", "pipeline.cli", "restore", str(tmp_path / "backup"), "--json"]
    run = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL)
    while next(store.keys(), None) is None:
        assert run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    with connect(empty_database, application_name="tests") as conn:
        assert count_rows(conn).get("project", 0) == 0
    n_there = len(list(store.keys()))
    settings = replace(session.workspace.settings, database_url=empty_database, store_uri=store.uri)
    done = restore(settings, tmp_path / "backup")
    assert (done.outcome.n_done, done.outcome.n_unchanged >= n_there > 0) == (N_CLIPS, True)
    assert {key: sha256 for key, sha256 in hashes_of(store).items() if ".tmp" not in key} == hashes_of(
        session.workspace.store
    )


def run_backup(session: Session, folder: Path) -> subprocess.Popen[bytes]:
    settings = session.workspace.settings
    environ = os.environ | {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": settings.store_uri,
        "EARMARK_PROJECT": session.project.name,
        "EARMARK_WORKERS": "1",
    }
    command = [sys.executable, "-m", "pipeline.cli", "backup", str(folder), "--with-sound", "--json"]
    return subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_dump_that_breaks_off_leaves_no_row(session: Session, tmp_path: Path, empty_database: str) -> None:
    index = backup(session.workspace, session.project, tmp_path / "backup").index
    whole = (tmp_path / "backup" / index.database.name).read_bytes()
    (tmp_path / "part.dump").write_bytes(whole[: len(whole) * 9 // 10])
    with connect(empty_database, application_name="tests") as conn:
        empty(conn)
        with pytest.raises(CatalogError, match="nothing of it was changed"):
            restore_dump(conn, tmp_path / "part.dump")
        assert count_rows(conn) == {}
        restore_dump(conn, tmp_path / "backup" / index.database.name)
        assert count_rows(conn) == index.rows
