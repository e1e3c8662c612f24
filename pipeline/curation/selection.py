"""What a selection is asked for: a list of input and strategy, a budget, what is kept. Pure, checked on creation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, cast

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.core.errors import SettingsError

EMBEDDINGS = "embeddings"
S_PER_HOUR = 3_600.0


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Clips unlike each other. No two picks are nearer than ``minimum_distance`` (cosine distance, 0 to 2)."""

    name: ClassVar[str] = "DIVERSITY"
    input: Literal["embeddings"] = EMBEDDINGS
    strength: float = 1.0
    minimum_distance: float | None = None

    def __post_init__(self) -> None:
        _check_strategy(self)
        _check_between("minimum_distance", self.minimum_distance, 0.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Typicality:
    """Clips from where many lie, by the mean distance to the ``n_neighbours`` nearest; find duplicates first."""

    name: ClassVar[str] = "TYPICALITY"
    input: Literal["embeddings"] = EMBEDDINGS
    strength: float = 1.0
    n_neighbours: int = 20

    def __post_init__(self) -> None:
        _check_strategy(self)
        if type(self.n_neighbours) is not int or self.n_neighbours < 1:
            raise _wrong("n_neighbours", "a whole number from 1", self.n_neighbours)


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """Clips like examples: ``to`` holds the ids of the example clips, or the name of a selection that holds them."""

    name: ClassVar[str] = "SIMILARITY"
    input: Literal["embeddings"] = EMBEDDINGS
    to: tuple[int, ...] | str
    strength: float = 1.0

    def __post_init__(self) -> None:
        _check_strategy(self)
        if not isinstance(self.to, str):
            object.__setattr__(self, "to", tuple(self.to))
        if not self.to or (not isinstance(self.to, str) and any(type(one) is not int for one in self.to)):
            raise _wrong("to", "clip ids, or the name of a selection", self.to)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Clips with high (or low) values of a numeric column, by rank: the unit of the column does not matter."""

    name: ClassVar[str] = "WEIGHTS"
    input: str
    strength: float = 1.0
    prefer: Literal["high", "low"] = "high"

    def __post_init__(self) -> None:
        _check_strategy(self)
        if self.prefer not in ("high", "low"):
            raise _wrong("prefer", "high or low", self.prefer)


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Only clips whose column lies within both bounds (included), or is one of these values."""

    name: ClassVar[str] = "THRESHOLD"
    input: str
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_strategy(self)
        if isinstance(self.one_of, str):
            raise _wrong("one_of", "a list of values", self.one_of)
        object.__setattr__(self, "one_of", tuple(str(value) for value in self.one_of))
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if not all(_is_number(bound) for bound in bounds) or bounds != sorted(bounds):
            raise _wrong("at_least and at_most", "numbers, the smaller first", bounds)
        if bool(bounds) == bool(self.one_of):
            raise _wrong("THRESHOLD", "at_least and at_most, or one_of", "both" if bounds else "neither")


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Shares of a column's values among the picks: ``target`` by value, or uniform."""

    name: ClassVar[str] = "BALANCE"
    input: str
    target: Mapping[str, float] | Literal["uniform"] = "uniform"
    strength: float = 1.0

    def __post_init__(self) -> None:
        _check_strategy(self)
        if self.target == "uniform":
            return
        given = cast(object, self.target)
        if not isinstance(given, Mapping):
            raise _wrong("target", "uniform, or a share for each value", given)
        shares = {str(value): share for value, share in cast(Mapping[object, Any], given).items()}
        total = sum(shares.values()) if all(_is_number(share) and share >= 0 for share in shares.values()) else 0.0
        if total <= 0:
            raise _wrong("target", "shares from 0, one of them above 0", shares)
        object.__setattr__(self, "target", {value: share / total for value, share in shares.items()})


Strategy = Diversity | Typicality | Similarity | Weights | Threshold | Balance
_STRATEGIES: dict[str, type[Strategy]] = {
    kind.name: kind for kind in (Diversity, Typicality, Similarity, Weights, Threshold, Balance)
}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much is chosen beyond what is kept: so many clips, a share of those to choose from, or hours of sound."""

    n_clips: int | None = None
    share: float | None = None
    hours: float | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("n_clips", "share", "hours") if getattr(self, name) is not None]
        if len(given) != 1:
            raise _wrong("budget", "one of n_clips, share, hours", ", ".join(given) or "nothing")
        if self.n_clips is not None and (type(self.n_clips) is not int or self.n_clips < 1):
            raise _wrong("n_clips", "a whole number from 1", self.n_clips)
        if self.share is not None and not (_is_number(self.share) and 0 < self.share <= 1):
            raise _wrong("share", "above 0, up to 1", self.share)
        if self.hours is not None and not (_is_number(self.hours) and self.hours > 0):
            raise _wrong("hours", "a number above 0", self.hours)

    def most_clips(self, durations_s: NDArray[np.float64]) -> int:
        """The largest number of the clips of these ``durations_s`` (n,) that the budget can buy."""
        n = len(durations_s)
        if self.n_clips is not None:
            return min(self.n_clips, n)
        if self.share is not None:
            return min(n, max(1, round(self.share * n))) if n else 0
        return int(np.searchsorted(np.cumsum(np.sort(durations_s)), self._budget_s, side="right"))

    def affordable(self, durations_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Places of the picks, best first, that fit: one that is too long for what is left is passed over.

        ``durations_s`` (k,) are the picks' durations in the order of choice. Without hours all fit.
        """
        if self.hours is None:
            return np.arange(len(durations_s), dtype=np.int64)
        left_s, places = self._budget_s, list[int]()
        for place, duration_s in enumerate(durations_s.tolist()):
            if duration_s <= left_s:
                places.append(place)
                left_s -= duration_s
        return np.array(places, dtype=np.int64)

    @property
    def _budget_s(self) -> float:
        return S_PER_HOUR * (self.hours or 0.0) + 1e-6  # sums of durations are not exact


@dataclass(frozen=True, kw_only=True)
class SelectionSpec:
    """A selection as it is asked for. ``keep`` names a selection whose clips stay in, before anything is chosen."""

    budget: Budget
    strategies: tuple[Strategy, ...] = field(default_factory=lambda: (Diversity(),))
    keep: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategies", tuple(self.strategies))
        if not self.strategies:
            raise _wrong("strategies", "at least one", "none")
        if type(self.seed) is not int or not 0 <= self.seed < 2**32:
            raise _wrong("seed", "a whole number from 0 to 4294967295", self.seed)
        keep = cast(object, self.keep)
        if keep is not None and not (isinstance(keep, str) and keep.strip()):
            raise _wrong("keep", "the name of a selection", keep)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the strategies read, each once."""
        return tuple(dict.fromkeys(one.input for one in self.strategies if one.input != EMBEDDINGS))

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON values; ``spec_from`` reads them back."""
        budget = {name: value for name, value in dataclasses.asdict(self.budget).items() if value is not None}
        return {
            "strategies": [strategy_json(one) for one in self.strategies],
            "budget": budget,
            "keep": self.keep,
            "seed": self.seed,
        }


def strategy_json(strategy: Strategy) -> dict[str, Any]:
    """A strategy as a JSON object: its name and every parameter that is set."""
    given = {f.name: getattr(strategy, f.name) for f in fields(strategy)}
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    set_ones = {key: value for key, value in plain.items() if value not in (None, [])}
    return {"strategy": strategy.name, **set_ones}


def spec_from_text(text: str) -> SelectionSpec:
    """The spec in YAML (or JSON) text, as config/selection.yaml shows it. Raises SettingsError."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError("cannot read the selection", got=" ".join(str(error).split())) from error
    return spec_from(value)


def spec_from(value: object) -> SelectionSpec:
    """The spec in plain JSON or YAML values. Raises SettingsError naming what cannot be used."""
    given = _mapping(value, "a selection")
    strategies = given.get("strategies", [{"strategy": Diversity.name}])
    if not isinstance(strategies, Sequence) or isinstance(strategies, str):
        raise _wrong("strategies", "a list", strategies)
    budget = given.get("budget")
    return _make(
        SelectionSpec,
        {
            **given,
            "strategies": tuple(_strategy_from(one) for one in cast(Sequence[object], strategies)),
            "budget": Budget(n_clips=budget)
            if type(budget) is int
            else _make(Budget, _mapping(budget, "a budget"), "budget"),
        },
        "selection",
    )


def _strategy_from(value: object) -> Strategy:
    given = dict(_mapping(value, "a strategy"))
    name = str(given.pop("strategy", "")).upper()
    if name not in _STRATEGIES:
        raise _wrong("strategy", " or ".join(_STRATEGIES), name or "none")
    return _make(_STRATEGIES[name], given, name)


def _make(kind: type[Any], given: Mapping[str, Any], name: str) -> Any:
    known = {f.name: f for f in fields(kind)}
    if unknown := sorted(set(given) - set(known)):
        raise SettingsError(f"unknown key of {name}", which=", ".join(unknown), expected=f"only {', '.join(known)}")
    needed = [f.name for f in known.values() if f.default is f.default_factory is dataclasses.MISSING]
    if missing := [key for key in needed if key not in given]:
        raise SettingsError(f"{name} says too little", expected=", ".join(missing))
    return kind(**given)


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(what, "keys with values, as in config/selection.yaml", value)
    return {str(key): one for key, one in cast(Mapping[object, Any], value).items()}


def _check_strategy(strategy: Any) -> None:
    strength = getattr(strategy, "strength", 1.0)
    if not (_is_number(strength) and 0 < strength <= 1_000):
        raise _wrong("strength", "above 0, up to 1000", strength)
    is_embedding = strategy.input == EMBEDDINGS
    reads_embeddings = isinstance(strategy, (Diversity, Typicality, Similarity))
    if not isinstance(strategy.input, str) or not strategy.input or is_embedding != reads_embeddings:
        raise _wrong(f"input of {strategy.name}", EMBEDDINGS if reads_embeddings else "a column", strategy.input)


def _check_between(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (_is_number(value) and low < value <= high):
        raise _wrong(name, f"above {low:g}, up to {high:g}", value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _wrong(what: str, expected: str, got: object) -> SettingsError:
    return SettingsError("a selection cannot be asked for like this", which=what, expected=expected, got=str(got)[:120])
