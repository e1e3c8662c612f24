"""Deduplicate: three findings, marks kept once, who represents, and what only sounds alike."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest
import soundfile

from pipeline.catalog import duplicates
from pipeline.catalog.labels import add_labels
from pipeline.catalog.projects import Project, get_project
from pipeline.core.errors import SettingsError
from pipeline.core.types import AnswerGiven
from pipeline.storage import Store
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.cut import cut
from pipeline.workflows.deduplicate import deduplicate, prefer_distance
from pipeline.workflows.embed import embed
from pipeline.workflows.ingest import ingest

Conn = psycopg.Connection[Any]


@pytest.fixture
def speech(conn: Conn, project: Project, store: Store, digits: Path) -> Project:
    """60 digits; one of them twice over, and once quieter, shifted and short of its first 80 ms."""
    shutil.copy2(digits / "3_george_1.wav", digits / "9_same_0.wav")
    samples, rate_hz = soundfile.read(digits / "3_george_1.wav")
    padded = np.concatenate((np.zeros(round(0.2 * rate_hz)), 0.4 * samples[round(0.08 * rate_hz) :]))
    soundfile.write(digits / "9_late_0.wav", padded, rate_hz)
    ingest(conn, project, str(digits))
    cut(conn, project, store)
    return project


def group_of(conn: Conn, project: Project, name: str) -> dict[str, duplicates.GroupMember]:
    """The members of the group that holds this recording, by name."""
    for _, group_id in duplicates.list_group_ids(conn, project.project_id):
        members = {
            member.recording_name: member for member in duplicates.read_group(conn, project.project_id, group_id)
        }
        if name in members:
            return members
    return {}


def test_each_member_says_what_was_found_and_where_it_lies(conn: Conn, speech: Project, store: Store) -> None:
    outcome = deduplicate(conn, speech, store)
    assert outcome.detail["n_by_finding"] == {"same recording": 2}
    members = group_of(conn, speech, "9_late_0.wav")
    assert set(members) == {"3_george_1.wav", "9_same_0.wav", "9_late_0.wav"}
    (leader,) = [member for member in members.values() if member.is_representative]
    assert leader.recording_name == "9_late_0.wav"  # the longest, by the silence before it
    copy = members["3_george_1.wav"]
    assert copy.finding == "same recording"
    assert copy.lag_s == pytest.approx(0.12, abs=0.01)
    assert copy.overlap_s is not None and 0 < copy.overlap_s <= copy.duration_s


def test_marks_are_made_once_and_kept(conn: Conn, speech: Project, store: Store) -> None:
    first = deduplicate(conn, speech, store, workers=2)
    kept = conn.execute("SELECT count(*), min(length(marks)) FROM fingerprint").fetchone()
    assert kept is not None and kept[0] == 62 and kept[1] > 8
    conn.execute("CREATE TABLE made AS SELECT clip_id, created_at FROM fingerprint")
    again = deduplicate(conn, speech, store)
    assert (again.n_done, again.detail["n_groups"]) == (62, first.detail["n_groups"])
    changed = conn.execute(
        "SELECT count(*) FROM fingerprint f JOIN made m USING (clip_id) WHERE f.created_at <> m.created_at"
    )
    assert changed.fetchone() == (0,)


def test_clip_whose_sound_is_gone_fails_alone(conn: Conn, speech: Project, store: Store, tmp_path: Path) -> None:
    row = conn.execute("SELECT clip_id, object_key FROM clip ORDER BY clip_id LIMIT 1").fetchone()
    assert row is not None
    (tmp_path / "store" / row[1]).unlink()
    outcome = deduplicate(conn, speech, store)
    assert outcome.n_input == 62
    assert [failure.item for failure in outcome.failed] == [str(row[0])]


def test_clip_that_a_person_labelled_represents(conn: Conn, speech: Project, store: Store) -> None:
    row = conn.execute(
        "SELECT clip_id FROM clip JOIN recording r USING (recording_id) WHERE r.name = '9_same_0.wav'"
    ).fetchone()
    assert row is not None
    given = AnswerGiven(annotation_id=uuid4(), clip_id=row[0], answer="label", label="three", heard=None)
    add_labels(conn, speech.project_id, ["three"])
    assert save_answers(conn, speech, [given]).refused == {}
    deduplicate(conn, speech, store)
    assert group_of(conn, speech, "9_late_0.wav")["9_same_0.wav"].is_representative


def test_what_only_sounds_alike_stays_until_a_distance_is_chosen(conn: Conn, speech: Project, store: Store) -> None:
    embed(conn, speech, store)
    alike = deduplicate(conn, speech, store).detail["alike"]
    assert (alike["n_clips"], alike["distance"]) == (60, None)
    step = alike["steps"][len(alike["steps"]) // 2]
    chosen = prefer_distance(conn, speech, step["distance"])
    detail = deduplicate(conn, chosen, store).detail
    assert detail["n_by_finding"]["sounds alike"] >= step["n_redundant"] > 0
    stays, goes, far = step["borderline"][0]
    ((finding, distance, is_redundant),) = conn.execute(
        "SELECT d.finding, d.distance, c.is_redundant FROM duplicate d JOIN clip c USING (clip_id) WHERE clip_id = %s",
        (goes,),
    ).fetchall()
    assert (finding, is_redundant) == ("sounds alike", True)
    assert distance == pytest.approx(far, abs=2e-4) and far <= step["distance"] + 1e-4
    assert conn.execute("SELECT is_redundant FROM clip WHERE clip_id = %s", (stays,)).fetchone() == (False,)
    deduplicate(conn, prefer_distance(conn, chosen, None), store)
    assert conn.execute("SELECT count(*) FROM duplicate WHERE finding = 'sounds alike'").fetchone() == (0,)
    assert conn.execute("SELECT is_redundant FROM clip WHERE clip_id = %s", (goes,)).fetchone() == (False,)


def test_a_clip_that_goes_takes_its_copies_along(conn: Conn, speech: Project, store: Store) -> None:
    embed(conn, speech, store)
    steps = deduplicate(conn, speech, store).detail["alike"]["steps"]
    project = prefer_distance(conn, speech, 0.5)
    detail = deduplicate(conn, project, store).detail
    assert detail["n_redundant"] > steps[-1]["n_redundant"]
    n_clips, n_kept = conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE NOT is_redundant) FROM clip"
    ).fetchone() or (0, 0)
    assert n_clips == detail["n_redundant"] + n_kept
    members = group_of(conn, project, "9_late_0.wav")
    assert {"3_george_1.wav", "9_same_0.wav"} <= set(members)
    assert sum(not member.is_redundant for member in members.values()) == 1


@pytest.mark.parametrize("distance", [0.0, -0.1, 0.6])
def test_distance_out_of_range_is_refused_and_nothing_changes(conn: Conn, project: Project, distance: float) -> None:
    with pytest.raises(SettingsError, match="out of range"):
        prefer_distance(conn, project, distance)
    assert get_project(conn, project.name).recipe == project.recipe
