"""How reliable each person is, judged by all together: the model of Dawid and Skene, with gold clips held fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.curation.agreement import Answers

Float64 = NDArray[np.float64]

_DOUBT = 1.0
"""So many answers' weight has what is believed of a person before they answered."""
_PRIOR_RIGHT = 0.7
"""What is believed then: that an answer is right, so that the majority's word and not its opposite comes out."""
_MAX_STEPS, _TOLERANCE = 60, 1e-4


@dataclass(frozen=True, kw_only=True)
class AnnotatorQuality:
    """``confusion`` float64 (p, k, k): how often a person says the column of a clip that is truly the row.

    Its rows sum to 1. ``accuracy`` (p,): how often a person is right over clips as frequent as they are here. ``truth``
    (n, k): the chances of each value of each clip in ``clips`` int64 (n,). ``n_judged`` int64 (p,): on how many answers
    it rests.
    """

    confusion: Float64
    accuracy: Float64
    truth: Float64
    clips: NDArray[np.int64]
    n_judged: NDArray[np.int64]


def dawid_skene(
    answers: Answers, *, n_people: int, n_values: int, gold: Mapping[int, int] | None = None
) -> AnnotatorQuality:
    """Each person's confusion and the chances of each clip's value, by expectation maximisation.

    Dawid and Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (1979), with a weak
    prior on each row, so that few answers say little. ``gold`` holds clips whose value is known: it is not
    doubted, and people are measured by it. Clips with one answer and no gold teach nothing of people and are left out.
    """
    gold = gold or {}
    clips, rows, n_answers = np.unique(answers.clips, return_inverse=True, return_counts=True)
    rows = rows.reshape(-1)
    is_gold = np.array([clip in gold for clip in clips.tolist()], dtype=np.bool_)
    is_kept = (is_gold | (n_answers > 1))[rows]
    kept = answers.only(is_kept)
    clips, rows = np.unique(kept.clips, return_inverse=True)
    rows = rows.reshape(-1)
    known = np.array([gold.get(clip, n_values) for clip in clips.tolist()], dtype=np.int64)
    fixed = np.eye(n_values + 1, n_values)[known]
    truth = _settle(_votes(rows, kept.values, len(clips), n_values), fixed, known < n_values)
    confusion, shares = _maximise(truth, rows, kept, n_people)
    for _ in range(_MAX_STEPS):
        logs = np.log(shares) + _sums(np.log(confusion)[kept.people, :, kept.values], rows, len(clips))
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        former, truth = truth, _settle(chances / chances.sum(axis=1, keepdims=True), fixed, known < n_values)
        confusion, shares = _maximise(truth, rows, kept, n_people)
        if not len(truth) or np.abs(truth - former).max() < _TOLERANCE:
            break
    return AnnotatorQuality(
        confusion=confusion,
        accuracy=np.einsum("k,pkk->p", shares, confusion),
        truth=truth,
        clips=clips,
        n_judged=np.bincount(kept.people, minlength=n_people),
    )


def _votes(rows: NDArray[np.int64], values: NDArray[np.int64], n_clips: int, n_values: int) -> Float64:
    """The share of a clip's answers that each value has, float64 (n, k)."""
    counts = np.zeros((n_clips, n_values))
    np.add.at(counts, (rows, values), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _settle(chances: Float64, fixed: Float64, is_known: NDArray[np.bool_]) -> Float64:
    return np.where(is_known[:, np.newaxis], fixed, chances)


def _sums(values: Float64, places: NDArray[np.int64], n: int) -> Float64:
    """The sum of the rows of values (m, k) that share a place, float64 (n, k)."""
    sums = np.zeros((n, values.shape[1]))
    if len(places):
        order = np.argsort(places, kind="stable")
        found, starts = np.unique(places[order], return_index=True)
        sums[found] = np.add.reduceat(values[order], starts, axis=0)
    return sums


def _maximise(truth: Float64, rows: NDArray[np.int64], answers: Answers, n_people: int) -> tuple[Float64, Float64]:
    """The people's confusion (p, k, k) and the shares of the values (k,) that make the answers likeliest."""
    k = truth.shape[1]
    said = _sums(truth[rows], answers.people * k + answers.values, n_people * k)
    said = said.reshape(n_people, k, k).transpose(0, 2, 1)  # person, what is true, what was said
    believed = np.full((k, k), (1 - _PRIOR_RIGHT) / max(k - 1, 1))
    np.fill_diagonal(believed, _PRIOR_RIGHT if k > 1 else 1.0)
    said = said + _DOUBT * believed
    shares = truth.sum(axis=0) + 1 / k
    return said / said.sum(axis=2, keepdims=True), shares / shares.sum()
