"""The form that asks for a selection: its values to and from a spec, and what is wrong with them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.curate.selection_columns import column_label, column_scale, column_unit, shown_value
from apps.curate.selection_fields import BY_STRATEGIES, UNITS, Offer
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.selection import (
    Balance,
    Budget,
    Diversity,
    SelectionSpec,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why the form cannot be used: one sentence for the field ``key``; ``is_missing`` if it only is incomplete yet."""

    key: str
    sentence: str
    is_missing: bool = False


@dataclass(kw_only=True)
class _Reading:
    """The troubles found so far while the form is read."""

    offer: Offer
    troubles: list[Trouble] = field(default_factory=list[Trouble])

    def wrong(self, key: str, sentence: str) -> None:
        self.troubles.append(Trouble(key=key, sentence=sentence))

    def missing(self, key: str, sentence: str) -> None:
        self.troubles.append(Trouble(key=key, sentence=sentence, is_missing=True))


def default_values(name: str, selector: PluginSpec) -> dict[str, Any]:
    """The form as it opens: 100 clips unlike each other, as near to the recipe's selector as the form can be."""
    distance = selector.params.get("min_distance") if selector.name == "diversity" else None
    spec = SelectionSpec(budget=Budget(n_clips=100), strategies=(Diversity(minimum_distance=distance),))
    chosen_by = BY_STRATEGIES if selector.name in ("diversity", BY_STRATEGIES) else selector.name
    return {**values_of(spec), "name": name, "chosen_by": chosen_by}


def values_of(spec: SelectionSpec) -> dict[str, Any]:
    """The form's values that ask for this spec. A SIMILARITY to clip ids has no field and is left out."""
    budget = spec.budget
    unit = next(name for name in UNITS if getattr(budget, name) is not None)
    amount = getattr(budget, unit)
    rows = [(one.name, _row_values(one)) for one in spec.strategies if not _is_to_ids(one)]
    return {
        "n": _tidy(100 * amount) if unit == "share" else amount,
        "unit": unit,
        "keep": spec.keep or "",
        "seed": spec.seed,
        "rows": [
            {"key": f"r{place}", "kind": kind, "values": values} for place, (kind, values) in enumerate(rows, start=1)
        ],
    }


def read_form(values: Mapping[str, Any], offer: Offer) -> tuple[SelectionSpec | None, list[Trouble]]:
    """The spec that the form asks for, and why it cannot be used as it stands.

    A row that is only incomplete is left out of the spec; with any other trouble there is none.
    """
    reading = _Reading(offer=offer)
    budget = _budget(values, reading)
    rows = [(row["key"], row["kind"], row["values"]) for row in values["rows"]]
    strategies = [_READERS[kind](key, of_row, reading) for key, kind, of_row in rows]
    if not rows:
        reading.wrong("rows", "Add at least one wish.")
    seed = _whole(values.get("seed"))
    if seed is None or not 0 <= seed < 2**32:
        reading.wrong("seed", "A whole number from 0 to 4294967295.")
    is_plain = values["unit"] == "n_clips" and not values["keep"] and {kind for _, kind, _ in rows} <= {Diversity.name}
    if values["chosen_by"] != BY_STRATEGIES and not is_plain:
        sentence = "Goes with a number of clips alone: no share, no hours, nothing kept, no other wish above."
        reading.wrong("chosen_by", sentence)
    complete = tuple(one for one in strategies if one is not None)
    if not all(one.is_missing for one in reading.troubles) or budget is None or seed is None or not complete:
        return None, reading.troubles
    spec = SelectionSpec(budget=budget, strategies=complete, keep=values["keep"] or None, seed=seed)
    return spec, reading.troubles


# ------------------------------------------------------------------------------------------------ spec to values


def _row_values(one: Strategy) -> dict[str, Any]:
    if isinstance(one, Diversity):
        return {"strength": one.strength, "minimum_distance": one.minimum_distance}
    if isinstance(one, Typicality):
        return {"strength": one.strength, "n_neighbours": one.n_neighbours}
    if isinstance(one, Similarity):
        return {"to": one.to, "strength": one.strength}
    if isinstance(one, Weights):
        return {"input": one.input, "prefer": one.prefer, "strength": one.strength}
    if isinstance(one, Threshold):
        scale = column_scale(one.input)
        at_least, at_most = (None if bound is None else _tidy(bound * scale) for bound in (one.at_least, one.at_most))
        return {
            "input": one.input,
            "by": "values" if one.one_of else "bounds",
            "at_least": at_least,
            "at_most": at_most,
            "one_of": list(one.one_of),
        }
    shares = {} if isinstance(one.target, str) else {value: _tidy(100 * share) for value, share in one.target.items()}
    return {
        "input": one.input,
        "shares": "own" if shares else "uniform",
        "target": shares,
        "strength": one.strength,
    }


def _is_to_ids(one: Strategy) -> bool:
    return isinstance(one, Similarity) and not isinstance(one.to, str)


def _tidy(number: float) -> float:
    """Without what percents leave behind the comma: 0.07 · 100 is 7."""
    return float(f"{number:.12g}")


# ------------------------------------------------------------------------------------------------ values to spec


def _budget(values: Mapping[str, Any], reading: _Reading) -> Budget | None:
    amount, unit = values.get("n"), values["unit"]
    if amount is None:
        reading.missing("n", "Say how many.")
    elif amount <= 0 or (unit == "n_clips" and amount < 1):
        reading.wrong("n", "At least one clip." if unit == "n_clips" else "More than 0.")
    elif unit == "n_clips" and _whole(amount) is None:
        reading.wrong("n", "Whole clips only.")
    elif unit == "share" and amount > 100:
        reading.wrong("n", "At most 100 % of the clips.")
    elif unit == "n_clips":
        return Budget(n_clips=int(amount))
    else:
        return Budget(share=amount / 100) if unit == "share" else Budget(hours=float(amount))
    return None


def _strength(key: str, given: Mapping[str, Any], reading: _Reading) -> float:
    strength = given.get("strength")
    if strength is None or not 0 < strength <= 1_000:
        reading.wrong(f"{key}.strength", "Above 0, up to 1000; 2 counts twice as much as 1.")
        return 1.0
    return float(strength)


def _diversity(key: str, given: Mapping[str, Any], reading: _Reading) -> Strategy:
    strength, distance = _strength(key, given, reading), given.get("minimum_distance")
    if distance is not None and not 0 < distance <= 2:
        reading.wrong(f"{key}.minimum_distance", "Above 0, up to 2; empty for none.")
        distance = None
    return Diversity(strength=strength, minimum_distance=None if distance is None else float(distance))


def _typicality(key: str, given: Mapping[str, Any], reading: _Reading) -> Strategy:
    strength, n = _strength(key, given, reading), _whole(given.get("n_neighbours"))
    if n is None or n < 1:
        reading.wrong(f"{key}.n_neighbours", "A whole number from 1.")
        n = 1
    return Typicality(strength=strength, n_neighbours=n)


def _similarity(key: str, given: Mapping[str, Any], reading: _Reading) -> Strategy | None:
    strength, to = _strength(key, given, reading), given.get("to")
    if to:
        return Similarity(strength=strength, to=to)
    reading.missing(f"{key}.to", "Choose one." if reading.offer.selections else "There is no selection yet.")
    return None


def _weights(key: str, given: Mapping[str, Any], reading: _Reading) -> Strategy:
    _has_values(key, given["input"], reading)
    return Weights(input=given["input"], prefer=given["prefer"], strength=_strength(key, given, reading))


def _balance(key: str, given: Mapping[str, Any], reading: _Reading) -> Strategy | None:
    strength = _strength(key, given, reading)
    has_values = _has_values(key, given["input"], reading)
    if given.get("shares") != "own":
        return Balance(input=given["input"], strength=strength)
    shares = {value: share for value, share in (given.get("target") or {}).items() if share}
    if any(share < 0 for share in shares.values()):
        reading.wrong(f"{key}.target", "No share is less than 0.")
    elif shares:
        return Balance(input=given["input"], target=shares, strength=strength)
    elif has_values:
        reading.missing(f"{key}.target", "Give at least one value a share.")
    return None


def _threshold(key: str, given: Mapping[str, Any], reading: _Reading) -> Strategy | None:
    name = given["input"]
    if not _has_values(key, name, reading):
        return None
    if given.get("by") == "values":
        if given.get("one_of"):
            return Threshold(input=name, one_of=tuple(given["one_of"]))
        reading.missing(f"{key}.one_of", "Tick at least one value.")
        return None
    low, high = given.get("at_least"), given.get("at_most")
    if low is None and high is None:
        reading.missing(f"{key}.at_least", "Give at least one of the two bounds.")
        return None
    if low is not None and high is not None and low > high:
        reading.wrong(f"{key}.at_most", "Less than the lower bound: nothing lies between.")
        return None
    if (sentence := _out_of_reach(name, low, high, reading.offer)) is not None:
        reading.wrong(f"{key}.{sentence[0]}", sentence[1])
        return None
    scale = column_scale(name)
    return Threshold(
        input=name,
        at_least=None if low is None else _tidy(low / scale),
        at_most=None if high is None else _tidy(high / scale),
    )


def _out_of_reach(name: str, low: float | None, high: float | None, offer: Offer) -> tuple[str, str] | None:
    """Which bound lets no clip through, and why."""
    facts, scale = offer.columns.get(name), column_scale(name)
    if facts is None or facts.low is None or facts.high is None:
        return None
    unit = f" {column_unit(name)}" if column_unit(name) else ""
    if low is not None and low / scale > facts.high:
        return "at_least", f"No clip reaches this: the highest is {shown_value(name, facts.high)}{unit}."
    if high is not None and high / scale < facts.low:
        return "at_most", f"Every clip is above this: the lowest is {shown_value(name, facts.low)}{unit}."
    return None


def _has_values(key: str, name: str, reading: _Reading) -> bool:
    facts = reading.offer.columns.get(name)
    if facts is None or facts.n_known:
        return True
    reading.wrong(f"{key}.input", f"No clip has a value for {column_label(name)} yet.")
    return False


def _whole(value: Any) -> int | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value) if is_number and value == int(value) else None


_READERS: Mapping[str, Callable[[str, Mapping[str, Any], _Reading], Strategy | None]] = {
    Diversity.name: _diversity,
    Typicality.name: _typicality,
    Similarity.name: _similarity,
    Weights.name: _weights,
    Balance.name: _balance,
    Threshold.name: _threshold,
}
