"""The stop estimate comes from the answers in the database, is kept for the screens, and is for reviewers."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from pipeline.catalog import reviews
from pipeline.catalog.operation_log import list_entries
from pipeline.core.errors import NotPermitted
from pipeline.core.types import AnswerGiven
from pipeline.curation.lot import audit_order
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.queue import build_queue, claim_clips
from pipeline.workflows.stopping import estimate_stopping, latest_report
from tests.people import logged_in
from tests.workflows.asked import Asked, make

Conn = psycopg.Connection[Any]


def lot_of(asked: Asked) -> list[int]:
    return audit_order(asked.project.project_id, sorted(asked.truth))


def carry(conn: Conn, asked: Asked, label_of: dict[int, str]) -> None:
    """Labels that clips came with."""
    for clip_id, label in label_of.items():
        conn.execute(
            """
            INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, label_id)
            SELECT %s, project_id, %s, 'folder', 'label', label_id FROM label WHERE project_id = %s AND name = %s
            """,
            (uuid4(), clip_id, asked.project.project_id, label),
        )


def test_before_any_answer_nothing_is_promised(conn: Conn) -> None:
    asked = make(conn, n_each=10)
    assert latest_report(conn, asked.project) is None
    report = estimate_stopping(conn, asked.project)
    assert (report.drawn.n_drawn, report.model_right, report.curve, report.thresholds) == (0, None, None, [])
    assert not report.advice.can_stop


def test_what_the_queue_drew_by_lot_is_the_slice_and_the_interval_holds_the_truth(conn: Conn) -> None:
    asked = make(conn, n_each=60)
    build_queue(conn, asked.project)
    said = asked.answer_next(conn, 90)
    report = estimate_stopping(conn, asked.project)
    order = lot_of(asked)
    n_prefix = next(i for i, clip_id in enumerate(order) if clip_id not in said)
    assert report.drawn.n_drawn == n_prefix >= 9
    assert (report.drawn.n_all, report.drawn.n_known) == (180, 90)
    assert report.model_right is not None and report.curve is not None
    assert report.model_right.low <= report.model_right.value <= report.model_right.high
    assert report.curve.points[-1].n_answers == 90


def test_heaps_apart_with_the_whole_lot_answered_can_stop(conn: Conn) -> None:
    asked = make(conn, n_each=60, spread=0.3)
    for clip_id in lot_of(asked)[:80]:
        asked.answer(conn, clip_id)
    report = estimate_stopping(conn, asked.project)
    assert (report.drawn.n_drawn, report.drawn.n_wrong_drawn) == (80, 0)
    assert report.advice.can_stop and "You can stop" in report.advice.sentence
    ninety = report.thresholds[0].thresholds[0]
    assert ninety.score is not None and ninety.n_above > 50


def test_what_is_skipped_or_unsure_is_passed_over_and_counted(conn: Conn) -> None:
    asked = make(conn, n_each=20)
    build_queue(conn, asked.project)
    first, second, third, *rest = lot_of(asked)
    claim_clips(conn, asked.project, len(asked.truth))
    reviews.skip(conn, asked.project.project_id, first)
    unsure = AnswerGiven(annotation_id=uuid4(), clip_id=second, answer="unsure", label=None, heard=None)
    none = AnswerGiven(annotation_id=uuid4(), clip_id=third, answer="none_of_these", label=None, heard=None)
    save_answers(conn, asked.project, [unsure, none])
    for clip_id in rest[:9]:
        asked.answer(conn, clip_id)
    report = estimate_stopping(conn, asked.project)
    assert (report.n_passed_over, report.drawn.n_drawn, report.drawn.n_all) == (2, 10, 58)
    assert report.drawn.n_wrong_drawn >= 1  # no label of the model is right for none of these


def test_wrong_labels_that_came_with_the_files_are_counted_in_what_nobody_heard(conn: Conn) -> None:
    asked = make(conn, n_each=60, spread=0.3)
    order = lot_of(asked)
    wrong = {clip_id: "rain" if asked.truth[clip_id] != "rain" else "dog" for clip_id in order[::10]}
    carry(conn, asked, asked.truth | wrong)
    for clip_id in order[:60]:
        asked.answer(conn, clip_id)
    report = estimate_stopping(conn, asked.project)
    assert report.given_drawn is not None and report.given_wrong is not None
    assert (report.given_drawn.n_left, report.given_drawn.n_wrong_drawn) == (120, 6)
    assert report.given_wrong.low <= 12 <= report.given_wrong.high
    assert report.curve is None and "have the right label" in report.advice.sentence


def test_a_person_who_takes_answers_back_takes_them_out_of_the_slice(conn: Conn) -> None:
    asked = make(conn, n_each=20)
    order = lot_of(asked)
    for clip_id in order[:12]:
        asked.answer(conn, clip_id)
    given = conn.execute("SELECT annotation_id FROM current_annotation WHERE clip_id = %s", (order[4],)).fetchall()[0][
        0
    ]
    back = AnswerGiven(
        annotation_id=uuid4(), clip_id=order[4], answer="withdrawn", label=None, heard=None, supersedes=given
    )
    save_answers(conn, asked.project, [back])
    assert estimate_stopping(conn, asked.project).drawn.n_drawn == 4


def test_the_report_is_kept_and_knows_how_many_answers_came_since(conn: Conn) -> None:
    asked = make(conn, n_each=20)
    order = lot_of(asked)
    for clip_id in order[:30]:
        asked.answer(conn, clip_id)
    report = estimate_stopping(conn, asked.project)
    assert estimate_stopping(conn, asked.project) == report
    for clip_id in order[30:33]:
        asked.answer(conn, clip_id)
    made = latest_report(conn, asked.project)
    assert made is not None and made.report == report and made.n_answers_since == 3
    (entry,) = [e for e in list_entries(conn, asked.project.project_id) if e.action == "quality"][:1]
    assert "report" not in entry.detail and entry.detail["n_drawn"] == 30


def test_an_annotator_may_not_estimate_or_see_it(conn: Conn, empty_database: str) -> None:
    asked = make(conn, n_each=10)
    with logged_in(conn, empty_database, asked.project.project_id, "annotator") as own:
        with pytest.raises(NotPermitted):
            estimate_stopping(own, asked.project)
        with pytest.raises(NotPermitted):
            latest_report(own, asked.project)


def test_a_reviewer_may_estimate_and_see_it(conn: Conn, empty_database: str) -> None:
    asked = make(conn, n_each=10)
    for clip_id in lot_of(asked)[:20]:
        asked.answer(conn, clip_id)
    with logged_in(conn, empty_database, asked.project.project_id, "reviewer") as own:
        report = estimate_stopping(own, asked.project)
        made = latest_report(own, asked.project)
    assert made is not None and made.report == report and report.drawn.n_drawn == 20


def test_the_verb_says_it_in_words_and_in_json(
    conn: Conn, empty_database: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.cli.app import app

    asked = make(conn, n_each=20, spread=0.3)
    for clip_id in lot_of(asked)[:30]:
        asked.answer(conn, clip_id)
    monkeypatch.setenv("EARMARK_DATABASE_URL", empty_database)
    words = ["progress", "--workspace", str(tmp_path), "--project", "made"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0 and "clips drawn by lot" in said.output and "all labels" in said.output
    report = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert report["drawn"]["n_drawn"] == 30 and report["advice"]["sentence"] in said.output.replace("\n", " ")
