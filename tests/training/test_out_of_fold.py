"""Each clip is judged by others only, evenly and reproducibly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.types import Float32
from pipeline.plugins.encoders.instant import Instant
from pipeline.training.folds import groups_to_hold_out, stratified_folds
from pipeline.training.neighbour_votes import nearest_of_others
from pipeline.training.out_of_fold import OutOfFold, out_of_fold
from tests.contracts.sounds import unit_rows
from tests.plugins.real_sound import digits


@pytest.mark.parametrize("labels", [[], ["dog"], ["dog"] * 5])
def test_fewer_than_two_labels_judge_nothing(labels: list[str]) -> None:
    assert out_of_fold(unit_rows(len(labels), 8, seed=0), labels, seed=0) is None


@pytest.mark.parametrize("n_labels", [2, 3, 12])
def test_clips_of_heaps_are_known_by_their_neighbours(n_labels: int) -> None:
    vectors, labels = heaps(n_labels)
    judged = judge(vectors, labels)
    assert judged.labels == tuple(sorted(set(labels)))
    assert judged.probabilities.shape == (len(labels), n_labels)
    assert judged.probabilities.dtype == np.float32
    assert judged.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert [judged.labels[column] for column in judged.given] == labels
    assert np.array_equal(judged.probabilities.argmax(axis=1), judged.given)
    assert judged.is_judged.all()


def test_a_clips_own_label_does_not_speak_for_it() -> None:
    vectors, labels = heaps(3)
    one, other = judge(vectors, ["label 1", *labels[1:]]), judge(vectors, ["label 2", *labels[1:]])
    assert one.probabilities[0].argmax() == other.probabilities[0].argmax() == 0
    assert min(one.probabilities[0, 0], other.probabilities[0, 0]) > 0.8


def test_clips_of_one_group_do_not_speak_for_each_other() -> None:
    vectors, labels = heaps(2)
    wrong = [0, 2, 4, 6, 8]
    vectors[wrong] = vectors[0]
    for row in wrong:
        labels[row] = "label 1"
    alone = [str(row) for row in range(len(labels))]
    together = ["one recording" if row in wrong else str(row) for row in range(len(labels))]
    assert judge(vectors, labels, alone).probabilities[wrong, 1].max() > 0.3
    assert judge(vectors, labels, together).probabilities[wrong, 1].max() < 0.3


def test_label_that_lies_in_one_group_only_is_still_known() -> None:
    vectors, labels = heaps(3)
    judged = judge(vectors, labels, ["one long recording" if label == "label 1" else "another" for label in labels])
    assert np.array_equal(judged.probabilities.argmax(axis=1), judged.given)


def test_label_of_one_clip_is_not_judged_and_harms_no_other() -> None:
    vectors, labels = heaps(2)
    judged = judge(np.concatenate((vectors, unit_rows(1, 16, seed=9))), [*labels, "alone"])
    assert np.flatnonzero(~judged.is_judged).tolist() == [len(labels)]
    assert np.array_equal(judged.probabilities.argmax(axis=1)[:-1], judged.given[:-1])


def test_two_clips_of_two_labels_give_chances_and_no_error() -> None:
    judged = judge(unit_rows(2, 8, seed=0), ["a", "b"])
    assert np.isfinite(judged.probabilities).all()
    assert not judged.is_judged.any()


def test_clips_that_are_all_alike_are_judged_without_complaint() -> None:
    vectors = np.repeat(unit_rows(1, 8, seed=0), 6, axis=0)
    assert np.isfinite(judge(vectors, ["a", "b"] * 3).probabilities).all()


def test_same_clips_and_seed_give_the_same_bytes() -> None:
    vectors, labels = heaps(4)
    first, second = (judge(vectors, labels).probabilities.tobytes() for _ in range(2))
    assert first == second


def test_folds_hold_groups_whole_and_labels_evenly() -> None:
    rng = np.random.default_rng(0)
    given = rng.integers(0, 3, 300)
    groups = groups_to_hold_out(given, [f"{row // 3}" for row in range(300)])
    folds = stratified_folds(given, groups, n_folds=5, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in np.unique(groups))
    for label in range(3):
        counts = np.bincount(folds[given == label], minlength=5)
        assert counts.max() - counts.min() <= 4


def test_rare_label_is_spread_over_folds() -> None:
    given = np.array([0] * 95 + [1] * 5)
    folds = stratified_folds(given, np.arange(100), n_folds=5, seed=3)
    assert sorted(folds[given == 1].tolist()) == [0, 1, 2, 3, 4]
    assert np.bincount(folds).tolist() == [20] * 5


def test_neighbours_are_the_nearest_of_other_groups_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, groups = unit_rows(90, 6, seed=4), np.arange(90) // 3
    monkeypatch.setattr("pipeline.training.neighbour_votes._BLOCK_VALUES_N", 90 * 7)
    near = nearest_of_others(vectors, groups, n_most=5)
    cosines = vectors @ vectors.T
    cosines[groups[:, None] == groups[None, :]] = -2
    assert np.array_equal(near.rows, np.argsort(-cosines, axis=1, kind="stable")[:, :5])


def test_spoken_digits_are_told_by_the_other_digits(test_data: Path) -> None:
    clips = digits(test_data, 400, seed=0)
    judged = judge(Instant().encode([clip for clip, _, _ in clips]), [label for _, label, _ in clips])
    assert (judged.probabilities.argmax(axis=1) == judged.given).mean() > 0.9


def heaps(n: int) -> tuple[Float32, list[str]]:
    labels = [f"label {index % n}" for index in range(20 * n)]
    vectors = unit_rows(n, 16, seed=1)[np.arange(20 * n) % n] + 0.1 * unit_rows(20 * n, 16, seed=2)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def judge(vectors: Float32, labels: list[str], groups: list[str] | None = None) -> OutOfFold:
    judged = out_of_fold(vectors, labels, groups=groups, seed=0)
    assert judged is not None
    return judged
