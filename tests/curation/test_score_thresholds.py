"""A threshold promises what it keeps, and promises nothing on few clips."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.types import Float32
from pipeline.curation.score_thresholds import ALL_LABELS, LabelThresholds, score_thresholds


def of_scores(scores: Float32, is_right: object, left: Float32 | None = None) -> LabelThresholds:
    """The thresholds of one label that every clip was guessed to have."""
    left = scores if left is None else left
    found = score_thresholds(
        ["a"],
        np.zeros(len(scores), dtype=np.int64),
        scores,
        np.asarray(is_right, dtype=np.bool_),
        left_guesses=np.zeros(len(left), dtype=np.int64),
        left_scores=left,
    )
    assert [entry.label for entry in found] == [ALL_LABELS, "a"]
    return found[1]


def test_few_clips_promise_nothing_however_right_they_are() -> None:
    found = of_scores(np.linspace(0.5, 1, 15, dtype=np.float32), np.ones(15))
    assert [threshold.score for threshold in found.thresholds] == [None, None, None]
    assert [threshold.n_above for threshold in found.thresholds] == [0, 0, 0]


def test_many_right_clips_promise_up_to_what_their_number_allows() -> None:
    # Without a mistake .9 needs 22 clips, .95 45, .99 230.
    found = of_scores(np.linspace(0.5, 1, 100, dtype=np.float32), np.ones(100))
    ninety, ninety_five, ninety_nine = found.thresholds
    assert ninety.score == pytest.approx(0.5) and ninety.n_above == 100
    assert ninety_five.score == pytest.approx(0.5) and ninety_nine.score is None


def test_a_higher_promise_has_a_higher_threshold_and_fewer_clips() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(3_000).astype(np.float32)
    found = of_scores(scores, rng.random(3_000) < 0.5 + 0.5 * scores)
    given = [(t.score, t.n_above) for t in found.thresholds if t.score is not None]
    assert len(given) >= 2
    assert [score for score, _ in given] == sorted(score for score, _ in given)
    assert [n for _, n in given] == sorted((n for _, n in given), reverse=True)
    precisions = [point.precision for point in found.points]
    assert precisions == sorted(precisions, reverse=True)


def test_promises_are_kept_nine_times_of_ten() -> None:
    n_given = n_broken = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        scores = rng.random(400).astype(np.float32)
        chance = 0.7 + 0.3 * scores
        threshold = of_scores(scores, rng.random(400) < chance).thresholds[0]
        if threshold.score is not None:
            n_given += 1
            # The mean chance above the threshold, scores being uniform.
            n_broken += 0.7 + 0.3 * (1 + threshold.score) / 2 < 0.9
    assert n_given > 100 and n_broken <= 0.1 * 200


def test_no_judged_clip_gives_no_point() -> None:
    empty = np.zeros(0, dtype=np.float32)
    found = of_scores(empty, np.zeros(0), np.ones(3, dtype=np.float32))
    assert (found.n_judged, found.points, found.thresholds[0].score) == (0, [], None)
