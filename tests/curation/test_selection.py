"""What a selection spec takes, refuses and buys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core.errors import SettingsError
from pipeline.curation.selection import (
    Balance,
    Budget,
    Diversity,
    SelectionSpec,
    Similarity,
    Threshold,
    Typicality,
    Weights,
    spec_from,
    spec_from_text,
)

EXAMPLE = Path(__file__).parent.parent.parent / "config" / "selection.yaml"

EVERY = SelectionSpec(
    strategies=(
        Diversity(strength=2.0, minimum_distance=0.1),
        Typicality(n_neighbours=5),
        Similarity(to=(3, 4)),
        Similarity(to="first round"),
        Weights(input="snr_db", prefer="low", strength=0.5),
        Threshold(input="duration_s", at_least=0.5, at_most=2),
        Threshold(input="source_group", one_of=("george",)),
        Balance(input="label", target={"dog": 3, "rain": 1}),
        Balance(input="prediction"),
    ),
    budget=Budget(hours=0.5),
    keep="first round",
    seed=7,
)


def test_spec_of_every_strategy_reads_back_as_it_was_written() -> None:
    assert spec_from(EVERY.to_json()) == EVERY


def test_example_file_is_a_spec() -> None:
    assert spec_from_text(EXAMPLE.read_text()) == SelectionSpec(budget=Budget(n_clips=100))


def test_every_commented_line_of_the_example_is_a_spec() -> None:
    text = EXAMPLE.read_text()
    for line in text.splitlines():
        if line.startswith("  # - input"):
            start = text.index(line)
            block = text[start:].split("\n\n")[0].splitlines()
            taken = [row[4:] for row in block if row.startswith(("  # - ", "  #   "))]
            found = spec_from_text("budget: 5\nstrategies:\n" + "\n".join("  " + row for row in taken))
            assert found.strategies


def test_columns_are_named_once() -> None:
    assert EVERY.columns == ("snr_db", "duration_s", "source_group", "label", "prediction")


def test_target_is_shares_of_one() -> None:
    balance = Balance(input="label", target={"dog": 3, "rain": 1})
    assert balance.target == {"dog": 0.75, "rain": 0.25}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "keys with values"),
        ({}, "budget"),
        ({"budget": 0}, "n_clips"),
        ({"budget": True}, "budget"),
        ({"budget": {"share": 1.5}}, "share"),
        ({"budget": {"hours": float("nan")}}, "hours"),
        ({"budget": {"hours": 1, "share": 0.5}}, "one of n_clips, share, hours"),
        ({"budget": {"minutes": 1}}, "minutes"),
        ({"budget": 5, "strategies": []}, "at least one"),
        ({"budget": 5, "strategies": "DIVERSITY"}, "a list"),
        ({"budget": 5, "colour": "red"}, "colour"),
        ({"budget": 5, "seed": -1}, "seed"),
        ({"budget": 5, "keep": " "}, "keep"),
    ],
)
def test_spec_that_cannot_be_used_says_what_is_wrong(value: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        spec_from(value)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"strategy": "LUCK"}, "DIVERSITY or"),
        ({"strategy": "DIVERSITY", "strength": 0}, "strength"),
        ({"strategy": "DIVERSITY", "strength": "high"}, "strength"),
        ({"strategy": "DIVERSITY", "minimum_distance": 3}, "minimum_distance"),
        ({"strategy": "DIVERSITY", "input": "label"}, "embeddings"),
        ({"strategy": "TYPICALITY", "n_neighbours": 0}, "n_neighbours"),
        ({"strategy": "SIMILARITY"}, "to"),
        ({"strategy": "SIMILARITY", "to": []}, "clip ids"),
        ({"strategy": "SIMILARITY", "to": ["3"]}, "clip ids"),
        ({"strategy": "WEIGHTS"}, "input"),
        ({"strategy": "WEIGHTS", "input": "embeddings"}, "a column"),
        ({"strategy": "WEIGHTS", "input": "snr_db", "prefer": "loud"}, "high or low"),
        ({"strategy": "THRESHOLD", "input": "snr_db"}, "neither"),
        ({"strategy": "THRESHOLD", "input": "snr_db", "at_least": 2, "at_most": 1}, "smaller first"),
        ({"strategy": "THRESHOLD", "input": "snr_db", "at_least": 2, "one_of": ["a"]}, "both"),
        ({"strategy": "THRESHOLD", "input": "label", "one_of": "dog"}, "a list"),
        ({"strategy": "BALANCE", "input": "label", "target": "even"}, "uniform"),
        ({"strategy": "BALANCE", "input": "label", "target": {"dog": 0}}, "above 0"),
        ({"strategy": "BALANCE", "input": "label", "target": {"dog": -1, "rain": 2}}, "from 0"),
    ],
)
def test_strategy_that_cannot_be_used_says_what_is_wrong(strategy: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        spec_from({"budget": 5, "strategies": [strategy]})


def test_text_that_is_no_yaml_is_refused_in_one_line() -> None:
    with pytest.raises(SettingsError, match="cannot read the selection") as caught:
        spec_from_text("strategies: [")
    assert "\n" not in str(caught.value)


def test_budget_as_number_share_and_hours_buys_as_many_clips() -> None:
    durations_s = np.full(100, 36.0)
    assert Budget(n_clips=7).most_clips(durations_s) == 7
    assert Budget(n_clips=700).most_clips(durations_s) == 100
    assert Budget(share=0.25).most_clips(durations_s) == 25
    assert Budget(hours=0.1).most_clips(durations_s) == 10
    assert [Budget(share=0.5).most_clips(durations_s[:n]) for n in (0, 1)] == [0, 1]


def test_hours_pass_over_what_is_too_long_and_go_on() -> None:
    budget = Budget(hours=10 / 3600)
    assert budget.affordable(np.array([4.0, 60.0, 5.0, 2.0, 1.0])).tolist() == [0, 2, 4]
    assert budget.affordable(np.zeros(0)).tolist() == []


def test_other_budgets_take_every_pick() -> None:
    assert Budget(n_clips=1).affordable(np.array([4.0, 60.0])).tolist() == [0, 1]
