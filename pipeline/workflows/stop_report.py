"""The report on stopping, made of clips and answers that are in memory; ``stopping.py`` reads and keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.core.types import Float32
from pipeline.curation.learning_curve import CurvePoint, LearningCurve, curve_sizes, learning_curve
from pipeline.curation.score_thresholds import LabelThresholds, ScorePoint, Threshold, score_thresholds
from pipeline.curation.stopping import (
    Drawn,
    Estimate,
    Slice,
    expected_share,
    share_right_left,
    share_wrong,
    wrong_left,
)
from pipeline.curation.stopping_words import GOAL, Advice, advise
from pipeline.training.judging import Judged, judge, right_by_size

Indices = NDArray[np.int64]

N_MORE = 100
NO_LABEL = ""
"""As what people say of a clip: none of the labels."""


@dataclass(frozen=True, kw_only=True)
class StopReport:
    """What is estimated of the clips that nobody has answered, and what to do.

    ``model_right``: the share of them that the model would label rightly; ``given_wrong``: how many of those that came
    with a label have a wrong one. ``drawn`` counts the model's guesses, ``given_drawn`` the labels that clips came
    with. ``n_passed_over`` were drawn by lot and could not be judged. None: nothing to say it by.
    """

    drawn: Drawn
    n_passed_over: int
    model_right: Estimate | None
    given_drawn: Drawn | None
    given_wrong: Estimate | None
    curve: LearningCurve | None
    thresholds: list[LabelThresholds]
    advice: Advice
    goal: float


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The clips and what stands about them; rows are places in ``clip_ids`` and ``vectors`` float32 (n, d).

    ``truth_of``: what people say of a row, in the order in which they said it first. ``given_of``: the label that a row
    came with. ``unjudged``: rows that people were asked about without an answer that judges. ``chosen_in_grid`` were
    heard because the model was sure.
    """

    clip_ids: list[int]
    vectors: Float32
    truth_of: Mapping[int, str]
    given_of: Mapping[int, str]
    lot: Slice
    row_of: Mapping[int, int]
    unjudged: set[int]
    chosen_in_grid: set[int]

    @property
    def label_of(self) -> dict[int, str]:
        """What teaches, by row: people's labels in their order, then those that clips came with."""
        people = {row: label for row, label in self.truth_of.items() if label != NO_LABEL}
        return people | {row: label for row, label in self.given_of.items() if row not in self.truth_of}

    @property
    def drawn_rows(self) -> list[int]:
        return [self.row_of[clip_id] for clip_id in self.lot.clip_ids]

    @property
    def left_rows(self) -> list[int]:
        """The rows that nobody was asked about."""
        return sorted(set(range(len(self.clip_ids))) - self.truth_of.keys() - self.unjudged)


def report_of(pool: Pool, *, goal: float = GOAL, seed: int = 0) -> StopReport:
    """The report on these clips and answers. The same, the same report."""
    label_of = pool.label_of
    # Matrices this small are many times slower on several BLAS threads than on one.
    with threadpool_limits(1, user_api="blas"):
        judged = judge(pool.vectors, list(label_of), list(label_of.values()), seed=seed)
        if judged is None:
            return _report_without_model(pool, goal)
        guesses = dict(enumerate(judged.words()))
        drawn = _count(pool, set(guesses), guesses)
        expected = _expected(pool, judged.scores, guesses)
        curve = _curve(pool, share_wrong(drawn, expected=expected), seed)
    right = share_right_left(drawn, expected=expected)
    given_drawn, given_right = _given(pool, judged)
    is_of_model = given_drawn is None or 2 * given_drawn.n_left < drawn.n_left
    at_stake = drawn if is_of_model or given_drawn is None else given_drawn
    return StopReport(
        drawn=drawn,
        n_passed_over=len(pool.lot.passed_over),
        model_right=right,
        given_drawn=given_drawn,
        given_wrong=None if given_drawn is None else wrong_left(given_drawn, expected=given_right),
        curve=curve,
        thresholds=_thresholds_of(pool, judged),
        advice=advise(
            at_stake,
            right if is_of_model else share_right_left(at_stake, expected=given_right),
            None if curve is None or not is_of_model or at_stake.n_left <= N_MORE else curve.gain,
            is_of_model=is_of_model,
            n_more=N_MORE,
            goal=goal,
        ),
        goal=goal,
    )


def report_from(detail: Mapping[str, Any]) -> StopReport:
    """The report out of plain values (``dataclasses.asdict``), as the operation log holds it."""
    curve = detail["curve"]
    return StopReport(
        drawn=Drawn(**detail["drawn"]),
        n_passed_over=detail["n_passed_over"],
        model_right=_estimate(detail["model_right"]),
        given_drawn=None if detail["given_drawn"] is None else Drawn(**detail["given_drawn"]),
        given_wrong=_estimate(detail["given_wrong"]),
        curve=None
        if curve is None
        else LearningCurve(
            points=[CurvePoint(**point) for point in curve["points"]],
            n_more=curve["n_more"],
            gain=Estimate(**curve["gain"]),
        ),
        thresholds=[
            LabelThresholds(
                label=entry["label"],
                n_judged=entry["n_judged"],
                n_right=entry["n_right"],
                points=[ScorePoint(**point) for point in entry["points"]],
                thresholds=[Threshold(**threshold) for threshold in entry["thresholds"]],
            )
            for entry in detail["thresholds"]
        ],
        advice=Advice(**detail["advice"]),
        goal=detail["goal"],
    )


def _estimate(value: Mapping[str, float] | None) -> Estimate | None:
    return None if value is None else Estimate(**value)


def _report_without_model(pool: Pool, goal: float) -> StopReport:
    drawn = _count(pool, set(range(len(pool.clip_ids))), {})
    return StopReport(
        drawn=drawn,
        n_passed_over=len(pool.lot.passed_over),
        model_right=None,
        given_drawn=None,
        given_wrong=None,
        curve=None,
        thresholds=[],
        advice=advise(drawn, None, None, is_of_model=True, n_more=N_MORE, goal=goal),
        goal=goal,
    )


def _given(pool: Pool, judged: Judged) -> tuple[Drawn | None, float | None]:
    """Counts of the labels that clips came with, and which share of those left is likely right.

    Where the model says the same the label is as sure as the model, where not it is as doubtful.
    """
    if not pool.given_of:
        return None, None
    words = judged.words()
    is_same = np.array([pool.given_of.get(row) == word for row, word in enumerate(words)], dtype=np.bool_)
    support = np.where(is_same, judged.scores, -judged.scores).astype(np.float32)
    return _count(pool, set(pool.given_of), pool.given_of), _expected(pool, support, pool.given_of)


def _expected(pool: Pool, scores: Float32, said: Mapping[int, str]) -> float | None:
    """Which share of the labels ``said`` of rows that nobody was asked about is likely right, by their scores (n,)."""
    known = _rows(row for row in pool.truth_of if row not in pool.chosen_in_grid and row in said)
    left = _rows(row for row in pool.left_rows if row in said)
    is_right = np.array([said[row] == pool.truth_of[row] for row in known.tolist()], dtype=np.bool_)
    return expected_share(scores[known], is_right, scores[left])


def _rows(rows: Any) -> Indices:
    return np.array(list(rows), dtype=np.int64)


def _curve(pool: Pool, wrong_now: Estimate | None, seed: int) -> LearningCurve | None:
    """What people's answers alone taught, in the order in which they came; None where most labels came otherwise."""
    people = [(row, label) for row, label in pool.truth_of.items() if label != NO_LABEL]
    if wrong_now is None or len(pool.given_of) > len(people):
        return None
    sizes, drawn = curve_sizes(len(people)), pool.drawn_rows
    is_right = right_by_size(
        pool.vectors,
        [row for row, _ in people],
        [label for _, label in people],
        drawn=drawn,
        truths=[pool.truth_of[row] or None for row in drawn],
        sizes=sizes,
        seed=seed,
    )
    return learning_curve(sizes, is_right, wrong_now=wrong_now, n_more=N_MORE, seed=seed)


def _thresholds_of(pool: Pool, judged: Judged) -> list[LabelThresholds]:
    known = _rows(row for row in pool.truth_of if row not in pool.chosen_in_grid)
    left, words = _rows(pool.left_rows), judged.words()
    return score_thresholds(
        judged.labels,
        judged.guesses[known],
        judged.scores[known],
        np.array([words[row] == pool.truth_of[row] for row in known.tolist()], dtype=np.bool_),
        left_guesses=judged.guesses[left],
        left_scores=judged.scores[left],
    )


def _count(pool: Pool, among: set[int], said: Mapping[int, str]) -> Drawn:
    """How often ``said`` (by row) is not what people say, of the rows ``among`` that can be judged."""
    known = pool.truth_of.keys() & among
    wrong = {row for row in known if said.get(row) != pool.truth_of[row]}
    drawn = set(pool.drawn_rows) & known
    return Drawn(
        n_all=len(among - pool.unjudged),
        n_known=len(known),
        n_wrong_known=len(wrong),
        n_drawn=len(drawn),
        n_wrong_drawn=len(drawn & wrong),
    )
