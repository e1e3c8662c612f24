"""The panel of the recordings page where work is started: bring in, cut, make ready for review; one form at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from apps.recordings.bringing_in import BringIn, NamePreview, bring_in_from, errors_in, preview_names
from apps.recordings.cutting import cut_fields, cut_spec, segmenter_names, segmenter_words
from apps.recordings.state import RecordingsState, Task, next_task
from pipeline.catalog.counts import Counts
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.form_preview import FormPreview
from pipeline.widgets.forms import Form, Values
from pipeline.widgets.layout import columns, stack
from pipeline.workflows.overview import Overview

_BRING_IN = "Bring in recordings"
_STARTED = "Started."
_SOURCE_FIELDS = [
    {
        "key": "source",
        "label": "Folder or store",
        "kind": "folder",
        "value": "",
        "is_required": True,
        "placeholder": "/data/field-recordings",
        "help": "On this machine or a NAS mount, or a URI such as s3://bucket/folder. Folders inside are read too.",
    },
    {
        "key": "from_folder",
        "label": "The name of a file's folder is its label",
        "kind": "checkbox",
        "value": False,
    },
    {
        "key": "pattern",
        "label": "File names",
        "kind": "text",
        "value": "",
        "placeholder": "{label}_{group}_{take}.wav",
        "help": "label is the label, group who or what was recorded; other names in braces are passed over.",
    },
    {
        "key": "table",
        "label": "Table of labels (CSV)",
        "kind": "text",
        "value": "",
        "placeholder": "/data/labels.csv",
        "help": "Columns file and label, maybe group, start_s, stop_s.",
    },
]


class TaskPanel:
    """A choice of tasks and the form of the one that is chosen; ``on_start`` is told when one has started."""

    def __init__(self, state: RecordingsState, overview: Overview, *, on_start: Callable[[str], None]) -> None:
        self._state = state
        self._on_start = on_start
        self._segmenter = state.recipe.segmenter.name
        self._tasks = Buttons(kind="tabs", chosen=next_task(overview, state.may) or "")
        self._tasks.on_press(self._choose)
        self._preview_task: asyncio.Task[None] | None = None
        self._preview = FormPreview(_BRING_IN, title="Read from names", headings=["File", "Label", "Source group"])
        self._preview.on_change(self._look_at_names)
        self._show_preview(preview_names(bring_in_from({})))
        self._segmenters = self._segmenter_choice()
        self._cut_form = Form([], submit_label="Cut")
        self._cut_form.on_submit(self._cut)
        self._prepare_form = Form(
            [],
            submit_label="Embed, de-duplicate and queue",
            title="Make ready for review",
            intro="Gives every clip that lacks it an embedding, marks copies of the same sound as redundant (nothing "
            "is deleted), and puts what waits for a person in order.",
        )
        self._prepare_form.on_submit(self._prepare)
        self._parts = {
            "bring_in": columns(self._bring_in_form(), self._preview, widths="3fr 2fr"),
            "cut": stack(self._segmenters, self._cut_form),
            "prepare": self._prepare_form,
        }
        self.root = stack(self._tasks, *self._parts.values())
        self._shape_cut_form(self._segmenter)
        self.draw(overview.counts)

    def draw(self, counts: Counts) -> None:
        """Follow the numbers: how much waits at each task."""
        n_to_embed = counts.n_clips - counts.n_embedded
        items: list[dict[str, Any]] = [
            {"key": "bring_in", "label": "Bring in"},
            {"key": "cut", "label": "Cut", "count": counts.n_uncut or None, "tone": "warn"},
            {"key": "prepare", "label": "Make ready for review", "count": n_to_embed or None, "tone": "warn"},
        ]
        self._tasks.items = [item for item in items if self._state.may(cast(Task, item["key"]))]
        self._show_chosen()

    def choose_next(self, overview: Overview) -> None:
        """Open the form of what is to be done next, close it when nothing is."""
        self._tasks.chosen = next_task(overview, self._state.may) or ""
        self._show_chosen()

    def _choose(self, key: str) -> None:
        self._show_chosen()

    def _show_chosen(self) -> None:
        for key, part in self._parts.items():
            part.layout.display = None if key == self._tasks.chosen else "none"

    # ------------------------------------------------------------------------------------------ bring in

    def _bring_in_form(self) -> Form:
        form = Form(
            _SOURCE_FIELDS,
            submit_label="Bring in",
            title=_BRING_IN,
            intro="Nothing in the source is altered. Every file becomes a recording, or a failure with its reason.",
        )
        form.on_submit(partial(self._bring_in, form))
        return form

    def _bring_in(self, form: Form, values: Values) -> str | None:
        given = bring_in_from(values)
        form.errors = errors_in(given)
        if form.errors:
            return None
        self._state.bring_in(given)
        self._on_start(f"Bring in: starting with {given.source}")
        return _STARTED

    def _look_at_names(self, values: Values) -> None:
        if self._preview_task is not None:
            self._preview_task.cancel()
        # In a thread: a folder on a slow mount must not hold up the page.
        looking = self._look_beside(bring_in_from(values))
        self._preview_task = asyncio.get_running_loop().create_task(looking)

    async def _look_beside(self, given: BringIn) -> None:
        self._show_preview(await asyncio.to_thread(preview_names, given))

    def _show_preview(self, found: NamePreview) -> None:
        self._preview.show(found.rows, note=found.note, tone="muted" if found.is_fitting else "warn")

    # ----------------------------------------------------------------------------------------------- cut

    def _segmenter_choice(self) -> Buttons:
        names = [{"key": name, "label": segmenter_words(name)[0]} for name in segmenter_names()]
        choice = Buttons(names, kind="choice", label="How", chosen=self._segmenter)
        choice.on_press(self._shape_cut_form)
        return choice

    def _shape_cut_form(self, name: str) -> None:
        self._segmenter = name
        title, intro = segmenter_words(name)
        audio = self._state.recipe.audio_format
        conformed = f"Every clip becomes {audio.container} at {audio.rate_hz / 1000:g} kHz, proven by reading it back."
        with self._cut_form.hold_sync():
            self._cut_form.intro = f"{intro} {conformed}".strip()
            self._cut_form.fields = cut_fields(name, self._state.recipe)
            self._cut_form.title = f"Cut: {title.lower()}"

    def _cut(self, values: Values) -> str:
        self._state.cut(cut_spec(self._segmenter, values, self._state.recipe))
        self._on_start("Cut: starting")
        return _STARTED

    # -------------------------------------------------------------------------------------------- prepare

    def _prepare(self, _values: Values) -> str:
        self._state.prepare()
        self._on_start("Embed: starting")
        return _STARTED
