"""Splits without leaks: what belongs together stays on one side."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A group key that stands on more than one side of a split."""

    key: str
    splits: tuple[str, ...]


def assign_splits(
    groups: Sequence[frozenset[str]], labels: Sequence[str], *, fractions: Mapping[str, float], seed: int
) -> list[str]:
    """The split of each clip, near the fractions for every label as far as groups allow.

    ``groups`` are the keys (recording, source group, near-duplicate group) of each clip: clips that share
    one, also through others, go together. Components are placed largest first, each where its labels are
    missed most. The same input and seed give the same splits.
    """
    components = component_ids(groups)
    members: dict[int, list[int]] = {}
    for index, component in enumerate(components):
        members.setdefault(component, []).append(index)
    order = sorted(members)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda component: -len(members[component]))
    totals = Counter(labels)
    wanted = [name for name, fraction in fractions.items() if fraction > 0]
    held: dict[str, Counter[str]] = {name: Counter() for name in wanted}
    chosen: dict[int, str] = {}
    for component in order:
        content = Counter(labels[index] for index in members[component])

        def missed(name: str, content: Counter[str] = content) -> float:
            """How far short of its share the split is, over the labels of this component, relative to the share."""
            return sum(
                n * (1 - held[name][label] / (fractions[name] * totals[label])) for label, n in content.items()
            ) / sum(content.values())

        best = max(wanted, key=lambda name: (missed(name), fractions[name]))
        chosen[component] = best
        held[best].update(content)
    return [chosen[component] for component in components]


def component_ids(groups: Sequence[frozenset[str]]) -> list[int]:
    """The number of each clip's connected component: clips that share a key, also through others, share it.

    Components are numbered by their first clip.
    """
    parent = list(range(len(groups)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_with: dict[str, int] = {}
    for index, keys in enumerate(groups):
        for key in keys:
            a, b = root(first_with.setdefault(key, index)), root(index)
            parent[max(a, b)] = min(a, b)
    return [root(index) for index in range(len(groups))]


def leaks(groups: Sequence[frozenset[str]], splits: Sequence[str]) -> list[Leak]:
    """The group keys that straddle splits, sorted; empty for what ``assign_splits`` gives."""
    sides: dict[str, set[str]] = {}
    for keys, split in zip(groups, splits, strict=True):
        for key in keys:
            sides.setdefault(key, set()).add(split)
    return [Leak(key=key, splits=tuple(sorted(found))) for key, found in sorted(sides.items()) if len(found) > 1]
