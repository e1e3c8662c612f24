"""What every exporter promises."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import registry
from pipeline.core.errors import StorageError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import DatasetVersion
from tests.contracts.releases import OBJECTS, release_items


@pytest.fixture(params=registry.names("exporter"))
def exporter(request: pytest.FixtureRequest) -> Any:
    return registry.create("exporter", PluginSpec(name=request.param))


def test_files_stand_under_the_folder_in_the_order_given_back(exporter: Any, tmp_path: Path) -> None:
    files = _export(exporter, tmp_path / "new" / "folder")
    assert files and all(file.is_file() and (tmp_path / "new" / "folder") in file.parents for file in files)
    assert len(set(files)) == len(files)


def test_same_version_gives_same_bytes_and_leaves_nothing_else(exporter: Any, tmp_path: Path) -> None:
    for folder in ("first", "second", "second"):
        files = _export(exporter, tmp_path / folder)
    assert _tree(tmp_path / "first") == _tree(tmp_path / "second")
    assert len(_tree(tmp_path / "second")) == len(files)


def test_version_without_items_is_exported(exporter: Any, tmp_path: Path) -> None:
    assert all(file.is_file() for file in _export(exporter, tmp_path, n=0))


def test_folder_that_cannot_be_written_is_a_storage_error(exporter: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="taken"):
        _export(exporter, tmp_path / "taken")


def _export(exporter: Any, folder: Path, n: int = 6) -> list[Path]:
    version = DatasetVersion(
        dataset_version_id=1,
        dataset="digits",
        version=2,
        n_items=n,
        manifest_sha256=b"\0" * 32,
        frozen_at=datetime(2026, 1, 1, tzinfo=UTC),
        author="ada",
    )
    return exporter.export(version, release_items(n), folder=folder, read_object=OBJECTS.__getitem__)


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
