"""Splits that leak nothing: what shares a group key stays on one side."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from pipeline.core.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A group key (recording, source group or near-duplicate group) that lies in more than one split."""

    key: str
    splits: tuple[str, ...]


def assign_splits(
    groups: Sequence[Collection[str]],
    labels: Sequence[str],
    *,
    fractions: Mapping[str, float],
    seed: int,
    links: Sequence[Collection[str]] = (),
) -> list[str]:
    """The split of each clip, by its group keys and label: the same input and seed, the same splits.

    Clips that share a key, directly or through others, form a component and stay together; ``links`` are the keys of
    clips that get no split themselves and tie others all the same. The components go, largest first, to the split that
    lacks their labels most, of equals to the one that lacks most clips; equal components in an order drawn by
    ``seed``. A split with a share gets at least one component if there are enough, so that a few large groups leave no
    empty test split. Raises SettingsError for fractions that do not add up.
    """
    shares = _shares(fractions)
    n_of_label = Counter(labels)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for index, component in enumerate(component_ids(groups, links=links)):
        members[component].append(index)
    order = list(members)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda component: -len(members[component]))
    counts = {component: Counter(labels[index] for index in members[component]) for component in order}
    lacking = {split: {label: share * n for label, n in n_of_label.items()} for split, share in shares.items()}
    n_lacking = {split: share * len(labels) for split, share in shares.items()}
    split_of: dict[int, str] = {}
    for component in order:
        needs = {split: _need(counts[component], lacking[split], n_of_label) for split in shares}
        # Where a label does not divide evenly, the same split would come out short for every label.
        split = max(shares, key=lambda split: (round(needs[split], 9), n_lacking[split]))
        split_of[component] = split
        n_lacking[split] -= len(members[component])
        for label, n in counts[component].items():
            lacking[split][label] -= n
    _fill_empty(split_of, order, shares)
    out = [""] * len(groups)
    for component, indices in members.items():
        for index in indices:
            out[index] = split_of[component]
    return out


def component_ids(groups: Sequence[Collection[str]], *, links: Sequence[Collection[str]] = ()) -> list[int]:
    """For each clip the index of the first clip that it is connected to by shared keys (union-find).

    ``links`` connect as clips do.
    """
    parent = list(range(len(groups) + len(links)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_with: dict[str, int] = {}
    for index, keys in enumerate(chain(groups, links)):
        for key in keys:
            first, second = sorted((root(first_with.setdefault(key, index)), root(index)))
            parent[second] = first
    return [root(index) for index in range(len(groups))]


def leaks(groups: Sequence[Collection[str]], splits: Sequence[str]) -> list[Leak]:
    """The group keys that lie in more than one split, sorted; empty if nothing leaks."""
    splits_of: defaultdict[str, set[str]] = defaultdict(set)
    for keys, split in zip(groups, splits, strict=True):
        for key in keys:
            splits_of[key].add(split)
    return [Leak(key=key, splits=tuple(sorted(found))) for key, found in sorted(splits_of.items()) if len(found) > 1]


def _shares(fractions: Mapping[str, float]) -> dict[str, float]:
    """The splits that get anything, largest share first."""
    if not fractions or min(fractions.values()) < 0 or abs(sum(fractions.values()) - 1) > 1e-6:
        raise SettingsError("split fractions do not add up", expected="0 or more each, sum 1", got=dict(fractions))
    return {split: share for split, share in sorted(fractions.items(), key=lambda item: -item[1]) if share > 0}


def _need(counts: Mapping[str, int], lacking: Mapping[str, float], n_of_label: Mapping[str, int]) -> float:
    """How much a split lacks of what a component holds, rare labels weighing as much as common ones."""
    return sum(n * lacking[label] / n_of_label[label] for label, n in counts.items())


def _fill_empty(split_of: dict[int, str], order: Sequence[int], shares: Mapping[str, float]) -> None:
    """Give each empty split the smallest component of the split that has most of them, if it has two."""
    for split in shares:
        n_components = Counter(split_of.values())
        if n_components[split] > 0 or not n_components:
            continue
        donor, n_most = n_components.most_common(1)[0]
        if n_most < 2:
            return
        smallest = next(component for component in reversed(order) if split_of[component] == donor)
        split_of[smallest] = split
