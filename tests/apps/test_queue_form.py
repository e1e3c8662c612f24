"""What the form that builds the queue says on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from apps.review.queue_form import ALL_CLIPS, DISPUTED, built_words, queue_form, queue_words
from pipeline.core.plugin_spec import PluginSpec

OWN = "typicality_then_margin"


def values(**given: Any) -> dict[str, Any]:
    return {"strategy": OWN, "n_clips": None, "selection": ALL_CLIPS, "overlap": None, **given}


def test_what_is_as_the_project_has_it_is_not_said() -> None:
    assert queue_words(values(), own_strategy=OWN) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strategy": "random", "n_clips": 20.0}, ["--strategy=random", "--n=20"]),
        ({"selection": "night"}, ["--selection=night"]),
        ({"selection": DISPUTED}, ["--only=disputed"]),
        ({"overlap": 15}, ["--overlap=0.15", "--people=2"]),
        ({"overlap": 0}, ["--overlap=0", "--people=2"]),
    ],
)
def test_each_choice_is_an_option(given: dict[str, Any], words: list[str]) -> None:
    assert queue_words(values(**given), own_strategy=OWN) == words


@pytest.mark.parametrize("label", ["dog", "7", "true", "roe deer", "Fuß", "a:b=c"])
def test_more_of_a_label_comes_through_as_that_label(label: str) -> None:
    fields = {field["key"]: field for field in queue_form([OWN], [], [label, "a, b"]).fields}
    offered = [option["value"] for option in fields["strategy"]["options"]]
    assert len(offered) == 2
    assert PluginSpec.parse(offered[1]) == PluginSpec(name="more_like", params={"label": label})


def test_what_came_of_it_is_told_in_words() -> None:
    assert built_words({"n_queued": 1, "strategy": "random"}) == "The queue is built: 1 clip, in random order."
    assert "first what is unlike anything" in built_words({"n_queued": 1200, "strategy": "diversity"})
