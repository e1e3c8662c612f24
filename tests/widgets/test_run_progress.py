"""Promises of pipeline/widgets/run_progress.py: a cell that runs a verb shows how far it is and how it ended."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import count

import nbformat
import pytest
from nbclient import NotebookClient

from pipeline.core.errors import StorageError
from pipeline.widgets.run_progress import follow_by_bar, follow_by_line, show_progress
from pipeline.widgets.shell import Progress
from pipeline.workflows.operation import ProgressReport
from tests.conftest import ROOT


def report(n_done: int, *, n_failed: int = 0, stage: str = "cutting", n_total: int | None = 5_000) -> ProgressReport:
    return ProgressReport(action="cut", stage=stage, n_done=n_done, n_failed=n_failed, n_total=n_total)


def every(step_s: float) -> Callable[[], float]:
    """A clock that is read once every ``step_s``."""
    ticks = count()
    return lambda: next(ticks) * step_s


def test_bar_tells_rate_time_left_and_failures_and_ends_as_done() -> None:
    bar = Progress()
    with follow_by_bar(bar, clock=every(6.0)) as follow:
        follow(report(0))
        assert (bar.stage, bar.done, bar.total, bar.rate) == ("cutting", 0, 5_000, None)
        follow(report(1_258, n_failed=2))
        assert (bar.done, bar.rate, bar.left_s, bar.note) == (1_260, 210.0, pytest.approx(17.8, abs=0.1), "2 failed")
        assert bar.state == "running"
    assert (bar.stage, bar.state, bar.note) == ("cutting", "done", "2 failed")


def test_bar_of_a_verb_that_fails_says_so_and_the_error_comes_through() -> None:
    bar = Progress()
    with pytest.raises(StorageError), follow_by_bar(bar) as follow:
        follow(report(3))
        raise StorageError("the store is full")
    assert (bar.state, bar.done) == ("failed", 3)


def test_line_is_written_over_in_place() -> None:
    out = io.StringIO()
    with follow_by_line(out, clock=every(6.0)) as follow:
        follow(report(0))
        follow(report(1_238, n_failed=22))
        follow(report(7, stage="labels", n_total=None))
    first, second, third = out.getvalue().removeprefix("\r").split("\r")
    assert first == "cutting 0 of 5,000"
    assert second == "cutting 1,260 of 5,000, 210 a second, 18 s left, 22 failed"
    assert third.rstrip() == "labels 7"
    assert len(third.rstrip("\n")) == len(second), "nothing of the longer line stays"
    assert third.endswith("\n")


CELL = """
from pipeline.widgets.run_progress import show_progress
from pipeline.workflows.operation import ProgressReport
with show_progress() as on_progress:
    on_progress(ProgressReport(action="cut", stage="cutting", n_done=10, n_failed=2, n_total=12))
"""


def test_in_a_notebook_the_cell_shows_the_bar_and_keeps_it() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}})
    client.execute()
    (output,) = notebook.cells[0].outputs
    model_id = output.data["application/vnd.jupyter.widget-view+json"]["model_id"]
    state = client.widget_state[model_id]
    assert (state["stage"], state["done"], state["total"], state["note"]) == ("cutting", 12, 12, "2 failed")
    assert state["state"] == "done"


def test_outside_a_notebook_progress_is_a_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress() as follow:
        follow(report(10))
    assert capsys.readouterr().err == "\rcutting 10 of 5,000\n"
    with show_progress():
        pass
    assert capsys.readouterr().err == ""
