"""The form that asks for a selection, with what it would choose beside it while it is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.curate.preview_panel import PreviewPanel
from apps.curate.selection_fields import BY_STRATEGIES, Offer, fields, kinds, more_fields
from apps.curate.selection_form import Trouble, default_values, read_form
from apps.curate.selection_preview import Previewing, Seen
from apps.curate.selection_words import form_errors, form_notes, notes_of_preview
from apps.curate.state import CurateData, CurateState
from pipeline.curation.selection import SelectionSpec, Similarity
from pipeline.widgets.form_rows import FormRows
from pipeline.widgets.forms import Values
from pipeline.widgets.layout import columns, stack
from pipeline.workflows.select_columns import ColumnFacts

_FIRST_NAME = "diverse"


class SelectionBuilder:
    """``root`` holds the form, the preview beside it, and the first picks below.

    ``on_started(words)`` is told that a selection is being chosen.
    """

    def __init__(self, state: CurateState, *, on_started: Callable[[str], None]) -> None:
        self._state, self._on_started = state, on_started
        self._offer = Offer(columns={}, selections=(), selectors=state.selectors())
        self._values = default_values(state.free_name(_FIRST_NAME), state.session.project.recipe.selector)
        self._spec: SelectionSpec | None = None
        self._troubles: list[Trouble] = []
        self._seen_key: object = None
        self._columns_key: object = None
        self._form = FormRows(
            fields(self._offer),
            kinds=kinds(self._offer),
            more=more_fields(self._offer),
            values=self._values,
            submit_label="Choose clips",
            add_label="Add a wish",
            title="Choose the clips that say most",
            intro="Out of all that are not redundant; all wishes together decide.",
        )
        self._form.on_change(self._follow)
        self._form.on_submit(self._choose)
        self._panel = PreviewPanel(state.read_clip)
        self._previewing = Previewing(
            state.session, on_columns=self._offer_columns, on_seen=self._show, on_trouble=self._say
        )
        self.root = stack(columns(self._form, self._panel.root, widths="3fr 2fr"), self._panel.heard)

    def draw(self, what: CurateData, *, is_open: bool) -> None:
        """Follow the project while somebody looks: its columns, its selections, and what would be chosen now."""
        if not is_open:
            return
        names = [row.name for row in what.selections]
        if names != list(self._offer.selections):
            self._renew(Offer(columns=self._offer.columns, selections=names, selectors=self._offer.selectors))
        if self._columns_key != what.map_key:
            self._columns_key = what.map_key
            self._previewing.ask_columns()
        used = _selections_of(self._spec)
        key = (what.map_key, [row.selection_id for row in what.selections if row.name in used])
        if self._seen_key != key:
            self._seen_key = key
            self._look(self._values)

    # ------------------------------------------------------------------------------------------------ looking

    def _follow(self, values: Values) -> None:
        """Look anew, unless what changed says nothing about the choice (the name)."""
        before, self._values = {**self._values, "name": None}, values
        if before != {**values, "name": None}:
            self._look(values)

    def _look(self, values: Values) -> None:
        self._values = values
        self._spec, self._troubles = read_form(values, self._offer)
        self._form.errors = form_errors(self._troubles, is_sent=False)
        self._form.notes = form_notes(self._troubles)
        if self._spec is None:
            self._previewing.drop()
            self._panel.keep("The form cannot be used as it stands.")
        elif values["chosen_by"] != BY_STRATEGIES:
            self._previewing.drop()
            self._panel.refuse("What another selector chooses is seen when it has chosen.", tone="muted")
        else:
            self._panel.wait()
            self._previewing.ask(self._spec)

    def _show(self, seen: Seen) -> None:
        if self._spec is None:
            return
        self._panel.show(seen, self._spec, is_complete=not self._troubles)
        self._form.errors, self._form.notes = notes_of_preview(seen.preview, self._spec, self._values, self._troubles)

    def _say(self, sentence: str) -> None:
        self._panel.refuse(sentence, tone="bad")

    def _offer_columns(self, facts: Mapping[str, ColumnFacts]) -> None:
        self._renew(Offer(columns=facts, selections=self._offer.selections, selectors=self._offer.selectors))
        self._look(self._values)

    def _renew(self, offer: Offer) -> None:
        """What is filled in stays as it is."""
        self._offer = offer
        with self._form.hold_sync():
            self._form.fields, self._form.kinds = fields(offer), kinds(offer)
            self._form.more = more_fields(offer)

    # ----------------------------------------------------------------------------------------------- choosing

    def _choose(self, values: Values) -> str | None:
        self._values = values
        name = values["name"]
        self._spec, self._troubles = read_form(values, self._offer)
        errors = form_errors(self._troubles, is_sent=True)
        if (objection := self._state.objection_to(name)) is not None:
            errors["name"] = objection
        if errors or self._spec is None:
            # A look that still runs would take the errors away again.
            self._previewing.drop()
            self._panel.keep("The form cannot be used as it stands.")
            self._form.errors = errors
            return None
        if values["chosen_by"] == BY_STRATEGIES:
            self._state.choose_by(name, self._spec)
        else:
            n_clips = self._spec.budget.n_clips or 0
            self._state.choose(name, n_clips=n_clips, selector=values["chosen_by"], seed=self._spec.seed)
        self._on_started(f"Choosing “{name}”")
        return "Started: the selection opens below when it is there."


def _selections_of(spec: SelectionSpec | None) -> set[str]:
    """The selections that the spec names."""
    if spec is None:
        return set()
    examples = {one.to for one in spec.strategies if isinstance(one, Similarity) and isinstance(one.to, str)}
    return examples | ({spec.keep} if spec.keep is not None else set())
