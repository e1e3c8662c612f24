"""What every plug-in of every kind promises: how it is made, described and made again."""

from __future__ import annotations

import dataclasses
import inspect
import json
from typing import Any

import pytest

from pipeline.core import registry
from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec

EVERY = [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]
METHOD = {
    "augmenter": "augment",
    "segmenter": "segment",
    "encoder": "encode",
    "deduplicator": "group",
    "selector": "select",
    "query_strategy": "score",
    "projector": "project",
    "exporter": "export",
    "connector": "push",
}

every_plugin = pytest.mark.parametrize(("kind", "name"), EVERY, ids=[f"{kind}-{name}" for kind, name in EVERY])


@pytest.mark.parametrize("kind", registry.KINDS)
def test_each_kind_has_a_plugin(kind: str) -> None:
    assert registry.names(kind)


@every_plugin
def test_is_a_frozen_keyword_only_dataclass(kind: str, name: str) -> None:
    loaded = registry.load(kind, name)
    plugin = registry.create(kind, PluginSpec(name=name))
    assert all(field.kw_only for field in dataclasses.fields(loaded))
    with pytest.raises(dataclasses.FrozenInstanceError):
        plugin.anything = 1


@every_plugin
def test_every_parameter_has_a_default_and_plain_json_values(kind: str, name: str) -> None:
    plugin = registry.create(kind, PluginSpec(name=name))
    spec = registry.spec_of(name, plugin)
    read_back = PluginSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert read_back == spec
    assert read_back.sha256() == spec.sha256()
    assert registry.create(kind, read_back) == plugin


@every_plugin
def test_equal_specs_make_equal_plugins(kind: str, name: str) -> None:
    first, second = (registry.create(kind, PluginSpec(name=name)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)


@every_plugin
def test_unknown_parameter_is_refused(kind: str, name: str) -> None:
    with pytest.raises(PluginError, match="no_such_parameter"):
        registry.create(kind, PluginSpec(name=name, params={"no_such_parameter": 1}))


@every_plugin
def test_number_out_of_any_range_is_refused(kind: str, name: str) -> None:
    plugin = registry.create(kind, PluginSpec(name=name))
    for field in dataclasses.fields(plugin):
        with pytest.raises(PluginError):
            registry.create(kind, PluginSpec(name=name, params={field.name: _absurd(getattr(plugin, field.name))}))


@every_plugin
def test_says_in_its_docstring_what_it_does(kind: str, name: str) -> None:
    loaded = registry.load(kind, name)
    assert loaded.__doc__ and not loaded.__doc__.startswith(f"{loaded.__name__}(")
    method = inspect.getdoc(getattr(loaded, METHOD[kind]))
    assert method


@pytest.mark.parametrize("kind", registry.KINDS)
def test_unknown_name_is_refused_with_the_known_ones(kind: str) -> None:
    with pytest.raises(PluginError, match=registry.names(kind)[0]):
        registry.create(kind, PluginSpec(name="no such plug-in"))


def _absurd(value: Any) -> Any:
    return "absurd" if isinstance(value, str) else -1e12
