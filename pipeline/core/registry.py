"""One way to register, list and create plug-ins: Python entry points.

Every kind is an entry-point group ``earmark.KIND``. Earmark's own plug-ins stand in its
pyproject.toml like a lab's own in theirs; nothing is imported before it is asked for.
"""

from __future__ import annotations

import dataclasses
import functools
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec

KINDS = (
    "segmenter",
    "encoder",
    "deduplicator",
    "selector",
    "query_strategy",
    "projector",
    "exporter",
    "augmenter",
    "connector",
)


def names(kind: str) -> list[str]:
    """The registered names of a kind, sorted. Raises PluginError for an unknown kind."""
    return sorted(_group(kind))


def load(kind: str, name: str) -> type[Any]:
    """The plug-in class itself: a frozen dataclass. Raises PluginError."""
    found = _group(kind)
    if name not in found:
        raise PluginError(
            f"unknown {kind}",
            which=name,
            expected=f"one of {', '.join(sorted(found)) or 'none installed'}",
            do="check the spelling, or install the package that brings it",
        )
    loaded = found[name].load()
    if not (isinstance(loaded, type) and dataclasses.is_dataclass(loaded)):
        raise PluginError(f"{kind} is not a dataclass", which=f"{name} = {found[name].value}")
    return loaded


def create(kind: str, spec: PluginSpec) -> Any:
    """The plug-in that the spec describes, its parameters checked.

    Raises PluginError for an unknown name, an unknown parameter or a value out of range.
    """
    plugin = load(kind, spec.name)
    known = {f.name: f for f in dataclasses.fields(plugin)}
    unknown = sorted(set(spec.params) - set(known))
    if unknown:
        raise PluginError(
            f"unknown parameter of {kind} {spec.name}",
            which=", ".join(unknown),
            expected=f"only {', '.join(sorted(known)) or 'none'}",
        )
    try:
        return plugin(**{name: _as_declared(value, known[name]) for name, value in spec.params.items()})
    except (TypeError, ValueError) as error:
        raise PluginError(f"cannot create {kind} {spec.name}", got=str(error)) from error


def spec_of(name: str, plugin: Any) -> PluginSpec:
    """The full spec of a created plug-in, every parameter named, so that it can be made again."""
    return PluginSpec(name=name, params=dataclasses.asdict(plugin))


def _as_declared(value: Any, field: dataclasses.Field[Any]) -> Any:
    """2 for a field of seconds is 2.0: one and the same plug-in has one and the same hash."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_whole and str(field.type) in ("float", "float | None") else value


@functools.cache  # what is installed does not change while a program runs, and asking costs 12 ms
def _group(kind: str) -> dict[str, EntryPoint]:
    if kind not in KINDS:
        raise PluginError("unknown kind of plug-in", which=kind, expected=f"one of {', '.join(KINDS)}")
    return {point.name: point for point in entry_points(group=f"earmark.{kind}")}
