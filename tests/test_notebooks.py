"""The notebooks run, in order, and leave a released dataset behind; on an empty project they say what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from pipeline.catalog import embedded
from pipeline.catalog.counts import count_all
from pipeline.core import errors
from pipeline.core.settings import load_settings
from pipeline.demo.corpus import MIN_SOUNDS
from pipeline.workflows.workspace import open_workspace

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
BRING_IN, CUT, *_ = NOTEBOOKS
OUR_ERRORS = {name for name in vars(errors) if name[0].isupper()}


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace, which the notebooks find by EARMARK_WORKSPACE."""
    # Not below pytest's own folder, which the database's account may not enter.
    with tempfile.TemporaryDirectory(prefix="earmark-notebooks-") as folder:
        monkeypatch.delenv("EARMARK_DATABASE_URL", raising=False)
        monkeypatch.delenv("EARMARK_STORE", raising=False)
        monkeypatch.setenv("EARMARK_WORKSPACE", folder)
        monkeypatch.setenv("EARMARK_WORKERS", "1")
        yield Path(folder)


def test_there_is_a_notebook_for_each_stage() -> None:
    stages = ["01_bring_in", "02_cut", "03_embed", "04_deduplicate", "05_review", "06_release", "07_augment"]
    assert [path.stem for path in NOTEBOOKS] == stages


def test_notebooks_lead_from_files_to_a_release(workspace: Path) -> None:
    # Held open, the database need not start for each notebook.
    with open_workspace(load_settings(workspace=workspace, project="demo")) as opened:
        said = {p.stem: execute(p, N_SOUNDS=MIN_SOUNDS) if p == BRING_IN else execute(p) for p in NOTEBOOKS}
        counts = count_all(opened.conn, opened.project().project_id)
        answers = opened.conn.execute("SELECT answer FROM annotation WHERE source = 'human' ORDER BY created_at")
        assert [answer for (answer,) in answers] == ["unsure", "withdrawn"]
    assert counts.n_recordings > MIN_SOUNDS / 2
    assert counts.n_clips > counts.n_recordings
    assert counts.n_embedded == counts.n_clips
    assert min(counts.n_groups, counts.n_redundant, counts.n_failures, counts.n_in_queue, counts.n_carried) > 0
    assert counts.n_versions == 1
    assert "0 recordings lie in more than one split\nthe manifest is the one that was frozen" in said["06_release"]
    assert "\n0 of " in said["07_augment"]


def test_notebooks_say_what_to_do_on_an_empty_project(workspace: Path) -> None:
    folder = workspace / "empty"
    folder.mkdir()
    with embedded.hold(workspace / "database"):
        execute(BRING_IN, FOLDER=str(folder))
        stopped = {path.stem: why for path in NOTEBOOKS if path != BRING_IN and (why := complaint(path)) is not None}
    assert {stem: why.ename for stem, why in stopped.items() if why.ename not in OUR_ERRORS} == {}
    assert "run 01_bring_in first" in stopped["02_cut"].evalue
    assert "run 02_cut first" in stopped["03_embed"].evalue
    assert "label some in the review dashboard first" in stopped["06_release"].evalue
    assert "earmark release" in stopped["07_augment"].evalue


def test_notebook_of_a_missing_project_says_how_to_make_it_and_leaves_nothing_running(workspace: Path) -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(CUT, PROJECT="nowhere")
    assert caught.value.ename == "NotFound"
    assert "nowhere" in caught.value.evalue and "earmark init" in caught.value.evalue
    assert not embedded.is_running(workspace / "database")


def execute(path: Path, **parameters: object) -> str:
    """What the notebook prints, run in its folder with these parameters in place of its own."""
    notebook = nbformat.read(path, as_version=4)
    _set(notebook, parameters)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def complaint(path: Path) -> CellExecutionError | None:
    """The error that stops the notebook, None if it runs to its end."""
    try:
        execute(path)
    except CellExecutionError as error:
        return error
    return None


def _set(notebook: Any, parameters: Mapping[str, object]) -> None:
    (place,) = [i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ())]
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source))
