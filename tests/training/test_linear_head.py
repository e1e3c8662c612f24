"""The linear head learns what can be learned, and says when it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.types import Float32
from pipeline.plugins.encoders.log_mel_stats import LogMelStats
from pipeline.training.linear_head import LinearHead, fit_linear_head
from tests.contracts.sounds import unit_rows
from tests.plugins.real_sound import digits


@pytest.mark.parametrize("labels", [[], ["dog"], ["dog"] * 5])
def test_fewer_than_two_labels_fit_no_model(labels: list[str]) -> None:
    assert fit_linear_head(unit_rows(len(labels), 8, seed=0), labels, seed=0) is None


@pytest.mark.parametrize("n_labels", [2, 3, 12])
def test_separate_heaps_are_told_apart(n_labels: int) -> None:
    vectors, labels = _heaps(n_labels)
    head = _fit(vectors, labels)
    probabilities = head.probabilities(vectors)
    assert head.labels == tuple(sorted(set(labels)))
    assert probabilities.shape == (len(labels), n_labels)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert [head.labels[column] for column in probabilities.argmax(axis=1)] == labels


def test_two_clips_of_different_labels_are_enough() -> None:
    vectors = unit_rows(2, 8, seed=0)
    head = _fit(vectors, ["a", "b"])
    assert head.probabilities(vectors).argmax(axis=1).tolist() == [0, 1]


def test_same_clips_and_seed_give_same_probabilities() -> None:
    vectors, labels = _heaps(4)
    first, second = (_fit(vectors, labels).probabilities(vectors) for _ in range(2))
    assert np.array_equal(first, second)


def test_no_clips_give_no_probabilities() -> None:
    vectors, labels = _heaps(3)
    assert _fit(vectors, labels).probabilities(vectors[:0]).shape == (0, 3)


def test_clips_that_are_all_alike_are_fitted_without_complaint() -> None:
    vectors = np.repeat(unit_rows(1, 8, seed=0), 4, axis=0)
    assert np.isfinite(_fit(vectors, ["a", "b", "a", "b"]).probabilities(vectors)).all()


def test_digits_are_learned_from_few_labels(test_data: Path) -> None:
    clips = digits(test_data, 600, seed=0)
    vectors = LogMelStats().encode([clip for clip, _, _ in clips])
    labels = np.array([label for _, label, _ in clips])
    order = np.random.default_rng(0).permutation(len(labels))
    known, unknown = order[:200], order[200:]
    head = _fit(vectors[known], labels[known].tolist())
    guessed = np.array(head.labels)[head.probabilities(vectors[unknown]).argmax(axis=1)]
    assert (guessed == labels[unknown]).mean() > 0.75


def _heaps(n: int) -> tuple[Float32, list[str]]:
    labels = [f"label {index % n}" for index in range(20 * n)]
    vectors = unit_rows(n, 16, seed=1)[np.arange(20 * n) % n] + 0.1 * unit_rows(20 * n, 16, seed=2)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def _fit(vectors: Float32, labels: list[str]) -> LinearHead:
    head = fit_linear_head(vectors, labels, seed=0)
    assert head is not None
    return head
