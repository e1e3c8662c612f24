"""What STYLE asks of every file: short sources, thin notebooks, light first imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
MAX_LINES = 400
MAX_CELL_LINES = 15
GENERATED = {"docs/schema.sql"}
HEAVY = ("torch", "librosa", "sklearn", "fiftyone")
NOT_IN_CELLS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar),
)
SQL = re.compile(
    r"\s*(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE|ALTER|DROP|WITH|GRANT|COPY)\s+\S", re.IGNORECASE
)
SQL_WORDS = re.compile(r"\b(FROM|VALUES|SET|TABLE|AS\s*\(|ROLE|TO)\b", re.IGNORECASE)


def our_files(*endings: str) -> list[Path]:
    """Files that git tracks, or would if they were added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    paths = [ROOT / name for name in sorted(filter(None, listed.stdout.split("\0")))]
    return [path for path in paths if path.suffix in endings and path.is_file()]


def test_no_source_file_is_over_400_lines() -> None:
    sources = our_files(".py", ".js", ".css", ".sql")
    assert len(sources) > 50
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in sources}
    assert {name: n for name, n in lengths.items() if n > MAX_LINES and name not in GENERATED} == {}


def test_notebooks_are_thin_and_without_outputs() -> None:
    notebooks = {path.relative_to(ROOT).as_posix(): json.loads(path.read_text("utf-8")) for path in our_files(".ipynb")}
    assert {name: found for name, notebook in notebooks.items() if (found := objections(notebook))} == {}


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code", "source": "def f():\n    return 1"},
        {"cell_type": "code", "source": ["class A:\n", "    pass"]},
        {"cell_type": "code", "source": "for x in y:\n    print(x)"},
        {"cell_type": "code", "source": "if a:\n    while b:\n        pass"},
        {"cell_type": "code", "source": "try:\n    a\nexcept ValueError:\n    pass"},
        {"cell_type": "code", "source": "conn.execute('select clip_id from clip')"},
        {"cell_type": "code", "source": "conn.execute('''\n    INSERT INTO clip VALUES (1)''')"},
        {"cell_type": "code", "source": "x = 1\n" * 16},
        {"cell_type": "markdown", "source": "words\n" * 16},
        {"cell_type": "code", "source": "1", "outputs": [{"output_type": "execute_result"}]},
        {"cell_type": "code", "source": "1", "outputs": [], "execution_count": 3},
    ],
)
def test_cell_that_breaks_the_rules_is_noticed(cell: dict[str, Any]) -> None:
    assert objections({"cells": [cell]})


def test_cell_that_keeps_the_rules_is_let_through() -> None:
    code = "%matplotlib inline\n# Update the set\nn = [c for c in clips]\nprint('choose a folder from here')\n!ls\n"
    cells = [
        {"cell_type": "code", "source": code, "outputs": [], "execution_count": None},
        {"cell_type": "markdown", "source": "words\n" * 15},
    ]
    assert objections({"cells": cells}) == []


@pytest.mark.parametrize("package", ["pipeline.widgets", "pipeline.workflows"])
def test_first_imports_of_a_dashboard_are_light(package: str) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module({package!r})\n"
        "names = [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.')]\n"
        "[importlib.import_module(name) for name in names]\n"
        f"print(len(names), *(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    n_modules, *heavy = done.stdout.split()
    assert int(n_modules) > 3
    assert heavy == []


def objections(notebook: dict[str, Any]) -> list[str]:
    """What STYLE has against a notebook, cell by cell."""
    return [
        f"cell {number}: {objection}"
        for number, cell in enumerate(notebook["cells"])
        for objection in (*_shape(cell), *(_code(cell) if cell["cell_type"] == "code" else ()))
    ]


def _shape(cell: dict[str, Any]) -> list[str]:
    n_lines = len("".join(cell["source"]).splitlines())
    return [f"{n_lines} lines, at most {MAX_CELL_LINES}"] if n_lines > MAX_CELL_LINES else []


def _code(cell: dict[str, Any]) -> list[str]:
    lines = "".join(cell["source"]).splitlines()
    tree = ast.parse("\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines))
    found = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, NOT_IN_CELLS)]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    found += ["SQL" for text in texts if SQL.match(text) and SQL_WORDS.search(text)]
    found += ["outputs"] if cell.get("outputs") or cell.get("execution_count") is not None else []
    return found
