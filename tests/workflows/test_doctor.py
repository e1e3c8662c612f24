"""Doctor: what does not fit is found and said; what is swept belongs to nobody, also while others write."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from apps.session import Session
from pipeline.catalog import operations
from pipeline.catalog.connect import connect
from pipeline.catalog.integrity import hold_off_writers
from pipeline.core.errors import NotPermitted, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe
from pipeline.storage import Store, path_of
from pipeline.workflows.augment import augment, write_augmented
from pipeline.workflows.cut import cut
from pipeline.workflows.doctor import DAY_S, Examination, Finding, examine, sweep
from pipeline.workflows.jobs import submit
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.queue import claim_clips
from tests.apps.made import Made, add_person, drop_person, make_once, working
from tests.conftest import ROOT
from tests.people import login_url

N_CLIPS = 9


@pytest.fixture(scope="module")
def made(database_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A filled project that waits to be copied."""
    with make_once(database_url, template_database, tmp_path_factory.mktemp("made"), n=N_CLIPS) as made:
        yield made


@pytest.fixture
def session(made: Made, tmp_path: Path) -> Iterator[Session]:
    """The owner's session in a copy of the filled project, with a store of its own."""
    with made.copy() as session:
        store = Store((tmp_path / "store").as_uri())
        shutil.copytree(path_of(session.workspace.store.uri), path_of(store.uri))
        yield replace(session, workspace=replace(session.workspace, store=store))


def test_project_in_order_is_well(session: Session) -> None:
    found = examine(session.workspace)
    assert found.is_well and found.swept is None
    assert {finding.what for finding in found.findings if finding.grade != "good"} == set()
    assert f"0 of {N_CLIPS} objects belong to no row" in of(found, "orphans").message


def test_old_orphan_is_swept_and_young_one_stays(session: Session) -> None:
    store = session.workspace.store
    whole = set(store.keys())
    old, young = put(store, b"old", age_s=2 * DAY_S), put(store, b"young", age_s=0.5 * DAY_S)
    orphans = of(examine(session.workspace), "orphans")
    assert (orphans.grade, orphans.n, orphans.examples) == ("note", 2, (old,))
    swept = sweep(session.workspace, session.project).swept
    assert swept is not None and swept.detail["n_removed"] == 1
    assert set(store.keys()) == whole | {young}
    assert sweep(session.workspace, session.project, older_than_s=3_600).swept is not None
    assert set(store.keys()) == whole
    log = operations.list_operations(session.workspace.conn, session.project.project_id, limit=2)
    assert [(run.action, run.status) for run in log] == [("doctor", "done")] * 2


def test_objects_of_other_projects_resting_cuts_and_augmented_clips_are_no_orphans(session: Session) -> None:
    workspace, project = session.workspace, session.project
    cut(workspace.conn, project, workspace.store, segmenter=PluginSpec(name="fixed", params={"length_s": 0.2}))
    augment(workspace.conn, project, workspace.store, "louder", [PluginSpec(name="gain")])
    write_augmented(workspace.conn, project, workspace.store, "louder")
    other = replace(workspace, settings=replace(workspace.settings, project="other")).create_project(load_recipe())
    before = set(workspace.store.keys())
    assert len(before) > 2 * N_CLIPS
    swept = sweep(workspace, other, older_than_s=0).swept
    assert swept is not None and "n_removed" not in swept.detail
    assert set(workspace.store.keys()) == before


@pytest.mark.parametrize("action", ["cut", "augment"])
def test_nothing_is_swept_while_a_writer_runs(session: Session, action: str) -> None:
    key = put(session.workspace.store, b"just written", age_s=2 * DAY_S)
    with connect(session.workspace.url, application_name="tests") as other:
        with other.transaction():
            operations.begin(other, session.project.project_id, action, {})
        swept = sweep(session.workspace, session.project).swept
        assert swept is not None and swept.n_done == 0 and "runs" in swept.detail["stopped_by"]
        assert session.workspace.store.exists(key)
    wait_until_gone(session.workspace.conn)
    assert sweep(session.workspace, session.project).swept is not None
    assert not session.workspace.store.exists(key)


def test_no_operation_begins_while_objects_are_removed(session: Session) -> None:
    conn = session.workspace.conn
    with connect(session.workspace.url, application_name="tests") as other:
        other.execute("SET lock_timeout = '200ms'")
        with conn.transaction():
            assert hold_off_writers(conn)
            with pytest.raises(psycopg.errors.LockNotAvailable):
                operations.begin(other, session.project.project_id, "cut", {})
        assert operations.begin(other, session.project.project_id, "cut", {}) > 0


def test_object_whose_row_comes_while_doctor_looks_is_kept(session: Session) -> None:
    conn, store = session.workspace.conn, session.workspace.store
    key = put(store, b"its row comes late", age_s=2 * DAY_S)

    def write(report: ProgressReport) -> None:
        if report.stage == "sweeping" and report.n_done == 0:
            conn.execute("UPDATE clip SET object_key = %s WHERE clip_id = (SELECT min(clip_id) FROM clip)", (key,))

    sweep(session.workspace, session.project, on_progress=write)
    assert store.exists(key)


def test_leftover_of_a_killed_writer_is_found_and_swept_when_it_is_old(session: Session) -> None:
    store = session.workspace.store
    before = {file.key for file in store.files()}
    kill_a_writer(store)
    (leftover,) = (file for file in store.files() if file.is_leftover)
    assert of(examine(session.workspace), "leftovers").n == 1
    sweep(session.workspace, session.project)
    assert Path(path_of(store.uri), leftover.key).exists()
    age(store, leftover.key, 2 * DAY_S)
    for file in store.files():
        if file.key not in before:
            age(store, file.key, 2 * DAY_S)
    sweep(session.workspace, session.project)
    assert {file.key for file in store.files()} == before


def test_foreign_file_is_named_and_left_alone(session: Session) -> None:
    readme = Path(path_of(session.workspace.store.uri), "README.txt")
    readme.write_text("whose store this is")
    os.utime(readme, (0, 0))
    found = sweep(session.workspace, session.project)
    assert of(found, "foreign files").examples == ("README.txt",)
    assert readme.exists()


def test_row_whose_object_is_gone_is_harm_and_named(session: Session) -> None:
    clip_id, key = session.workspace.conn.execute("SELECT clip_id, object_key FROM clip LIMIT 1").fetchone() or (0, "")
    session.workspace.store.remove(key)
    found = examine(session.workspace)
    assert not found.is_well
    assert of(found, "objects gone").examples == (f"clip {clip_id} of project made",)


def test_wrong_store_is_not_swept_empty(session: Session, tmp_path: Path) -> None:
    wrong = Store((tmp_path / "wrong").as_uri())
    keys = [put(wrong, str(i).encode(), age_s=2 * DAY_S) for i in range(1_001)]
    workspace = replace(session.workspace, store=wrong)
    with pytest.raises(StorageError, match=r"belongs to no row.*1001 of 1001 objects"):
        sweep(workspace, session.project)
    assert sorted(keys) == list(wrong.keys())
    sweep(workspace, session.project, even_most=True)
    assert list(wrong.keys()) == []


def test_remote_store_is_swept_like_a_folder(session: Session) -> None:
    remote = Store(f"memory://{uuid4().hex}")
    for key in session.workspace.store.keys():  # noqa: SIM118
        remote.put(session.workspace.store.read(key), suffix=".wav")
    whole = list(remote.keys())
    remote.put(b"nobody's", suffix=".wav")
    workspace = replace(session.workspace, store=remote)
    assert of(sweep(workspace, session.project), "orphans").n == 1
    assert len(list(remote.keys())) == len(whole) + 1
    sweep(workspace, session.project, older_than_s=0)
    assert list(remote.keys()) == whole


def test_run_that_died_is_found_and_written_as_failed(session: Session) -> None:
    conn, project_id = session.workspace.conn, session.project.project_id
    with connect(session.workspace.url, application_name="tests") as other:
        dead = operations.begin(other, project_id, "embed", {})
        assert of(examine(session.workspace), "dead runs").n == 0
    wait_until_gone(conn)
    assert of(examine(session.workspace), "dead runs").examples == (f"embed {dead} of project made",)
    sweep(session.workspace, session.project)
    states = {run.operation_id: run.status for run in operations.list_operations(conn, project_id)}
    assert states[dead] == "failed"


def test_jobs_that_nobody_carries_are_harm_until_a_worker_lives(session: Session) -> None:
    conn = session.workspace.conn
    job = submit(conn, session.project, [["verify"]])
    assert of(examine(session.workspace), "jobs without a worker").message == (
        "1 jobs wait and no worker is alive; start earmark worker"
    )
    conn.execute("UPDATE job SET state = 'running' WHERE job_id = %s", (job,))
    assert of(examine(session.workspace), "jobs left behind").n == 1
    conn.execute("UPDATE job SET queue_id = 4711 WHERE job_id = %s", (job,))
    assert of(examine(session.workspace), "jobs unknown to the queue").grade == "harm"


def test_job_whose_worker_lives_is_well(session: Session) -> None:
    with working(session):
        until = time.monotonic() + 30
        submit(session.workspace.conn, session.project, [["verify"]])
        while not examine(session.workspace).is_well:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_claim_that_ran_out_is_noted(session: Session) -> None:
    conn = session.workspace.conn
    assert len(claim_clips(conn, session.project, 2)) == 2
    assert of(examine(session.workspace), "claims that ran out").n == 0
    conn.execute("UPDATE review SET claimed_until = now() - interval '1 minute' WHERE claimed_by IS NOT NULL")
    assert of(examine(session.workspace), "claims that ran out").n == 2


def test_database_is_told(session: Session) -> None:
    found = examine(session.workspace)
    assert "PostgreSQL 18" in of(found, "database").message
    assert of(found, "checksums").message == "no damaged page was met"
    assert of(found, "durability").grade == "good"
    row = session.workspace.conn.execute("SELECT max(name) FROM schema_migration").fetchone()
    assert row and row[0] in of(found, "migrations").message


def test_who_does_not_own_the_database_is_refused_in_a_sentence(session: Session) -> None:
    person = add_person(session, "admin")
    try:
        with connect(login_url(session.workspace.url, person), application_name="tests") as conn:
            workspace = replace(session.workspace, conn=conn)
            with pytest.raises(NotPermitted, match="an object may belong to one that is hidden"):
                examine(workspace)
            with pytest.raises(NotPermitted, match="an object may belong to one that is hidden"):
                sweep(workspace, session.project)
    finally:
        drop_person(session, person)


def of(found: Examination, what: str) -> Finding:
    return next(finding for finding in found.findings if finding.what == what)


def put(store: Store, data: bytes, *, age_s: float) -> str:
    key = store.put(data, suffix=".wav")
    age(store, key, age_s)
    return key


def age(store: Store, key: str, age_s: float) -> None:
    then = time.time() - age_s
    os.utime(Path(path_of(store.uri), key), (then, then))


def wait_until_gone(conn: psycopg.Connection[object]) -> None:
    """Return when the server has noticed that the other connection is closed."""
    until = time.monotonic() + 10
    while conn.execute(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone():
        assert time.monotonic() < until
        time.sleep(0.02)


WRITER = """
import sys
from pipeline.storage import Store
store = Store(sys.argv[1])
data = bytearray(32_000_000)
for i in range(1_000):
    data[:2] = divmod(i, 256)
    store.put(bytes(data), suffix=".wav")
"""


def kill_a_writer(store: Store) -> None:
    """Kill a process while it writes an object."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, store.uri], cwd=ROOT)
    until = time.monotonic() + 30
    while not any(file.is_leftover for file in store.files()):
        assert time.monotonic() < until
    writer.send_signal(signal.SIGSTOP)
    is_caught = any(file.is_leftover for file in store.files())
    writer.kill()
    writer.wait()
    if not is_caught:
        kill_a_writer(store)
