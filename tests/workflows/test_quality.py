"""Several people on the same clips: agreement, gold, quality and haste come out of what stands in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pipeline.core.errors import NotFound, NotPermitted, SettingsError
from pipeline.core.types import AnswerGiven, Heard, Screen
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.gold import NONE_OF_THESE, add_gold, list_gold, remove_gold
from pipeline.workflows.quality import team_report
from tests.people import logged_in
from tests.workflows.asked import LABELS, Asked, make

Conn = psycopg.Connection[Any]


@pytest.fixture
def asked(conn: Conn) -> Asked:
    """30 clips of three labels."""
    return make(conn, n_each=10)


@pytest.fixture
def people(conn: Conn, empty_database: str, asked: Asked) -> Iterator[list[Conn]]:
    """Three annotators' own connections; every clip was handed to each of them."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(logged_in(conn, empty_database, asked.project.project_id, "annotator"))
            for _ in range(3)
        ]
        for own in opened:
            conn.execute(
                "INSERT INTO assignment (clip_id, person, project_id) SELECT clip_id, %s, project_id FROM clip",
                (own.info.user,),
            )
        yield opened


def say(conn: Conn, asked: Asked, clip_ids: Sequence[int], *, wrong: Sequence[int] = ()) -> None:
    """Answer truly, but of some clips the next label."""
    for clip_id in clip_ids:
        truth = asked.truth[clip_id]
        other = LABELS[(LABELS.index(truth) + 1) % len(LABELS)]
        assert asked.answer(conn, clip_id, other if clip_id in wrong else truth).refused == {}


def say_after(
    conn: Conn,
    asked: Asked,
    clip_id: int,
    *,
    response_ms: int,
    heard_s: float,
    share: float | None,
    screen: Screen = "deck",
) -> None:
    heard = Heard(n_plays=1, heard_s=heard_s, response_ms=response_ms, share=share)
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label="dog", heard=heard, screen=screen)
    assert save_answers(conn, asked.project, [given]).refused == {}


def test_nobody_has_answered_and_nothing_is_said(conn: Conn, asked: Asked) -> None:
    report = team_report(conn, asked.project)
    assert (report.n_answered, report.n_shared, report.alpha.alpha) == (0, 0, None)
    assert (report.people, report.pairs, report.labels, report.disputed, report.gold, report.fast) == (
        [], [], [], [], [], [],
    )  # fmt: skip


def test_agreement_of_all_of_pairs_and_what_is_disputed(conn: Conn, asked: Asked, people: list[Conn]) -> None:
    clips = sorted(asked.truth)
    say(people[0], asked, clips[:20])
    say(people[1], asked, clips[:20], wrong=clips[:2])
    say(people[2], asked, clips[20:])
    report = team_report(conn, asked.project)
    assert (report.n_answered, report.n_shared) == (30, 20)
    assert report.alpha.alpha is not None and 0.8 < report.alpha.alpha < 1
    (pair,) = report.pairs
    assert (pair.n_shared, pair.n_same) == (20, 18)
    assert {d.clip_id for d in report.disputed} == set(clips[:2])
    assert set(report.disputed[0].said) == {own.info.user for own in people[:2]}
    assert {label.label for label in report.labels} == set(LABELS)


def test_unsure_counts_neither_for_nor_against_and_a_last_word_is_no_second_opinion(
    conn: Conn, asked: Asked, people: list[Conn]
) -> None:
    first, second = sorted(asked.truth)[:2]
    say(people[0], asked, [first, second])
    unsure = AnswerGiven(annotation_id=uuid4(), clip_id=first, answer="unsure", label=None, heard=None)
    save_answers(people[1], asked.project, [unsure])
    asked.answer(conn, second, "rain", settles=True)
    report = team_report(conn, asked.project)
    assert (report.n_shared, report.disputed) == (0, [])


def test_people_are_measured_by_gold_and_by_each_other(conn: Conn, asked: Asked, people: list[Conn]) -> None:
    clips = sorted(asked.truth)
    for own, wrong in zip(people, ([], clips[:3], clips[:20]), strict=True):
        say(own, asked, clips, wrong=wrong)
    for label in LABELS:
        add_gold(conn, asked.project, [c for c in clips[:12] if asked.truth[c] == label], label=label)
    report = team_report(conn, asked.project)
    by_name = {person.person: person for person in report.people}
    good, fair, bad = (by_name[own.info.user] for own in people)
    assert [(p.n_gold_met, p.n_gold) for p in (good, fair, bad)] == [(12, 12), (9, 12), (0, 12)]
    assert good.accuracy is not None and fair.accuracy is not None and bad.accuracy is not None
    assert good.accuracy > fair.accuracy > 0.7 > 0.5 > bad.accuracy
    assert bad.most_confused is not None and bad.most_confused.share > 0.4
    assert good.gold_low > 0.7 and good.gold_high == 1


def test_gold_is_taken_from_people_or_named_and_can_be_taken_off(conn: Conn, asked: Asked, people: list[Conn]) -> None:
    first, second, third = sorted(asked.truth)[:3]
    say(people[0], asked, [first])
    assert add_gold(conn, asked.project, [first]) == 1
    assert add_gold(conn, asked.project, [second], label=NONE_OF_THESE) == 1
    assert {(g.clip_id, g.label, g.n_asked, g.n_met) for g in list_gold(conn, asked.project)} == {
        (first, asked.truth[first], 1, 1),
        (second, None, 0, 0),
    }
    with pytest.raises(SettingsError, match="nobody has said for sure"):
        add_gold(conn, asked.project, [third])
    with pytest.raises(SettingsError, match="no such label"):
        add_gold(conn, asked.project, [third], label="whale")
    with pytest.raises(NotFound):
        add_gold(conn, asked.project, [first, 10**9], label="dog")
    assert remove_gold(conn, asked.project, [first, third]) == 1
    assert remove_gold(conn, asked.project, [first]) == 0
    assert [g.clip_id for g in list_gold(conn, asked.project)] == [second]


def test_answers_before_one_can_have_heard_are_listed_and_counted(conn: Conn, asked: Asked, people: list[Conn]) -> None:
    # Every clip lasts one second.
    clips, own = sorted(asked.truth), people[0]
    say_after(own, asked, clips[0], response_ms=120, heard_s=0.1, share=0.1)
    say_after(own, asked, clips[1], response_ms=900, heard_s=0.1, share=0.1)
    say_after(own, asked, clips[2], response_ms=900, heard_s=0.1, share=None)
    say_after(own, asked, clips[3], response_ms=900, heard_s=0.9, share=0.9)
    say_after(own, asked, clips[4], response_ms=90, heard_s=0.5, share=0.5, screen="grid")
    report = team_report(conn, asked.project)
    assert [fast.clip_id for fast in report.fast] == [clips[2], clips[1], clips[0]]
    (person,) = report.people
    assert (person.n_too_fast, person.n_unheard, person.n_answers) == (1, 3, 5)


def test_an_annotator_sees_nothing_of_others(conn: Conn, asked: Asked, people: list[Conn]) -> None:
    say(people[1], asked, sorted(asked.truth)[:3])
    with pytest.raises(NotPermitted):
        team_report(people[0], asked.project)
    with pytest.raises(NotPermitted):
        list_gold(people[0], asked.project)
    with pytest.raises(NotPermitted):
        add_gold(people[0], asked.project, sorted(asked.truth)[:1], label="dog")


def test_a_reviewer_sees_the_team_and_makes_gold(conn: Conn, empty_database: str, asked: Asked) -> None:
    clip_id = sorted(asked.truth)[0]
    with logged_in(conn, empty_database, asked.project.project_id, "reviewer") as own:
        say(own, asked, [clip_id])
        assert add_gold(own, asked.project, [clip_id]) == 1
        report = team_report(own, asked.project)
    assert [person.n_gold_met for person in report.people] == [1] and report.gold[0].author != "postgres"
