"""environment.yml installs what pyproject.toml asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text())


def conda_packages() -> list[str]:
    return [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]


def pip_packages() -> list[str]:
    (section,) = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict)]
    assert list(section) == ["pip"]
    return section["pip"]


def by_name(lines: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines]
    assert len({r.name for r in requirements}) == len(requirements), "a package twice"
    return {r.name: r for r in requirements}


def test_pip_section_has_every_dependency_with_the_same_range_and_no_other() -> None:
    packages = [line for line in pip_packages() if not line.startswith("-")]
    assert by_name(packages) == by_name(PROJECT["dependencies"])


def test_earmark_itself_is_installed_last_and_in_place() -> None:
    assert [line for line in pip_packages() if line.startswith("-")] == ["-e ."]
    assert pip_packages()[-1] == "-e ."


def test_conda_brings_only_python_and_pip() -> None:
    names = [package.split("=")[0] for package in conda_packages()]
    assert names == ["python", "pip"]


def test_conda_python_is_one_that_the_project_accepts() -> None:
    (python,) = [package for package in conda_packages() if package.startswith("python=")]
    assert f"{python.split('=')[1]}.0" in Requirement(f"python{PROJECT['requires-python']}").specifier


def test_a_changed_range_would_be_noticed() -> None:
    name, *_ = by_name(PROJECT["dependencies"])
    changed = [f"{name}<0.0.1" if Requirement(line).name == name else line for line in PROJECT["dependencies"]]
    with pytest.raises(AssertionError):
        assert by_name(changed) == by_name(PROJECT["dependencies"])
