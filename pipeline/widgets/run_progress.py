"""The progress of a verb that a notebook's cell runs: a bar that moves in place, with rate, time left and failures."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol, TextIO

from IPython.core.getipython import get_ipython
from IPython.display import display

from pipeline.core.pace import Pace, progress_words
from pipeline.widgets.shell import Progress

_MIN_WATCHED_S = 1.0  # somebody sits before it


class Report(Protocol):
    """How far a run is, as workflows tell it."""

    @property
    def stage(self) -> str: ...
    @property
    def n_done(self) -> int: ...
    @property
    def n_failed(self) -> int: ...
    @property
    def n_total(self) -> int | None: ...


Follow = Callable[[Report], None]


@contextmanager
def show_progress(*, clock: Callable[[], float] = time.monotonic) -> Generator[Follow]:
    """A bar below this cell that follows the workflows it is handed to, as their ``on_progress``.

    It stays when the work is over and says how it ended. Outside a notebook it is one line of text instead.
    """
    if getattr(get_ipython(), "kernel", None) is None:
        with follow_by_line(sys.stderr, clock=clock) as follow:
            yield follow
        return
    bar = Progress()
    display(bar)
    with follow_by_bar(bar, clock=clock) as follow:
        yield follow


@contextmanager
def follow_by_bar(bar: Progress, *, clock: Callable[[], float] = time.monotonic) -> Generator[Follow]:
    """Moves the bar with each report; at the end it says done, or failed if an error comes through."""
    pace = Pace(min_watched_s=_MIN_WATCHED_S)

    def follow(report: Report) -> None:
        n = report.n_done + report.n_failed
        rate, left_s = pace.see(report.stage, n, n_total=report.n_total, at_s=clock())
        note = f"{report.n_failed:,} failed" if report.n_failed else ""
        bar.show(report.stage, n, total=report.n_total, rate=rate, left_s=left_s, note=note)

    try:
        yield follow
    except BaseException:
        bar.state = "failed"
        raise
    bar.state = "done"


@contextmanager
def follow_by_line(out: TextIO, *, clock: Callable[[], float] = time.monotonic) -> Generator[Follow]:
    """Writes each report over the one before it, on one line."""
    pace = Pace(min_watched_s=_MIN_WATCHED_S)
    width = 0

    def follow(report: Report) -> None:
        nonlocal width
        n = report.n_done + report.n_failed
        rate, left_s = pace.see(report.stage, n, n_total=report.n_total, at_s=clock())
        line = progress_words(
            report.stage, n, n_total=report.n_total, n_failed=report.n_failed, rate=rate, left_s=left_s
        )
        out.write(f"\r{line.ljust(width)}")
        out.flush()
        width = len(line)

    try:
        yield follow
    finally:
        if width:
            out.write("\n")
