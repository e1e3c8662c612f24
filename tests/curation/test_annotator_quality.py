"""Dawid and Skene's model finds who is right how often, on answers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.curation.agreement import Answers, as_answers
from pipeline.curation.annotator_quality import dawid_skene

RIGHT = (0.95, 0.85, 0.7, 0.5)


def made(n: int, *, k: int = 4, seed: int = 0) -> tuple[Answers, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Three of four people answer each clip, each as often right as RIGHT says."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    said: list[tuple[int, int, int]] = []
    for clip in range(n):
        for person in rng.choice(len(RIGHT), 3, replace=False).tolist():
            is_right = rng.random() < RIGHT[person]
            value = truth[clip] if is_right else (truth[clip] + rng.integers(1, k)) % k
            said.append((clip, person, int(value)))
    return as_answers(said), truth


def test_each_persons_accuracy_is_found_without_knowing_the_truth() -> None:
    answers, truth = made(2_000)
    found = dawid_skene(answers, n_people=4, n_values=4)
    assert found.accuracy == pytest.approx(RIGHT, abs=0.04)
    votes = np.zeros((2_000, 4))
    np.add.at(votes, (answers.clips, answers.values), 1)
    of_majority = (votes.argmax(axis=1) == truth).mean()
    assert (found.truth.argmax(axis=1) == truth[found.clips]).mean() > of_majority


def test_a_habit_of_taking_one_value_for_another_is_seen_in_the_confusion() -> None:
    said = [(clip, person, clip % 2) for clip in range(60) for person in (0, 1)]
    said += [(clip, 2, 1) for clip in range(60)]
    found = dawid_skene(as_answers(said), n_people=3, n_values=2)
    assert found.confusion[2, 0, 1] > 0.9 and found.confusion[2, 1, 1] > 0.9
    assert found.confusion[0].diagonal().min() > 0.9


def test_gold_outweighs_a_majority_that_is_wrong() -> None:
    # Two of three always say the same wrong thing: only gold can tell.
    said = [(clip, person, clip % 3 if person == 2 else (clip + 1) % 3) for clip in range(30) for person in range(3)]
    answers = as_answers(said)
    assert dawid_skene(answers, n_people=3, n_values=3).accuracy.argmax() != 2
    found = dawid_skene(answers, n_people=3, n_values=3, gold={clip: clip % 3 for clip in range(12)})
    assert found.accuracy[2] > 0.9 and found.accuracy[:2].max() < 0.2


def test_clips_that_one_person_answered_alone_teach_nothing_unless_they_are_gold() -> None:
    alone = as_answers([(clip, 0, 0) for clip in range(10)])
    assert dawid_skene(alone, n_people=1, n_values=2).n_judged.tolist() == [0]
    assert dawid_skene(alone, n_people=1, n_values=2, gold={3: 1}).n_judged.tolist() == [1]
    assert dawid_skene(as_answers([]), n_people=0, n_values=2).accuracy.tolist() == []
