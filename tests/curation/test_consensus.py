"""What votes come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.core.types import AnnotationSource, Answer, Consensus, Vote
from pipeline.curation.consensus import consensus


def test_no_vote_no_consensus() -> None:
    assert consensus([]) is None


def test_one_vote_is_the_consensus() -> None:
    found = _consensus(_human("ada", "dog"))
    assert (found.answer, found.label, found.confidence, found.n_votes) == ("label", "dog", 1.0, 1)
    assert not found.is_disputed


def test_most_votes_win() -> None:
    found = _consensus(_human("ada", "dog"), _human("ben", "cat"), _human("cem", "dog"))
    assert found.label == "dog"
    assert found.confidence == pytest.approx(2 / 3)
    assert not found.is_disputed


def test_tie_is_disputed_whoever_spoke_first() -> None:
    votes = [_human("ada", "dog"), _human("ben", "cat")]
    found = _consensus(*votes)
    assert found.is_disputed
    assert found == _consensus(*reversed(votes))


def test_reviewers_last_word_decides_alone() -> None:
    votes = [_human("ada", "dog"), _human("ben", "dog"), replace(_human("rev", "cat"), settles=True)]
    found = _consensus(*votes, _human("cem", "dog"))
    assert (found.label, found.n_votes, found.is_disputed) == ("cat", 1, False)


def test_of_two_last_words_the_later_counts() -> None:
    votes = [replace(_human(who, label), settles=True) for who, label in (("rev", "cat"), ("eve", "cow"))]
    assert _consensus(*votes).label == "cow"


def test_same_labels_in_another_order_are_the_same_answer() -> None:
    votes = [
        replace(_human("ada", "dog"), also=("bird",)),
        replace(_human("ben", "bird"), also=("dog",)),
        _human("cem", "dog"),
    ]
    found = _consensus(*votes)
    assert {found.label, *found.also} == {"dog", "bird"}
    assert (found.confidence, found.is_disputed) == (pytest.approx(2 / 3), False)
    assert found == _consensus(votes[1], votes[0], votes[2])


def test_label_that_only_one_of_two_heard_is_disputed() -> None:
    assert _consensus(replace(_human("ada", "dog"), also=("bird",)), _human("ben", "dog")).is_disputed


def test_agreement_below_the_least_is_disputed() -> None:
    votes = [
        _human("ada", "dog"),
        _human("ben", "dog"),
        _human("cem", "cat"),
        _human("dee", "cow"),
        _human("eva", "hen"),
    ]
    assert _consensus(*votes).is_disputed
    assert not _consensus(*votes, min_agreement=0.4).is_disputed


def test_latest_vote_of_an_author_counts_alone() -> None:
    found = _consensus(_human("ada", "dog"), _human("ada", "cat"))
    assert (found.label, found.n_votes, found.is_disputed) == ("cat", 1, False)


@pytest.mark.parametrize(
    ("higher", "lower"),
    [("human", "folder"), ("human", "model"), ("folder", "model"), ("file_name", "function"), ("csv", "model")],
)
def test_higher_rank_outvotes_any_number_of_lower(higher: AnnotationSource, lower: AnnotationSource) -> None:
    few = [_vote(higher, "one", "dog", confidence=0.1)]
    many = [_vote(lower, str(number), "cat", confidence=1.0) for number in range(9)]
    found = _consensus(*many, *few)
    assert (found.label, found.n_votes, found.is_disputed) == ("dog", 1, False)


def test_sources_of_one_rank_vote_together() -> None:
    found = _consensus(_vote("folder", "import", "dog"), _vote("csv", "import", "cat"))
    assert found.is_disputed and found.n_votes == 2


@pytest.mark.parametrize("answer", ["unsure", "none_of_these"])
def test_unsure_and_none_of_these_are_answers_too(answer: Answer) -> None:
    vote = Vote(source="human", author="ada", answer=answer, label=None)
    found = _consensus(vote)
    assert (found.answer, found.label, found.is_disputed) == (answer, None, False)
    assert _consensus(vote, _human("ben", "dog")).is_disputed


def test_confidence_is_the_models_own_times_the_share_that_agrees() -> None:
    found = _consensus(_vote("model", "a", "dog", confidence=0.6), _vote("model", "b", "dog", confidence=0.8))
    assert found.confidence == pytest.approx(0.7)
    third = _vote("model", "c", "cat", confidence=1.0)
    split = _consensus(_vote("model", "a", "dog", confidence=0.6), _vote("model", "b", "dog", confidence=0.8), third)
    assert split.label == "dog"
    assert split.confidence == pytest.approx(1.4 / 3)


def _consensus(*votes: Vote, min_agreement: float = 0.5) -> Consensus:
    found = consensus(votes, min_agreement=min_agreement)
    assert found is not None
    return found


def _human(author: str, label: str) -> Vote:
    return _vote("human", author, label)


def _vote(source: AnnotationSource, author: str, label: str, *, confidence: float | None = None) -> Vote:
    return Vote(source=source, author=author, answer="label", label=label, confidence=confidence)
