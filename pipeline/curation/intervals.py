"""Exact intervals for shares and counts: what a few answers drawn by lot allow to say of all."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

LEVEL = 0.9
"""Of every interval, unless another is asked for: as often the truth lies in it."""
_STEPS_N = 50


def share_interval(n_hits: int, n: int, *, level: float = LEVEL) -> tuple[float, float]:
    """From where to where the share may lie of which ``n_hits`` of ``n`` independent draws are an example.

    Clopper and Pearson (1934): it covers the truth at least as often as ``level`` says, however few the draws and
    however near to 0 or 1 the share. Nothing drawn, nothing known: 0 to 1.
    """
    tail = (1 - level) / 2
    low = 0.0 if n_hits == 0 else _solve(lambda share: _at_least(n_hits, n, share) - tail)
    high = 1.0 if n_hits == n else _solve(lambda share: tail - _at_most(n_hits, n, share))
    return low, high


def share_at_least(n_hits: int, n: int, *, level: float = LEVEL) -> float:
    """Above this the share lies, as often as ``level`` says (one-sided; Clopper and Pearson)."""
    return 0.0 if n_hits == 0 else _solve(lambda share: _at_least(n_hits, n, share) - (1 - level))


def count_interval(
    n_hits: int, n_drawn: int, n_all: int, *, least: int = 0, most: int | None = None, level: float = LEVEL
) -> tuple[int, int]:
    """Between which counts the hits among all lie, of whom ``n_drawn`` were drawn without putting back.

    The tails of the hypergeometric distribution turned around, as Clopper and Pearson do for the binomial one: exact
    where most of the pool was drawn. What is known already, that there are at least ``least`` and at most
    ``most``, cuts the interval; it is never empty.
    """
    most = n_all - (n_drawn - n_hits) if most is None else most
    tail = (1 - level) / 2
    logs = _log_factorials(n_all)
    # Both tails move one way as the count grows, so each end is found by halving.
    low = _first(lambda count: _drawn_at_least(n_hits, n_drawn, count, n_all, logs) > tail, n_hits, most)
    high = _first(lambda count: 1 - _drawn_at_least(n_hits + 1, n_drawn, count, n_all, logs) <= tail, n_hits, most + 1)
    return min(max(low, least), most), max(least, min(high - 1, most))


def _solve(rising: Callable[[float], float]) -> float:
    """Where a function that rises over 0 to 1 crosses 0."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS_N):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def _at_least(n_hits: int, n: int, share: float) -> float:
    return float(_binomial(n, share)[n_hits:].sum())


def _at_most(n_hits: int, n: int, share: float) -> float:
    return float(_binomial(n, share)[: n_hits + 1].sum())


def _binomial(n: int, share: float) -> Float64:
    """The chance of each count 0 to n, float64 (n + 1,); share strictly between 0 and 1."""
    counts = np.arange(n + 1)
    logs = _log_factorials(n)
    ways = logs[n] - logs[counts] - logs[n - counts]
    return np.exp(ways + counts * math.log(share) + (n - counts) * math.log1p(-share))


def _drawn_at_least(n_hits: int, n_drawn: int, count: int, n_all: int, logs: Float64) -> float:
    """The chance to draw at least so many hits if there are ``count`` among all."""
    hits = np.arange(max(n_hits, 0, n_drawn - (n_all - count)), min(count, n_drawn) + 1)
    if not len(hits):
        return 0.0
    missed = n_drawn - hits
    ways = logs[count] - logs[hits] - logs[count - hits]
    ways = ways + logs[n_all - count] - logs[missed] - logs[n_all - count - missed]
    ways -= logs[n_all] - logs[n_drawn] - logs[n_all - n_drawn]
    return float(min(1.0, np.exp(ways).sum()))


def _first(is_so: Callable[[int], bool], low: int, high: int) -> int:
    """The first whole number of low to high where it is so, and high if it is so nowhere before."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_so(middle) else (middle + 1, high)
    return low


def _log_factorials(n: int) -> Float64:
    """The logarithm of 0! to n!, float64 (n + 1,)."""
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1, dtype=np.float64)))))
