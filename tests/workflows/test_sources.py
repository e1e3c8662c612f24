"""Sources: registered once, looked at again; what is gone is noted, and nothing is when the place cannot be read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.catalog import accounts, recordings, sources
from pipeline.catalog.failures import open_items
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotPermitted, SettingsError, StorageError
from pipeline.storage import scan
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.ingest import ingest
from pipeline.workflows.jobs import ensure_queue, list_jobs
from pipeline.workflows.watch import due_sources, look_again, submit_all_due, submit_due, unwatch, watch
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
ROOT = Path(__file__).parent.parent.parent


def vanished(conn: Conn) -> set[str]:
    return {
        row[0]
        for row in conn.execute("SELECT name FROM recording WHERE vanished_at IS NOT NULL AND superseded_at IS NULL")
    }


def the_source(conn: Conn, project: Project) -> sources.Source:
    (source,) = sources.list_sources(conn, project.project_id)
    return source


def test_ingest_registers_its_source_once(conn: Conn, project: Project, digits: Path) -> None:
    ingest(conn, project, str(digits))
    ingest(conn, project, f"{digits.as_uri()}/")
    source = the_source(conn, project)
    assert (source.uri, source.n_files, source.watch_every_s, source.due_at) == (digits.as_uri(), 60, None, None)
    assert source.looked_at is not None
    assert conn.execute("SELECT count(*) FROM recording WHERE source_id = %s", (source.source_id,)).fetchone() == (60,)


def test_file_that_is_gone_is_noted_until_it_comes_back(conn: Conn, project: Project, digits: Path) -> None:
    ingest(conn, project, str(digits))
    aside = digits.parent / "aside.wav"
    (digits / "0_george_0.wav").rename(aside)
    outcome = ingest(conn, project, str(digits))
    assert (outcome.n_input, outcome.detail["n_vanished"]) == (59, 1)
    assert vanished(conn) == {"0_george_0.wav"}
    assert the_source(conn, project).n_vanished == 1
    assert "n_vanished" not in ingest(conn, project, str(digits)).detail
    aside.rename(digits / "0_george_0.wav")
    again = ingest(conn, project, str(digits))
    assert (again.n_unchanged, vanished(conn)) == (60, set())


def test_failure_of_a_file_that_is_gone_is_closed(conn: Conn, project: Project, digits: Path) -> None:
    broken = digits / "broken.wav"
    broken.write_text("no sound")
    ingest(conn, project, str(digits))
    assert open_items(conn, project.project_id, "ingest") == {broken.as_uri()}
    broken.unlink()
    ingest(conn, project, str(digits))
    assert open_items(conn, project.project_id, "ingest") == set()


def test_nothing_has_vanished_when_the_source_is_missing_or_an_empty_mount_point(
    conn: Conn, project: Project, digits: Path
) -> None:
    ingest(conn, project, str(digits))
    aside = digits.rename(digits.parent / "aside")
    with pytest.raises(StorageError, match="cannot open the folder"):
        ingest(conn, project, str(digits))
    digits.mkdir()
    with pytest.raises(StorageError, match="the source is empty"):
        ingest(conn, project, str(digits))
    assert vanished(conn) == set()
    digits.rmdir()
    aside.rename(digits)
    assert ingest(conn, project, str(digits)).n_unchanged == 60


def test_nothing_below_a_folder_that_cannot_be_opened_has_vanished(
    conn: Conn, project: Project, digits: Path, open_folder: Path
) -> None:
    shutil.copy2(digits / "0_george_0.wav", open_folder)
    (open_folder / "locked").mkdir()
    shutil.copy2(digits / "1_george_0.wav", open_folder / "locked")
    ingest(conn, project, str(open_folder))
    (open_folder / "0_george_0.wav").rename(open_folder / "new.wav")
    (open_folder / "locked").rename(open_folder / "away")
    (open_folder / "locked").symlink_to(open_folder / "nowhere")
    try:
        ingest(conn, project, str(open_folder))
    finally:
        (open_folder / "locked").unlink()
    assert vanished(conn) == {"0_george_0.wav"}


def test_sources_that_overlap_share_their_recordings(conn: Conn, project: Project, digits: Path) -> None:
    inner = digits / "inner"
    inner.mkdir()
    for name in ("0_george_0.wav", "0_george_1.wav"):
        (digits / name).rename(inner / name)
    assert ingest(conn, project, str(inner)).n_unchanged == 0
    assert ingest(conn, project, str(digits)).n_unchanged == 2
    (inner / "0_george_0.wav").unlink()
    ingest(conn, project, str(digits))
    assert len(vanished(conn)) == 1
    assert len(sources.list_sources(conn, project.project_id)) == 2


def test_labels_of_new_files_and_of_new_rules_arrive(conn: Conn, project: Project, digits: Path) -> None:
    rules = LabelRules(name_pattern=SPEAKERS)
    ingest(conn, project, str(digits))
    assert ingest(conn, project, str(digits), labels=rules).detail["n_labels_carried"] == 60
    assert ingest(conn, project, str(digits), labels=rules).detail["n_labels_carried"] == 0
    shutil.copy2(digits / "0_george_0.wav", digits / "7_george_0.wav")
    assert ingest(conn, project, str(digits), labels=rules).detail["n_labels_carried"] == 1
    assert all(row.labels for row in recordings.page_recordings(conn, project.project_id, limit=100))


def test_watched_source_is_due_after_its_interval(conn: Conn, project: Project, digits: Path) -> None:
    watch(conn, project, str(digits), every_s=600, labels=LabelRules(name_pattern=SPEAKERS), then=["prepare"])
    (source,) = due_sources(conn, project)
    assert look_again(conn, project, source).n_done == 60
    assert due_sources(conn, project) == []
    later = datetime.now(UTC) + timedelta(seconds=601)
    (again,) = due_sources(conn, project, now=later)
    assert [line[0] for line in again.then_verbs] == ["cut", "embed", "deduplicate", "queue"]
    assert all(row.labels for row in recordings.page_recordings(conn, project.project_id, limit=100))
    watch(conn, project, str(digits), every_s=5)
    assert the_source(conn, project).label_rules == source.label_rules
    assert unwatch(conn, project, digits.as_uri())
    assert not unwatch(conn, project, str(digits))
    assert due_sources(conn, project, now=later) == []


def test_source_that_cannot_be_read_waits_for_its_next_turn(conn: Conn, project: Project, tmp_path: Path) -> None:
    watch(conn, project, str(tmp_path / "missing"), every_s=600)
    (source,) = due_sources(conn, project)
    with pytest.raises(StorageError):
        look_again(conn, project, source)
    assert due_sources(conn, project) == []


def test_due_source_is_submitted_once(conn: Conn, project: Project, digits: Path) -> None:
    watch(conn, project, str(digits), every_s=600, labels=LabelRules(from_folder=True), then=["cut"])
    submitted: list[tuple[Any, int]] = []
    for _ in range(2):
        submit_due(conn, project, lambda verbs, source_id: submitted.append((verbs, source_id)))
    source = the_source(conn, project)
    assert submitted == [([["ingest", "--labels=folder", digits.as_uri()], ["cut"]], source.source_id)]


def test_watched_source_is_looked_at_with_the_rights_of_who_brought_it_in(
    conn: Conn, project: Project, empty_database: str, open_folder: Path, digits: Path
) -> None:
    folder = open_folder / "sounds"
    shutil.copytree(digits, folder)
    place = {**os.environ, "EARMARK_WORKSPACE": str(open_folder / "w"), "EARMARK_DATABASE_URL": empty_database}
    with logged_in(conn, empty_database, project.project_id, "researcher") as researcher:
        watch(researcher, project, str(folder), every_s=3600, then=["cut"])
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "worker", "--until-idle", "6"],
            cwd=ROOT,
            env={**place, "EARMARK_WORKERS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        (job,) = list_jobs(conn, project)
        assert (job.state, job.author, job.n_verbs_done) == ("done", researcher.info.user, 2)
        rows = conn.execute("SELECT DISTINCT author FROM operation UNION SELECT author FROM recording").fetchall()
        assert rows == [(researcher.info.user,)]
        assert conn.execute("SELECT count(*) FROM recording").fetchone() == (60,)


@pytest.mark.parametrize("end", ["removed", "revoked", "demoted"])
def test_source_of_who_may_not_any_more_is_passed_over_and_logged_once(
    conn: Conn, project: Project, empty_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    with logged_in(conn, empty_database, project.project_id, "researcher") as researcher:
        name = researcher.info.user
        watch(researcher, project, str(tmp_path), every_s=3600)
        if end == "removed":
            accounts.remove_person(conn, name)
        elif end == "revoked":
            accounts.revoke_duty(conn, project.project_id, name)
        else:
            accounts.grant_duty(conn, project.project_id, name, "annotator")
        passed_over: set[int] = set()
        assert [submit_all_due(conn, passed_over=passed_over) for _ in range(3)] == [0, 0, 0]
        assert caplog.text.count(f"{name} may not ingest in project test") == 1
        assert list_jobs(conn, project) == []
        # The connection is the worker's own again.
        assert conn.execute("SELECT session_user").fetchone() == (conn.info.user,)


def test_login_that_cannot_act_for_the_author_leaves_the_source_to_another_worker(
    conn: Conn, project: Project, empty_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch(conn, project, str(tmp_path), every_s=3600)
    with logged_in(conn, empty_database, project.project_id, "researcher") as researcher:
        ensure_queue(conn)
        assert submit_all_due(researcher) == 0
        assert "this login cannot act for another" in caplog.text
        watch(researcher, project, str(tmp_path / "own"), every_s=3600)
        assert submit_all_due(researcher) == 1
        assert [job.author for job in list_jobs(conn, project)] == [researcher.info.user]
    assert len(due_sources(conn, project)) == 1


def test_only_its_author_and_admins_change_how_a_source_is_watched(
    conn: Conn, project: Project, empty_database: str, tmp_path: Path
) -> None:
    uri = str(tmp_path)
    with (
        logged_in(conn, empty_database, project.project_id, "researcher") as author,
        logged_in(conn, empty_database, project.project_id, "researcher") as other,
        logged_in(conn, empty_database, project.project_id, "admin") as admin,
        logged_in(conn, empty_database, project.project_id, "annotator") as annotator,
    ):
        watch(author, project, uri, every_s=60)
        with pytest.raises(NotPermitted, match=f"expected {author.info.user}, who brought it in, or an admin"):
            watch(other, project, uri, every_s=1, then=["cut"])
        with pytest.raises(NotPermitted, match="may not change how this source is watched"):
            unwatch(other, project, uri)
        with pytest.raises(NotPermitted, match="may not ingest"):
            unwatch(annotator, project, uri)
        assert watch(admin, project, uri, every_s=90).author == author.info.user
        assert unwatch(author, project, uri)


def test_what_cannot_be_watched_is_refused(conn: Conn, project: Project, digits: Path) -> None:
    with pytest.raises(SettingsError, match="cannot follow a look: release"):
        watch(conn, project, str(digits), every_s=60, then=["release"])
    with pytest.raises(SettingsError, match="at least a second"):
        watch(conn, project, str(digits), every_s=0)
    with pytest.raises(StorageError, match="a password stands in the address"):
        watch(conn, project, "smb://me:secret@nas/share", every_s=60)
    assert sources.list_sources(conn, project.project_id) == []


def test_remote_source_is_compared_like_a_folder(conn: Conn, project: Project, digits: Path) -> None:
    import fsspec

    memory, name = fsspec.filesystem("memory"), uuid4().hex
    for path in sorted(digits.iterdir())[:3]:
        memory.pipe_file(f"/{name}/{path.name}", path.read_bytes())
    ingest(conn, project, f"memory://{name}")
    assert the_source(conn, project).uri == f"memory://{name}"
    memory.rm_file(f"/{name}/{sorted(digits.iterdir())[0].name}")
    assert ingest(conn, project, f"memory://{name}").detail["n_vanished"] == 1
    assert len(list(scan(f"memory://{name}"))) == 2


def test_watch_from_the_command_line(digits: Path, open_folder: Path) -> None:
    for path in sorted(digits.iterdir())[4:]:
        path.unlink()

    def earmark(*words: str) -> list[Any]:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *words, "--json", "-w", str(open_folder / "workspace")],
            cwd=ROOT,
            env={**os.environ, "EARMARK_WORKERS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    (told,) = earmark("watch", str(digits), "--every", "10m", "--pattern", SPEAKERS, "--then", "cut")
    assert [(source["uri"], source["watch_every_s"]) for source in told["sources"]] == [(digits.as_uri(), 600)]
    looked, cut = earmark("watch", "--once")
    assert (looked["n_done"], cut["n_done"]) == (4, 4)
    assert earmark("watch", "--once") == []
    (told,) = earmark("watch", "--off", str(digits))
    assert told["sources"][0]["watch_every_s"] is None
    assert earmark("sources") == [told]
