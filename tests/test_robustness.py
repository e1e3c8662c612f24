"""What Murphy and an attacker would try: two at once, told to end, bytes that changed, hostile words, secrets."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipeline.catalog import operations
from pipeline.catalog.connect import connect
from pipeline.catalog.labels import add_labels
from pipeline.catalog.migrate import migrate
from pipeline.catalog.projects import Project, create_project, lock_project
from pipeline.cli import signals
from pipeline.cli.context import progress_bar
from pipeline.core.errors import CatalogError, DatabaseUnavailable, MigrationError, SettingsError, StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe, load_settings
from pipeline.core.types import AnswerGiven, Heard, Outcome
from pipeline.plugins.exporters.layout import label_folders
from pipeline.storage import Store, scan
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.carried_labels import LabelRules, compile_pattern, label_reader
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.cut import cut
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest
from pipeline.workflows.operation import ProgressReport
from pipeline.workflows.release import export, release, update_consensus
from pipeline.workflows.select import save_chosen
from pipeline.workflows.workspace import open_workspace

Conn = psycopg.Connection[Any]
BY_NAME = LabelRules(name_pattern="{label}_{group}_{take}.wav")
PATIENCE_S = 30


@pytest.fixture
def project(conn: Conn) -> Project:
    return create_project(conn, "default", load_recipe())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store((tmp_path / "store").as_uri())


@pytest.fixture
def sounds(test_data: Path, tmp_path: Path) -> Path:
    """A folder with eight spoken digits: two labels, four speakers."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for path in sorted((test_data / "fsdd").glob("[01]_*_0.wav")):
        shutil.copy2(path, folder)
    return folder


# Two at once


def test_runs_of_one_project_commit_one_after_the_other(conn: Conn, project: Project, empty_database: str) -> None:
    add_labels(conn, project.project_id, ["dog"])

    def settle(_: int) -> int:
        with connect(empty_database, application_name="tests at once") as own:
            return update_consensus(own, project)

    with ThreadPoolExecutor(3) as pool:
        with conn.transaction():
            lock_project(conn, project.project_id)
            settled = [pool.submit(settle, i) for i in range(3)]
            _wait_for(lambda: _n_waiting(conn) == 3, "runs that do not wait for the one that commits")
        assert [future.result(PATIENCE_S) for future in settled] == [0, 0, 0]


def test_people_answer_while_a_run_commits(conn: Conn, project: Project, empty_database: str) -> None:
    with conn.transaction(), connect(empty_database, application_name="tests at once") as other:
        lock_project(conn, project.project_id)
        other.execute("SET lock_timeout = '2s'")
        add_labels(other, project.project_id, ["dog"])


def test_two_ingests_at_once_give_every_recording_once(
    conn: Conn, project: Project, empty_database: str, sounds: Path
) -> None:
    def bring_in(_: int) -> Outcome:
        with connect(empty_database, application_name="tests at once") as own:
            return ingest(own, project, str(sounds), labels=BY_NAME)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(bring_in, range(4)))
    assert {(outcome.n_input, outcome.n_done) for outcome in outcomes} == {(8, 8)}
    assert _one(conn, "SELECT count(*) FROM recording") == 8
    assert _one(conn, "SELECT count(*) FROM recording_label") == 8


# Told to end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_verb_that_is_told_to_end_says_so_and_leaves_its_row(
    conn: Conn, project: Project, empty_database: str, sounds: Path, number: signal.Signals
) -> None:
    with conn.transaction():
        lock_project(conn, project.project_id)  # so that the verb is in the middle of its work
        verb = _start("ingest", str(sounds), url=empty_database, folder=sounds.parent)
        _wait_for(lambda: _n_waiting(conn) == 1, "no verb at work")
        verb.send_signal(number)
        told, _ = verb.communicate(timeout=PATIENCE_S)
    assert verb.returncode == 128 + number
    assert json.loads(told)["error"] == "Cancelled"
    assert [run.status for run in operations.list_operations(conn, project.project_id)] == ["cancelled"]


def test_lost_database_ends_a_verb_in_a_sentence(
    conn: Conn, project: Project, empty_database: str, sounds: Path
) -> None:
    with conn.transaction():
        lock_project(conn, project.project_id)
        verb = _start("ingest", str(sounds), url=empty_database, folder=sounds.parent)
        _wait_for(lambda: _n_waiting(conn) == 1, "no verb at work")
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'earmark'")
        told, complaint = verb.communicate(timeout=PATIENCE_S)
    assert (verb.returncode, json.loads(told)["error"]) == (1, "DatabaseUnavailable")
    assert "Traceback" not in complaint


def test_command_line_that_cannot_be_read_is_told_as_json(empty_database: str, tmp_path: Path) -> None:
    verb = _start("select", "name", "--n=0", url=empty_database, folder=tmp_path)
    told, complaint = verb.communicate(timeout=PATIENCE_S)
    assert (verb.returncode, json.loads(told)["error"]) == (2, "UsageError")
    assert json.loads(told)["message"] in complaint


def test_signal_that_a_library_swallowed_ends_the_verb_at_its_next_report() -> None:
    report = ProgressReport(action="cut", stage="cutting", n_done=1, n_failed=0, n_total=2)
    with signals.listening(), progress_bar(is_json=True) as on_progress:
        on_progress(report)
        with pytest.raises(signals.Told):
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(signals.Told, match="SIGTERM"):
            on_progress(report)
    assert signals.told() is None


# Bytes that changed or went


def test_replaced_recording_takes_its_clips_along(conn: Conn, project: Project, store: Store, sounds: Path) -> None:
    _prepare(conn, project, store, sounds)
    replaced, other = sorted(sounds.iterdir())[:2]
    before = replaced.read_bytes()
    shutil.copy2(other, replaced)
    ingest(conn, project, str(sounds), labels=BY_NAME)
    assert _one(conn, "SELECT count(*) FROM clip WHERE is_active") == 7
    cut(conn, project, store)
    assert _one(conn, "SELECT count(*) FROM clip WHERE is_active") == 8
    replaced.write_bytes(before)
    ingest(conn, project, str(sounds), labels=BY_NAME)
    cut(conn, project, store)
    assert _one(conn, "SELECT count(*) FROM clip") == 9
    assert _one(conn, "SELECT count(*) FROM clip WHERE is_active") == 8


def test_recording_that_is_gone_or_secretly_another_is_not_cut(
    conn: Conn, project: Project, store: Store, sounds: Path
) -> None:
    ingest(conn, project, str(sounds))
    gone, altered = sorted(sounds.iterdir())[:2]
    gone.unlink()
    facts, data = altered.stat(), altered.read_bytes()
    altered.write_bytes(data[:-100] + bytes(100))
    os.utime(altered, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    messages = sorted(failure.message for failure in cut(conn, project, store).failed)
    assert len(messages) == 2
    assert "holds something else" in messages[0] and altered.name in messages[0]
    assert "not where it was" in messages[1] and gone.name in messages[1]


def test_store_that_is_not_mounted_leaves_the_encoder_that_serves(
    conn: Conn, project: Project, store: Store, sounds: Path, tmp_path: Path
) -> None:
    _prepare(conn, project, store, sounds)
    embed(conn, project, store)
    before = current_encoder(conn, project)
    (tmp_path / "store").rename(tmp_path / "away")
    with pytest.raises(StorageError, match=r"most clips.*8 of 8"):
        embed(conn, project, store, encoder=PluginSpec(name="log_mel_stats", params={"trim_db": 20.0}))
    assert current_encoder(conn, project) == before


def test_altered_object_is_neither_played_nor_embedded(
    conn: Conn, project: Project, store: Store, sounds: Path
) -> None:
    _prepare(conn, project, store, sounds)
    key = _one(conn, "SELECT object_key FROM clip ORDER BY clip_id LIMIT 1")
    path = Path(store.local_path(key) or "")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(StorageError, match="not what was cut"):
        clip_bytes(conn, project, store, _one(conn, "SELECT min(clip_id) FROM clip"))
    outcome = embed(conn, project, store)
    assert (outcome.n_done, len(outcome.failed)) == (7, 1)


def test_export_refuses_a_folder_with_sounds_of_another_version(
    conn: Conn, project: Project, store: Store, sounds: Path, tmp_path: Path
) -> None:
    _prepare(conn, project, store, sounds)
    release(conn, project, "digits")
    for _ in range(2):
        export(conn, project, store, name="digits", folder=tmp_path / "out")
    stranger = tmp_path / "out" / "audio" / "train" / "0" / "clip_999999.wav"
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_bytes(b"")
    with pytest.raises(StorageError, match=r"clip_999999.*empty folder"):
        export(conn, project, store, name="digits", folder=tmp_path / "out")


# Hostile words


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("a.wav,dog,2,1", "line 2; expected start_s before stop_s"),
        ("a.wav,dog,1,1", "start_s before stop_s"),
        ("a.wav,dog,-1,2", "column start_s"),
        ("a.wav,dog,nan,2", "column start_s"),
        ("a.wav,dog,0,inf", "column stop_s"),
        ("a.wav,dog,0,1e30", "column stop_s"),
        ('a.wav,dog,"0,5",2', "column start_s"),
        ("a.wav,do\0g,0,2", "column label"),
        ('a.wav,"do\ng",0,2', "column label"),
        (f"a.wav,{'x' * 10_000},0,2", "10,000 characters"),
    ],
)
def test_table_of_labels_is_refused_with_the_place(tmp_path: Path, row: str, complaint: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(f"file,label,start_s,stop_s\n{row}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint):
        label_reader(LabelRules(csv_path=str(table)))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_table_in_another_encoding_says_which_to_use(tmp_path: Path, encoding: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.wav,Vögel\n", encoding=encoding)
    with pytest.raises(SettingsError, match=r"UTF-8$"):
        label_reader(LabelRules(csv_path=str(table)))


def test_label_for_nobody_or_after_the_end_is_counted(
    conn: Conn, project: Project, sounds: Path, tmp_path: Path
) -> None:
    name = sorted(sounds.iterdir())[0].name
    table = tmp_path / "labels.csv"
    table.write_text(f"file,label,start_s,stop_s\n{name},late,500,501\n{name},short,0.1,0.1000001\nabsent.wav,dog,,\n")
    outcome = ingest(conn, project, str(sounds), labels=LabelRules(csv_path=str(table)))
    assert outcome.detail == {"n_labels_carried": 1, "n_labels_beyond_the_end": 1, "n_files_of_table_absent": 1}


def test_label_that_may_mean_several_files_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,label\n1.wav,dog\nnight/2.wav,owl\n")
    reader = label_reader(LabelRules(csv_path=str(table)))
    assert reader.count_absent(["day/1.wav", "day/2.wav", "night/2.wav"]) == 0
    with pytest.raises(SettingsError, match=r"which file it means: 1\.wav"):
        reader.count_absent(["day/1.wav", "night/1.wav"])


@pytest.mark.parametrize("pattern", ["{label}{", "{label}_{1st}", "{label}_{}", "{label}}", "{la bel}_{group}"])
def test_pattern_with_a_brace_too_many_is_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match="no brace alone"):
        compile_pattern(pattern)


def test_hostile_labels_get_folders_of_their_own() -> None:
    hostile = ["../..", "..", "/", "a/b", "a_b", "A_B", "con", "CON.wav", "", "🐶", "x" * 10_000, "\U00020000" * 90]
    hostile += [*label_folders(hostile).values(), "e\u0301", "\u00e9", "a\nb", "a\0b", "-rf", "~"]
    folders = label_folders(hostile)
    assert len({folder.casefold() for folder in folders.values()}) == len(set(hostile))
    for folder in folders.values():
        assert folder.strip(" .") == folder != ""
        assert not set(folder) & set("/\\\n\0:")
        assert len(folder.encode()) <= 255


def test_names_that_cannot_be_are_refused_in_words(conn: Conn, project: Project, store: Store, sounds: Path) -> None:
    _prepare(conn, project, store, sounds)
    clip_id = _one(conn, "SELECT min(clip_id) FROM clip")
    with pytest.raises(CatalogError, match="a project cannot have this name"):
        create_project(conn, "../x", load_recipe())
    with pytest.raises(CatalogError, match="a dataset cannot have this name"):
        release(conn, project, "a/b")
    for name in ("", "a\nb", "x" * 5_000):
        with pytest.raises(CatalogError, match="a selection cannot have this name"):
            save_chosen(conn, project, name, [clip_id])
        with pytest.raises(CatalogError, match="cannot be a label"):
            add_labels(conn, project.project_id, [name])


def test_answer_that_no_row_can_hold_is_refused_not_sent_for_ever(
    conn: Conn, project: Project, store: Store, sounds: Path
) -> None:
    _prepare(conn, project, store, sounds)
    clip_id = _one(conn, "SELECT min(clip_id) FROM clip")
    heard = Heard(n_plays=1, heard_s=1.0, response_ms=2**31)  # a tab that stood open for 25 days
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="unsure", label=None, heard=heard)
    assert list(save_answers(conn, project, [given]).refused) == [given.annotation_id]


def test_no_folder_is_not_this_folder() -> None:
    with pytest.raises(StorageError, match="no folder is named"):
        scan(" ")


# Secrets, and databases that do not fit


def test_password_in_an_address_is_refused_and_not_repeated(conn: Conn, project: Project) -> None:
    address = "sftp://me:geheim@127.0.0.1:1/x"
    for deed in (lambda: ingest(conn, project, address), lambda: Store(address).put(b"x", suffix=".wav")):
        with pytest.raises(StorageError, match="a password stands in the address") as refused:
            deed()
        assert "geheim" not in str(refused.value)
    assert operations.list_operations(conn, project.project_id) == []


def test_what_the_database_says_leaves_a_workspace_in_words(empty_database: str, tmp_path: Path) -> None:
    environ = {"EARMARK_DATABASE_URL": empty_database, "EARMARK_STORE": "relative/store"}
    settings = load_settings(workspace=tmp_path, environ=environ)
    with pytest.raises(CatalogError, match="the database refuses"), open_workspace(settings) as opened:
        assert opened.store.uri == (Path.cwd() / "relative" / "store").as_uri()
        opened.conn.execute("INSERT INTO label (project_id, name, position) VALUES (0, '', 0)")
    with pytest.raises(DatabaseUnavailable, match="hung up"), open_workspace(settings) as opened:
        opened.conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_database_that_does_not_fit_is_refused_with_the_remedy(database_url: str) -> None:
    plain = make_conninfo(database_url, dbname="of_plain", user="plain", password="plain")
    in_ascii = make_conninfo(database_url, dbname="in_ascii")
    with connect(database_url, application_name="tests") as admin:
        admin.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        admin.execute("CREATE DATABASE of_plain OWNER plain")
        admin.execute("CREATE DATABASE in_ascii TEMPLATE template0 ENCODING SQL_ASCII LOCALE_PROVIDER libc LOCALE 'C'")
        try:
            for url, remedy in ((plain, "CREATE EXTENSION vector"), (in_ascii, "ENCODING 'UTF8'")):
                with connect(url, application_name="tests") as conn, pytest.raises(MigrationError, match=remedy):
                    migrate(conn)
        finally:
            for thing in ("DATABASE of_plain WITH (FORCE)", "DATABASE in_ascii WITH (FORCE)", "ROLE plain"):
                admin.execute(f"DROP {thing}".encode())


def _prepare(conn: Conn, project: Project, store: Store, sounds: Path) -> None:
    assert ingest(conn, project, str(sounds), labels=BY_NAME).n_done == 8
    assert cut(conn, project, store).n_done == 8


def _start(*words: str, url: str, folder: Path) -> subprocess.Popen[str]:
    environ = {**os.environ, "EARMARK_DATABASE_URL": url, "EARMARK_WORKSPACE": str(folder), "EARMARK_WORKERS": "1"}
    command = [sys.executable, "-m", "pipeline.cli", *words, "--json"]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _n_waiting(conn: Conn) -> int:
    return _one(
        conn,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )


def _one(conn: Conn, query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _wait_for(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
