"""How far people who were asked the same said the same: Krippendorff's alpha, of all, by label, by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.curation.intervals import LEVEL, share_interval

Indices = NDArray[np.int64]
Float64 = NDArray[np.float64]

_N_RESAMPLED = 400


@dataclass(frozen=True, kw_only=True)
class Alpha:
    """Agreement beyond chance: 1 is perfect, 0 what chance would give, below 0 worse.

    ``alpha`` is None while nothing can be said: no clip has two answers, or all answers are one and the same. ``low``
    and ``high`` are its 90 % interval by drawing the ``n_clips`` clips anew; None where too few differ to draw.
    """

    alpha: float | None
    low: float | None
    high: float | None
    n_clips: int


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Who said what about which clip, one answer of a person about a clip: each int64 (m,), numbered from 0.

    ``values`` are whatever was said: labels, and *none of these* and *bad audio* as labels of their own.
    """

    clips: Indices
    people: Indices
    values: Indices

    def only(self, is_kept: NDArray[np.bool_]) -> Answers:
        """Some of them, bool (m,)."""
        return Answers(clips=self.clips[is_kept], people=self.people[is_kept], values=self.values[is_kept])


@dataclass(frozen=True, kw_only=True)
class PairAgreement:
    """Two people, by number: what they both answered, and of how much of it they said the same."""

    people: tuple[int, int]
    n_same: int
    alpha: Alpha


def krippendorff_alpha(answers: Answers, *, seed: int = 0) -> Alpha:
    """Nominal alpha with its interval. Clips with one answer say nothing of agreement and are left out.

    Krippendorff: Content Analysis (1980), Computing Krippendorff's Alpha-Reliability (2011). People may
    answer some of the clips only.
    """
    counts = _counts(answers)
    alpha = _alphas(counts.sum(axis=0)[np.newaxis], _disagreements(counts).sum()[np.newaxis])[0]
    if np.isnan(alpha):
        return Alpha(alpha=None, low=None, high=None, n_clips=len(counts))
    low, high = _interval(counts, seed)
    return Alpha(alpha=float(alpha), low=low, high=high, n_clips=len(counts))


def alpha_by_value(answers: Answers, n_values: int, *, seed: int = 0) -> list[Alpha]:
    """For each value: how far people agree on where it applies and where not."""
    return [
        krippendorff_alpha(
            Answers(clips=answers.clips, people=answers.people, values=(answers.values == value).astype(np.int64)),
            seed=seed,
        )
        for value in range(n_values)
    ]


def agreement_by_pair(answers: Answers, *, seed: int = 0) -> list[PairAgreement]:
    """For every two people who answered a clip in common, those with the most in common first."""
    pairs: list[PairAgreement] = []
    value_of = {
        person: dict(zip(answers.clips[rows].tolist(), answers.values[rows].tolist(), strict=True))
        for person in np.unique(answers.people).tolist()
        if len(rows := np.flatnonzero(answers.people == person))
    }
    for one, other in combinations(sorted(value_of), 2):
        shared = value_of[one].keys() & value_of[other].keys()
        if not shared:
            continue
        between = answers.only(np.isin(answers.people, (one, other)))
        n_same = sum(value_of[one][clip] == value_of[other][clip] for clip in shared)
        pairs.append(PairAgreement(people=(one, other), n_same=n_same, alpha=krippendorff_alpha(between, seed=seed)))
    return sorted(pairs, key=lambda pair: -pair.alpha.n_clips)


def disputed_clips(answers: Answers) -> list[int]:
    """The clips, by number, about which people said different things."""
    counts, clips = _all_counts(answers)
    return clips[(counts > 0).sum(axis=1) > 1].tolist()


def _counts(answers: Answers) -> Indices:
    """How often each value was said of each clip with at least two answers, int64 (n, k)."""
    counts, _ = _all_counts(answers)
    return counts[counts.sum(axis=1) > 1]


def _all_counts(answers: Answers) -> tuple[Indices, Indices]:
    clips, rows = np.unique(answers.clips, return_inverse=True)
    k = int(answers.values.max(initial=-1)) + 1
    flat = np.bincount(rows.reshape(-1) * max(k, 1) + answers.values, minlength=len(clips) * max(k, 1))
    return flat.reshape(len(clips), max(k, 1)).astype(np.int64), clips


def _disagreements(counts: Indices) -> Float64:
    """The pairs of answers that differ in each clip, a clip's answers having as much weight as there are, (n,)."""
    of_clip = counts.sum(axis=1)
    return (counts * (of_clip[:, np.newaxis] - counts)).sum(axis=1) / np.maximum(of_clip - 1, 1)


def _alphas(totals: Float64 | Indices, disagreements: Float64) -> Float64:
    """Alpha float64 (r,) from the answers of each value (r, k) and the observed disagreement (r,); nan: undefined."""
    n = totals.sum(axis=1)
    expected = (totals * (n[:, np.newaxis] - totals)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * disagreements / expected, np.nan)


def _interval(counts: Indices, seed: int) -> tuple[float | None, float | None]:
    """From drawing clips with putting back; clips that were answered alike are drawn together, which is cheap."""
    disagreements = _disagreements(counts)
    if not disagreements.any():
        # Drawing anew from clips that all agree would promise that all do.
        most = share_interval(0, len(counts))[1]
        totals = counts.sum(axis=0)
        n = int(totals.sum())
        return 1 - most * n * (n - 1) / float((totals * (n - totals)).sum()), 1.0
    kinds, n_of_kind = np.unique(counts, axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(counts), n_of_kind / len(counts), _N_RESAMPLED)
    alphas = _alphas(drawn @ kinds, drawn @ _disagreements(kinds))
    # Draws in which all answers are one and the same say nothing; where most are such, there is no interval.
    alphas = alphas[~np.isnan(alphas)]
    if len(alphas) < _N_RESAMPLED / 2 or len(counts) < 2:
        return None, None
    low, high = np.quantile(alphas, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return low, high


def as_answers(triples: Sequence[tuple[int, int, int]]) -> Answers:
    """From (clip, person, value)."""
    table = np.array(triples, dtype=np.int64).reshape(-1, 3)
    return Answers(clips=table[:, 0], people=table[:, 1], values=table[:, 2])
