"""The colours of the map: by label, prediction, confidence, group, source, annotator. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from apps.curate.words import NO_LABEL
from pipeline.catalog.embeddings import MapPoints
from pipeline.catalog.map_values import MapColouring
from pipeline.widgets.clip_map import Category

Colouring = Literal["label"] | MapColouring
COLOURINGS: Mapping[Colouring, str] = {
    "label": "Label",
    "prediction": "Prediction",
    "confidence": "Confidence",
    "group": "Near-duplicates",
    "source": "Source",
    "annotator": "Annotator",
}
REDUNDANT = "redundant copy"
_NONE: Mapping[MapColouring, str] = {
    "prediction": "no prediction",
    "confidence": "no prediction",
    "group": "in no group",
    "source": "no source",
    "annotator": "no person's answer",
}
_N_COLOUR_TOKENS = 12
_N_NAMED = 20
_STEPS = (0.95, 0.8, 0.6, 0.4)
_STEP_COLOURS = tuple(f"var(--em-cat-{n})" for n in (2, 3, 5, 6, 7))


@dataclass(frozen=True, kw_only=True)
class MapColours:
    """Category (n,) of every point of the map, as an index of ``categories``."""

    category: NDArray[np.int64]
    categories: list[Category]


def map_colours(points: MapPoints, labels: Sequence[str], *, is_dimmed: bool) -> MapColours:
    """Every point by its label, in the colour that the label has on every screen; redundant ones apart if dimmed."""
    return _colours(points, points.categories, _label_categories(labels), none=NO_LABEL, is_dimmed=is_dimmed)


def colours_by(
    points: MapPoints, by: MapColouring, values: Mapping[int, str | float], labels: Sequence[str], *, is_dimmed: bool
) -> MapColours:
    """Every point by its value; those without one apart, redundant ones too if dimmed.

    Groups, sources and annotators beyond the most frequent share one colour.
    """
    if by == "confidence":
        named = _confidence_categories()
        names = {clip_id: _confidence_words(float(value)) for clip_id, value in values.items()}
    elif by == "prediction":
        named = _label_categories(labels)
        names = {clip_id: str(value) for clip_id, value in values.items()}
    else:
        named, names = _most_frequent(values, is_group=by == "group")
    found = [names.get(clip_id) for clip_id in points.clip_ids]
    return _colours(points, found, named, none=_NONE[by], is_dimmed=is_dimmed)


def _colours(
    points: MapPoints, names: Sequence[str | None], named: Sequence[Category], *, none: str, is_dimmed: bool
) -> MapColours:
    places = {entry["name"]: place for place, entry in enumerate(named)}
    n = len(named)
    found = [
        n + 1 if is_dimmed and is_redundant else n if name is None else places.get(name, n)
        for name, is_redundant in zip(names, points.is_redundant, strict=True)
    ]
    every = [
        *named,
        Category(name=none, colour="var(--em-cat-none)"),
        Category(name=REDUNDANT, colour="var(--em-line-strong)"),
    ]
    used = sorted(set(found))
    index_of = {place: index for index, place in enumerate(used)}
    return MapColours(
        category=np.array([index_of[place] for place in found], np.int64), categories=[every[place] for place in used]
    )


def _most_frequent(values: Mapping[int, str | float], *, is_group: bool) -> tuple[list[Category], dict[int, str]]:
    """The most frequent values in colours of their own, the others in one."""
    shown = [value for value, _ in Counter(values.values()).most_common(_N_NAMED)]
    words = {value: f"group {value}" if is_group else name for value, name in _short_names(shown).items()}
    others = "other groups" if is_group else "others"
    named = [Category(name=words[value], colour=_colour(place)) for place, value in enumerate(shown)]
    named.append(Category(name=others, colour="var(--em-cat-11)"))
    return named, {clip_id: words.get(value, others) for clip_id, value in values.items()}


def _short_names(values: Sequence[str | float]) -> dict[str | float, str]:
    """The end of a path where that is enough to tell them apart."""
    ends = {value: str(value).rstrip("/").rsplit("/", 1)[-1] for value in values}
    times = Counter(ends.values())
    return {value: end if times[end] == 1 else str(value) for value, end in ends.items()}


def _label_categories(labels: Sequence[str]) -> list[Category]:
    return [Category(name=label, colour=_colour(place)) for place, label in enumerate(labels)]


def _confidence_categories() -> list[Category]:
    """The surest first."""
    names = [_confidence_words(share) for share in (1.0, *(step - 0.001 for step in _STEPS))]
    return [Category(name=name, colour=colour) for name, colour in zip(names, _STEP_COLOURS, strict=True)]


def _confidence_words(share: float) -> str:
    above = next((step for step in _STEPS if share >= step), None)
    if above is None:
        return f"below {100 * _STEPS[-1]:.0f} %"
    top = _STEPS[_STEPS.index(above) - 1] if above != _STEPS[0] else 1.0
    return f"{100 * above:.0f}–{100 * top:.0f} %"


def _colour(place: int) -> str:
    if place < _N_COLOUR_TOKENS:
        return f"var(--em-cat-{place + 1})"
    return f"hsl({round(place * 137.508) % 360} 55% 55%)"
