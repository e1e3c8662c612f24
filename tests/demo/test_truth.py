"""Truth survives its file, and the scores count what they say they count."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import StorageError
from pipeline.core.types import ProblemKind
from pipeline.demo.truth import (
    Found,
    PlantedCopy,
    PlantedSpan,
    PlantedTruth,
    WrongLabel,
    read_truth,
    score_copies,
    score_failures,
    score_labels,
    score_problems,
    score_spans,
    score_suspects,
    write_truth,
)

TRUTH = PlantedTruth(
    seed=7,
    n_sounds=5,
    labels=("dog", "frog"),
    sounds={"a.wav": "dog", "b.wav": "dog", "c.mp3": "dog", "d.wav": "frog", "e.wav": "frog"},
    spans={
        "long.flac": (PlantedSpan(2.0, 4.0, "dog"), PlantedSpan(10.0, 11.0, "frog")),
        "longer.flac": (PlantedSpan(1.0, 2.0, "dog"),),
    },
    copies=(PlantedCopy("b.wav", "a.wav", "exact"), PlantedCopy("c.mp3", "a.wav", "transcoded")),
    wrong_labels={"d.wav": WrongLabel("dog", "frog")},
    problems={"d.wav": ProblemKind.CLIPPED, "e.wav": ProblemKind.WRONG_RATE},
    unreadable={"zero.wav": "zero bytes", "text.wav": "text"},
)

NOTHING = PlantedTruth(
    seed=0, n_sounds=0, labels=(), sounds={}, spans={}, copies=(), wrong_labels={}, problems={}, unreadable={}
)


def found(n_planted: int, n_found: int, n_false: int) -> Found:
    return Found(n_planted=n_planted, n_found=n_found, n_false=n_false)


@pytest.mark.parametrize("truth", [TRUTH, NOTHING])
def test_written_truth_is_read_back(truth: PlantedTruth, tmp_path: Path) -> None:
    write_truth(truth, tmp_path / "truth.json")
    assert read_truth(tmp_path / "truth.json") == truth == read_truth(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"seed": 1, "spans": []}', "null"])
def test_broken_truth_is_refused_by_name(content: str, tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(content)
    with pytest.raises(StorageError, match=r"truth\.json"):
        read_truth(tmp_path)


def test_missing_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="make the demo corpus anew"):
        read_truth(tmp_path)


def test_nothing_planted_has_no_share() -> None:
    assert score_copies(NOTHING, []) == found(0, 0, 0)
    assert score_copies(NOTHING, []).share is None
    assert score_copies(TRUTH, [["a.wav", "b.wav"]]).share == 0.5


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], found(2, 0, 0)),
        ([["a.wav", "b.wav", "c.mp3"]], found(2, 2, 0)),
        ([["a.wav", "b.wav"], ["a.wav", "c.mp3"]], found(2, 2, 0)),
        ([["b.wav", "c.mp3"]], found(2, 0, 0)),
        ([["a.wav"], ["b.wav"]], found(2, 0, 0)),
        ([["a.wav", "b.wav", "d.wav"]], found(2, 1, 3)),
        ([["d.wav", "e.wav"], ["e.wav", "d.wav"]], found(2, 0, 2)),
        ([["long.flac", "long.flac"]], found(2, 0, 0)),
    ],
)
def test_copies_are_found_in_one_group_and_strangers_are_false(groups: list[list[str]], expected: Found) -> None:
    assert score_copies(TRUTH, groups) == expected


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        ({}, found(2, 0, 0)),
        ({"d.wav": ["clipped"], "e.wav": ["wrong rate"]}, found(2, 2, 0)),
        ({"d.wav": ["silent"]}, found(2, 0, 1)),
        ({"d.wav": ["clipped", "truncated"]}, found(2, 1, 1)),
        ({"a.wav": ["wrong rate", "too short", "wrong channels", "wrong depth"]}, found(2, 0, 0)),
        ({"a.wav": [ProblemKind.CLIPPED, "clipped"]}, found(2, 0, 1)),
    ],
)
def test_problems_of_the_sound_can_be_false_and_those_of_the_format_cannot(
    problems: dict[str, list[str]], expected: Found
) -> None:
    assert score_problems(TRUTH, problems) == expected


def test_failures_are_counted_once_and_readable_ones_are_false() -> None:
    assert score_failures(TRUTH, []) == found(2, 0, 0)
    assert score_failures(TRUTH, ["zero.wav", "zero.wav", "text.wav"]) == found(2, 2, 0)
    assert score_failures(TRUTH, ["zero.wav", "a.wav"]) == found(2, 1, 1)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ({}, found(3, 0, 0)),
        ({"long.flac": [(2.0, 3.0)]}, found(3, 1, 0)),
        ({"long.flac": [(2.0, 2.999)]}, found(3, 0, 0)),
        ({"long.flac": [(3.4, 4.5), (1.0, 2.5)]}, found(3, 1, 0)),
        ({"long.flac": [(2.0, 2.6), (2.0, 2.6)]}, found(3, 0, 0)),
        ({"long.flac": [(2.0, 2.6), (2.3, 2.8)]}, found(3, 0, 0)),
        ({"long.flac": [(0.0, 20.0)], "longer.flac": [(1.0, 2.0)]}, found(3, 3, 0)),
        ({"long.flac": [(4.0, 10.0)]}, found(3, 0, 1)),
        ({"longer.flac": [(0.0, 1.0), (2.0, 3.0)]}, found(3, 0, 2)),
        ({"a.wav": [(0.0, 1.0)]}, found(3, 0, 0)),
    ],
)
def test_span_is_found_when_half_of_it_is_covered(spans: dict[str, list[tuple[float, float]]], expected: Found) -> None:
    assert score_spans(TRUTH, spans) == expected


def test_labels_are_scored_where_the_truth_knows_them() -> None:
    assert score_labels(TRUTH, {}) == found(0, 0, 0)
    assert score_labels(TRUTH, {"a.wav": "dog", "d.wav": "dog", "long.flac": "dog"}) == found(2, 1, 1)


def test_wrong_labels_count_only_among_the_first_suspects() -> None:
    assert score_suspects(TRUTH, ["a.wav", "d.wav", "b.wav"]) == Found(n_planted=1, n_found=1, n_false=1)
    assert score_suspects(TRUTH, ["a.wav", "b.wav", "d.wav"]) == Found(n_planted=1, n_found=0, n_false=2)
    assert score_suspects(TRUTH, []) == Found(n_planted=1, n_found=0, n_false=0)
