"""Suspects are ranked by how much the other clips say another label, with what to hear beside each."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.types import Float32
from pipeline.curation.mislabels import Suspect, margins, rank_suspects
from pipeline.training.out_of_fold import out_of_fold
from tests.contracts.sounds import unit_rows

LABELS = ("cat", "dog", "owl")


def test_planted_wrong_label_among_tight_clusters_ranks_first_with_its_true_label() -> None:
    vectors, labels = clusters()
    labels[7] = "owl"
    first = search(vectors, labels)[0]
    assert (first.index, first.given, first.suggested) == (7, "owl", "dog")
    assert first.score > 0.5
    assert first.given_probability < 0.2 < 0.8 < first.suggested_probability


def test_examples_to_hear_are_the_nearest_of_both_labels_and_no_suspects() -> None:
    vectors, labels = clusters()
    labels[7] = labels[10] = "owl"
    found = {suspect.index: suspect for suspect in search(vectors, labels)}
    assert set(found) == {7, 10}
    cosines = vectors @ vectors.T
    dogs = [row for row, label in enumerate(labels) if label == "dog"]
    owls = [row for row, label in enumerate(labels) if label == "owl" and row not in (7, 10)]
    assert found[7].nearest_suggested == max(dogs, key=lambda row: cosines[7, row])
    assert found[7].nearest_given == max(owls, key=lambda row: cosines[7, row])


def test_reason_says_both_labels_their_chances_and_what_the_nearest_are() -> None:
    vectors, labels = clusters()
    labels[7] = "owl"
    reason = search(vectors, labels)[0].reason
    assert reason.startswith("labelled owl, sounds like dog: ")
    assert reason.endswith("of the 10 nearest clips 10 are dog, 0 owl")


def test_right_labels_among_tight_clusters_give_no_suspects() -> None:
    assert search(*clusters()) == []


def test_score_is_the_chance_of_the_likeliest_other_label_less_that_of_the_given_one() -> None:
    chances = np.array([[0.7, 0.2, 0.1], [0.3, 0.1, 0.6]], dtype=np.float32)
    scores, suggested = margins(chances, np.array([0, 1]))
    assert scores == pytest.approx([-0.5, 0.5])
    assert suggested.tolist() == [1, 2]
    assert chances[0].tolist() == pytest.approx([0.7, 0.2, 0.1]), "what was given stays as it was"


def test_scores_fall_and_no_more_are_named_than_asked_for() -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(3), 200).astype(np.float32)
    given, vectors = np.arange(200) % 3, unit_rows(200, 8, seed=0)
    every = rank_suspects(chances, given, LABELS, vectors, n_most=200, min_score=-1)
    assert len(every) == 200
    assert [suspect.score for suspect in every] == sorted((suspect.score for suspect in every), reverse=True)
    assert rank_suspects(chances, given, LABELS, vectors, n_most=5, min_score=-1) == every[:5]
    assert all(suspect.score > 0 for suspect in rank_suspects(chances, given, LABELS, vectors, n_most=200))


def test_equal_input_gives_an_equal_list_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    chances = np.full((60, 2), 0.5, dtype=np.float32)
    vectors, given = unit_rows(60, 8, seed=0), np.arange(60) % 2
    first = rank_suspects(chances, given, ("a", "b"), vectors, n_most=60, min_score=-1)
    assert [suspect.index for suspect in first] == list(range(60)), "equals in the order given"
    assert rank_suspects(chances, given, ("a", "b"), vectors, n_most=60, min_score=-1) == first
    monkeypatch.setattr("pipeline.curation.mislabels._BLOCK_VALUES_N", 60 * 7)
    again = rank_suspects(chances, given, ("a", "b"), vectors, n_most=60, min_score=-1)
    heard = [(s.index, s.nearest_given, s.nearest_suggested) for s in again]
    assert heard == [(s.index, s.nearest_given, s.nearest_suggested) for s in first]


def test_clip_that_may_not_be_asked_is_no_suspect_but_speaks_for_others() -> None:
    vectors, labels = clusters()
    labels[7] = labels[10] = "owl"
    may_ask = np.ones(len(labels), dtype=bool)
    may_ask[7] = False
    found = search(vectors, labels, may_ask=may_ask)
    assert [suspect.index for suspect in found] == [10]


def test_clips_of_the_same_group_are_not_heard_beside_each_other_while_there_are_others() -> None:
    vectors, labels = clusters()
    labels[7] = "owl"
    vectors[8] = vectors[7]
    labels[8] = "dog"
    groups = ["one recording" if row in (7, 8) else str(row) for row in range(len(labels))]
    assert search(vectors, labels)[0].nearest_suggested == 8
    assert search(vectors, labels, groups=groups)[0].nearest_suggested != 8


def test_two_labels_only_suggest_the_other_one() -> None:
    vectors, labels = clusters(names=("cat", "dog"))
    labels[4] = "dog"
    (only,) = search(vectors, labels)
    assert (only.index, only.suggested) == (4, "cat")


def test_label_of_one_clip_has_nothing_to_be_heard_beside_it() -> None:
    vectors, labels = clusters()
    labels[7] = "frog"
    found = {suspect.index: suspect for suspect in search(vectors, labels)}
    assert found[7].nearest_given is None
    assert found[7].nearest_suggested is not None


def test_no_clips_and_one_label_give_no_suspects() -> None:
    empty = np.zeros((0, 2), dtype=np.float32)
    assert rank_suspects(empty, np.zeros(0, dtype=np.int64), ("a", "b"), empty, n_most=5) == []
    one = np.ones((3, 1), dtype=np.float32)
    assert rank_suspects(one, np.zeros(3, dtype=np.int64), ("a",), unit_rows(3, 4, seed=0), n_most=5) == []


def clusters(*, names: tuple[str, ...] = LABELS) -> tuple[Float32, list[str]]:
    """Sixty clips in turn of the labels, each near its label's centre."""
    at = np.arange(60) % len(names)
    vectors = unit_rows(len(names), 16, seed=1)[at] + 0.1 * unit_rows(60, 16, seed=2)
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit, [names[label] for label in at]


def search(
    vectors: Float32, labels: list[str], *, groups: list[str] | None = None, may_ask: np.ndarray | None = None
) -> list[Suspect]:
    judged = out_of_fold(vectors, labels, seed=0)
    assert judged is not None
    return rank_suspects(
        judged.probabilities,
        judged.given,
        judged.labels,
        vectors,
        n_most=len(labels),
        groups=groups,
        may_ask=may_ask,
    )
