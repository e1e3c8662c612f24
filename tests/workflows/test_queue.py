"""The queue: lot and gold run into it, several people are asked blindly, disputes come back, and the plan is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.catalog import queue_plan, reviews
from pipeline.core.errors import SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.lot import audit_order
from pipeline.curation.queue_mix import of_several
from pipeline.curation.reasons import DISPUTED, NOTHING_LABELLED
from pipeline.workflows.queue import Sharing, build_queue, claim_clips, only_of
from tests.catalog import made_rows
from tests.conftest import ROOT
from tests.workflows import asked
from tests.workflows.asked import Asked

Conn = psycopg.Connection[Any]
MARGIN = PluginSpec(name="margin")


@pytest.fixture
def made(conn: Conn) -> Asked:
    return asked.make(conn)


@pytest.fixture
def persons(conn: Conn, made: Asked) -> Iterator[list[Conn]]:
    """Three annotators, logged in."""
    with (
        made_rows.people(conn, made.project.project_id, ("annotator", "annotator", "annotator")) as urls,
        made_rows.logged_in(urls) as logins,
    ):
        yield logins


def test_a_tenth_of_the_first_questions_are_the_first_of_the_lot(conn: Conn, made: Asked) -> None:
    build_queue(conn, made.project, strategy=PluginSpec(name="diversity"))
    lot = audit_order(made.project.project_id, list(made.truth))
    first = _queue(conn, made)[:100]
    assert set(lot[:9]) <= set(first)
    places = sorted(first.index(clip_id) for clip_id in lot[:9])
    assert all(10 * k <= place < 10 * k + 12 for k, place in enumerate(places))


def test_clip_drawn_by_lot_reads_like_its_neighbours(conn: Conn, made: Asked) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    assert {clip.reason for clip in claim_clips(conn, made.project, 120)} == {NOTHING_LABELLED}


def test_shares_are_kept_by_the_next_queue_until_they_are_changed(conn: Conn, made: Asked) -> None:
    build_queue(conn, made.project, sharing=Sharing(audit_share=0.2, overlap_share=0.5, n_people=3))
    build_queue(conn, made.project, strategy=MARGIN)
    plan = _plan(conn, made)
    assert (plan.audit_share, plan.overlap_share, plan.n_people) == (pytest.approx(0.2), 0.5, 3)
    assert (plan.strategy["name"], plan.is_live, plan.ranked_at) == ("margin", True, None)
    build_queue(conn, made.project, sharing=Sharing(overlap_share=0.0))
    assert (_plan(conn, made).overlap_share, _plan(conn, made).n_people) == (0.0, 3)


@pytest.mark.parametrize("wrong", [{"audit_share": 1.1}, {"overlap_share": -0.1}, {"n_people": 1}, {"n_people": 21}])
def test_share_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Sharing(**wrong)


def test_several_people_are_asked_about_the_overlap_and_one_about_the_rest(
    conn: Conn, made: Asked, persons: list[Conn]
) -> None:
    build_queue(conn, made.project, strategy=PluginSpec(name="random"), sharing=Sharing(overlap_share=0.2))
    shared = of_several(made.project.project_id, made.truth, 0.2)
    heard = [set(made.answer_next(persons[0], len(made.truth)))]
    for person in persons[1:]:
        heard.append(set())
        while clips := claim_clips(person, made.project, 1):
            made.answer(person, clips[0].clip_id)
            heard[-1].add(clips[0].clip_id)
    assert heard == [set(made.truth), shared, set()]


def test_second_person_sees_neither_proposal_nor_label(conn: Conn, made: Asked, persons: list[Conn]) -> None:
    build_queue(conn, made.project, strategy=MARGIN, sharing=Sharing(overlap_share=1.0))
    made.answer_next(persons[0], 12)
    build_queue(conn, made.project, strategy=MARGIN)
    first = claim_clips(persons[1], made.project, 100)
    half = [clip for clip in first if clip.clip_id in _answered_by(conn, persons[0])]
    assert half and all(clip.proposed_label is None for clip in half)
    assert not any(label in clip.reason for clip in first for label in asked.LABELS)


def test_dispute_asks_one_person_more_and_is_settled_by_their_answer(
    conn: Conn, made: Asked, persons: list[Conn]
) -> None:
    build_queue(conn, made.project, strategy=MARGIN, sharing=Sharing(overlap_share=1.0))
    clip_id = made.answer_next(persons[0], 1)[0]
    claim_clips(persons[1], made.project, 120)
    made.answer(persons[1], clip_id, "cat" if made.truth[clip_id] != "cat" else "dog")
    outcome = build_queue(conn, made.project, strategy=MARGIN, only="disputed")
    assert (outcome.n_done, outcome.detail["n_queued"]) == (1, 1)
    (clip,) = claim_clips(persons[2], made.project, 10)
    assert (clip.clip_id, clip.reason, clip.proposed_label) == (clip_id, DISPUTED, None)
    made.answer(persons[2], clip_id)
    assert build_queue(conn, made.project, strategy=MARGIN, only="disputed").detail["n_queued"] == 0
    assert clip_id not in _queue(conn, made)


def test_nobody_is_asked_about_their_own_dispute(conn: Conn, made: Asked, persons: list[Conn]) -> None:
    clip_id = min(made.truth)
    for person, label in zip(persons, ("dog", "cat"), strict=False):
        _assign(conn, made, clip_id, person)
        made.answer(person, clip_id, label)
    build_queue(conn, made.project, strategy=MARGIN, only="disputed")
    assert [claim_clips(person, made.project, 5) for person in persons[:2]] == [[], []]
    assert [clip.clip_id for clip in claim_clips(persons[2], made.project, 5)] == [clip_id]


def test_what_a_reviewer_settled_is_asked_no_more(conn: Conn, made: Asked, persons: list[Conn]) -> None:
    clip_id = min(made.truth)
    for person, label in zip(persons, ("dog", "cat"), strict=False):
        _assign(conn, made, clip_id, person)
        made.answer(person, clip_id, label)
    made.answer(conn, clip_id, settles=True)
    assert build_queue(conn, made.project, strategy=MARGIN, only="disputed").detail["n_queued"] == 0
    build_queue(conn, made.project, strategy=MARGIN, sharing=Sharing(overlap_share=1.0, n_people=5))
    assert clip_id not in _queue(conn, made)


def test_gold_clips_run_spread_through_everybodys_queue_without_a_proposal(
    conn: Conn, made: Asked, persons: list[Conn]
) -> None:
    golden = sorted(made.truth)[:3]
    for clip_id in golden:
        _make_gold(conn, made, clip_id)
    build_queue(conn, made.project, strategy=PluginSpec(name="random"))
    places = sorted(_queue(conn, made).index(clip_id) for clip_id in golden)
    assert places[0] <= 20 < places[1] <= 41 < places[2] <= 63
    for person in persons[:2]:
        clips = claim_clips(person, made.project, 120)
        assert {clip.proposed_label for clip in clips if clip.clip_id in golden} == {None}
        assert set(golden) <= {clip.clip_id for clip in clips}
        for clip in clips:
            made.answer(person, clip.clip_id)
    assert sorted(_queue(conn, made)) == golden
    assert reviews.candidates(conn, made.project.project_id) == []


def test_clip_that_is_gold_no_more_is_asked_like_any_other(conn: Conn, made: Asked, persons: list[Conn]) -> None:
    clip_id = min(made.truth)
    _make_gold(conn, made, clip_id)
    conn.execute(
        "INSERT INTO gold (gold_id, project_id, clip_id, is_gold, created_at) "
        "VALUES (%s, %s, %s, false, clock_timestamp() + interval '1 second')",
        (uuid4(), made.project.project_id, clip_id),
    )
    build_queue(conn, made.project, strategy=MARGIN)
    row = conn.execute("SELECT n_wanted FROM review WHERE clip_id = %s", (clip_id,)).fetchone()
    assert row == (1,)


def test_clips_short_of_people_are_candidates(conn: Conn, made: Asked, persons: list[Conn]) -> None:
    build_queue(conn, made.project, strategy=MARGIN, sharing=Sharing(overlap_share=1.0))
    clip_id = made.answer_next(persons[0], 1)[0]
    assert clip_id in reviews.candidates(conn, made.project.project_id)
    claim_clips(persons[1], made.project, 120)
    made.answer(persons[1], clip_id)
    assert clip_id not in reviews.candidates(conn, made.project.project_id)


def test_answer_taken_back_after_a_new_queue_brings_the_clip_back(conn: Conn, made: Asked) -> None:
    build_queue(conn, made.project, strategy=MARGIN)
    clip_id = made.answer_next(conn, 1)[0]
    build_queue(conn, made.project, strategy=MARGIN)
    assert clip_id not in _queue(conn, made)
    row = conn.execute("SELECT state FROM review WHERE clip_id = %s", (clip_id,)).fetchone()
    assert row == ("answered",)


def test_word_that_restricts_to_nothing_known_is_refused() -> None:
    assert (only_of(None), only_of("disputed")) == (None, "disputed")
    with pytest.raises(SettingsError, match="disputed"):
        only_of("gold")


def test_command_line_says_how_questions_are_shared_out(conn: Conn, made: Asked, empty_database: str) -> None:
    environ = os.environ | {"EARMARK_DATABASE_URL": empty_database, "EARMARK_PROJECT": made.project.name}
    words = ["queue", "--strategy", "more_like:label=dog", "--audit", "0.2", "--overlap", "0.3", "--people", "3"]
    command = [sys.executable, "-m", "pipeline.cli", *words, "--fixed", "--json"]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    plan = _plan(conn, made)
    assert plan.strategy == {"name": "more_like", "params": {"label": "dog"}}
    assert (plan.audit_share, plan.overlap_share) == (pytest.approx(0.2), pytest.approx(0.3))
    assert (plan.n_people, plan.is_live) == (3, False)


def _queue(conn: Conn, made: Asked) -> list[int]:
    rows = conn.execute(
        "SELECT clip_id FROM review WHERE project_id = %s AND state = 'open' ORDER BY position, review_id",
        (made.project.project_id,),
    )
    return [row[0] for row in rows]


def _plan(conn: Conn, made: Asked) -> queue_plan.QueuePlan:
    plan = queue_plan.read_plan(conn, made.project.project_id)
    assert plan is not None
    return plan


def _answered_by(conn: Conn, person: Conn) -> set[int]:
    rows = conn.execute("SELECT clip_id FROM annotation WHERE author = %s", (person.info.user,))
    return {row[0] for row in rows}


def _make_gold(conn: Conn, made: Asked, clip_id: int) -> None:
    conn.execute(
        "INSERT INTO gold (gold_id, project_id, clip_id, is_gold, answer) VALUES (%s, %s, %s, true, 'none_of_these')",
        (uuid4(), made.project.project_id, clip_id),
    )


def _assign(conn: Conn, made: Asked, clip_id: int, person: Conn) -> None:
    """Let the person answer about a clip that no queue gave them."""
    conn.execute(
        "INSERT INTO assignment (clip_id, person, project_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (clip_id, person.info.user, made.project.project_id),
    )
