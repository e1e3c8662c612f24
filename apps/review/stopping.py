"""The panel "When can I stop?": the latest estimate in words, figures and curves, and a way to renew it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from apps.jobs import Job
from apps.review.stopping_words import (
    curve_series,
    figures,
    fold_label,
    headline,
    precision_series,
    threshold_rows,
)
from apps.session import Session
from pipeline.core.errors import EarmarkError
from pipeline.core.permissions import MAY
from pipeline.widgets.charts import Line
from pipeline.widgets.disclosure import Disclosure
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, stack
from pipeline.widgets.shell import Kpis, Notice
from pipeline.widgets.tables import Table
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.stopping import MadeReport, latest_report

N_STALE = 25
"""After so many answers the estimate is renewed by itself, while the panel is open."""
_LOOK_AGAIN_S, _LOOK_AGAIN_RUNNING_S = 5.0, 0.7
_THRESHOLDS = [
    {"key": "label", "label": "Label", "kind": "text"},
    {"key": "judged", "label": "Guessed rightly", "kind": "text", "width": "140px"},
    {"key": "at_90", "label": "90 % from", "kind": "text", "width": "150px"},
    {"key": "at_95", "label": "95 % from", "kind": "text", "width": "150px"},
    {"key": "at_99", "label": "99 % from", "kind": "text", "width": "150px"},
]


class StoppingPanel:
    """The panel. ``look`` is called whenever the page is drawn; it reads as often as is worth while."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._job: Job | None = None
        self._next_look_s = 0.0
        self._made: MadeReport | None = None
        duty = session.duty
        self.is_for_person = duty is not None and "quality" in MAY[duty]
        self._answer, self._kpis, self._notice = Form((), submit_label="Estimate now"), Kpis(), Notice()
        self._answer.on_submit(self._estimate)
        self._curve = Line(
            title="Learning curve",
            note="How often the model was right about the clips drawn by lot, none of which it had learned.",
            x_label="answers",
            y_label="right, %",
            y_max=100,
        )
        self._precision = Line(
            title="What a score is worth",
            note="Of the guesses with at least this score, so many are right; all labels together.",
            x_label="score",
            y_label="right, %",
            y_max=100,
        )
        self._table = Table(_THRESHOLDS, title="From which score guesses may be taken over unheard")
        self._charts = columns(self._curve, self._precision)
        self._body = stack(self._notice, self._answer, self._kpis, self._charts, self._table)
        self._fold = Disclosure(fold_label(None), self._body)
        self._fold.observe(self._opened, "is_open")
        self.root = stack(self._fold, self._body)
        if not self.is_for_person:
            self.root.layout.display = "none"
        else:
            self._look_now()

    def look(self) -> None:
        """Show the latest estimate, and renew a stale one. Raises EarmarkError."""
        if self.is_for_person and time.monotonic() >= self._next_look_s:
            self._look_now()

    def _opened(self, _change: object) -> None:
        self._look_now()

    def _look_now(self) -> None:
        self._look_in(_LOOK_AGAIN_S)
        if self._job is not None:
            if self._job.is_running:
                self._look_in(_LOOK_AGAIN_RUNNING_S)
                self._notice.info(self._job.waits_for or "Estimating …")
                return
            error, self._job = self._job.error, None
            if error is None:
                self._notice.clear()
            else:
                self._notice.error(error)
        self._made = self._line.do(lambda conn: latest_report(conn, self._session.project))
        self._draw(self._made)
        if self._fold.is_open and self._made is not None and self._made.n_answers_since >= N_STALE:
            self._start()

    def _estimate(self, _values: Values) -> str:
        if self._job is not None:
            raise EarmarkError("it is being estimated already", do="wait until it is there")
        self._start()
        return "Started. Labelling goes on meanwhile."

    def _start(self) -> None:
        """Leave the estimate to a worker: it takes seconds, in which the deck must not wait."""
        self._job = self._session.submit("progress")
        self._notice.info("Estimating …")
        self._look_in(_LOOK_AGAIN_RUNNING_S)

    def _look_in(self, seconds: float) -> None:
        self._next_look_s = time.monotonic() + seconds

    def _draw(self, made: MadeReport | None) -> None:
        self._fold.label = fold_label(made)
        with self._answer.hold_sync():
            self._answer.title, self._answer.intro = headline(made, now=datetime.now(UTC))
            self._answer.submit_label = "Estimate now" if made is None else "Estimate anew"
        report = None if made is None else made.report
        self._kpis.items = [] if report is None else figures(report)
        curve, precision = ([], []) if report is None else (curve_series(report), precision_series(report))
        self._curve.series, self._precision.series = curve, precision
        self._curve.layout.display = None if curve else "none"
        self._precision.layout.display = None if precision else "none"
        self._charts.layout.display = None if curve or precision else "none"
        rows = [] if report is None else threshold_rows(report)
        self._table.show(rows, note="Score · clips nobody has answered that reach it" if rows else "")
        self._table.layout.display = None if rows else "none"
