"""The form of a selection: whatever a spec says can be filled in, and what cannot be chosen says why at its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from apps.curate.selection_columns import column_label, column_unit, shown_value
from apps.curate.selection_fields import Offer, fields, kinds, more_fields
from apps.curate.selection_form import default_values, read_form, values_of
from apps.curate.selection_preview import Seen
from apps.curate.selection_words import (
    form_errors,
    form_notes,
    label_bars,
    notes_of_preview,
    preview_note,
    preview_rows,
    reason_words,
)
from pipeline.catalog.clip_columns import COLUMNS, NUMBERS
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.selection import (
    Balance,
    Budget,
    Diversity,
    SelectionSpec,
    Similarity,
    Threshold,
    Typicality,
    Weights,
)
from pipeline.workflows.select_columns import facts_of
from pipeline.workflows.select_preview import SelectionPreview

UNSAID = {"name": "new", "chosen_by": "strategies"}


def texts(*values: str | None) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def offer() -> Offer:
    """Four clips: no predictions, two bandwidths, many loudnesses, durations from 0.2 to 1.4 s."""
    columns: dict[str, Any] = {name: np.full(4, np.nan) for name in (*NUMBERS, "confidence")}
    columns |= {"label": texts("a", "b", "a", None), "prediction": texts(None, None, None, None)}
    columns |= {"recording": texts("1", "2", "3", "4"), "source_group": texts("x", "x", "y", "y")}
    columns |= {"duration_s": np.array([0.2, 0.4, 1.4, 0.9]), "bandwidth_hz": np.array([4e3, 8e3, 8e3, np.nan])}
    columns |= {"silence_ratio": np.array([0.1, 0.2, 0.3, 0.07]), "loudness_lufs": np.linspace(-60, -20, 30)}
    facts = {name: facts_of(name, column) for name, column in columns.items()}
    return Offer(columns=facts, selections=["first", "second"], selectors=["diversity", "random", "strategies"])


SPECS = [
    SelectionSpec(budget=Budget(n_clips=100)),
    SelectionSpec(budget=Budget(share=0.07), keep="first", seed=4_294_967_295),
    SelectionSpec(budget=Budget(hours=0.5), strategies=(Diversity(strength=2.5, minimum_distance=0.02),)),
    SelectionSpec(
        budget=Budget(n_clips=3),
        strategies=(
            Typicality(n_neighbours=5, strength=0.5),
            Similarity(to="second", strength=3.0),
            Weights(input="snr_db", prefer="low", strength=2.0),
            Weights(input="confidence"),
            Balance(input="label"),
            Balance(input="source_group", target={"x": 0.25, "y": 0.75}, strength=4.0),
            Balance(input="bandwidth_hz", target={"8000": 1.0}),
            Threshold(input="duration_s", at_least=0.3),
            Threshold(input="duration_s", at_most=1.25),
            Threshold(input="silence_ratio", at_least=0.07, at_most=0.29),
            Threshold(input="label", one_of=("a", "b")),
            Threshold(input="bandwidth_hz", one_of=("8000",)),
        ),
    ),
]


@pytest.mark.parametrize("spec", SPECS)
def test_every_spec_can_be_filled_in_and_is_read_back(spec: SelectionSpec) -> None:
    columns = dict(offer().columns)
    for name in ("snr_db", "confidence"):
        columns[name] = facts_of(name, np.array([0.5]))
    assert read_form(values_of(spec) | UNSAID, replace(offer(), columns=columns)) == (spec, [])


@pytest.mark.parametrize("spec", SPECS)
def test_every_value_of_a_row_has_a_field_that_is_shown(spec: SelectionSpec) -> None:
    of_kind = {kind["kind"]: kind["fields"] for kind in kinds(offer())}
    for row in values_of(spec)["rows"]:
        for key, value in row["values"].items():
            field = next(one for one in of_kind[row["kind"]] if one["key"] == key)
            if value not in (None, [], {}, field["value"]):
                assert is_shown(field, row["values"], of_kind[row["kind"]]), (row, key)


def is_shown(field: dict[str, Any], values: dict[str, Any], of_row: list[dict[str, Any]]) -> bool:
    """As form_rows.js decides; the value of a field that is not shown is the one that it declares."""

    def value_of(key: str) -> Any:
        governing = next(one for one in of_row if one["key"] == key)
        if is_shown(governing, values, of_row):
            return values[key]
        by = governing.get("value_by")
        return governing["value"] if by is None else by["of"].get(values[by["key"]], governing["value"])

    if field["key"] == "by" and values["input"] not in field["when"][0]["is"]:
        return values["by"] == field["value_by"]["of"].get(values["input"], field["value"])
    return all(value_of(one["key"]) in one["is"] for one in field.get("when", []))


def test_one_click_chooses_100_clips_unlike_each_other() -> None:
    values = default_values("diverse 1", PluginSpec(name="diversity"))
    assert read_form(values, offer()) == (SelectionSpec(budget=Budget(n_clips=100)), [])
    declared = {one["key"] for one in [*fields(offer()), *more_fields(offer())]}
    assert set(values) == declared | {"rows"}


def test_form_opens_by_the_selector_of_the_recipe() -> None:
    spec, _ = read_form(default_values("a", PluginSpec(name="diversity", params={"min_distance": 0.1})), offer())
    assert spec is not None and spec.strategies == (Diversity(minimum_distance=0.1),)
    assert default_values("a", PluginSpec(name="random"))["chosen_by"] == "random"


def asked(kind: str, **given: Any) -> dict[str, Any]:
    """The form with one row that says this, the rest as it opens."""
    declared = {one["key"]: one["value"] for one in next(k for k in kinds(offer()) if k["kind"] == kind)["fields"]}
    row = {"key": "r1", "kind": kind, "values": declared | given}
    return default_values("new", PluginSpec(name="diversity")) | {"rows": [row]}


@pytest.mark.parametrize(
    ("values", "key", "words"),
    [
        (asked("THRESHOLD", at_least=1.0, at_most=0.5), "r1.at_most", "nothing lies between"),
        (asked("THRESHOLD", at_least=2.0), "r1.at_least", "the highest is 1.4 s"),
        (asked("THRESHOLD", at_most=0.1), "r1.at_most", "the lowest is 0.2 s"),
        (asked("THRESHOLD", input="silence_ratio", at_least=31), "r1.at_least", "the highest is 30 %"),
        (asked("THRESHOLD", input="prediction", by="values"), "r1.input", "No clip has a value for prediction yet"),
        (asked("WEIGHTS", input="confidence"), "r1.input", "No clip has a value for confidence of the prediction yet"),
        (asked("BALANCE", input="prediction"), "r1.input", "No clip has a value for prediction yet"),
        (asked("BALANCE", shares="own", target={"a": -1}), "r1.target", "less than 0"),
        (asked("DIVERSITY", minimum_distance=3), "r1.minimum_distance", "up to 2"),
        (asked("DIVERSITY", strength=0), "r1.strength", "Above 0"),
        (asked("DIVERSITY", strength=None), "r1.strength", "Above 0"),
        (asked("TYPICALITY", n_neighbours=1.5), "r1.n_neighbours", "whole number"),
        (asked("DIVERSITY") | {"n": 0.5}, "n", "At least one clip"),
        (asked("DIVERSITY") | {"n": 1.5}, "n", "Whole clips"),
        (asked("DIVERSITY") | {"n": 101, "unit": "share"}, "n", "At most 100 %"),
        (asked("DIVERSITY") | {"n": 0, "unit": "hours"}, "n", "More than 0"),
        (asked("DIVERSITY") | {"seed": -1}, "seed", "whole number"),
        (asked("DIVERSITY") | {"seed": None}, "seed", "whole number"),
        (asked("DIVERSITY") | {"rows": []}, "rows", "at least one wish"),
        (asked("BALANCE") | {"chosen_by": "random"}, "chosen_by", "a number of clips alone"),
        (asked("DIVERSITY") | {"chosen_by": "random", "unit": "hours"}, "chosen_by", "a number of clips alone"),
    ],
)
def test_what_cannot_be_chosen_says_why_at_its_field(values: dict[str, Any], key: str, words: str) -> None:
    spec, troubles = read_form(values, offer())
    assert spec is None
    assert words in form_errors(troubles, is_sent=False)[key]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (asked("THRESHOLD"), "r1.at_least"),
        (asked("THRESHOLD", input="label", by="values"), "r1.one_of"),
        (asked("BALANCE", shares="own"), "r1.target"),
        (asked("SIMILARITY"), "r1.to"),
    ],
)
def test_row_that_is_not_complete_is_left_out_of_the_preview_and_refused_when_sent(
    values: dict[str, Any], key: str
) -> None:
    values = values | {"rows": [*values["rows"], {"key": "r2", "kind": "DIVERSITY", "values": {"strength": 1}}]}
    spec, troubles = read_form(values, offer())
    assert spec is not None and spec.strategies == (Diversity(),)
    assert form_errors(troubles, is_sent=False) == {}
    assert list(form_notes(troubles)) == list(form_errors(troubles, is_sent=True)) == [key]


def test_every_column_is_offered_in_words() -> None:
    of_kind = {kind["kind"]: kind["fields"] for kind in kinds(offer())}
    for kind in ("BALANCE", "THRESHOLD"):
        shown = {one["value"]: one["label"] for one in of_kind[kind][0]["options"]}
        assert set(shown) == set(COLUMNS)
        assert not any("_" in label for label in shown.values())
        assert shown["prediction"] == "prediction (no values)"
    assert [one["value"] for one in of_kind["WEIGHTS"][0]["options"]] == ["confidence", *NUMBERS]
    assert all(column_unit(name) for name in NUMBERS)
    assert (column_label("strange"), column_unit("strange"), shown_value("strange", "a_b")) == ("strange", "", "a_b")


# ------------------------------------------------------------------------------------------- what a preview says


def seen(**given: Any) -> SelectionPreview:
    facts: dict[str, Any] = {
        **{"kept": [], "picks": [(7, "")], "n_chosen": 1, "chosen_s": 1.0, "n_pool": 10, "pool_s": 10.0},
        **{"n_looked_at": 10, "n_kept": 0, "n_kept_asked": 0, "n_allowed": 10, "let_through": ()},
        **{"labels": {"a": 1}, "coverage": {}},
    }
    return SelectionPreview(**facts | given)


def test_selection_that_holds_all_clips_leaves_nothing_to_choose() -> None:
    spec = SelectionSpec(budget=Budget(n_clips=5), keep="first")
    values = values_of(spec) | UNSAID
    errors, _ = notes_of_preview(seen(n_kept=10, n_kept_asked=12, n_chosen=10), spec, values, [])
    assert "nothing is left to choose" in errors["keep"]
    errors, notes = notes_of_preview(seen(n_kept=2, n_kept_asked=3, n_chosen=7), spec, values, [])
    assert errors == {} and notes["keep"].startswith("1 of its 3 clips")
    _, notes = notes_of_preview(seen(n_chosen=3), replace(spec, keep=None), values, [])
    assert notes["n"] == "Only 3 can be chosen."


def test_bounds_say_how_many_clips_they_let_through_each_at_its_row() -> None:
    bounds = (Threshold(input="duration_s", at_least=0.3), Threshold(input="label", one_of=("a",)))
    spec = SelectionSpec(budget=Budget(n_clips=1), strategies=bounds)
    values = values_of(spec) | UNSAID
    values["rows"].insert(0, {"key": "r9", "kind": "THRESHOLD", "values": asked("THRESHOLD")["rows"][0]["values"]})
    read, troubles = read_form(values, offer())
    assert read == spec
    errors, notes = notes_of_preview(seen(let_through=(3, 0), n_allowed=0), spec, values, troubles)
    assert notes["r1"] == "Lets 3 of 10 clips through." and "r9" not in notes
    assert errors == {"r2": "No clip is within these bounds."}
    errors, _ = notes_of_preview(seen(let_through=(3, 2), n_allowed=0), spec, values, troubles)
    assert errors == {"r2": "No clip is within all of the bounds at once."}


def test_sample_is_plainly_marked() -> None:
    part = seen(n_pool=1_000, n_looked_at=10, n_chosen=100)
    note, tone = preview_note(part, is_complete=True)
    assert "a sample of 10 of 1,000 clips" in note and tone == "warn"
    spec = SelectionSpec(budget=Budget(n_clips=100))
    assert preview_rows(part, spec)[0] == ["about 100", "of 1,000 that are not redundant"]
    assert preview_rows(seen(), spec)[0] == ["1", "of 10 that are not redundant"]
    assert notes_of_preview(part, spec, values_of(spec) | UNSAID, []) == ({}, {})


def test_labels_keep_their_colours_and_rare_ones_stand_together() -> None:
    labels = [f"l{n:02}" for n in range(20)]
    counts: dict[str | None, int] = {label: 30 - n for n, label in enumerate(labels)}
    bars = label_bars(Seen(preview=seen(labels={**counts, None: 4}), labels=labels, cards=[]))
    assert [bar["colour_index"] for bar in bars[:12]] == list(range(12))
    assert bars[12] == {"label": "8 other labels", "value": sum(30 - n for n in range(12, 20))}
    assert bars[13]["label"] == "no label" and bars[13]["value"] == 4


def test_reasons_name_columns_as_the_form_does() -> None:
    assert reason_words("duration_s 0.4 is within bounds; my_label 3") == "duration 0.4 is within bounds; my_label 3"
