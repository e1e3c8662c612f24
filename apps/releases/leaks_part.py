"""The part of the releases page that looks for leaks of a version by its sound, and lets each pair be heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from apps.releases.leak_words import LEAK_COLUMNS, PAGE_N, leak_pair, leak_rows, page_words, verdict_words
from apps.releases.state import ReleasesState, title_of
from pipeline.core.errors import EarmarkError
from pipeline.core.types import DatasetVersion
from pipeline.widgets.clip_pair import ClipPair
from pipeline.widgets.layout import stack
from pipeline.widgets.shell import EmptyState, Progress
from pipeline.widgets.tables import Table, Turn
from pipeline.workflows.leaks import LeakReport
from pipeline.workflows.operation import ProgressReport

_log = logging.getLogger(__name__)


class LeaksPart:
    """Leaks of the version that is open; ``on_trouble(sentence)`` is told why they could not be looked for."""

    def __init__(self, state: ReleasesState, *, on_trouble: Callable[[str], None]) -> None:
        self._state = state
        self._on_trouble = on_trouble
        self._version: DatasetVersion | None = None
        self._reports: dict[int, LeakReport] = {}
        self._looking_at: DatasetVersion | None = None
        self._task: asyncio.Task[None] | None = None
        self._n_before = 0
        self._verdict, self._progress = EmptyState(""), Progress()
        self._verdict.on_act(self._look)
        self._table = Table(LEAK_COLUMNS, title="Leaks")
        self._table.on_row(self._open_pair)
        self._table.on_page(self._turn)
        self._pair = ClipPair(read_clip=state.read_clip)
        self._found = stack(self._table, self._pair)
        self.root = stack(self._verdict, self._progress, self._found)

    def show(self, version: DatasetVersion) -> None:
        """Another version: what was found in it since the page was opened, or the offer to look."""
        self._version, self._n_before = version, 0
        self._draw()

    @property
    def _report(self) -> LeakReport | None:
        return None if self._version is None else self._reports.get(self._version.dataset_version_id)

    def _draw(self) -> None:
        report, version = self._report, self._version
        if version is None:
            return
        with self._verdict.hold_sync():
            self._verdict.title, self._verdict.text = verdict_words(title_of(version), report)
            can_look = "leaks" in self._state.may and self._looking_at is None
            self._verdict.action_label = "" if not can_look else "Look for leaks" if report is None else "Look again"
        self._verdict.layout.display = "none" if report is not None and report.pairs else None
        self._found.layout.display = None if report is not None and report.pairs else "none"
        if report is None or not report.pairs:
            self._table.show([])
            self._pair.show(None)
            return
        self._show_rows(report)
        self._open_pair(self._n_before)

    def _show_rows(self, report: LeakReport) -> None:
        stop = self._n_before + PAGE_N
        self._table.show(
            leak_rows(report.pairs, self._n_before, stop),
            has_previous=self._n_before > 0,
            has_next=stop < len(report.pairs),
            note=page_words(report, self._n_before),
        )

    def _turn(self, turn: Turn) -> None:
        report = self._report
        if report is None:
            return
        self._n_before = max(0, self._n_before + (PAGE_N if turn == "next" else -PAGE_N))
        self._show_rows(report)
        self._open_pair(self._n_before)

    def _open_pair(self, index: int) -> None:
        report = self._report
        if report is None or not 0 <= index < len(report.pairs):
            return
        self._table.selected_id = index
        self._pair.show(leak_pair(report.pairs[index]))

    # -------------------------------------------------------------------------------------------- looking

    def _look(self) -> None:
        if self._version is None or self._looking_at is not None:
            return
        self._looking_at = self._version
        self._progress.show(f"Leaks of {title_of(self._version)}: starting", 0)
        self._draw()
        # In a thread: the sound of every clip is compared, and the page stays of use meanwhile.
        self._task = asyncio.get_running_loop().create_task(self._look_beside(self._version))

    async def _look_beside(self, version: DatasetVersion) -> None:
        loop = asyncio.get_running_loop()

        def tell(report: ProgressReport) -> None:
            loop.call_soon_threadsafe(partial(self._show_progress, version, report))

        try:
            self._reports[version.dataset_version_id] = await asyncio.to_thread(self._state.leaks, version, tell)
        except EarmarkError as error:
            self._on_trouble(f"Leaks of {title_of(version)} could not be looked for: {error}")
        except Exception as error:
            # The outermost edge: without this the click would end in silence.
            _log.exception("cannot look for leaks")
            self._on_trouble(f"Leaks of {title_of(version)} could not be looked for: {type(error).__name__}: {error}")
        finally:
            self._looking_at = None
            self._progress.clear()
            self._draw()

    def _show_progress(self, version: DatasetVersion, report: ProgressReport) -> None:
        if self._looking_at is not None:
            self._progress.show(f"Leaks of {title_of(version)}: {report.stage}", report.n_done, total=report.n_total)
