"""What a reviewer is handed: the clip in doubt, what speaks for which label, what to hear beside it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.catalog.projects import Project
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven
from pipeline.core.verdicts import Verdict, VerdictGiven
from pipeline.storage import Store
from pipeline.workflows.annotate import flag_clip, save_answers
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.doubts import Case, read_cases, read_standing
from pipeline.workflows.embed import embed
from pipeline.workflows.find_mislabels import find_mislabels
from pipeline.workflows.ingest import ingest
from pipeline.workflows.verdicts import settle
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
WRONG = {"1_first_90.wav": "7", "7_second_91.wav": "1"}


@pytest.fixture
def digits_with_two_wrong(conn: Conn, project: Project, store: Store, test_data: Path, tmp_path: Path) -> Project:
    """48 spoken digits, embedded: 2 labels, 3 speakers, 8 takes each; two of them under the other label."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    speakers = sorted({path.stem.split("_")[1] for path in (test_data / "fsdd").glob("*.wav")})[:3]
    for name in (f"{digit}_{who}_{take}.wav" for digit in "17" for who in speakers for take in range(8)):
        shutil.copy2(test_data / "fsdd" / name, folder)
    (folder / f"7_{speakers[0]}_1.wav").rename(folder / "1_first_90.wav")
    (folder / f"1_{speakers[1]}_0.wav").rename(folder / "7_second_91.wav")
    ingest(conn, project, str(folder), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    embed(conn, project, store, encoder=PluginSpec(name="instant"))
    return project


def verdict_on(case: Case, verdict: Verdict) -> VerdictGiven:
    label = {"confirmed": case.given, "relabelled": case.suggested}.get(verdict)
    score = None if case.evidence is None else case.evidence.score
    return VerdictGiven(
        verdict_id=uuid4(),
        clip_id=case.clip.clip_id,
        doubt=case.doubt,
        verdict=verdict,
        given=case.given,
        suggested=case.suggested,
        label=label,
        score=score,
    )


def say(conn: Conn, project: Project, clip_id: int, label: str) -> None:
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None)
    assert save_answers(conn, project, [given]).refused == {}


def test_suspects_come_with_both_labels_and_a_clip_of_each(conn: Conn, digits_with_two_wrong: Project) -> None:
    project = digits_with_two_wrong
    find_mislabels(conn, project)
    first, second = read_cases(conn, project, "suspect", n=2)
    assert {case.clip.recording_name: case.suggested for case in (first, second)} == WRONG
    for case in (first, second):
        assert case.near_given is not None and case.near_given.recording_name.startswith(f"{case.given}_")
        assert case.near_suggested is not None and case.near_suggested.recording_name.startswith(f"{case.suggested}_")
        assert case.evidence is not None and case.evidence.suggested_probability > case.evidence.given_probability
        assert case.camps == [] and case.flagged_by == []
    assert read_cases(conn, project, "suspect", n=1, have=[first.clip.clip_id])[0].clip == second.clip


def test_standing_follows_the_verdicts(conn: Conn, digits_with_two_wrong: Project) -> None:
    project = digits_with_two_wrong
    assert read_standing(conn, project).counts.searched_at is None
    find_mislabels(conn, project)
    before = read_standing(conn, project)
    assert before.precision.share is None and before.counts.searched_at is not None
    first, second = read_cases(conn, project, "suspect", n=2)
    settle(conn, project, verdict_on(first, "relabelled"))
    settle(conn, project, verdict_on(second, "unsure"))
    after = read_standing(conn, project)
    assert after.counts.n_suspects == before.counts.n_suspects - 2
    assert (after.precision.n_heard, after.precision.n_wrong, after.precision.n_unsure) == (1, 1, 1)
    assert after.expected.high <= after.counts.n_suspects


def test_flagged_clips_say_who_flagged_them_and_what_is_nearest(conn: Conn, digits_with_two_wrong: Project) -> None:
    project = digits_with_two_wrong
    row = conn.execute(
        "SELECT clip_id FROM clip JOIN recording r USING (recording_id) WHERE r.name <> ALL(%s) ORDER BY 1 LIMIT 1",
        (list(WRONG),),
    ).fetchone()
    assert row is not None
    flag_clip(conn, project, uuid4(), row[0], is_raised=True)
    (case,) = read_cases(conn, project, "flagged", n=9)
    assert (case.clip.clip_id, case.flagged_by, case.suggested) == (row[0], [conn.info.user], None)
    assert case.given is not None and case.near_given is not None and case.near_given.clip_id != row[0]
    assert case.near_suggested is None and case.evidence is None


def test_a_flagged_suspect_brings_its_evidence_along(conn: Conn, digits_with_two_wrong: Project) -> None:
    project = digits_with_two_wrong
    suspect = find_mislabels(conn, project, n_clips=1).suspects[0]
    flag_clip(conn, project, uuid4(), suspect.clip_id, is_raised=True)
    (case,) = read_cases(conn, project, "flagged", n=9)
    assert case.evidence is not None and case.suggested == suspect.suggested
    assert case.near_suggested is not None and case.near_suggested.clip_id == suspect.nearest_suggested


def test_disputes_show_who_said_what(conn: Conn, digits_with_two_wrong: Project, empty_database: str) -> None:
    project = digits_with_two_wrong
    clip_id = read_first(conn)
    with logged_in(conn, empty_database, project.project_id, "reviewer") as theirs:
        say(conn, project, clip_id, "1")
        say(theirs, project, clip_id, "7")
        other = theirs.info.user
        (case,) = read_cases(conn, project, "disputed", n=9)
        assert {camp.label: camp.people for camp in case.camps} == {"1": [conn.info.user], "7": [other]}
        assert {case.given, case.suggested} == {"1", "7"}
        assert case.near_given is not None and case.near_suggested is not None
        settle(theirs, project, verdict_on(case, "confirmed"))
        assert read_cases(conn, project, "disputed", n=9) == []


def test_without_embeddings_there_is_nothing_to_hear_beside(
    conn: Conn, project: Project, store: Store, digits: Path
) -> None:
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    flag_clip(conn, project, uuid4(), read_first(conn), is_raised=True)
    (case,) = read_cases(conn, project, "flagged", n=9)
    assert (case.near_given, case.near_suggested) == (None, None)


def read_first(conn: Conn) -> int:
    row = conn.execute("SELECT min(clip_id) FROM clip").fetchone()
    assert row is not None
    return int(row[0])
