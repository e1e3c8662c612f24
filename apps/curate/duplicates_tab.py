"""The near-duplicates of the curate page: groups by doubt, heard side by side, decided at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from ipywidgets import VBox

from apps.curate.alike_panel import AlikePanel
from apps.curate.hear_panel import HEAR, HearPanel
from apps.curate.state import CurateData, CurateState
from apps.curate.words import compared_group, listed_groups
from pipeline.catalog.curation_lists import GroupCounts, GroupEntry, GroupFilter
from pipeline.core.errors import NotFound
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_compare import ClipCompare, ComparedGroup, Decision, ListedGroup, TakenBack
from pipeline.widgets.layout import columns, stack
from pipeline.widgets.shell import EmptyState

PAGE_N = 200
_FILTERS: tuple[GroupFilter, ...] = get_args(GroupFilter)
_FILTER_OF: dict[str, GroupFilter] = {shown: shown for shown in _FILTERS}


class DuplicatesTab:
    """The groups; ``on_decided`` is told of a decision, ``on_started(words)`` that near-duplicates are looked for."""

    def __init__(
        self, state: CurateState, *, on_decided: Callable[[], None], on_started: Callable[[str], None]
    ) -> None:
        self._state = state
        self._on_decided, self._on_started = on_decided, on_started
        self._listed: list[GroupEntry] = []
        self._listed_key: object = None
        self._n_listed = PAGE_N
        self._kept: set[int] = set()
        self._filter = Buttons(kind="choice", label="Groups", chosen="all")
        self._filter.on_press(self._choose_filter)
        self._again = Buttons()
        self._again.on_press(lambda key: self._hear_together() if key == HEAR["key"] else self._find())
        self._compare = ClipCompare(read_clip=state.read_clip)
        self._compare.on_open(self._group)
        self._compare.on_more(self._list_more)
        self._compare.on_decide(self._decide)
        self._compare.on_undo(self._undo)
        self._alike = AlikePanel(state, on_started=on_started)
        self._empty = EmptyState("")
        self._empty.on_act(self._find)
        self.controls = columns(self._filter, self._again, widths="auto 1fr", is_kept_when_narrow=True)
        self._hear = HearPanel(state, on_close=on_decided)
        # The comparison takes keys from the whole page, so it is on the page only while its tab is open.
        self._place: VBox = stack()
        self._seen = stack(self._alike.root, self._empty, self._place)
        self.root = stack(self._seen, self._hear.root)

    def draw(self, what: CurateData, *, is_open: bool) -> None:
        """Follow the groups: another page may have judged some, or found them anew."""
        counts = what.groups
        if not counts.n_groups:
            self._filter.chosen = "all"
        self._filter.items = _filter_items(counts) if counts.n_groups else []
        self._alike.draw(what)
        if is_open:
            self._draw_groups(what)
        self._draw_empty(what)
        self._draw_deeds(counts)
        is_compared = is_open and bool(self._listed) and not self._hear.is_open
        wanted = (self._compare,) if is_compared else ()
        self._seen.layout.display = "none" if self._hear.is_open else None
        if self._place.children != wanted:
            self._place.children = wanted

    def _draw_deeds(self, counts: GroupCounts) -> None:
        may_hear = self._listed and not self._hear.is_open and "annotate" in self._state.may
        may_find = counts.n_groups and "deduplicate" in self._state.may
        again = {"key": "again", "label": "Find near-duplicates again"}
        self._again.items = [*([HEAR] if may_hear else []), *([again] if may_find else [])]

    def _draw_empty(self, what: CurateData) -> None:
        self._empty.layout.display = "none" if self._listed else None
        may_find = "deduplicate" in self._state.may
        if what.groups.n_groups:
            is_judged = self._shown == "open"
            title = "Every group is judged" if is_judged else f"No group is “{self._shown}”"
            text, action = "Choose All to hear them again." if is_judged else "Choose All to hear the others.", ""
        elif what.has_deduplicated:
            title, action = "No near-duplicates", "Look again" if may_find else ""
            text = "No two clips hold the same sound."
        else:
            title, action = "Near-duplicates were never looked for", "Find near-duplicates" if may_find else ""
            text = "Clips that hold the same sound are grouped and all but one of each marked; nothing is deleted."
        with self._empty.hold_sync():
            self._empty.title, self._empty.text, self._empty.action_label = title, text, action

    def _draw_groups(self, what: CurateData) -> None:
        """Read the list again if the groups changed, as far as it was read before."""
        key = (what.groups_mark, self._shown, frozenset(self._kept))
        if key == self._listed_key:
            return
        self._listed_key = key
        self._listed = self._state.groups(shown=self._shown, kept=self._kept, limit=self._n_listed)
        ids = [entry.duplicate_group_id for entry in self._listed]
        here = next(
            (group_id for group_id in ids if group_id == self._compare.group.get("id")), ids[0] if ids else None
        )
        self._compare.show(
            listed_groups(self._listed),
            group=None if here is None else self._group(here),
            n_groups=max(len(self._listed), _n_shown(what.groups, self._shown)),
            n_open=what.groups.n_open if self._shown in ("all", "open") else None,
        )

    @property
    def _shown(self) -> GroupFilter:
        return _FILTER_OF.get(self._filter.chosen, "all")

    # -------------------------------------------------------------------------------------------- clicks

    def _choose_filter(self, _key: str) -> None:
        self._kept.clear()
        self._n_listed = PAGE_N
        self._listed_key = None
        self._on_decided()

    def _list_more(self) -> list[ListedGroup]:
        if self._listed:
            more = self._state.groups(shown=self._shown, kept=self._kept, after=self._listed[-1], limit=PAGE_N)
            self._listed = [*self._listed, *more]
            self._n_listed = max(PAGE_N, len(self._listed))
        return listed_groups(self._listed)

    def _decide(self, group_id: int, clip_id: int, decision: Decision) -> ComparedGroup:
        group = compared_group(self._state.decide(clip_id, decision))
        if group["id"] != group_id:
            raise NotFound("near-duplicates were found anew; it was decided in the new group", which=group["name"])
        self._decided(group)
        return group

    def _undo(self) -> TakenBack:
        undone = self._state.undo()
        group = compared_group(undone.group)
        self._decided(group)
        return TakenBack(clip_id=undone.clip_id, decision=undone.decision, group=group)

    def _decided(self, group: ComparedGroup) -> None:
        """Groups judged during this look stay in the list, so that none jumps away from under the hand."""
        self._kept.add(group["id"])
        self._compare.group = dict(group)
        self._on_decided()

    def _group(self, group_id: int) -> ComparedGroup:
        return compared_group(self._state.group(group_id))

    def _hear_together(self) -> None:
        """The open group, its representative first."""
        group_id = self._compare.group.get("id")
        if not isinstance(group_id, int):
            raise NotFound("no group is open: choose one in the list")
        group = self._group(group_id)
        members = [member["clip_id"] for member in group["members"]]
        self._hear.open(sorted(members, key=lambda clip_id: clip_id != group["representative_id"]))
        self._on_decided()

    def _find(self) -> None:
        self._state.find_duplicates()
        self._on_started("Looking for near-duplicates")


def _filter_items(counts: GroupCounts) -> list[dict[str, Any]]:
    named = zip(_FILTERS, ("All", "To judge", "Identical", "Same recording", "Sounds alike"), strict=True)
    items: list[dict[str, Any]] = [
        {"key": shown, "label": label, "count": _n_shown(counts, shown)} for shown, label in named
    ]
    items[1]["tone"] = "warn" if counts.n_open else "plain"
    return items


def _n_shown(counts: GroupCounts, shown: GroupFilter) -> int:
    return {
        "all": counts.n_groups,
        "open": counts.n_open,
        "identical": counts.n_identical,
        "same recording": counts.n_same_recording,
        "sounds alike": counts.n_sounds_alike,
    }[shown]
