"""Which clips are redundant because they sound alike: stars around preferred clips, and what a distance costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32
from pipeline.curation.near_pairs import Indices, NearPairs

_LEAST_COSINE = 0.5
_MOST_PARTNERS = 20
_N_SAMPLED, _N_NEAREST, _SAMPLES_AT_ONCE = 1_000, 64, 50
_N_STEPS, _N_BORDERLINE = 24, 3


@dataclass(frozen=True, kw_only=True)
class AlikeStar:
    """A clip, and those that it would stand for: (index, cosine distance) each, all nearer than was asked."""

    leader: int
    members: tuple[tuple[int, float], ...]


@dataclass(frozen=True, kw_only=True)
class AlikeStep:
    """What a distance would cost: so many clips and seconds go. ``borderline`` are the pairs of those that would only
    just go: (index that stays, index that goes, distance), the farthest first."""

    distance: float
    n_redundant: int
    redundant_s: float
    borderline: tuple[tuple[int, int, float], ...]


def least_cosine(vectors: Float32, *, seed: int = 0) -> float:
    """From which cosine on pairs are worth looking at, told by a sample of the unit vectors float32 (n, d).

    Half of the clips have such a partner, none has more than some twenty on average, and it is never below 0.5.
    """
    n = len(vectors)
    if n < 2:
        return 1.0
    sampled = np.sort(np.random.default_rng(seed).choice(n, min(n, _N_SAMPLED), replace=False))
    n_nearest = min(_N_NEAREST, n - 1)
    nearest: list[Float32] = []
    for at in range(0, len(sampled), _SAMPLES_AT_ONCE):
        rows = sampled[at : at + _SAMPLES_AT_ONCE]
        cosines = vectors[rows] @ vectors.T
        cosines[np.arange(len(rows)), rows] = -1
        nearest.append(np.partition(cosines, n - n_nearest, axis=1)[:, n - n_nearest :])
    found = np.concatenate(nearest)
    half = float(np.median(found.max(axis=1)))
    place = max(0, found.size - _MOST_PARTNERS * len(found))
    crowded = float(np.partition(found.ravel(), place)[place])
    return float(np.clip(max(half, crowded), _LEAST_COSINE, 1.0))


def same_label_only(pairs: NearPairs, labels: Sequence[str | None]) -> NearPairs:
    """The pairs without those whose labels are known and differ: such clips do not stand for each other."""
    names = {label: place for place, label in enumerate(sorted({label for label in labels if label is not None}))}
    codes = np.array([-1 if label is None else names[label] for label in labels], dtype=np.int64)
    first, second = codes[pairs.first], codes[pairs.second]
    fits = (first == second) | (first < 0) | (second < 0)
    return NearPairs(first=pairs.first[fits], second=pairs.second[fits], cosine=pairs.cosine[fits])


def alike_stars(pairs: NearPairs, rank: Sequence[int], *, max_distance: float) -> list[AlikeStar]:
    """Disjoint stars of clips not farther than ``max_distance`` from their leader, sorted by leader.

    By preference (``rank`` 0 the most, then by index) a clip leads unless it lies that near to one that leads already;
    those that do not lead belong to the nearest leader that is no less preferred. So no clip goes for one that is
    farther, as in a chain.
    """
    near, ranks = _within(pairs, max_distance), np.asarray(rank, dtype=np.int64)
    members = _members(near, _leads(near, ranks), ranks)
    stars: dict[int, list[tuple[int, float]]] = {}
    for leader, member, distance in members:
        stars.setdefault(leader, []).append((member, distance))
    return [AlikeStar(leader=leader, members=tuple(sorted(stars[leader]))) for leader in sorted(stars)]


def alike_curve(pairs: NearPairs, rank: Sequence[int], duration_s: Sequence[float]) -> list[AlikeStep]:
    """What some two dozen distances would cost, each about as many clips more than the last; empty without pairs."""
    ranks, seconds = np.asarray(rank, dtype=np.int64), np.asarray(duration_s, dtype=np.float64)
    steps: list[AlikeStep] = []
    for distance in _distances(pairs, len(ranks)):
        near = _within(pairs, distance)
        members = _members(near, _leads(near, ranks), ranks)
        gone = [member for _, member, _ in members]
        borderline = sorted(members, key=lambda member: -member[2])[:_N_BORDERLINE]
        steps.append(
            AlikeStep(
                distance=distance,
                n_redundant=len(gone),
                redundant_s=round(float(seconds[gone].sum()), 3),
                borderline=tuple(borderline),
            )
        )
    return steps


def _distances(pairs: NearPairs, n: int) -> list[float]:
    """Distances at which about equally many clips have their nearest partner, rising."""
    nearest = np.full(n, -1.0)
    np.maximum.at(nearest, pairs.first, pairs.cosine)
    np.maximum.at(nearest, pairs.second, pairs.cosine)
    found = nearest[nearest > 0]
    if len(found) == 0:
        return []
    quantiles = np.quantile(1 - found, np.linspace(0, 1, _N_STEPS + 1)[1:], method="higher")
    return sorted({float(np.ceil(1e4 * max(0.0, distance)) / 1e4) for distance in quantiles.tolist()} - {0.0})


def _within(pairs: NearPairs, max_distance: float) -> NearPairs:
    fits = pairs.cosine >= 1 - max_distance
    return NearPairs(first=pairs.first[fits], second=pairs.second[fits], cosine=pairs.cosine[fits])


def _leads(near: NearPairs, rank: Indices) -> NDArray[np.bool_]:
    """Which of the n clips lead; those without a partner are not asked, and lead."""
    ends = np.concatenate((near.first, near.second))
    others = np.concatenate((near.second, near.first))[np.argsort(ends, kind="stable")]
    begins = np.searchsorted(np.sort(ends), np.arange(len(rank) + 1)).tolist()
    asked = np.unique(ends)
    leads = np.ones(len(rank), dtype=bool)
    for clip in asked[np.lexsort((asked, rank[asked]))].tolist():
        if leads[clip]:
            leads[others[begins[clip] : begins[clip + 1]]] = False
    return leads


def _members(near: NearPairs, leads: NDArray[np.bool_], rank: Indices) -> list[tuple[int, int, float]]:
    """Leader, member and distance of every clip that does not lead, sorted by member; none goes for a lesser one."""
    leader = np.concatenate((near.first, near.second))
    member = np.concatenate((near.second, near.first))
    cosine = np.concatenate((near.cosine, near.cosine))
    fits = leads[leader] & ~leads[member] & (rank[leader] <= rank[member])
    leader, member, cosine = leader[fits], member[fits], cosine[fits]
    order = np.lexsort((leader, -cosine, member))
    first = order[np.diff(member[order], prepend=-1) > 0]
    distance = np.clip(1 - cosine[first].astype(np.float64), 0, 1)
    return list(zip(leader[first].tolist(), member[first].tolist(), distance.tolist(), strict=True))
