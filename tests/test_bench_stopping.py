"""The simulation of bench-stopping asks what a queue would ask and counts what its intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from bench.stopping import Check, show, simulate_given, simulate_hidden
from pipeline.curation.stopping import Estimate
from tests.contracts.sounds import unit_rows

N, K = 460, 4


def heaps(
    spread: float,
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.str_]]]:
    """Clips in four heaps, with their labels."""
    heap = np.arange(N) % K
    vectors = unit_rows(K, 12, seed=1)[heap] + spread * unit_rows(N, 12, seed=2)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return vectors, np.array(["dog", "cat", "rain", "bell"])[heap]


def test_what_is_estimated_of_hidden_labels_holds_what_the_simulation_knows() -> None:
    vectors, truth = heaps(0.8)
    checks = simulate_hidden(vectors, truth, audit_share=0.2, seed=3)
    shares = [check for check in checks if check.what == "share right"]
    assert [check.n_answers for check in shares] == [100, 300]
    assert all(check.is_held for check in shares)
    assert 10 <= shares[0].n_drawn <= 45 < shares[1].n_drawn


def test_wrong_labels_that_are_left_are_held_though_they_were_sought_first() -> None:
    vectors, truth = heaps(0.8)
    checks = simulate_given(vectors, truth, audit_share=0.2, seed=3)
    assert [check.what for check in checks] == ["wrong left"] * 2
    assert all(check.is_held for check in checks)


def test_a_goal_is_missed_where_intervals_hold_too_little(capsys: pytest.CaptureFixture[str]) -> None:
    def check(truth: float) -> Check:
        estimate = Estimate(value=0.5, low=0.4, high=0.6)
        return Check(setting="s", n_answers=1, n_drawn=1, what="share right", estimate=estimate, truth=truth)

    assert show([check(0.5)] * 9 + [check(0.7)])
    assert not show([check(0.5)] * 4 + [check(0.7)])
    assert "MISSED" in capsys.readouterr().out
