"""The one description of a plug-in and its parameters: in YAML, in jsonb and in code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pipeline.core.errors import PluginError


@dataclass(frozen=True, kw_only=True)
class PluginSpec:
    """A plug-in's registered name and its parameters (plain JSON values)."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """The spec as a JSON object ``{"name": …, "params": {…}}``."""
        return {"name": self.name, "params": dict(self.params)}

    def sha256(self) -> bytes:
        """The hash (32 bytes) of the canonical JSON: equal specs, equal hash."""
        return hashlib.sha256(canonical_json(self.to_json())).digest()

    @classmethod
    def from_json(cls, value: object) -> PluginSpec:
        """The spec in a JSON or YAML value: an object as above, or a bare name.

        Raises PluginError if the value is neither.
        """
        if isinstance(value, str):
            return cls(name=value)
        if isinstance(value, Mapping):
            record = cast(Mapping[str, Any], value)
            name, params = record.get("name"), record.get("params", {})
            if isinstance(name, str) and isinstance(params, Mapping) and set(record) <= {"name", "params"}:
                return cls(name=name, params=dict(cast(Mapping[str, Any], params)))
        raise PluginError("cannot read a plug-in spec", expected="a name, or {name, params}", got=repr(value)[:120])

    @classmethod
    def parse(cls, text: str) -> PluginSpec:
        """The spec in a command-line word such as ``fixed:length_s=2,hop_s=1``.

        Values are read as JSON where they are JSON, else as text. Raises PluginError.
        """
        name, _, rest = text.partition(":")
        params: dict[str, Any] = {}
        for pair in filter(None, rest.split(",")):
            key, equals, value = pair.partition("=")
            if not equals:
                raise PluginError(
                    "cannot read a plug-in parameter", which=pair, expected="key=value", do=f"as in {name}:key=value"
                )
            try:
                params[key.strip()] = json.loads(value)
            except json.JSONDecodeError:
                params[key.strip()] = value
        return cls(name=name.strip(), params=params)


def canonical_json(value: object) -> bytes:
    """The value as JSON bytes with sorted keys and no spaces: the same value, the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
