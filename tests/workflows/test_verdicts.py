"""A verdict and its label are kept together or not at all, once, and are taken back together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from pipeline.catalog import annotations, doubts, suspects, verdicts
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, get_project
from pipeline.core.errors import CatalogError, NotFound, NotPermitted, SettingsError
from pipeline.core.types import AnswerGiven, Heard
from pipeline.core.verdicts import SettledMeanwhile, Verdict, VerdictGiven
from pipeline.curation.consensus import consensus
from pipeline.workflows.annotate import flag_clip, save_answers
from pipeline.workflows.verdicts import settle
from tests.catalog import made_rows
from tests.people import logged_in

Conn = psycopg.Connection[Any]
HEARD = Heard(n_plays=2, heard_s=1.5, response_ms=900, share=1.0)


@pytest.fixture
def project(conn: Conn) -> Project:
    """Six clips without sound and the labels a, b and c; the first two are on the list of suspects, as a."""
    project_id, operation_id = made_rows.make_project(conn, name="made")
    clip_ids = made_rows.fill(conn, project_id, operation_id, n_recordings=2, n_clips_each=3)
    a, b, _ = (label.label_id for label in list_labels(conn, project_id))
    listed = [
        suspects.NewSuspect(
            clip_id=clip_id, score=score, given_label_id=a, suggested_label_id=b, given_probability=0.1,
            suggested_probability=0.1 + score, nearest_given=clip_ids[2], nearest_suggested=None, n_near=10,
            n_near_given=1, n_near_suggested=9, reason="labelled a, sounds like b",
        )
        for clip_id, score in zip(clip_ids[:2], (0.8, 0.4), strict=True)
    ]  # fmt: skip
    suspects.replace_suspects(conn, project_id, listed, operation_id=operation_id)
    return get_project(conn, "made")


@pytest.fixture
def clip_ids(conn: Conn, project: Project) -> list[int]:
    return made_rows.clip_ids(conn, project.project_id)


@pytest.fixture
def reviewer(conn: Conn, project: Project, empty_database: str) -> Iterator[Conn]:
    with logged_in(conn, empty_database, project.project_id, "reviewer") as theirs:
        yield theirs


def about(clip_id: int, verdict: Verdict, label: str | None = None, **more: Any) -> VerdictGiven:
    """A verdict on a suspect that is labelled a and sounds like b."""
    facts: dict[str, Any] = {"doubt": "suspect", "given": "a", "suggested": "b", "score": 0.8, "heard": HEARD} | more
    return VerdictGiven(verdict_id=uuid4(), clip_id=clip_id, verdict=verdict, label=label, **facts)


def withdrawal(of: VerdictGiven) -> VerdictGiven:
    return VerdictGiven(
        verdict_id=uuid4(), clip_id=of.clip_id, doubt=of.doubt, verdict="withdrawn", supersedes=of.verdict_id
    )


def word_on(conn: Conn, project: Project, clip_id: int) -> tuple[str, str | None] | None:
    """What the votes on a clip come to."""
    settled = consensus(doubts.votes_of(conn, project.project_id, [clip_id]).get(clip_id, []))
    return None if settled is None else (settled.answer, settled.label)


def say(conn: Conn, project: Project, clip_id: int, label: str) -> UUID:
    given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label", label=label, heard=None, screen="deck")
    assert save_answers(conn, project, [given]).refused == {}
    return given.annotation_id


@pytest.mark.parametrize(
    ("verdict", "label", "word"),
    [
        ("confirmed", "a", ("label", "a")),
        ("relabelled", "b", ("label", "b")),
        ("relabelled", "c", ("label", "c")),
        ("none_of_these", None, ("none_of_these", None)),
        ("bad_audio", None, ("bad_audio", None)),
    ],
)
def test_a_verdict_is_the_last_word_on_its_clip(
    reviewer: Conn, project: Project, clip_ids: list[int], verdict: Verdict, label: str | None, word: tuple[str, Any]
) -> None:
    given = about(clip_ids[0], verdict, label, picture="recipe")
    settle(reviewer, project, given)
    row = reviewer.execute(
        "SELECT a.source, a.answer, a.settles, a.screen, a.picture, a.n_plays, a.heard_s, a.response_ms, a.author, "
        "v.verdict, v.doubt, v.score, v.author FROM annotation a JOIN verdict v ON v.verdict_id = a.annotation_id"
    ).fetchall()
    me = reviewer.info.user
    assert row == [
        ("human", word[0], True, "flags", "recipe", 2, 1.5, 900, me, verdict, "suspect", pytest.approx(0.8), me)
    ]
    assert word_on(reviewer, project, clip_ids[0]) == word
    assert doubts.list_suspects(reviewer, project.project_id) == [clip_ids[1]]


def test_unsure_is_remembered_and_the_clip_keeps_its_label(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    say(conn, project, clip_ids[0], "a")
    settle(reviewer, project, about(clip_ids[0], "unsure"))
    assert word_on(reviewer, project, clip_ids[0]) == ("label", "a")
    assert doubts.list_suspects(reviewer, project.project_id) == [clip_ids[1]]
    assert clip_ids[0] in doubts.settled_clips(reviewer, project.project_id)


def test_the_same_verdict_twice_is_saved_once(reviewer: Conn, project: Project, clip_ids: list[int]) -> None:
    given = about(clip_ids[0], "relabelled", "b")
    settle(reviewer, project, given)
    settle(reviewer, project, given)
    back = withdrawal(given)
    settle(reviewer, project, back)
    settle(reviewer, project, back)
    settle(reviewer, project, given)
    assert reviewer.execute("SELECT count(*) FROM verdict").fetchone() == (2,)
    assert reviewer.execute("SELECT count(*) FROM annotation").fetchone() == (2,)


def test_withdrawing_takes_verdict_and_label_back(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    say(conn, project, clip_ids[0], "a")
    for given in (about(clip_ids[0], "relabelled", "b"), about(clip_ids[0], "unsure")):
        settle(reviewer, project, given)
        settle(reviewer, project, withdrawal(given))
        assert word_on(reviewer, project, clip_ids[0]) == ("label", "a")
        assert doubts.list_suspects(reviewer, project.project_id) == clip_ids[:2]
    assert clip_ids[0] not in doubts.settled_clips(reviewer, project.project_id)


def test_what_the_reviewer_had_said_before_stands_again_after_withdrawing(
    reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    say(reviewer, project, clip_ids[0], "c")
    given = about(clip_ids[0], "confirmed", "a")
    settle(reviewer, project, given)
    settle(reviewer, project, withdrawal(given))
    (vote,) = doubts.votes_of(reviewer, project.project_id, [clip_ids[0]])[clip_ids[0]]
    assert (vote.label, vote.author, vote.settles) == ("c", reviewer.info.user, False)


def test_the_other_labels_of_a_clip_survive_confirming_and_taking_back(
    reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    said = AnswerGiven(
        annotation_id=uuid4(), clip_id=clip_ids[0], answer="label", label="a", heard=None, also=("b", "c")
    )
    assert save_answers(reviewer, project, [said]).refused == {}
    given = about(clip_ids[0], "confirmed", "a")
    settle(reviewer, project, given)
    for _ in range(2):
        (vote,) = doubts.votes_of(reviewer, project.project_id, [clip_ids[0]])[clip_ids[0]]
        assert (vote.label, set(vote.also)) == ("a", {"b", "c"})
        if vote.settles:
            settle(reviewer, project, withdrawal(given))


def test_an_answer_given_since_is_not_taken_back_with_the_verdict(
    reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    given = about(clip_ids[0], "confirmed", "a")
    settle(reviewer, project, given)
    say(reviewer, project, clip_ids[0], "c")
    settle(reviewer, project, withdrawal(given))
    assert word_on(reviewer, project, clip_ids[0]) == ("label", "c")


def test_a_second_reviewer_is_told_who_settled_it(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    settle(reviewer, project, about(clip_ids[0], "none_of_these"))
    with pytest.raises(SettledMeanwhile, match=f"{reviewer.info.user} settled this clip meanwhile"):
        settle(conn, project, about(clip_ids[0], "confirmed", "a"))
    assert word_on(conn, project, clip_ids[0]) == ("none_of_these", None)


def test_nobody_takes_back_what_another_decided(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    given = about(clip_ids[0], "relabelled", "b")
    settle(reviewer, project, given)
    with pytest.raises(CatalogError, match="taken back by who gave it"):
        settle(conn, project, withdrawal(given))
    assert word_on(conn, project, clip_ids[0]) == ("label", "b")


def test_verdict_and_label_are_kept_both_or_none(reviewer: Conn, project: Project, clip_ids: list[int]) -> None:
    given = about(clip_ids[0], "relabelled", "b")
    taken = AnswerGiven(annotation_id=given.verdict_id, clip_id=clip_ids[1], answer="label", label="a", heard=None)
    with reviewer.transaction():
        # Its annotation stands already, on another clip: what follows cannot be saved whole.
        labels = {label.name: label.label_id for label in list_labels(reviewer, project.project_id)}
        annotations.save_answers(reviewer, project.project_id, [taken], label_ids=labels)
    with pytest.raises(CatalogError):
        settle(reviewer, project, given)
    assert reviewer.execute("SELECT count(*) FROM verdict").fetchone() == (0,)


def test_clips_and_labels_of_elsewhere_are_refused(reviewer: Conn, project: Project, clip_ids: list[int]) -> None:
    with pytest.raises(NotFound, match="no such label in this project: z"):
        settle(reviewer, project, about(clip_ids[0], "relabelled", "z"))
    with pytest.raises(NotFound, match="no such clip"):
        settle(reviewer, project, about(10**9, "unsure"))
    assert reviewer.execute("SELECT count(*) FROM verdict").fetchone() == (0,)


def test_verdicts_that_contradict_themselves_are_none() -> None:
    for verdict, label in (("confirmed", "b"), ("confirmed", None), ("relabelled", None), ("unsure", "a")):
        with pytest.raises(SettingsError):
            about(1, verdict, label)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SettingsError):
        about(1, "withdrawn")


def test_annotator_settles_nothing(conn: Conn, project: Project, clip_ids: list[int], empty_database: str) -> None:
    with (
        logged_in(conn, empty_database, project.project_id, "annotator") as theirs,
        pytest.raises(NotPermitted, match="reviewer"),
    ):
        settle(theirs, project, about(clip_ids[0], "confirmed", "a"))


def test_a_flag_is_open_until_a_verdict_and_again_if_raised_after_it(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    clip_id = clip_ids[3]
    flag_clip(conn, project, uuid4(), clip_id, is_raised=True)
    flag_clip(conn, project, uuid4(), clip_ids[4], is_raised=True)
    flag_clip(conn, project, uuid4(), clip_ids[4], is_raised=False)
    (flagged,) = doubts.list_flagged(reviewer, project.project_id)
    assert (flagged.clip_id, flagged.people) == (clip_id, [conn.info.user])
    first = about(clip_id, "confirmed", "a", doubt="flagged", suggested=None, score=None)
    settle(reviewer, project, first)
    assert doubts.list_flagged(reviewer, project.project_id) == []
    with pytest.raises(SettledMeanwhile):
        settle(reviewer, project, about(clip_id, "unsure", doubt="flagged"))
    flag_clip(conn, project, uuid4(), clip_id, is_raised=True)
    assert [f.clip_id for f in doubts.list_flagged(reviewer, project.project_id)] == [clip_id]
    settle(reviewer, project, about(clip_id, "bad_audio", doubt="flagged"))
    assert word_on(reviewer, project, clip_id) == ("bad_audio", None)
    assert doubts.count_doubts(reviewer, project.project_id).n_flagged == 0


def test_people_who_disagree_make_a_dispute_until_a_verdict(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int], empty_database: str
) -> None:
    clip_id = clip_ids[3]
    with logged_in(conn, empty_database, project.project_id, "reviewer") as third:
        say(conn, project, clip_id, "a")
        assert doubts.list_disputed(reviewer, project.project_id) == []
        say(third, project, clip_id, "b")
        assert doubts.list_disputed(reviewer, project.project_id) == [clip_id]
        say(reviewer, project, clip_id, "b")
        assert doubts.list_disputed(reviewer, project.project_id) == [], "two of three agree"
        say(reviewer, project, clip_id, "c")
        assert doubts.list_disputed(reviewer, project.project_id) == [clip_id]
        settle(third, project, about(clip_id, "relabelled", "b", doubt="disputed"))
        assert doubts.count_doubts(reviewer, project.project_id).n_disputed == 0
        assert word_on(reviewer, project, clip_id) == ("label", "b")


def test_the_same_labels_in_another_order_are_no_dispute(
    conn: Conn, reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    for who, label, also in ((conn, "a", "b"), (reviewer, "b", "a")):
        given = AnswerGiven(
            annotation_id=uuid4(), clip_id=clip_ids[0], answer="label", label=label, heard=None, also=(also,)
        )
        assert save_answers(who, project, [given]).refused == {}
    assert doubts.list_disputed(reviewer, project.project_id) == []


def test_what_came_of_the_suspects_is_counted_without_what_was_taken_back(
    reviewer: Conn, project: Project, clip_ids: list[int]
) -> None:
    first, second = about(clip_ids[0], "relabelled", "b"), about(clip_ids[1], "confirmed", "a", score=0.4)
    settle(reviewer, project, first)
    settle(reviewer, project, second)
    settle(reviewer, project, about(clip_ids[3], "unsure", doubt="disputed", score=None))
    settle(reviewer, project, withdrawal(second))
    (heard,) = verdicts.suspects_heard(reviewer, project.project_id)
    assert (heard.verdict, heard.score) == ("relabelled", pytest.approx(0.8))
