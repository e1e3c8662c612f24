"""One hostile folder for all tests of the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audio.hostile import make_hostile_folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The hostile folder and what is expected of each file in it."""
    folder = tmp_path_factory.mktemp("hostile")
    return folder, make_hostile_folder(folder)
