"""Near-duplicate groups side by side: the representative against each member, decided by ear and reversible.

From the browser: ``open`` {group_id}, ``more``, ``decide`` {group_id, clip_id, decision}, ``undo`` and ``fetch``
(clip_source.py). To the browser: the traits, ``decided`` {clip_id, decision}, ``undone`` {clip_id, decision} and
``error`` {message}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

import anywidget
import traitlets

from pipeline.widgets.assets import module, style
from pipeline.widgets.clip_source import ReadClip, serve_clips
from pipeline.widgets.replying import replying

Decision = Literal["restore", "mark", "represent"]
Finding = Literal["identical", "same recording", "sounds alike"]


class ComparedClip(TypedDict):
    """A member of the group. ``proposed``: a deduplicator says copy; ``copy`` and ``restored``: a person said so.

    ``lag_s`` is where the representative's start lies in this clip, so that both are heard at the same place; None
    where nobody laid the two on each other: then each is heard from its own beginning. ``share`` says in words how they
    lie to each other.
    """

    clip_id: int
    name: str
    state: Literal["proposed", "copy", "restored"]
    detail: NotRequired[str]
    distance: NotRequired[float | None]
    finding: NotRequired[Finding]
    reason: NotRequired[str]
    lag_s: NotRequired[float | None]
    share: NotRequired[str]


class ComparedGroup(TypedDict):
    """One group with all its members; the representative is one of them."""

    id: int
    name: str
    representative_id: int
    members: Sequence[ComparedClip]
    reason: NotRequired[str]


class ListedGroup(TypedDict):
    """A line of the list of groups; ``doubt`` in [0, 1], the most doubtful group first."""

    id: int
    name: str
    n_clips: int
    is_settled: bool
    doubt: NotRequired[float | None]
    finding: NotRequired[Finding]


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """A decision that was taken back by another (None: it had changed nothing), and the clip's group as it is now."""

    clip_id: int
    decision: Decision | None
    group: ComparedGroup


class ClipCompare(anywidget.AnyWidget):
    """The list of groups and the one that is open. Of ``n_groups`` in all the list may hold the first only."""

    _esm = module(
        "dom.js",
        "spectrogram.js",
        "sound.js",
        "clip_compare_sound.js",
        "clip_compare_parts.js",
        "clip_compare_list.js",
        "clip_compare.js",
    )
    _css = style("base.css", "clip_compare.css", "clip_compare_list.css")
    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    n_groups = traitlets.Int().tag(sync=True)
    n_open = traitlets.Int(None, allow_none=True).tag(sync=True)
    group = traitlets.Dict().tag(sync=True)

    def __init__(self, *, read_clip: ReadClip) -> None:
        super().__init__()
        self._open: Callable[[int], ComparedGroup] | None = None
        self._decide: Callable[[int, int, Decision], ComparedGroup] | None = None
        self._more: Callable[[], Sequence[ListedGroup]] | None = None
        self._undo: Callable[[], TakenBack] | None = None
        self.on_msg(self._receive)
        serve_clips(self, read_clip)

    def show(
        self,
        groups: Sequence[ListedGroup],
        *,
        group: ComparedGroup | None = None,
        n_groups: int | None = None,
        n_open: int | None = None,
    ) -> None:
        """The list, and the group to open; without one, the first of the list by ``on_open``'s callback.

        ``n_groups`` and ``n_open`` (with a member to judge) count those in all, when the list holds the first only.
        """
        with self.hold_sync():
            self.groups = [dict(entry) for entry in groups]
            self.n_groups = len(groups) if n_groups is None else n_groups
            self.n_open = n_open
            if group is None and groups and self._open is not None:
                group = self._open(groups[0]["id"])
            self.group = dict(group) if group is not None else {}

    def on_open(self, callback: Callable[[int], ComparedGroup]) -> None:
        """``callback(group_id)`` gives the group."""
        self._open = callback

    def on_decide(self, callback: Callable[[int, int, Decision], ComparedGroup]) -> None:
        """``callback(group_id, clip_id, decision)`` does it and gives the group as it is now."""
        self._decide = callback

    def on_more(self, callback: Callable[[], Sequence[ListedGroup]]) -> None:
        """``callback()`` gives the list with the next page of groups at its end."""
        self._more = callback

    def on_undo(self, callback: Callable[[], TakenBack]) -> None:
        """``callback()`` takes the last decision back."""
        self._undo = callback

    def _receive(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("type") == "open" and self._open is not None:
            with replying(self):
                self.group = dict(self._open(int(message["group_id"])))
        elif message.get("type") == "more" and self._more is not None:
            with replying(self):
                self.groups = [dict(entry) for entry in self._more()]
        elif message.get("type") == "undo" and self._undo is not None:
            with replying(self):
                undone = self._undo()
                self.group = dict(undone.group)
                self.send({"type": "undone", "clip_id": undone.clip_id, "decision": undone.decision})
        elif message.get("type") == "decide" and self._decide is not None:
            decision = message.get("decision")
            if decision == "restore" or decision == "mark" or decision == "represent":
                self._do(int(message["group_id"]), int(message["clip_id"]), decision)
            else:
                self.send({"type": "error", "message": f"unknown decision: {decision}"})

    def _do(self, group_id: int, clip_id: int, decision: Decision) -> None:
        with replying(self):
            if self._decide is not None:
                group = self._decide(group_id, clip_id, decision)
                self.group = dict(group)
                self._list_again(group)
                self.send({"type": "decided", "clip_id": clip_id, "decision": decision})

    def _list_again(self, group: ComparedGroup) -> None:
        others = [member for member in group["members"] if member["clip_id"] != group["representative_id"]]
        is_settled = all(member["state"] != "proposed" for member in others)
        now = {"is_settled": is_settled, "n_clips": len(group["members"])}
        self.groups = [{**entry, **now} if entry["id"] == group["id"] else entry for entry in self.groups]
