"""Two or more ways of doing the same, timed in turns within one run, so that a busy machine is busy for all of them."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one round of one way took, its child processes included."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times dearer one way is than another: the median of the rounds, and the lowest and highest."""

    cpu: float
    cpu_lowest: float
    cpu_highest: float
    wall: float


def in_turns(
    ways: Mapping[str, Callable[[T], object]], items: Sequence[T], *, n_rounds: int, warm_up: T
) -> dict[str, list[Cost]]:
    """What each way costs over all items, round by round: A B A B …, after ``warm_up`` once for each, untimed.

    Every other round goes backwards, so that no way always comes after the same other.
    """
    for way in ways.values():
        way(warm_up)
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for number in range(n_rounds):
        for name in list(ways)[:: 1 if number % 2 == 0 else -1]:
            costs[name].append(_cost(ways[name], items))
    return costs


def ratio(theirs: Sequence[Cost], ours: Sequence[Cost]) -> Ratio:
    """Theirs by ours, round by round."""
    cpu = [their.cpu_s / our.cpu_s for their, our in zip(theirs, ours, strict=True)]
    wall = [their.wall_s / our.wall_s for their, our in zip(theirs, ours, strict=True)]
    return Ratio(cpu=median(cpu), cpu_lowest=min(cpu), cpu_highest=max(cpu), wall=median(wall))


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _cost(way: Callable[[T], object], items: Sequence[T]) -> Cost:
    cpu_before_s, wall_before_s = cpu_s(), time.perf_counter()
    for item in items:
        way(item)
    return Cost(cpu_s=cpu_s() - cpu_before_s, wall_s=time.perf_counter() - wall_before_s)
