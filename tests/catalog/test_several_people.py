"""Several people on one clip: who is asked, who is not asked again, and who sees no proposal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from pipeline.catalog import annotations, reviews
from pipeline.catalog.labels import list_labels
from pipeline.core.types import Answer, AnswerGiven
from tests.catalog.made_rows import fill, logged_in, make_project, people

Conn = psycopg.Connection[Any]


@dataclass(kw_only=True)
class Room:
    """A project with one clip for which a label is proposed, and the people at it."""

    owner: Conn
    project_id: int
    clip_id: int
    seats: Sequence[Conn]

    def ask(self, seat: int) -> list[reviews.ClaimedClip]:
        return reviews.claim(self.seats[seat], self.project_id, 5)

    def say(self, seat: int, answer: Answer = "label", *, settles: bool = False, undoes: UUID | None = None) -> UUID:
        labels = {label.name: label.label_id for label in list_labels(self.owner, self.project_id)}
        given = AnswerGiven(
            annotation_id=uuid4(),
            clip_id=self.clip_id,
            answer=answer,
            label=next(iter(labels)) if answer == "label" else None,
            heard=None,
            supersedes=undoes,
            settles=settles,
        )
        annotations.save_answers(self.seats[seat], self.project_id, [given], label_ids=labels)
        return given.annotation_id

    def waiting(self) -> tuple[str, int]:
        row = self.owner.execute("SELECT state, cardinality(answered_by) FROM review").fetchone()
        assert row is not None
        return row[0], row[1]


@contextmanager
def room(owner: Conn, *, n_wanted: int, duties: Sequence[Any] = ("annotator",) * 3) -> Iterator[Room]:
    project_id, operation_id = make_project(owner)
    (clip_id,) = fill(owner, project_id, operation_id, n_recordings=1, n_clips_each=1)
    label_id = list_labels(owner, project_id)[0].label_id
    entry = reviews.QueueEntry(clip_id=clip_id, reason="made", proposed_label_id=label_id, proposed_confidence=0.9)
    reviews.replace_queue(owner, project_id, [entry], operation_id=operation_id)
    owner.execute("UPDATE review SET n_wanted = %s", (n_wanted,))
    with people(owner, project_id, list(duties)) as urls, logged_in(urls) as seats:
        yield Room(owner=owner, project_id=project_id, clip_id=clip_id, seats=seats)


def test_clip_for_two_is_asked_of_two_and_never_twice_of_one(conn: Conn) -> None:
    with room(conn, n_wanted=2) as here:
        assert len(here.ask(0)) == 1
        assert here.ask(1) == [], "two people at once"
        here.say(0)
        assert here.waiting() == ("open", 1)
        assert here.ask(0) == [], "asked again"
        assert len(here.ask(1)) == 1
        here.say(1)
        assert here.waiting() == ("answered", 2)
        assert here.ask(2) == []


def test_who_is_asked_second_sees_no_proposal(conn: Conn) -> None:
    with room(conn, n_wanted=2) as here:
        assert here.ask(0)[0].proposed_label is not None
        here.say(0)
        second = here.ask(1)[0]
        assert (second.proposed_label, second.proposed_confidence) == (None, None)


def test_annotator_cannot_see_who_answered_before(conn: Conn) -> None:
    with room(conn, n_wanted=2) as here:
        here.ask(0)
        for column in ("answered_by", "n_wanted"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                here.seats[0].execute(f"SELECT {column} FROM review".encode())


def test_answer_taken_back_is_asked_of_the_same_person_again(conn: Conn) -> None:
    with room(conn, n_wanted=2) as here:
        here.ask(0)
        first = here.say(0)
        here.say(0, "withdrawn", undoes=first)
        assert here.waiting() == ("open", 0)
        assert len(here.ask(0)) == 1
        assert here.ask(1) == [], "the same person holds it"


def test_correction_is_one_answer_of_one_person(conn: Conn) -> None:
    with room(conn, n_wanted=2) as here:
        here.ask(0)
        here.say(0)
        here.say(0, "unsure")
        assert here.waiting() == ("open", 1)


def test_reviewers_last_word_ends_the_asking(conn: Conn) -> None:
    with room(conn, n_wanted=reviews.EVERYBODY, duties=("annotator", "reviewer")) as here:
        here.ask(0)
        here.say(1, settles=True)
        assert here.waiting() == ("answered", 1)
        assert here.ask(0) == []


def test_last_word_taken_back_asks_nobody_again_where_others_have_answered(conn: Conn) -> None:
    with room(conn, n_wanted=1, duties=("annotator", "reviewer")) as here:
        here.ask(0)
        here.say(0)
        word = here.say(1, settles=True)
        here.say(1, "withdrawn", undoes=word)
        assert here.waiting() == ("answered", 1)


def test_annotator_has_no_last_word(conn: Conn) -> None:
    with room(conn, n_wanted=1) as here:
        here.ask(0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            here.say(0, settles=True)


def test_clip_that_is_let_go_is_free_for_others(conn: Conn) -> None:
    with room(conn, n_wanted=1) as here:
        here.ask(0)
        assert reviews.release_claims(here.seats[1], here.project_id, [here.clip_id]) == 0, "it is not theirs"
        assert reviews.release_claims(here.seats[0], here.project_id, [here.clip_id]) == 1
        assert len(here.ask(1)) == 1


def test_clips_of_one_proposal_are_claimed_together(conn: Conn) -> None:
    with room(conn, n_wanted=1) as here:
        (waiting,) = reviews.waiting_by_proposal(here.seats[0], here.project_id)
        assert (waiting.n, round(waiting.mean_confidence, 6)) == (1, 0.9)
        other = [x.label_id for x in list_labels(conn, here.project_id) if x.label_id != waiting.label_id]
        assert all(reviews.claim(here.seats[0], here.project_id, 5, label_id=label_id) == [] for label_id in other)
        assert len(reviews.claim(here.seats[0], here.project_id, 5, label_id=waiting.label_id)) == 1
        assert reviews.waiting_by_proposal(here.seats[1], here.project_id) == []


def test_own_standing_tells_nothing_before_everybody_has_answered(conn: Conn) -> None:
    with room(conn, n_wanted=2) as here:
        here.ask(0)
        here.say(0)
        standing = "SELECT n_compared, n_agreed FROM my_standing(%s)"
        assert here.seats[0].execute(standing, (here.project_id,)).fetchone() == (0, 0)
        here.ask(1)
        here.say(1)
        assert here.seats[0].execute(standing, (here.project_id,)).fetchone() == (1, 1)
