"""What a page starts beside itself, against a real database and the real command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.session import Session
from pipeline.catalog.operations import OperationState, list_operations
from pipeline.core.errors import SettingsError
from pipeline.workflows.jobs import list_jobs
from tests.apps.made import open_made, working, write_tones
from tests.conftest import ROOT

PATIENCE_S = 60.0


@pytest.fixture
def session(empty_database: str, tmp_path: Path) -> Iterator[Session]:
    with open_made(empty_database, tmp_path) as session:
        yield session


def operations(session: Session) -> list[OperationState]:
    return list_operations(session.workspace.conn, session.project.project_id)


def test_submitted_verb_leaves_its_row_and_its_result(session: Session, tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones", 3)
    job = session.submit("ingest", ["--", str(folder)])
    assert (job.is_running, job.error, job.results) == (True, None, [])
    with working(session):
        assert job.wait(PATIENCE_S)
    assert (job.error, job.is_running) == (None, False)
    assert [(result["verb"], result["n_done"]) for result in job.results] == [("ingest", 3)]
    assert [(run.action, run.status, run.n_done) for run in operations(session)] == [("ingest", "done", 3)]


def test_bad_folder_ends_as_a_sentence_and_stops_the_verbs_after_it(session: Session) -> None:
    job = session.submit_all([("ingest", ["--", "/no/such/folder"]), ("cut", ())])
    with working(session):
        assert job.wait(PATIENCE_S)
    assert job.error is not None
    assert "/no/such/folder" in job.error
    assert not job.is_cancelled
    assert {run.action for run in operations(session)} == {"ingest"}


def test_unknown_option_ends_as_the_last_line_of_the_complaint(session: Session) -> None:
    job = session.submit("cut", ["--no-such-option"])
    with working(session):
        assert job.wait(PATIENCE_S)
    assert job.error is not None
    assert "--no-such-option" in job.error


def test_words_are_never_read_as_options_of_another_project(session: Session) -> None:
    with pytest.raises(SettingsError, match=r"a job names neither workspace nor project.*--project"):
        session.submit("ingest", ["--", "--project"])
    assert list_jobs(session.workspace.conn, session.project) == []


def test_cancelled_job_starts_none_of_its_verbs(session: Session, tmp_path: Path) -> None:
    job = session.submit_all([("ingest", ["--", str(write_tones(tmp_path / "tones", 3))]), ("cut", ())])
    job.cancel()
    assert (job.is_running, job.is_cancelled, job.waits_for) == (False, True, None)
    after = session.submit("cut")
    with working(session):
        assert after.wait(PATIENCE_S)
    assert [run.action for run in operations(session)] == ["cut"]


def test_job_is_seen_when_the_connection_of_the_page_was_lost(session: Session) -> None:
    session.workspace.conn.close()
    job = session.submit("cut")
    assert job.is_running


def test_verbs_go_on_when_their_page_is_left(session: Session, tmp_path: Path) -> None:
    """Voila ends the kernel, with its whole process group, when the page is left."""
    folder = write_tones(tmp_path / "tones", 3)
    url = session.workspace.url
    program = (
        "import time; from apps.session import open_session;"
        f"open_session().submit_all([('ingest', ['--', {str(folder)!r}]), ('cut', ())]);"
        "print('started', flush=True); time.sleep(60)"
    )
    environ = os.environ | {"EARMARK_DATABASE_URL": url, "EARMARK_WORKSPACE": str(tmp_path), "EARMARK_PROJECT": "made"}
    kernel = subprocess.Popen(
        [sys.executable, "-c", program], env=environ, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert kernel.stdout is not None
    assert kernel.stdout.readline() == b"started\n"
    os.killpg(kernel.pid, signal.SIGKILL)
    kernel.wait()
    kernel.stdout.close()
    began = time.monotonic()
    with working(session):
        while time.monotonic() - began < PATIENCE_S and not _is_cut(session):
            time.sleep(0.2)
    assert [(run.action, run.status, run.n_done) for run in operations(session)] == [
        ("cut", "done", 3),
        ("ingest", "done", 3),
    ]


def test_session_outside_of_voila_waits_for_nobody_and_loads_no_voila(session: Session, tmp_path: Path) -> None:
    program = (
        "import sys; from apps.session import open_session; session = open_session();"
        "assert session.project.name == 'made', session.project; assert 'voila' not in sys.modules"
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("VOILA_")}
    environ |= {"EARMARK_DATABASE_URL": session.workspace.url, "EARMARK_WORKSPACE": str(tmp_path)}
    environ["EARMARK_PROJECT"] = "made"
    subprocess.run([sys.executable, "-c", program], env=environ, cwd=ROOT, check=True, timeout=PATIENCE_S)


def _is_cut(session: Session) -> bool:
    return any(run.action == "cut" and run.status == "done" for run in operations(session))
