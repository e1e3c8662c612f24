"""The near-duplicates of the curate page: groups by doubt, heard side by side, decided at once."""

from __future__ import annotations

from collections.abc import Callable

from ipywidgets import VBox

from apps.curate.state import CurateData, CurateState
from apps.curate.words import compared_group, listed_groups
from pipeline.catalog.curation_lists import GroupEntry
from pipeline.core.errors import NotFound
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_compare import ClipCompare, ComparedGroup, Decision
from pipeline.widgets.layout import columns, stack
from pipeline.widgets.shell import EmptyState

MAX_LISTED = 500
_ALL, _OPEN = "all", "open"


class DuplicatesTab:
    """The groups; ``on_decided`` is told of a decision, ``on_started(words)`` that near-duplicates are looked for."""

    def __init__(
        self, state: CurateState, *, on_decided: Callable[[], None], on_started: Callable[[str], None]
    ) -> None:
        self._state = state
        self._on_decided, self._on_started = on_decided, on_started
        self._listed: list[GroupEntry] = []
        self._kept: set[int] = set()
        self._filter = Buttons(kind="choice", label="Groups", chosen=_ALL)
        self._filter.on_press(self._choose_filter)
        self._again = Buttons()
        self._again.on_press(lambda _key: self._find())
        self._compare = ClipCompare(read_clip=state.read_clip)
        self._compare.on_open(self._open)
        self._compare.on_decide(self._decide)
        self._empty = EmptyState("")
        self._empty.on_act(self._find)
        self.controls = columns(self._filter, self._again, widths="auto 1fr", is_kept_when_narrow=True)
        # The comparison takes keys from the whole page, so it is on the page only while its tab is open.
        self._place: VBox = stack()
        self.root = stack(self._empty, self._place)

    def draw(self, what: CurateData, *, is_open: bool) -> None:
        """Follow the groups: another page may have judged some, or found them anew."""
        n_open = what.n_groups_open
        self._filter.items = (
            [
                {"key": _ALL, "label": "All", "count": len(what.groups)},
                {"key": _OPEN, "label": "To judge", "count": n_open, "tone": "warn" if n_open else "plain"},
            ]
            if what.groups
            else []
        )
        may_find = "deduplicate" in self._state.may
        self._again.items = (
            [{"key": "again", "label": "Find near-duplicates again"}] if may_find and what.groups else []
        )
        self._draw_empty(what)
        self._draw_groups(what)
        wanted = (self._compare,) if is_open and self._listed else ()
        if self._place.children != wanted:
            self._place.children = wanted

    def _draw_empty(self, what: CurateData) -> None:
        self._empty.layout.display = "none" if self._listed_of(what) else None
        may_find = "deduplicate" in self._state.may
        if what.groups:
            title, text, action = "Every group is judged", "Choose All to hear them again.", ""
        elif what.has_deduplicated:
            title, action = "No near-duplicates", "Look again" if may_find else ""
            text = "No two clips hold the same sound."
        else:
            title, action = "Near-duplicates were never looked for", "Find near-duplicates" if may_find else ""
            text = "Clips that hold the same sound are grouped and all but one of each marked; nothing is deleted."
        with self._empty.hold_sync():
            self._empty.title, self._empty.text, self._empty.action_label = title, text, action

    def _draw_groups(self, what: CurateData) -> None:
        listed = self._listed_of(what)
        if listed == self._listed:
            return
        self._listed = listed
        ids = [entry.duplicate_group_id for entry in listed]
        here = next(
            (group_id for group_id in ids if group_id == self._compare.group.get("id")), ids[0] if ids else None
        )
        self._compare.show(listed_groups(listed), group=None if here is None else self._group(here))

    def _listed_of(self, what: CurateData) -> list[GroupEntry]:
        """What the list holds: with the filter on, groups judged during this look stay, so that none jumps away."""
        if self._filter.chosen == _ALL:
            return what.groups[:MAX_LISTED]
        wanted = [entry for entry in what.groups if entry.n_open or entry.duplicate_group_id in self._kept]
        return wanted[:MAX_LISTED]

    # -------------------------------------------------------------------------------------------- clicks

    def _choose_filter(self, _key: str) -> None:
        self._kept.clear()
        self._on_decided()

    def _open(self, group_id: int) -> ComparedGroup:
        return self._group(group_id)

    def _decide(self, group_id: int, clip_id: int, decision: Decision) -> ComparedGroup:
        group = compared_group(self._state.decide(clip_id, decision))
        if group["id"] != group_id:
            raise NotFound("near-duplicates were found anew; it was decided in the new group", which=group["name"])
        self._kept.add(group_id)
        self._compare.group = dict(group)
        self._on_decided()
        return group

    def _group(self, group_id: int) -> ComparedGroup:
        return compared_group(self._state.group(group_id))

    def _find(self) -> None:
        self._state.find_duplicates()
        self._on_started("Looking for near-duplicates")
