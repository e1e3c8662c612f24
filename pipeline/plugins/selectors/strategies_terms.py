"""Strategies as the arrays that lightly_mundig reads, and each pick's reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from lightly_mundig import Typicality  # pyright: ignore[reportAttributeAccessIssue]
from numpy.typing import NDArray

from pipeline.core.errors import PluginError
from pipeline.core.types import Float32
from pipeline.plugins.selectors.base import Column

_MAX_CATEGORIES_N = 20
_N_BINS = 10
_BLOCK_N = 512


@dataclass(frozen=True, kw_only=True)
class Weight:
    """A value above 0 for each clip float32 (n,), and what to say of a clip's."""

    values: Float32
    strength: float
    words: tuple[str, str]
    shown: NDArray[np.float64] | None = None

    def reason(self, row: int) -> str:
        """What speaks for this clip."""
        before, after = self.words
        share = (self.values < self.values[row]).mean()
        if self.shown is None:
            return f"{before} {100 * share:.0f} % {after}"
        if np.isnan(self.shown[row]):
            return f"no {before}"
        return f"{before} {self.shown[row]:.3g}, {after} {100 * share:.0f} %"


@dataclass(frozen=True, kw_only=True)
class Shares:
    """For each clip how much it counts for each value float32 (n, c), and the target float64 (c,) of sum 1."""

    column: str
    values: tuple[str, ...]
    of_clip: Float32
    target: NDArray[np.float64]
    strength: float


@dataclass(frozen=True, kw_only=True)
class Terms:
    """All strategies on one pool of n clips. ``is_allowed`` bool (n,) is what the thresholds let through."""

    diversities: tuple[float, ...]
    min_distance: float | None
    weights: tuple[Weight, ...]
    shares: tuple[Shares, ...]
    is_allowed: NDArray[np.bool_]
    thresholds: tuple[tuple[str, Column], ...]


def terms_of(
    strategies: Sequence[Mapping[str, Any]],
    vectors: Float32,
    *,
    parts: Sequence[NDArray[np.int64]],
    columns: Mapping[str, Column],
    examples: Sequence[Float32],
) -> Terms:
    """The strategies' arrays for this pool; typicality is counted within ``parts``. Raises PluginError."""
    diversities = [one for one in strategies if one["strategy"] == "DIVERSITY"]
    limits = [one["minimum_distance"] for one in diversities if one.get("minimum_distance") is not None]
    weights: list[Weight] = []
    shares: list[Shares] = []
    is_allowed, thresholds = np.ones(len(vectors), dtype=bool), list[tuple[str, Column]]()
    n_similar = sum(one["strategy"] == "SIMILARITY" for one in strategies)
    if n_similar != len(examples):
        raise PluginError("SIMILARITY needs examples", expected=f"{n_similar} sets", got=len(examples))
    queries = iter(examples)
    for one in strategies:
        strength = float(one.get("strength", 1.0))
        if one["strategy"] == "TYPICALITY":
            values = _typicality(vectors, parts, int(one.get("n_neighbours", 20)))
            weights.append(Weight(values=values, strength=strength, words=("more typical than", "of the clips")))
        elif one["strategy"] == "SIMILARITY":
            weights.append(_similarity(vectors, next(queries), strength))
        elif one["strategy"] == "WEIGHTS":
            weights.append(_ranked(one["input"], _numbers(columns, one["input"]), one))
        elif one["strategy"] == "BALANCE":
            shares.append(_shares(one["input"], _column(columns, one["input"]), one.get("target", "uniform"), strength))
        elif one["strategy"] == "THRESHOLD":
            is_allowed &= lets_through(columns, one)
            thresholds.append((one["input"], _column(columns, one["input"])))
    return Terms(
        diversities=tuple(float(one.get("strength", 1.0)) for one in diversities),
        min_distance=max(limits, default=None),
        weights=tuple(weights),
        shares=tuple(shares),
        is_allowed=is_allowed,
        thresholds=tuple(thresholds),
    )


def reasons(terms: Terms, vectors: Float32, chosen: Sequence[int], picked: Sequence[int]) -> list[str]:
    """Why each of ``picked`` was taken, after ``chosen`` and those before it."""
    parts: list[list[str]] = [[] for _ in picked]
    if terms.diversities:
        for words, distance in zip(parts, _distances_before(vectors, chosen, picked), strict=True):
            words.append(_distance_words(distance))
    for words, row in zip(parts, picked, strict=True):
        words += [weight.reason(row) for weight in terms.weights]
    for shares in terms.shares:
        have = np.zeros(len(shares.values), dtype=np.int64)
        for row in chosen:
            have += shares.of_clip[row] == 1
        for words, row in zip(parts, picked, strict=True):
            is_of = shares.of_clip[row] == 1
            have += is_of
            words.append(_share_words(shares, is_of, have))
    for name, column in terms.thresholds:
        for words, row in zip(parts, picked, strict=True):
            words.append(f"{name} {_value_words(column[row])} is within bounds")
    return ["; ".join(words) for words in parts]


def lets_through(columns: Mapping[str, Column], one: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which clips a threshold lets through; one without a value is not."""
    if one.get("one_of"):
        column = _column(columns, one["input"])
        texts = column if column.dtype == object else np.array([f"{value:g}" for value in column], dtype=object)
        return np.isin(texts.astype(str), [str(value) for value in one["one_of"]])
    numbers = _numbers(columns, one["input"])
    low, high = one.get("at_least"), one.get("at_most")
    return (numbers >= (-np.inf if low is None else low)) & (numbers <= (np.inf if high is None else high))


def _distances_before(vectors: Float32, chosen: Sequence[int], picked: Sequence[int]) -> Float32:
    """The cosine distance of each pick to the nearest clip chosen before it float32 (k,), inf for the very first."""
    rows = np.array([*chosen, *picked], dtype=np.int64)
    nearest = np.full(len(picked), -np.inf, dtype=np.float32)
    for first in range(0, len(picked), _BLOCK_N):
        at = len(chosen) + first
        block = vectors[rows[at : at + _BLOCK_N]]
        likeness = block @ vectors[rows[: at + len(block)]].T
        likeness[:, at:][np.triu_indices(len(block))] = -np.inf
        nearest[first : first + len(block)] = likeness.max(axis=1)
    return np.maximum(0, 1 - nearest)


def _distance_words(distance: float) -> str:
    if np.isinf(distance):
        return "where the selection starts"
    return f"distance {distance:.2f} to the nearest chosen before it"


def _share_words(shares: Shares, is_of: NDArray[np.bool_], have: NDArray[np.int64]) -> str:
    if not is_of.any():
        return f"no {shares.column}"
    at = int(np.argmax(is_of))
    return f"{shares.column} {shares.values[at]}: number {have[at]} towards {100 * shares.target[at]:.0f} %"


def _value_words(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _typicality(vectors: Float32, parts: Sequence[NDArray[np.int64]], n_neighbours: int) -> Float32:
    """The typicality of each clip float32 (n,), within its part; one alone in its part is the least typical."""
    values = np.full(len(vectors), np.nan, dtype=np.float32)
    for rows in parts:
        if len(rows) > 1:
            values[rows] = Typicality(vectors[rows]).calculate_typicality(min(n_neighbours, len(rows) - 1))
    return np.nan_to_num(values, nan=float(np.nanmin(values)) if not np.isnan(values).all() else 1.0)


def _similarity(vectors: Float32, examples: Float32, strength: float) -> Weight:
    """Cosine to the nearest example, as (1 + cosine) / 2: above 0, as a weight must be."""
    nearest = np.full(len(vectors), -1.0, dtype=np.float32)
    for first in range(0, len(examples), _BLOCK_N):
        nearest = np.maximum(nearest, (vectors @ examples[first : first + _BLOCK_N].T).max(axis=1, initial=-1.0))
    words = ("likeness to the examples", "more than")
    values = np.maximum((1 + nearest) / 2, 1e-6)
    return Weight(values=values, strength=strength, words=words, shown=nearest.astype(np.float64))


def _ranked(name: str, values: NDArray[np.float64], one: Mapping[str, Any]) -> Weight:
    """Mid-ranks in (0, 1]; a clip without a value counts as the least."""
    is_low = one.get("prefer", "high") == "low"
    key = np.nan_to_num(-values if is_low else values, nan=-np.inf)
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = ((ends - counts + ends + 1) / 2)[inverse] / max(1, len(values))
    return Weight(
        values=ranks.astype(np.float32),
        strength=float(one.get("strength", 1.0)),
        words=(name, "lower than" if is_low else "higher than"),
        shown=values,
    )


def _shares(name: str, column: Column, target: Mapping[str, float] | str, strength: float) -> Shares:
    """One class a value; a clip without a value counts as the pool's average, so that it is neither sought nor shunned.

    Raises PluginError when no clip has a value, or the target names none that occurs.
    """
    texts = _as_classes(column)
    found = sorted({text for text in texts if text is not None})
    wanted = dict.fromkeys(found, 1.0) if isinstance(target, str) else {str(v): s for v, s in target.items()}
    if not found or not any(wanted.get(value, 0.0) for value in found):
        got = ", ".join(found[:10]) or "no value at all"
        raise PluginError("nothing to balance", which=name, expected=", ".join(wanted) or "values", got=got)
    place_of = {value: place for place, value in enumerate(found)}
    of_clip = np.zeros((len(texts), len(found)), dtype=np.float32)
    for row, text in enumerate(texts):
        if text is not None:
            of_clip[row, place_of[text]] = 1
    of_clip[[text is None for text in texts]] = of_clip.sum(axis=0) / max(1.0, float(of_clip.sum()))
    shares = np.array([wanted.get(value, 0.0) for value in found])
    return Shares(column=name, values=tuple(found), of_clip=of_clip, target=shares / shares.sum(), strength=strength)


def _as_classes(column: Column) -> list[str | None]:
    """Texts as they are; few different numbers too; many in ten stretches of equal width of the middle 90 %."""
    if column.dtype == object:
        return [None if value is None else str(value) for value in column]
    numbers = column.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    if len(np.unique(known)) <= _MAX_CATEGORIES_N:
        return [None if np.isnan(value) else f"{value:g}" for value in numbers]
    low, high = np.percentile(known, [5, 95])
    edges = np.linspace(low, high, _N_BINS + 1)
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, _N_BINS - 1)
    names = [f"{edges[n]:.3g} to {edges[n + 1]:.3g}" for n in range(_N_BINS)]
    return [None if np.isnan(value) else names[place] for value, place in zip(numbers, places.tolist(), strict=True)]


def _numbers(columns: Mapping[str, Column], name: str) -> NDArray[np.float64]:
    column = _column(columns, name)
    if column.dtype == object:
        raise PluginError("this column holds no numbers", which=name, do="BALANCE it, or use THRESHOLD with one_of")
    return cast("NDArray[np.float64]", column)


def _column(columns: Mapping[str, Column], name: str) -> Column:
    if name not in columns:
        raise PluginError("no such column", which=name, expected=f"one of {', '.join(sorted(columns)) or 'none given'}")
    return columns[name]
