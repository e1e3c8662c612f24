"""Splits leak nothing and come as near to their shares as groups allow."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from pipeline.core.errors import SettingsError
from pipeline.curation.splits import Leak, assign_splits, component_ids, leaks

FRACTIONS = {"train": 0.8, "validation": 0.1, "test": 0.1}


def test_no_clips_no_splits() -> None:
    assert assign_splits([], [], fractions=FRACTIONS, seed=0) == []
    assert leaks([], []) == []
    assert component_ids([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_nothing_leaks_whatever_the_groups(seed: int) -> None:
    rng = random.Random(seed)
    groups = [
        frozenset({f"recording:{rng.randrange(150)}", *([f"copy:{rng.randrange(60)}"] if rng.random() < 0.2 else [])})
        for _ in range(400)
    ]
    labels = [rng.choice("abc") for _ in groups]
    splits = assign_splits(groups, labels, fractions=FRACTIONS, seed=seed)
    assert leaks(groups, splits) == []
    assert set(splits) == set(FRACTIONS)


def test_clips_connected_through_others_stay_together() -> None:
    groups = [frozenset({"a"}), frozenset({"z"}), frozenset({"c", "b"}), frozenset({"b", "a"}), frozenset[str]()]
    assert component_ids(groups) == [0, 1, 0, 0, 4]
    splits = assign_splits(groups, ["x"] * 5, fractions={"train": 0.5, "test": 0.5}, seed=0)
    assert splits[0] == splits[2] == splits[3]


def test_shares_are_met_exactly_for_each_label_when_nothing_is_grouped() -> None:
    labels = ["common"] * 800 + ["rare"] * 50
    groups = [frozenset({f"recording:{index}"}) for index in range(850)]
    splits = assign_splits(groups, labels, fractions=FRACTIONS, seed=1)
    counts = Counter(zip(labels, splits, strict=True))
    assert [counts["common", split] for split in FRACTIONS] == [640, 80, 80]
    assert [counts["rare", split] for split in FRACTIONS] == [40, 5, 5]


def test_shares_are_nearly_met_for_groups_of_mixed_sizes() -> None:
    rng = random.Random(0)
    groups, labels = [], []
    for speaker in range(60):
        for _ in range(rng.randrange(5, 40)):
            groups.append(frozenset({f"speaker:{speaker}"}))
            labels.append(rng.choice("0123456789"))
    splits = assign_splits(groups, labels, fractions=FRACTIONS, seed=0)
    for split, share in FRACTIONS.items():
        assert splits.count(split) / len(splits) == pytest.approx(share, abs=0.02)


def test_four_large_groups_leave_no_split_empty() -> None:
    groups = [frozenset({f"speaker:{index % 4}"}) for index in range(400)]
    splits = assign_splits(groups, ["x"] * 400, fractions=FRACTIONS, seed=0)
    assert Counter(splits) == {"train": 200, "validation": 100, "test": 100}


def test_one_group_goes_to_the_largest_split() -> None:
    splits = assign_splits([frozenset({"one"})] * 9, ["x"] * 9, fractions=FRACTIONS, seed=0)
    assert set(splits) == {"train"}


def test_split_without_a_share_gets_nothing() -> None:
    groups = [frozenset({str(index)}) for index in range(50)]
    splits = assign_splits(groups, ["x"] * 50, fractions={"train": 0.5, "validation": 0, "test": 0.5}, seed=0)
    assert Counter(splits) == {"train": 25, "test": 25}


def test_seed_decides_and_nothing_else() -> None:
    groups = [frozenset({f"{index // 2}", f"other {index // 2}"}) for index in range(100)]
    labels = [str(index % 3) for index in range(100)]
    first, again, other = (assign_splits(groups, labels, fractions=FRACTIONS, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_leaks_are_named() -> None:
    groups = [frozenset({"a", "b"}), frozenset({"b"}), frozenset({"c"})]
    assert leaks(groups, ["train", "test", "test"]) == [Leak(key="b", splits=("test", "train"))]


@pytest.mark.parametrize("fractions", [{}, {"train": 0.5}, {"train": 1.2, "test": -0.2}])
def test_fractions_that_do_not_add_up_are_refused(fractions: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="add up"):
        assign_splits([frozenset({"a"})], ["x"], fractions=fractions, seed=0)
