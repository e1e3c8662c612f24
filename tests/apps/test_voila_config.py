"""How the dashboards are served: what must never be open."""

from __future__ import annotations

import re
from pathlib import Path

from voila.configuration import VoilaConfiguration

from apps.serving.voila_config import SERVING, voila_config


def test_no_file_of_the_root_is_served() -> None:
    settings = VoilaConfiguration(config=voila_config(Path("root")))
    for name in ("home.ipynb", "clip.wav", "picture.png", "", "a/b.svg"):
        assert not any(re.fullmatch(rule, name) for rule in settings.file_allowlist)
        assert any(re.fullmatch(rule, name) for rule in settings.file_denylist)


def test_a_page_cannot_choose_its_template_or_see_a_traceback() -> None:
    settings = VoilaConfiguration(config=voila_config(Path("root")))
    assert (settings.template, settings.allow_template_override) == ("earmark", "NO")
    assert settings.strip_sources
    assert not settings.show_tracebacks
    assert "anywidget" in settings.extension_allowlist


def test_no_stray_voila_json_decides() -> None:
    assert voila_config(Path("root")).Voila.config_file_paths == []


def test_preheating_is_off_until_asked_for() -> None:
    assert not voila_config(Path("root")).VoilaConfiguration.preheat_kernel
    asked = voila_config(Path("root"), n_preheated=2).VoilaConfiguration
    assert (asked.preheat_kernel, asked.default_pool_size) == (True, 2)


def test_template_names_no_other_host() -> None:
    folder = SERVING / "voila" / "templates" / "earmark"
    for path in folder.iterdir():
        if path.is_file():
            hosts = set(re.findall(r"https?://[^\s'\"]+", path.read_text(encoding="utf-8")))
            assert hosts <= {"http://www.w3.org/2000/svg"}, path
