"""From which score on a model's guesses may be taken over unheard, so that a promised share of them is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32
from pipeline.curation.intervals import share_at_least

Indices = NDArray[np.int64]

TARGETS = (0.9, 0.95, 0.99)
ALL_LABELS = "all labels"
_GROWTH = 1.15
_N_LEAST = 10


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Guesses with at least this ``score`` are right in a ``target`` share of cases, as far as judged clips tell.

    None: no score is high enough, or too few clips were judged to promise it. ``n_above``: so many clips that
    nobody has answered have such a score.
    """

    target: float
    score: float | None
    n_above: int


@dataclass(frozen=True, kw_only=True)
class ScorePoint:
    """Of the ``n`` judged guesses with at least this score, so many are right; surely at least ``low``."""

    score: float
    n: int
    precision: float
    low: float


@dataclass(frozen=True, kw_only=True)
class LabelThresholds:
    """What the guesses of one label are worth; ``points`` from the highest score down, precision never rising."""

    label: str
    n_judged: int
    n_right: int
    points: list[ScorePoint]
    thresholds: list[Threshold]


def score_thresholds(
    labels: Sequence[str],
    guesses: Indices,
    scores: Float32,
    is_right: NDArray[np.bool_],
    *,
    left_guesses: Indices,
    left_scores: Float32,
) -> list[LabelThresholds]:
    """One for all labels together, then one for each label that was guessed.

    ``guesses`` int64 (n,) into ``labels``, ``scores`` float32 (n,) and ``is_right`` bool (n,) of the judged clips, none
    of which the model had learned; ``left_guesses`` and ``left_scores`` (m,) of those that nobody has answered.
    """
    every = _of_label(ALL_LABELS, scores, is_right, left_scores)
    each = [
        _of_label(label, scores[is_guess], is_right[is_guess], left_scores[left_guesses == number])
        for number, label in enumerate(labels)
        if (is_guess := guesses == number).any() or (left_guesses == number).any()
    ]
    return [every, *each]


def _of_label(label: str, scores: Float32, is_right: NDArray[np.bool_], left: Float32) -> LabelThresholds:
    points = _points(scores, is_right)
    return LabelThresholds(
        label=label,
        n_judged=len(scores),
        n_right=int(is_right.sum()),
        points=points,
        thresholds=[_threshold(points, target, scores, is_right, left) for target in TARGETS],
    )


def _points(scores: Float32, is_right: NDArray[np.bool_]) -> list[ScorePoint]:
    """The precision above some scores: more clips by a constant factor from one to the next."""
    order = np.argsort(-scores, kind="stable")
    n_right = np.cumsum(is_right[order])
    points: list[ScorePoint] = []
    for n in _cuts(scores[order]):
        points.append(
            ScorePoint(
                score=float(scores[order][n - 1]),
                n=n,
                precision=float(n_right[n - 1] / n),
                low=share_at_least(int(n_right[n - 1]), n),
            )
        )
    return _never_rising(points)


def _cuts(falling: Float32) -> list[int]:
    """After how many clips a cut is tried: never between two with the same score."""
    ends = np.flatnonzero(np.append(falling[1:] < falling[:-1], True)) + 1 if len(falling) else np.array([], np.int64)
    cuts: list[int] = []
    for n in ends.tolist():
        if n >= (_N_LEAST if not cuts else _GROWTH * cuts[-1]) or (n == len(falling) and n >= _N_LEAST):
            cuts.append(n)
    return cuts


def _never_rising(points: list[ScorePoint]) -> list[ScorePoint]:
    """The precision pooled where it rises as the score falls (pool adjacent violators): for the eye alone."""
    pools: list[list[float]] = []
    for point in points:
        pools.append([point.precision * point.n, point.n, 1])
        while len(pools) > 1 and pools[-1][0] / pools[-1][1] > pools[-2][0] / pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    levels = [hits / n for hits, n, count in pools for _ in range(round(count))]
    return [
        ScorePoint(score=point.score, n=point.n, precision=level, low=point.low)
        for point, level in zip(points, levels, strict=True)
    ]


def _threshold(
    points: Sequence[ScorePoint], target: float, scores: Float32, is_right: NDArray[np.bool_], left: Float32
) -> Threshold:
    """The lowest score that keeps the promise, going down from the first that has clips enough to.

    Tried in this fixed order until the first that fails, so that trying many does not let a lucky one pass
    (Angelopoulos et al. 2021, Learn then Test).
    """
    found: float | None = None
    # So few clips cannot keep the promise even if all are right: they are no trial.
    for point in (p for p in points if share_at_least(p.n, p.n) >= target):
        if point.low < target:
            break
        found = point.score
    return Threshold(target=target, score=found, n_above=0 if found is None else int((left >= found).sum()))
