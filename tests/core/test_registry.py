"""One way to plug-ins: what the registry creates, and what it refuses."""

from __future__ import annotations

import pytest

from pipeline.core import registry
from pipeline.core.errors import PluginError
from pipeline.core.plugin_spec import PluginSpec


def test_whole_number_for_a_field_of_seconds_gives_the_same_plugin_and_hash() -> None:
    specs = [PluginSpec(name="fixed", params={"length_s": length}) for length in (2, 2.0)]
    made = [registry.create("segmenter", spec) for spec in specs]
    assert made[0] == made[1]
    assert registry.spec_of("fixed", made[0]).sha256() == registry.spec_of("fixed", made[1]).sha256()


def test_unknown_name_says_which_there_are() -> None:
    with pytest.raises(PluginError, match="expected one of fixed, silence, whole"):
        registry.create("segmenter", PluginSpec(name="wohle"))


def test_unknown_kind_and_unknown_parameter_are_refused() -> None:
    with pytest.raises(PluginError, match="unknown kind"):
        registry.names("segmentor")
    with pytest.raises(PluginError, match="unknown parameter of segmenter fixed: lenght_s"):
        registry.create("segmenter", PluginSpec(name="fixed", params={"lenght_s": 2}))


@pytest.mark.parametrize("value", ["two", None, [], {}, -1, 0])
def test_value_that_cannot_be_used_is_refused_in_words(value: object) -> None:
    with pytest.raises(PluginError, match="cannot create segmenter fixed"):
        registry.create("segmenter", PluginSpec(name="fixed", params={"length_s": value}))


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("whole", {}),
        ("fixed:length_s=2,tail=keep", {"length_s": 2, "tail": "keep"}),
        ("silence:pad_s=0.05", {"pad_s": 0.05}),
    ],
)
def test_word_of_the_command_line_is_read_as_a_spec(text: str, params: dict[str, object]) -> None:
    spec = PluginSpec.parse(text)
    assert (spec.name, dict(spec.params)) == (text.partition(":")[0], params)
    assert PluginSpec.from_json(spec.to_json()) == spec


def test_spec_that_is_no_spec_is_refused() -> None:
    for value in (7, {"nome": "x"}, {"name": "x", "params": 3}, {"name": "x", "extra": 1}):
        with pytest.raises(PluginError, match="cannot read a plug-in spec"):
            PluginSpec.from_json(value)
    with pytest.raises(PluginError, match="key=value"):
        PluginSpec.parse("fixed:length_s")
