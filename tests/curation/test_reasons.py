"""Each question says a fact that is true of its clip, and names no label where minds are to be made up alone."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation.reasons import DISPUTED, LOT, NOTHING_LABELLED, TOO_LITTLE, UNLIKE, Question, questions, reason

MARGIN = ("wavering", "guess")


def told(question: Question, *explains: str, n_labelled: int = 10) -> str:
    return reason(question, explains or MARGIN, n_labelled=n_labelled)


def test_wavering_model_names_both_labels_with_their_chances() -> None:
    assert told(Question(guess=("dog", 0.52), runner_up=("cat", 0.45))) == "the model wavers: dog 52 %, cat 45 %"


def test_sure_model_says_so_in_the_same_queue() -> None:
    question = Question(guess=("dog", 0.97), runner_up=("cat", 0.02))
    assert told(question) == "the model hears dog (97 %); no person has said yet"


@pytest.mark.parametrize("chances", [(0.52, 0.45), (0.97, 0.02)])
def test_blind_question_names_no_label(chances: tuple[float, float]) -> None:
    question = Question(guess=("dog", chances[0]), runner_up=("cat", chances[1]), carried="dog", is_blind=True)
    words = told(question)
    assert "dog" not in words and "cat" not in words and "%" in words


def test_label_that_came_with_the_file_is_told_with_what_the_model_hears() -> None:
    assert told(Question(carried="dog")) == "it came labelled dog; no person has heard it"
    agreed = Question(carried="dog", guess=("dog", 0.9), runner_up=("cat", 0.1))
    assert told(agreed) == "it came labelled dog; no person has heard it"
    other = Question(carried="dog", guess=("cat", 0.9), runner_up=("dog", 0.1))
    assert told(other) == "it came labelled dog; the model hears cat (90 %)"


def test_strategy_decides_which_of_several_facts_comes_first() -> None:
    question = Question(guess=("dog", 0.5), runner_up=("cat", 0.4), is_unlike=True)
    assert told(question, "unlike", "guess") == UNLIKE
    assert told(question, "wavering", "unlike").startswith("the model wavers")
    assert told(question, "lot") == LOT


def test_without_a_model_it_says_what_is_missing() -> None:
    assert told(Question(), n_labelled=0) == NOTHING_LABELLED
    assert told(Question(), n_labelled=3) == TOO_LITTLE
    assert told(Question(is_unlike=True), "unlike", n_labelled=0) == NOTHING_LABELLED


def test_dispute_is_the_reason_before_all_others() -> None:
    assert told(Question(guess=("dog", 0.5), runner_up=("cat", 0.4), is_disputed=True)) == DISPUTED


def test_no_model_is_certain() -> None:
    assert "(99 %)" in told(Question(guess=("dog", 0.9999), runner_up=("cat", 0.0001)))


def test_questions_take_the_two_likeliest_labels_of_each_clip() -> None:
    probabilities = np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]], dtype=np.float32)
    first, second = questions(("a", "b", "c"), probabilities, (None, "b"))
    assert (first.guess, first.runner_up) == (("b", pytest.approx(0.7)), ("a", pytest.approx(0.2)))
    assert (second.guess, second.runner_up, second.carried) == (
        ("a", pytest.approx(0.5)),
        ("c", pytest.approx(0.4)),
        "b",
    )
    assert questions((), None, (None, "b")) == [Question(), Question(carried="b")]
