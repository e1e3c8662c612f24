"""Wrong labels that came with the files are found, kept as a list, and not asked about twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.catalog.doubts import evidence_of, list_suspects, settled_clips
from pipeline.catalog.projects import Project
from pipeline.core.errors import NotFound, NotPermitted
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import AnswerGiven
from pipeline.storage import Store
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.carried_labels import LabelRules
from pipeline.workflows.cut import cut
from pipeline.workflows.embed import embed
from pipeline.workflows.find_mislabels import find_mislabels
from pipeline.workflows.ingest import ingest
from tests.people import logged_in
from tests.workflows.conftest import SPEAKERS

Conn = psycopg.Connection[Any]
ROOT = Path(__file__).parent.parent.parent
DIGITS = ("1", "7", "8")
WRONG = {"1_first_90.wav": "7", "1_second_91.wav": "8"}
"""What the two wrongly named files really hold."""


@pytest.fixture
def mislabelled(conn: Conn, project: Project, store: Store, test_data: Path, tmp_path: Path) -> Project:
    """96 spoken digits, embedded: 3 labels, 4 speakers, 8 takes each; two of them under a wrong label."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    speakers = sorted({path.stem.split("_")[1] for path in (test_data / "fsdd").glob("*.wav")})
    for name in (f"{digit}_{who}_{take}.wav" for digit in DIGITS for who in speakers[:4] for take in range(8)):
        shutil.copy2(test_data / "fsdd" / name, folder)
    (folder / f"7_{speakers[0]}_1.wav").rename(folder / "1_first_90.wav")
    (folder / f"8_{speakers[1]}_0.wav").rename(folder / "1_second_91.wav")
    ingest(conn, project, str(folder), labels=LabelRules(name_pattern=SPEAKERS))
    cut(conn, project, store)
    embed(conn, project, store, encoder=PluginSpec(name="instant"))
    return project


def test_planted_wrong_labels_are_the_first_suspects_with_clips_to_hear(conn: Conn, mislabelled: Project) -> None:
    report = find_mislabels(conn, mislabelled)
    assert {name_of(conn, s.clip_id): s.suggested for s in report.suspects[:2]} == WRONG
    first = report.suspects[0]
    assert first.nearest_given is not None and first.nearest_suggested is not None
    assert name_of(conn, first.nearest_given).startswith(f"{first.given}_")
    assert name_of(conn, first.nearest_suggested).startswith(f"{first.suggested}_")
    assert (report.outcome.n_done, report.outcome.detail["n_settled"], report.outcome.detail["n_not_judged"]) == (
        96,
        0,
        0,
    )


def test_suspects_are_kept_in_order_with_their_evidence_in_place_of_the_former(
    conn: Conn, mislabelled: Project
) -> None:
    find_mislabels(conn, mislabelled)
    report = find_mislabels(conn, mislabelled, n_clips=2)
    project_id = mislabelled.project_id
    assert list_suspects(conn, project_id) == [s.clip_id for s in report.suspects]
    kept = evidence_of(conn, project_id, list_suspects(conn, project_id))
    for suspect in report.suspects:
        row = kept[suspect.clip_id]
        assert (row.given, row.suggested, row.reason) == (suspect.given, suspect.suggested, suspect.reason)
        assert (row.nearest_given, row.nearest_suggested) == (suspect.nearest_given, suspect.nearest_suggested)
        assert row.score == pytest.approx(suspect.suggested_probability - suspect.given_probability, abs=1e-6)
        assert row.n_near == 10 and row.n_near_suggested > row.n_near_given
        assert row.reason.startswith("labelled ")


def test_a_search_that_finds_nothing_leaves_an_empty_list(conn: Conn, mislabelled: Project) -> None:
    listed = [suspect.clip_id for suspect in find_mislabels(conn, mislabelled).suspects]
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = ANY(%s)", (listed,))
    again = find_mislabels(conn, mislabelled, n_clips=1).suspects
    assert list_suspects(conn, mislabelled.project_id) == [suspect.clip_id for suspect in again]


def test_a_suspect_whose_label_was_changed_since_leaves_the_list(conn: Conn, mislabelled: Project) -> None:
    first, second = find_mislabels(conn, mislabelled, n_clips=2).suspects
    say(conn, mislabelled, first.clip_id, first.suggested)
    assert list_suspects(conn, mislabelled.project_id) == [second.clip_id]


def test_a_label_that_a_person_confirmed_is_not_asked_again(conn: Conn, mislabelled: Project) -> None:
    first, second = find_mislabels(conn, mislabelled, n_clips=2).suspects
    say(conn, mislabelled, first.clip_id, first.given)
    report = find_mislabels(conn, mislabelled, n_clips=2)
    asked = [suspect.clip_id for suspect in report.suspects]
    assert first.clip_id not in asked and second.clip_id in asked
    assert report.outcome.detail["n_settled"] == 1


def test_a_clip_that_was_relabelled_rightly_is_no_suspect_any_more(conn: Conn, mislabelled: Project) -> None:
    first = find_mislabels(conn, mislabelled, n_clips=1).suspects[0]
    say(conn, mislabelled, first.clip_id, first.suggested)
    report = find_mislabels(conn, mislabelled)
    assert first.clip_id not in [suspect.clip_id for suspect in report.suspects]
    assert report.outcome.detail["n_settled"] == 0


def test_a_persons_wrong_label_is_asked_about_once_more_and_then_never_again(conn: Conn, mislabelled: Project) -> None:
    first = find_mislabels(conn, mislabelled, n_clips=1).suspects[0]
    clip_id, (wrong,) = first.clip_id, {*DIGITS} - {first.given, first.suggested}
    say(conn, mislabelled, clip_id, wrong)
    assert settled_clips(conn, mislabelled.project_id) == set()
    assert clip_id in [suspect.clip_id for suspect in find_mislabels(conn, mislabelled).suspects]
    say(conn, mislabelled, clip_id, wrong)
    assert settled_clips(conn, mislabelled.project_id) == {clip_id}
    assert clip_id not in [suspect.clip_id for suspect in find_mislabels(conn, mislabelled).suspects]


def test_an_answer_that_was_taken_back_settles_nothing(conn: Conn, mislabelled: Project) -> None:
    first = find_mislabels(conn, mislabelled, n_clips=1).suspects[0]
    said = say(conn, mislabelled, first.clip_id, first.given)
    undo = AnswerGiven(
        annotation_id=uuid4(), clip_id=first.clip_id, answer="withdrawn", label=None, heard=None, supersedes=said
    )
    assert save_answers(conn, mislabelled, [undo]).refused == {}
    assert settled_clips(conn, mislabelled.project_id) == set()
    assert find_mislabels(conn, mislabelled, n_clips=1).suspects[0].clip_id == first.clip_id


def test_a_clip_of_which_a_person_was_unsure_has_no_label_to_doubt(conn: Conn, mislabelled: Project) -> None:
    first = find_mislabels(conn, mislabelled, n_clips=1).suspects[0]
    given = AnswerGiven(annotation_id=uuid4(), clip_id=first.clip_id, answer="unsure", label=None, heard=None)
    assert save_answers(conn, mislabelled, [given]).refused == {}
    report = find_mislabels(conn, mislabelled)
    assert report.outcome.n_done == 95
    assert first.clip_id not in [suspect.clip_id for suspect in report.suspects]


def test_redundant_clips_neither_speak_nor_are_asked(conn: Conn, mislabelled: Project) -> None:
    first = find_mislabels(conn, mislabelled, n_clips=1).suspects[0]
    conn.execute("UPDATE clip SET is_redundant = true WHERE clip_id = %s", (first.clip_id,))
    report = find_mislabels(conn, mislabelled)
    assert report.outcome.n_done == 95
    assert first.clip_id not in [suspect.clip_id for suspect in report.suspects]


def test_same_clips_and_seed_give_the_same_list(conn: Conn, mislabelled: Project) -> None:
    first, second = (find_mislabels(conn, mislabelled, seed=3).suspects for _ in range(2))
    assert first == second


def test_sources_kept_apart_change_the_chances_and_are_logged(conn: Conn, mislabelled: Project) -> None:
    apart = find_mislabels(conn, mislabelled, apart="source").suspects
    assert {name_of(conn, s.clip_id) for s in apart} >= set(WRONG)
    assert apart != find_mislabels(conn, mislabelled).suspects
    rows = conn.execute(
        "SELECT spec ->> 'apart' FROM operation WHERE action = 'mislabels' ORDER BY operation_id"
    ).fetchall()
    assert rows == [("source",), ("recording",)]


@pytest.mark.parametrize("n_labels", [0, 1])
def test_fewer_than_two_labels_end_in_one_clear_sentence(
    conn: Conn, project: Project, store: Store, digits: Path, n_labels: int
) -> None:
    for path in digits.glob("*.wav"):
        if not path.name.startswith("0_"):
            path.unlink()
    ingest(conn, project, str(digits), labels=LabelRules(name_pattern=SPEAKERS if n_labels else None))
    cut(conn, project, store)
    embed(conn, project, store, encoder=PluginSpec(name="instant"))
    with pytest.raises(NotFound, match=f"no labels to compare .* got {n_labels} labels .* label some clips"):
        find_mislabels(conn, project)
    assert conn.execute("SELECT count(*) FROM suspect").fetchone() == (0,)


def test_before_the_first_embed_it_says_what_to_do(conn: Conn, project: Project) -> None:
    with pytest.raises(NotFound, match="earmark embed"):
        find_mislabels(conn, project)


def test_annotator_is_told_who_may_and_a_reviewer_may(conn: Conn, mislabelled: Project, empty_database: str) -> None:
    with (
        logged_in(conn, empty_database, mislabelled.project_id, "annotator") as theirs,
        pytest.raises(NotPermitted, match="reviewer"),
    ):
        find_mislabels(theirs, mislabelled)
    with logged_in(conn, empty_database, mislabelled.project_id, "reviewer") as theirs:
        assert len(find_mislabels(theirs, mislabelled, n_clips=2).suspects) == 2
        assert len(list_suspects(theirs, mislabelled.project_id)) == 2


def test_command_line_names_the_suspects_in_words_and_as_json(
    conn: Conn, mislabelled: Project, empty_database: str, tmp_path: Path
) -> None:
    said = earmark("mislabels", "--n", "2", url=empty_database, folder=tmp_path)
    lines = said.stdout.splitlines()
    assert lines[0].startswith("clip ") and "sounds like" in lines[0]
    assert lines[-1].startswith("mislabels  96 in, 96 done")
    found = json.loads(earmark("mislabels", "--n", "2", "--json", url=empty_database, folder=tmp_path).stdout)
    assert {name_of(conn, s["clip_id"]) for s in found["suspects"]} == set(WRONG)
    assert found["detail"]["n_listed"] == 2


def test_command_line_without_labels_ends_in_one_sentence(
    project: Project, empty_database: str, tmp_path: Path
) -> None:
    done = earmark("mislabels", "--json", url=empty_database, folder=tmp_path, should_fail=True)
    assert "run `earmark embed` first" in json.loads(done.stdout)["message"]


def name_of(conn: Conn, clip_id: int) -> str:
    row = conn.execute("SELECT r.name FROM clip JOIN recording r USING (recording_id) WHERE clip_id = %s", (clip_id,))
    return str((row.fetchone() or ("",))[0])


def say(conn: Conn, project: Project, clip_id: int, label: str) -> Any:
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None)
    assert save_answers(conn, project, [given]).refused == {}
    return given.annotation_id


def earmark(*words: str, url: str, folder: Path, should_fail: bool = False) -> subprocess.CompletedProcess[str]:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")},
        **{"EARMARK_DATABASE_URL": url, "EARMARK_WORKSPACE": str(folder), "EARMARK_PROJECT": "test"},
        **{"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    }
    command = [sys.executable, "-m", "pipeline.cli", *words]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)
    assert (done.returncode != 0) == should_fail, done.stderr
    return done
