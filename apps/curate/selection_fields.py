"""The fields of the form that asks for a selection: strategies as rows, in words, with what the project holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.curate.selection_columns import column_label, column_unit, is_number, shown_value
from pipeline.catalog.clip_columns import COLUMNS, LABEL
from pipeline.curation.selection import Balance, Diversity, Similarity, Threshold, Typicality, Weights
from pipeline.workflows.select_columns import ColumnFacts

BY_STRATEGIES = "strategies"
UNITS = {"n_clips": "clips", "share": "% of the clips", "hours": "hours of sound"}
_OTHER_SELECTORS = {"random": "by lot, as a yardstick", "diversity": "unlike each other, and nothing else"}
_NUMBERS = tuple(name for name in COLUMNS if is_number(name))
_FIRST_BALANCED, _FIRST_WEIGHED, _FIRST_BOUND = LABEL, "snr_db", "duration_s"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the form can offer: the project's columns (none while they are being read), selections, and selectors."""

    columns: Mapping[str, ColumnFacts]
    selections: Sequence[str]
    selectors: Sequence[str]


def fields(offer: Offer) -> list[dict[str, Any]]:
    """The plain fields of the form."""
    kept = [{"value": "", "label": "nothing"}, *({"value": one, "label": one} for one in offer.selections)]
    units = [{"value": value, "label": label} for value, label in UNITS.items()]
    return [
        {"key": "n", "label": "How many", "kind": "number", "value": 100, "min": 0.0001, "is_required": True},
        {"key": "unit", "label": "Of what", "kind": "select", "options": units, "value": "n_clips"},
        {
            "key": "keep",
            "label": "Keep",
            "kind": "select",
            "options": kept,
            "value": "",
            "help": "A selection that stays in; the others complement it.",
        },
        {
            "key": "name",
            "label": "Name",
            "kind": "text",
            "is_required": True,
            "help": "One of yours with the same name is replaced.",
        },
    ]


def more_fields(offer: Offer) -> list[dict[str, Any]]:
    """The fields that are seldom needed."""
    others = [name for name in offer.selectors if name != BY_STRATEGIES]
    ways = [{"value": BY_STRATEGIES, "label": "the wishes above"}]
    ways += [{"value": name, "label": _OTHER_SELECTORS.get(name, name)} for name in others]
    return [
        {
            "key": "seed",
            "label": "Seed",
            "kind": "number",
            "value": 0,
            "min": 0,
            "max": 2**32 - 1,
            "step": 1,
            "help": "The same seed chooses the same clips.",
        },
        {"key": "chosen_by", "label": "Chosen by", "kind": "select", "options": ways, "value": BY_STRATEGIES},
    ]


def kinds(offer: Offer) -> list[dict[str, Any]]:
    """The strategies as rows of the form, in words."""
    strength = {
        "key": "strength",
        "label": "Strength",
        "kind": "number",
        "value": 1.0,
        "min": 0.001,
        "max": 1000,
        "is_required": True,
    }
    return [
        _kind(
            Diversity.name,
            "Unlike each other",
            "Each clip as far as can be from all chosen before it.",
            [
                strength,
                {
                    "key": "minimum_distance",
                    "label": "Minimum distance",
                    "kind": "number",
                    "value": None,
                    "min": 0.0001,
                    "max": 2,
                    "placeholder": "none",
                    "help": "0 the same, 1 unrelated.",
                },
            ],
        ),
        _kind(Balance.name, "Mixture", "How much of each value of a column.", _balance_fields(offer, strength)),
        _kind(
            Weights.name,
            "High or low values",
            "The higher (or lower) the value of a column, the better.",
            [
                _column_field(offer, _NUMBERS, _FIRST_WEIGHED),
                {
                    "key": "prefer",
                    "label": "Prefer",
                    "kind": "select",
                    "options": [{"value": "high", "label": "high values"}, {"value": "low", "label": "low values"}],
                    "value": "high",
                },
                strength,
            ],
        ),
        _kind(
            Threshold.name, "Only within bounds", "What lies outside, or has no value, stays out.", _bound_fields(offer)
        ),
        _kind(
            Typicality.name,
            "Typical",
            "From where many clips lie. Find near-duplicates first: copies look typical.",
            [
                {
                    "key": "n_neighbours",
                    "label": "Neighbours that count",
                    "kind": "number",
                    "value": 20,
                    "min": 1,
                    "step": 1,
                    "is_required": True,
                },
                strength,
            ],
        ),
        _kind(
            Similarity.name,
            "Like another selection",
            "The nearer to one of its clips, the better.",
            [
                {
                    "key": "to",
                    "label": "Selection",
                    "kind": "select",
                    "options": [{"value": "", "label": "choose …"}, *offer.selections],
                    "value": "",
                },
                strength,
            ],
        ),
    ]


def _kind(kind: str, label: str, help_text: str, of_row: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": kind, "label": label, "help": help_text, "fields": of_row}


def _column_field(offer: Offer, names: Sequence[str], first: str) -> dict[str, Any]:
    options = [
        {"value": name, "label": f"{column_label(name)} (no values)" if _is_empty(offer, name) else column_label(name)}
        for name in names
    ]
    return {"key": "input", "label": "Column", "kind": "select", "options": options, "value": first}


def _is_empty(offer: Offer, name: str) -> bool:
    return name in offer.columns and not offer.columns[name].n_known


def _with_values(offer: Offer) -> list[str]:
    """The columns whose values can be named one by one: texts, and numbers of which there are few."""
    few = [name for name in _NUMBERS if name in offer.columns and offer.columns[name].values]
    return [*(name for name in COLUMNS if name not in _NUMBERS), *few]


def _options_by(offer: Offer) -> dict[str, Any]:
    of = {
        name: [{"value": value, "label": shown_value(name, value), "note": f"{n:,}"} for value, n in facts.values]
        for name, facts in offer.columns.items()
    }
    return {"key": "input", "of": of}


def _listed_by(offer: Offer, words: str) -> dict[str, Any]:
    """The help of a list of values, where it does not hold them all."""
    of = {
        name: f"{words} The {len(facts.values)} most frequent of {facts.n_values:,} are listed.".strip()
        for name, facts in offer.columns.items()
        if facts.n_values > len(facts.values) > 0
    }
    return {"key": "input", "of": of}


def _balance_fields(offer: Offer, strength: Mapping[str, Any]) -> list[dict[str, Any]]:
    ways = [{"value": "uniform", "label": "as many of each"}, {"value": "own", "label": "shares of my own"}]
    nameable = _with_values(offer)
    in_stretches = [name for name in _NUMBERS if name in offer.columns and name not in nameable]
    stretches = dict.fromkeys(in_stretches, "Its values are taken in ten stretches.")
    words = "Need not add up to 100; what has no share is not sought."
    return [
        {
            **_column_field(offer, COLUMNS, _FIRST_BALANCED),
            "help_by": {"key": "input", "of": stretches},
        },
        {
            "key": "shares",
            "label": "Shares",
            "kind": "select",
            "options": ways,
            "value": "uniform",
            "when": [{"key": "input", "is": nameable}],
        },
        dict(strength),
        {
            "key": "target",
            "label": "Per cent of each",
            "kind": "shares",
            "value": {},
            "options": [],
            "options_by": _options_by(offer),
            "help": words,
            "help_by": _listed_by(offer, words),
            "when": [{"key": "shares", "is": ["own"]}],
        },
    ]


def _bound_fields(offer: Offer) -> list[dict[str, Any]]:
    texts = [name for name in COLUMNS if name not in _NUMBERS]
    few = [name for name in _with_values(offer) if name not in texts]
    units = {name: column_unit(name) for name in _NUMBERS}

    def bound(key: str, label: str, end: str) -> dict[str, Any]:
        known = {name: getattr(facts, end) for name, facts in offer.columns.items() if facts.is_number}
        hints = {name: shown_value(name, value) for name, value in known.items() if value is not None}
        return {
            "key": key,
            "label": label,
            "kind": "number",
            "value": None,
            "placeholder_by": {"key": "input", "of": hints},
            "unit_by": {"key": "input", "of": units},
            "when": [{"key": "by", "is": ["bounds"]}],
        }

    ways = [{"value": "bounds", "label": "from … to"}, {"value": "values", "label": "only these values"}]
    return [
        _column_field(offer, (_FIRST_BOUND, *(name for name in COLUMNS if name != _FIRST_BOUND)), _FIRST_BOUND),
        {
            "key": "by",
            "label": "Bounds",
            "kind": "select",
            "options": ways,
            "value": "bounds",
            "value_by": {"key": "input", "of": dict.fromkeys(texts, "values")},
            "when": [{"key": "input", "is": few}],
        },
        bound("at_least", "At least", "low"),
        bound("at_most", "At most", "high"),
        {
            "key": "one_of",
            "label": "Only these",
            "kind": "choices",
            "value": [],
            "options": [],
            "options_by": _options_by(offer),
            "help_by": _listed_by(offer, ""),
            "when": [{"key": "by", "is": ["values"]}],
        },
    ]
