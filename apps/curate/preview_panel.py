"""What the form would choose, on screen: figures, bars by label, the coverage curve, and the first picks to hear."""

from __future__ import annotations

from typing import cast

from apps.curate.selection_preview import N_HEARD, Seen
from apps.curate.selection_words import heard_rows, label_bars, preview_note, preview_rows
from apps.curate.words import coverage_series, coverage_words
from pipeline.curation.selection import SelectionSpec
from pipeline.widgets.charts import Bars, Line
from pipeline.widgets.clip_source import ReadClip
from pipeline.widgets.form_preview import FormPreview, Tone
from pipeline.widgets.layout import stack
from pipeline.widgets.tables import Table

_CURVE_PX = 190
_PICKS = [
    {"key": "play", "label": "Play", "kind": "play"},
    {"key": "wave", "label": "Sound", "kind": "wave"},
    {"key": "label", "label": "Label", "kind": "pill"},
    {"key": "name", "label": "Recording", "kind": "text"},
    {"key": "duration_s", "label": "Seconds", "kind": "number", "digits": 2},
    {"key": "reason", "label": "Why it would be chosen", "kind": "text"},
]


class PreviewPanel:
    """``root`` stands beside the form, ``heard`` below both."""

    def __init__(self, read_clip: ReadClip) -> None:
        self._figures = FormPreview("", title="What would be chosen", headings=("", ""), is_counting=True)
        self._bars = Bars(title="By label")
        self._curve = Line(
            title="What it would cover",
            x_label="clips chosen",
            y_label="distance",
            y_min=0.0,
        )
        self._curve.height = _CURVE_PX
        self.heard = Table(_PICKS, title=f"The first {N_HEARD} picks", read_clip=read_clip)
        self.root = stack(self._figures, self._bars, self._curve)
        self.refuse("Looking …", tone="muted")

    def wait(self) -> None:
        """Say that it is being looked; what was seen before stays meanwhile."""
        self._figures.show(self._figures.rows, note="Looking …")

    def refuse(self, sentence: str, *, tone: Tone = "warn") -> None:
        """Say why there is nothing to see."""
        self._figures.show([], note=sentence, tone=tone)
        self._show_parts(is_seen=False)

    def keep(self, sentence: str) -> None:
        """Say why what is seen, if anything, is not what the form asks for now."""
        words = f"{sentence} Seen below is what was asked for before." if self._figures.rows else sentence
        self._figures.show(self._figures.rows, note=words, tone="warn")

    def show(self, seen: Seen, spec: SelectionSpec, *, is_complete: bool) -> None:
        """Everything that was seen; ``is_complete`` if nothing of the form was left out."""
        found = seen.preview
        note, tone = preview_note(found, is_complete=is_complete)
        self._figures.show(preview_rows(found, spec), note=note, tone=cast(Tone, tone))
        with self._bars.hold_sync():
            self._bars.items = label_bars(seen)
            self._bars.note = "Of the sample." if found.is_sample else ""
        with self._curve.hold_sync():
            self._curve.series, self._curve.note = coverage_series(found.coverage), coverage_words(found.coverage)
        self.heard.show(heard_rows(seen))
        self.heard.title = f"The first {len(seen.cards)} picks" if len(seen.cards) > 1 else "The first pick"
        self._show_parts(is_seen=True)

    def _show_parts(self, *, is_seen: bool) -> None:
        for part, has_content in (
            (self._bars, bool(self._bars.items)),
            (self._curve, bool(self._curve.series)),
            (self.heard, bool(self.heard.rows)),
        ):
            part.layout.display = None if is_seen and has_content else "none"
