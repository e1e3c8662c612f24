"""An ensemble learns what one head learns, and its heads differ where the examples leave room."""

from __future__ import annotations

import numpy as np

from pipeline.training.ensemble import fit_ensemble, opinions
from tests.contracts.sounds import unit_rows


def test_fewer_than_two_labels_fit_no_heads() -> None:
    assert fit_ensemble(unit_rows(5, 8, seed=0), ["dog"] * 5, n_heads=3, seed=0) == ()


def test_every_head_knows_every_label_though_one_clip_alone_has_it() -> None:
    vectors = unit_rows(30, 8, seed=0)
    heads = fit_ensemble(vectors, ["often"] * 29 + ["rare"], n_heads=5, seed=0)
    assert [head.labels for head in heads] == [("often", "rare")] * 5


def test_heads_agree_on_what_they_learned_and_differ_between() -> None:
    ends = (np.repeat(np.eye(2, 8), 20, axis=0) + 0.1 * unit_rows(40, 8, seed=1)).astype(np.float32)
    between = unit_rows(20, 8, seed=2)
    heads = fit_ensemble(ends, ["a"] * 20 + ["b"] * 20, n_heads=7, seed=0)
    told = opinions(heads, np.concatenate((ends, between)).astype(np.float32))
    assert told.shape == (7, 60, 2) and told.dtype == np.float32
    guesses = told.argmax(axis=2)
    assert (guesses[:, :40] == np.repeat([0, 1], 20)).all()
    assert told[:, 40:].std(axis=0).max() > 0.01


def test_same_seed_gives_the_same_heads() -> None:
    vectors, labels = unit_rows(20, 8, seed=0), ["a", "b"] * 10
    first, second = (opinions(fit_ensemble(vectors, labels, n_heads=3, seed=4), vectors) for _ in range(2))
    assert np.array_equal(first, second)
