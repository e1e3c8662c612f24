"""Settings and recipes: what is read, and what is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import EarmarkError, SettingsError
from pipeline.core.permissions import MAY, demand
from pipeline.core.settings import load_recipe, load_settings, recipe_from


def test_defaults_need_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(environ={})
    assert settings.workspace == tmp_path / "workspace"
    assert settings.database_url is None
    assert settings.store_uri == (tmp_path / "workspace" / "store").as_uri()


def test_environment_switches_to_a_server_and_a_store() -> None:
    environ = {"EARMARK_DATABASE_URL": "postgresql://h/d", "EARMARK_STORE": "s3://b/x", "EARMARK_WORKERS": "3"}
    settings = load_settings(environ=environ)
    assert (settings.database_url, settings.store_uri, settings.workers) == ("postgresql://h/d", "s3://b/x", 3)


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_number_of_workers_that_is_none_is_refused(workers: str) -> None:
    with pytest.raises(SettingsError, match="EARMARK_WORKERS"):
        load_settings(environ={"EARMARK_WORKERS": workers})


def test_recipe_survives_the_way_through_json() -> None:
    recipe = load_recipe()
    assert recipe_from(recipe.to_json(), which="test") == recipe


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"segmentr": "whole"},
        {"audio_format": {"rate": 1}},
        {"audio_format": {"rate_hz": 3}},
        {"audio_format": {"container": "FLAC", "subtype": "FLOAT"}},
        {"audio_format": {"length_policy": "pad"}},
        {"split_fractions": {"train": 0.5}},
        {"split_fractions": {"train": 1.5, "test": -0.5}},
        {"segmenter": 3},
    ],
)
def test_recipe_that_cannot_be_used_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(EarmarkError) as refused:
        recipe_from(value, which="test")
    assert len(str(refused.value)) > 20


def test_every_duty_may_what_the_one_below_may() -> None:
    assert MAY["annotator"] < MAY["reviewer"] < MAY["researcher"] < MAY["admin"]
    with pytest.raises(EarmarkError, match="anna may not ingest in project p"):
        demand("annotator", "ingest", actor="anna", project="p")
    with pytest.raises(EarmarkError, match="no duty"):
        demand(None, "annotate", actor="eve", project="p")
