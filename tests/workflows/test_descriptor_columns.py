"""What measuring and cutting find out stands in columns and as problems."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psycopg

from pipeline.catalog import recordings
from pipeline.catalog.projects import Project
from pipeline.storage import Store
from pipeline.workflows.cut import cut
from pipeline.workflows.ingest import ingest

Conn = psycopg.Connection[Any]


def duplicate_files(conn: Conn) -> list[tuple[str, str]]:
    return conn.execute(
        "SELECT r.name, p.message FROM problem p JOIN recording r USING (recording_id) "
        "WHERE p.kind = 'duplicate file' AND r.superseded_at IS NULL ORDER BY r.name"
    ).fetchall()


def test_every_clip_and_recording_has_its_descriptors(conn: Conn, project: Project, store: Store, digits: Path) -> None:
    ingest(conn, project, str(digits))
    cut(conn, project, store)
    rows = conn.execute(
        "SELECT loudness_lufs, silence_ratio, clipped_ratio, dc_offset, bandwidth_hz FROM clip WHERE is_active"
    ).fetchall()
    assert len(rows) == 60
    assert all(-60 < lufs < 0 and 0 <= silence < 1 and 0 <= dc < 0.1 for lufs, silence, _, dc, _ in rows)
    counted = conn.execute("SELECT count(bandwidth_hz), sum(n_dropped_samples) FROM recording").fetchone()
    assert counted == (60, 0)


def test_same_sound_twice_is_told_of_the_second_and_names_the_first(conn: Conn, project: Project, digits: Path) -> None:
    shutil.copy(digits / "0_george_0.wav", digits / "copy.wav")
    ingest(conn, project, str(digits))
    ingest(conn, project, str(digits))
    ((name, message),) = duplicate_files(conn)
    assert name == "copy.wav" and "0_george_0.wav" in message
    assert recordings.count_problems(conn, project.project_id)["duplicate file"] == 1


def test_copy_of_a_file_that_changed_is_a_copy_no_more(conn: Conn, project: Project, digits: Path) -> None:
    shutil.copy(digits / "0_george_0.wav", digits / "copy_a.wav")
    shutil.copy(digits / "0_george_0.wav", digits / "copy_b.wav")
    ingest(conn, project, str(digits))
    (digits / "0_george_0.wav").unlink()
    shutil.copy(digits / "3_lucas_2.wav", digits / "0_george_0.wav")
    ingest(conn, project, str(digits))
    found = dict(duplicate_files(conn))
    assert set(found) == {"copy_b.wav", "0_george_0.wav"}
    assert "copy_a.wav" in found["copy_b.wav"]
