"""Imports point down the floors of the house, and siblings on one floor leave each other alone.

The syntax trees are read, so that imports inside functions and under TYPE_CHECKING count as well.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = {
    "pipeline.core": 1,
    "pipeline.audio": 2,
    "pipeline.storage": 2,
    "pipeline.compute": 2,
    "pipeline.plugins": 3,
    "pipeline.curation": 3,
    "pipeline.catalog": 3,
    "pipeline.demo": 3,
    "pipeline.training": 4,
    "pipeline.workflows": 5,
    "pipeline.widgets": 5,
    "apps": 6,
    "notebooks": 6,
    "pipeline.cli": 7,
}
SHARED_BY_APPS = ("apps.session", "apps.serving", "apps.page", "apps.jobs", "apps.main_job")
NO_DATABASE = (
    *("pipeline.core", "pipeline.audio", "pipeline.storage", "pipeline.compute", "pipeline.plugins"),
    *("pipeline.curation", "pipeline.demo", "pipeline.training", "pipeline.widgets"),
)
BELOW_PLUGINS = ("pipeline.core", "pipeline.audio")
BELOW_CATALOG = ("pipeline.core",)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One module's code, and the dotted name by which its imports are judged."""

    module: str
    is_package: bool
    tree: ast.Module


def test_imports_point_down() -> None:
    assert [sentence for source in sources() for sentence in broken(source)] == []


def test_every_module_has_a_floor() -> None:
    assert [source.module for source in sources() if source.module != "pipeline" and floor(source.module) is None] == []


def test_there_is_something_to_check() -> None:
    assert {room(source.module) for source in sources()} >= {"pipeline.core", "pipeline.audio", "pipeline.demo"}


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("pipeline.core.types", "import pipeline.audio.check"),
        ("pipeline.core.types", "def f():\n    from pipeline.audio import check"),
        ("pipeline.core.types", "if TYPE_CHECKING:\n    from pipeline import storage"),
        ("pipeline.core.types", "from ..audio import check"),
        ("pipeline.core.types", "from .. import audio"),
        ("pipeline.core.types", "importlib.import_module('pipeline.audio.check')"),
        ("pipeline.audio.check", "from pipeline.storage import Store"),
        ("pipeline.audio.check", "import psycopg"),
        ("pipeline.training.fit", "def f():\n    from psycopg.rows import class_row"),
        ("pipeline.catalog.clips", "from pipeline.audio.check import check"),
        ("pipeline.catalog.clips", "from pipeline.curation import consensus"),
        ("pipeline.demo.corpus", "from pipeline.plugins.encoders import log_mel_stats"),
        ("pipeline.plugins.encoders.one", "from pipeline.plugins.selectors.base import Selector"),
        ("pipeline.plugins.encoders.one", "from pipeline.plugins import selectors"),
        ("pipeline.plugins.encoders.one", "from pipeline.compute import parallel_map"),
        ("pipeline.plugins.encoders.one", "from pipeline.plugins.encoders.base import Encoder, pipeline\nimport apps"),
        ("pipeline.workflows.cut", "from pipeline.widgets.tables import Table"),
        ("pipeline.widgets.tables", "from pipeline.workflows.cut import cut"),
        ("pipeline.workflows.cut", "from pipeline.cli.app import main"),
        ("apps.review.view", "from apps.home.state import State"),
        ("apps.review.view", "from apps import home"),
        ("apps.session", "from apps.home.state import State"),
        ("apps.review.view", "from pipeline.cli import main"),
        ("notebooks.01_ingest", "from apps.home.state import State"),
    ],
)
def test_import_that_breaks_the_rules_is_noticed(module: str, code: str) -> None:
    assert broken(Source(module=module, is_package=False, tree=ast.parse(code)))


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("pipeline.core.types", "from pipeline.core.errors import EarmarkError\nfrom . import errors"),
        ("pipeline.plugins.encoders.one", "from pipeline.plugins.encoders.base import Encoder\nimport pipeline.audio"),
        ("pipeline.workflows.cut", "from pipeline.workflows.operation import run\nimport psycopg"),
        ("pipeline.catalog.clips", "import psycopg\nfrom pipeline.core.types import Clip"),
        ("apps.review.view", "from apps.review.state import State\nfrom apps.session import open_session"),
        ("apps.serving.run", "from apps.serving.port import free_port\nfrom apps import session"),
        ("pipeline.cli.serve", "from apps.serving import serve\nfrom pipeline.workflows import workspace"),
        ("notebooks.01_ingest", "from pipeline.workflows.ingest import ingest\nimport pandas as pd"),
    ],
)
def test_import_that_keeps_the_rules_is_let_through(module: str, code: str) -> None:
    assert broken(Source(module=module, is_package=False, tree=ast.parse(code))) == []


def broken(source: Source) -> list[str]:
    """A sentence for each import of the source that breaks a rule."""
    return [
        f"{source.module} line {line}: {target}: {why}"
        for line, target in imports(source)
        if (why := objection(source.module, target)) is not None
    ]


def objection(module: str, target: str) -> str | None:
    """Why the module may not import the target; None if it may."""
    if target.split(".")[0] == "psycopg":
        return "never sees the database" if is_in(module, NO_DATABASE) else None
    below, above = floor(target), floor(module)
    if below is None or above is None or room(target) == room(module):
        return None
    if is_in(target, SHARED_BY_APPS) and is_in(module, ("apps",)):
        return None
    if below >= above:
        return "floors above are out of reach" if below > above else "siblings leave each other alone"
    if is_in(module, ("pipeline.plugins",)) and not is_in(target, BELOW_PLUGINS):
        return "plug-ins know their base, audio and core"
    if is_in(module, ("pipeline.catalog",)) and not is_in(target, BELOW_CATALOG):
        return "the catalog never sees audio, storage or compute"
    return None


def floor(module: str) -> int | None:
    """The floor that a module of ours lies on; None for other people's modules and bare packages."""
    return next((level for name, level in FLOORS.items() if is_in(module, (name,))), None)


def room(module: str) -> str:
    """The part of the house whose files may import each other: a package, one kind of plug-in, one dashboard."""
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["pipeline", "plugins"] else 2])


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported, wherever it stands."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, source)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and name_of(node.func) in ("import_module", "__import__"):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def absolute(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    base = parts[: len(parts) - node.level + source.is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@cache
def sources() -> tuple[Source, ...]:
    """Every module of pipeline/ and apps/, and every notebook."""
    return (*modules("pipeline"), *modules("apps"), *notebooks("apps"), *notebooks("notebooks"))


def modules(folder: str) -> Iterator[Source]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        yield Source(module=module, is_package=is_package, tree=ast.parse(path.read_text(encoding="utf-8")))


def notebooks(folder: str) -> Iterator[Source]:
    for path in sorted((ROOT / folder).rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
            plain = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in code.splitlines())
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield Source(module=module, is_package=False, tree=ast.parse(plain))
