"""Verify: every clip's bytes against their hash, gone on with after kill -9."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apps.session import Session
from pipeline.catalog import operations
from pipeline.catalog.connect import connect
from pipeline.catalog.failures import open_items
from pipeline.core.errors import Cancelled, NotPermitted, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.storage import Store, path_of
from pipeline.workflows.augment import augment, write_augmented
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.verify import verify
from tests.apps.made import Made, add_person, drop_person, make_once
from tests.conftest import ROOT
from tests.people import login_url

N_CLIPS = 12
N_MANY = 30_000


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A filled project that waits to be copied."""
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N_CLIPS) as made:
        yield made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    """The owner's session in a copy of the filled project; the store is everybody's."""
    with made.copy() as session:
        yield session


@pytest.mark.parametrize("workers", [1, 2])
def test_clips_that_are_whole_are_done(session: Session, workers: int) -> None:
    outcome = verify(session.workspace.conn, session.project, session.workspace.store, workers=workers)
    assert (outcome.n_input, outcome.n_done, outcome.n_unchanged) == (N_CLIPS, N_CLIPS, 0)


def test_bytes_that_are_gone_or_wrong_are_failures_until_they_are_back(session: Session) -> None:
    conn, project, store = session.workspace.conn, session.project, session.workspace.store
    gone, rotten, cut_off = _objects(session)[:3]
    kept = {clip: store.read(key) for clip, key in (gone, rotten, cut_off)}
    try:
        store.remove(gone[1])
        _overwrite(store, rotten[1], kept[rotten[0]][:-1] + b"\x01")
        _overwrite(store, cut_off[1], kept[cut_off[0]][:100])
        outcome = verify(conn, project, store)
        messages = {failure.item: failure.message for failure in outcome.failed}
        assert outcome.n_done == N_CLIPS - 3
        assert messages.keys() == {f"clip {clip}" for clip in kept} == open_items(conn, project.project_id, "verify")
        assert "no such object in the store" in messages[f"clip {gone[0]}"]
        assert "is not what was cut" in messages[f"clip {rotten[0]}"] and rotten[1] in messages[f"clip {rotten[0]}"]
        assert "is not what was cut" in messages[f"clip {cut_off[0]}"]
    finally:
        for clip, key in (gone, rotten, cut_off):
            _overwrite(store, key, kept[clip])
    assert verify(conn, project, store).failed == ()
    assert open_items(conn, project.project_id, "verify") == set()


def test_run_that_was_stopped_is_gone_on_with_and_what_had_failed_is_read_again(session: Session) -> None:
    conn, project, store = session.workspace.conn, session.project, session.workspace.store
    clip, key = _objects(session)[0]
    data = store.read(key)

    def stop(report: ProgressReport) -> None:
        if report.n_done + report.n_failed >= 4:
            raise KeyboardInterrupt

    try:
        store.remove(key)
        with pytest.raises(KeyboardInterrupt):
            verify(conn, project, store, page=2, on_progress=stop)
        assert open_items(conn, project.project_id, "verify") == {f"clip {clip}"}
    finally:
        store.put(data, suffix=".wav")
    outcome = verify(conn, project, store, page=5)
    assert (outcome.n_done, outcome.n_unchanged, outcome.failed) == (N_CLIPS, 3, ())
    assert open_items(conn, project.project_id, "verify") == set()
    assert verify(conn, project, store).n_unchanged == 0


def test_augmented_clips_that_were_written_are_read_too_and_gone_on_with(session: Session, tmp_path: Path) -> None:
    conn, project, store = session.workspace.conn, session.project, Store((tmp_path / "store").as_uri())
    shutil.copytree(path_of(session.workspace.store.uri), path_of(store.uri))
    augment(conn, project, store, "louder", [PluginSpec(name="gain")], n_copies=2)
    assert verify(conn, project, store).n_done == N_CLIPS
    write_augmented(conn, project, store, "louder")
    rows = conn.execute("SELECT augmented_clip_id, object_key FROM augmented_clip ORDER BY 1").fetchall()
    (first, key), *_ = rows
    store.remove(key)

    def stop(report: ProgressReport) -> None:
        if report.stage == "augmented clips" and report.n_done + report.n_failed >= N_CLIPS + 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(conn, project, store, page=2, on_progress=stop)
    outcome = verify(conn, project, store)
    assert [failure.item for failure in outcome.failed] == [f"augmented clip {first}"]
    assert (outcome.n_input, outcome.n_unchanged) == (N_CLIPS + 2 * N_CLIPS, N_CLIPS + 3)


def test_person_stops_a_run_and_another_begins_anew(session: Session) -> None:
    conn, project, store = session.workspace.conn, session.project, session.workspace.store

    def ask(report: ProgressReport) -> None:
        newest = operations.list_operations(conn, project.project_id, limit=1)[0]
        operations.ask_cancel(conn, project.project_id, newest.operation_id)

    with pytest.raises(Cancelled, match="verify was stopped"):
        verify(conn, project, store, page=3, on_progress=ask)
    assert verify(conn, project, store, is_from_start=True).n_unchanged == 0


def test_store_that_is_not_there_is_one_sentence_and_not_a_failure_for_every_clip(
    session: Session, tmp_path: Path
) -> None:
    conn, project = session.workspace.conn, session.project
    _add_clips(session, N_MANY)
    with pytest.raises(StorageError, match="check that the store is mounted"):
        verify(conn, project, Store((tmp_path / "nowhere").as_uri()))
    assert 1_000 <= len(open_items(conn, project.project_id, "verify")) <= 1_400
    outcome = verify(conn, project, session.workspace.store)
    assert (outcome.n_done, outcome.failed) == (N_CLIPS + N_MANY, ())
    assert open_items(conn, project.project_id, "verify") == set()


def test_researcher_verifies_and_reviewer_may_not(session: Session) -> None:
    people = [add_person(session, "researcher"), add_person(session, "reviewer")]
    try:
        with connect(login_url(session.workspace.url, people[0]), application_name="tests") as conn:
            assert verify(conn, session.project, session.workspace.store).n_done == N_CLIPS
        with (
            connect(login_url(session.workspace.url, people[1]), application_name="tests") as conn,
            pytest.raises(NotPermitted, match="may not verify"),
        ):
            verify(conn, session.project, session.workspace.store)
    finally:
        for person in people:
            drop_person(session, person)


def test_killed_run_is_gone_on_with_where_it_had_committed(session: Session) -> None:
    conn, project = session.workspace.conn, session.project
    _add_clips(session, N_MANY)
    reached = 0
    for _ in range(2):
        run = _start(session)
        cursor = _wait_for_cursor(conn, run, beyond=reached)
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert cursor > reached
        reached = _cursor(conn)
    n_before = conn.execute("SELECT count(*) FROM clip WHERE clip_id <= %s", (reached,)).fetchone()
    outcome = verify(conn, project, session.workspace.store, workers=2)
    assert (outcome.n_unchanged,) == n_before and 0 < outcome.n_unchanged < N_MANY
    assert (outcome.n_done, outcome.failed) == (N_CLIPS + N_MANY, ())


def _start(session: Session) -> subprocess.Popen[bytes]:
    settings = session.workspace.settings
    environ = os.environ | {
        "EARMARK_DATABASE_URL": session.workspace.url,
        "EARMARK_WORKSPACE": str(settings.workspace),
        "EARMARK_STORE": settings.store_uri,
        "EARMARK_PROJECT": session.project.name,
        "EARMARK_WORKERS": "2",
    }
    return subprocess.Popen([sys.executable, "-m", "pipeline.cli", "verify", "--json"], env=environ, cwd=ROOT)


def _wait_for_cursor(conn: psycopg.Connection[Any], run: subprocess.Popen[bytes], *, beyond: int) -> int:
    until = time.monotonic() + 60
    while (cursor := _cursor(conn)) <= beyond:
        assert run.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    return cursor


def _cursor(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("SELECT cursor FROM progress ORDER BY operation_id DESC LIMIT 1").fetchone()
    return 0 if row is None or row[0] is None else row[0]


def _objects(session: Session) -> list[tuple[int, str]]:
    return session.workspace.conn.execute("SELECT clip_id, object_key FROM clip ORDER BY clip_id").fetchall()


def _overwrite(store: Store, key: str, data: bytes) -> None:
    path = Path(store.local_path(key) or "")
    path.write_bytes(data)


def _add_clips(session: Session, n: int) -> None:
    """More rows that name the first clip's object."""
    session.workspace.conn.execute(
        """
        INSERT INTO clip (project_id, recording_id, cut_id, start_sample, stop_sample, object_key, sha256, rate_hz,
          n_channels, n_samples, thumbnail)
        SELECT c.project_id, c.recording_id, c.cut_id, 1000000 + i, 1000001 + i, c.object_key, c.sha256, c.rate_hz,
          c.n_channels, c.n_samples, c.thumbnail
        FROM (SELECT * FROM clip ORDER BY clip_id LIMIT 1) c, generate_series(1, %s) i
        """,
        (n,),
    )
