"""Splits leak nothing and come as near to their shares as groups allow."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from sklearn.model_selection import StratifiedGroupKFold

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


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_connected_by_any_chain_of_keys_stays_together(seed: int) -> None:
    rng = random.Random(seed)

    def keys() -> frozenset[str]:
        found = {f"recording:{rng.randrange(160)}"}
        if rng.random() < 0.3:
            found.add(f"source:{rng.randrange(50)}")
        if rng.random() < 0.2:
            found.add(f"duplicate:{rng.randrange(40)}")
        return frozenset(found)

    groups, links = [keys() for _ in range(200)], [keys() for _ in range(30)]
    labels = [rng.choice("abc") for _ in groups]
    splits = assign_splits(groups, labels, fractions=FRACTIONS, seed=seed, links=links)
    everything = [*groups, *links]
    for first in range(len(groups)):
        for reached in _reachable(everything, first):
            assert reached >= len(groups) or splits[reached] == splits[first]
    assert len(set(splits)) > 1


def _reachable(groups: list[frozenset[str]], first: int) -> set[int]:
    """All that shares a key with what was reached so far, step by step."""
    reached, keys = {first}, set(groups[first])
    while new := {i for i, found in enumerate(groups) if i not in reached and found & keys}:
        reached |= new
        keys |= {key for i in new for key in groups[i]}
    return reached


def test_copy_that_gets_no_split_ties_what_it_connects() -> None:
    groups = [frozenset({"recording:1", "duplicate:1"}), frozenset({"recording:2"}), frozenset({"recording:3"})]
    copy = frozenset({"recording:2", "duplicate:1"})
    assert component_ids(groups) == [0, 1, 2]
    assert component_ids(groups, links=[copy]) == [0, 0, 2]
    splits = assign_splits(groups, ["x"] * 3, fractions={"train": 0.5, "test": 0.5}, seed=0, links=[copy])
    assert splits[0] == splits[1] != splits[2]


def test_remainders_of_many_labels_do_not_all_fall_to_one_split() -> None:
    labels = [f"{index % 10}" for index in range(240)]
    groups = [frozenset({f"recording:{index}"}) for index in range(240)]
    n_of = Counter(assign_splits(groups, labels, fractions=FRACTIONS, seed=0))
    assert abs(n_of["validation"] - n_of["test"]) <= 2


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


def test_labels_of_real_sources_are_shared_out_no_worse_than_by_sklearn(test_data: Path) -> None:
    """Scenes of 10 labels by whose upload they are; sklearn's folds give a tenth to test, a tenth to validation."""
    scenes = [p for p in sorted((test_data / "esc10").rglob("*.*")) if p.suffix in (".ogg", ".wav", ".flac")]
    labels, sources = [p.parent.name for p in scenes], [p.stem.split("-")[1] for p in scenes]
    groups = [frozenset({source}) for source in sources]
    ours, theirs = [], []
    for seed in range(3):
        splits = assign_splits(groups, labels, fractions=FRACTIONS, seed=seed)
        assert leaks(groups, splits) == []
        ours.append(_mean_deviation(labels, splits))
        folds = StratifiedGroupKFold(n_splits=10, shuffle=True, random_state=seed)
        test, validation = [set(held) for _, held in folds.split(labels, labels, sources)][:2]
        named = ["test" if i in test else "validation" if i in validation else "train" for i in range(len(labels))]
        theirs.append(_mean_deviation(labels, named))
    assert sum(ours) <= sum(theirs)


def test_four_speakers_are_shared_out_by_whole_speakers(test_data: Path) -> None:
    stems = sorted(path.stem for path in (test_data / "fsdd").glob("*.wav"))
    labels, speakers = [stem.split("_")[0] for stem in stems], [stem.split("_")[1] for stem in stems]
    groups = [frozenset({speaker}) for speaker in speakers]
    splits = assign_splits(groups, labels, fractions=FRACTIONS, seed=0)
    assert leaks(groups, splits) == []
    n_speakers = Counter(dict(zip(speakers, splits, strict=True)).values())
    assert (n_speakers["validation"], n_speakers["test"]) == (1, 1)
    for split in FRACTIONS:
        assert {label for label, found in zip(labels, splits, strict=True) if found == split} == set(labels)


def _mean_deviation(labels: list[str], splits: list[str]) -> float:
    """How far, on average, the share of a label in a split is from the one that was asked for."""
    n_of_label, n_of = Counter(labels), Counter(zip(labels, splits, strict=True))
    off = [abs(n_of[label, split] / n - share) for label, n in n_of_label.items() for split, share in FRACTIONS.items()]
    return sum(off) / len(off)
