"""How to cut, as a form: each segmenter's parameters with their words, units and bounds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from pipeline.core import registry
from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import Recipe

SEGMENTERS = {
    "whole": ("Whole recordings", "Every recording is one clip, for corpora that were cut before they came."),
    "fixed": ("Fixed length", "Spans of one length, one after the other or overlapping."),
    "silence": ("At silences", "What rises above each recording's own noise floor becomes a clip."),
}
_UNITS = {"s": "s", "ms": "ms", "db": "dB", "dbfs": "dBFS", "hz": "Hz"}
_CHOICES = {
    "tail": [
        {"value": "drop", "label": "left out"},
        {"value": "keep", "label": "kept as a shorter clip"},
        {"value": "shift", "label": "covered by moving the last clip back"},
    ]
}
_WORDS = {
    "length_s": ("Length", "Of every clip."),
    "hop_s": ("One clip every", "Empty: one after the other."),
    "tail": ("The rest at the end is", ""),
    "min_segment_s": ("Shortest clip", "What is shorter is left out."),
    "min_gap_s": ("Shortest silence", "What is nearer than this stays one clip."),
    "pad_s": ("Margin", "Added on both sides, as far as there is room."),
    "open_db": ("Above the noise by", "Less finds quieter sounds."),
    "whole_below_s": ("Leave whole below", "A recording this short is one clip as it is."),
    "max_segment_s": ("Longest clip", "What is longer is cut again."),
}


def segmenter_names() -> list[str]:
    """The registered segmenters, the well-known ones first."""
    names = registry.names("segmenter")
    return [name for name in SEGMENTERS if name in names] + [name for name in names if name not in SEGMENTERS]


def segmenter_words(name: str) -> tuple[str, str]:
    """A segmenter's name on screen and what it does."""
    return SEGMENTERS.get(name, (name, ""))


def cut_fields(name: str, recipe: Recipe) -> list[dict[str, Any]]:
    """The form's fields for a segmenter: of a well-known one those that have words, of any other all."""
    given = recipe.segmenter.params if recipe.segmenter.name == name else {}
    fields: list[dict[str, Any]] = []
    for parameter in dataclasses.fields(registry.load("segmenter", name)):
        if name in SEGMENTERS and parameter.name not in _WORDS:
            continue
        default = None if parameter.default is dataclasses.MISSING else parameter.default
        field = _field(parameter.name, given.get(parameter.name, default))
        fields.append({**field, "is_required": default is not None and field["kind"] == "number"})
    return fields


def cut_spec(name: str, values: Mapping[str, Any], recipe: Recipe) -> PluginSpec:
    """The segmenter with these values over those of the recipe. Raises PluginError if they cannot be used."""
    given = dict(recipe.segmenter.params) if recipe.segmenter.name == name else {}
    wanted = {key: _as_declared(name, key, value) for key, value in values.items()}
    spec = PluginSpec(name=name, params={**given, **wanted})
    return registry.spec_of(name, registry.create("segmenter", spec))


def cut_words(spec: PluginSpec) -> list[str]:
    """The same as words for ``earmark cut``. Raises PluginError for a value that a word cannot hold."""
    pairs: list[str] = []
    for key, value in spec.params.items():
        text = json.dumps(value)
        if "," in text:
            raise PluginError("this value cannot be given here", which=f"{key}={text}", do="set it in the recipe")
        pairs.append(f"{key}={text}")
    return [f"--segmenter={spec.name}:{','.join(pairs)}" if pairs else f"--segmenter={spec.name}"]


def _as_declared(name: str, key: str, value: Any) -> Any:
    """A browser sends 3.0 as 3; another spec would be another cut of the same recordings."""
    declared = {field.name: str(field.type) for field in dataclasses.fields(registry.load("segmenter", name))}
    return float(value) if isinstance(value, int) and "float" in declared.get(key, "") else value


def _field(key: str, value: Any) -> dict[str, Any]:
    label, help_text = _WORDS.get(key, (key.replace("_", " "), ""))
    field: dict[str, Any] = {"key": key, "label": label, "value": value, "help": help_text}
    if key in _CHOICES:
        return {**field, "kind": "select", "options": _CHOICES[key]}
    if isinstance(value, bool):
        return {**field, "kind": "checkbox"}
    if isinstance(value, str):
        return {**field, "kind": "text"}
    unit = _UNITS.get(key.rpartition("_")[2])
    return {**field, "kind": "number", **({"unit": unit} if unit else {})}
