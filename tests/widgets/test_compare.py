"""ClipCompare, kernel side."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import AudioError, NotFound, NotPermitted
from pipeline.widgets.clip_compare import ClipCompare, ComparedGroup, Decision, ListedGroup, TakenBack
from pipeline.widgets.clip_source import ClipBytes


def no_sound(clip_id: int) -> ClipBytes:
    raise AudioError("no such clip", which=clip_id)


def group(group_id: int, *, state: str = "proposed") -> ComparedGroup:
    members: list[Any] = [
        {"clip_id": 10, "name": "a", "state": "proposed"},
        {"clip_id": 11, "name": "b", "state": state, "distance": 0.01},
    ]
    return {"id": group_id, "name": f"group {group_id}", "representative_id": 10, "members": members}


def compared(monkeypatch: pytest.MonkeyPatch) -> tuple[ClipCompare, list[dict[str, Any]]]:
    widget = ClipCompare(read_clip=no_sound)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget.on_open(group)
    widget.show([{"id": n, "name": f"group {n}", "n_clips": 2, "is_settled": False} for n in (1, 2)])
    return widget, sent


def test_first_group_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, _ = compared(monkeypatch)
    assert widget.group["id"] == 1
    widget._handle_custom_msg({"type": "open", "group_id": 2}, [])
    assert widget.group["id"] == 2


def test_no_group_shows_none() -> None:
    widget = ClipCompare(read_clip=no_sound)
    widget.show([])
    assert (widget.group, widget.groups) == ({}, [])


def test_decision_gives_the_group_back_and_settles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = compared(monkeypatch)
    decided: list[tuple[int, int, Decision]] = []

    def decide(group_id: int, clip_id: int, decision: Decision) -> ComparedGroup:
        decided.append((group_id, clip_id, decision))
        return group(group_id, state="restored")

    widget.on_decide(decide)
    widget._handle_custom_msg({"type": "decide", "group_id": 1, "clip_id": 11, "decision": "restore"}, [])
    assert decided == [(1, 11, "restore")]
    assert widget.group["members"][1]["state"] == "restored"
    assert [entry["is_settled"] for entry in widget.groups] == [True, False]
    assert sent == [{"type": "decided", "clip_id": 11, "decision": "restore"}]


def test_refused_or_unknown_decision_changes_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = compared(monkeypatch)

    def refuse(group_id: int, clip_id: int, decision: Decision) -> ComparedGroup:
        raise NotPermitted("an annotator settles no copies", do="ask a reviewer")

    widget.on_decide(refuse)
    before = widget.group
    widget._handle_custom_msg({"type": "decide", "group_id": 1, "clip_id": 11, "decision": "mark"}, [])
    widget._handle_custom_msg({"type": "decide", "group_id": 1, "clip_id": 11, "decision": "delete"}, [])
    assert widget.group == before
    assert [message["message"] for message in sent] == [
        "an annotator settles no copies; ask a reviewer",
        "unknown decision: delete",
    ]


def test_next_page_is_added_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = compared(monkeypatch)
    more: list[ListedGroup] = [
        {"id": n, "name": f"group {n}", "n_clips": 2, "is_settled": False, "finding": "identical"} for n in range(1, 5)
    ]
    widget.on_more(lambda: more)
    widget._handle_custom_msg({"type": "more"}, [])
    assert [entry["id"] for entry in widget.groups] == [1, 2, 3, 4]
    assert widget.group["id"] == 1 and sent == []


def test_list_says_how_many_groups_there_are_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, _ = compared(monkeypatch)
    assert (widget.n_groups, widget.n_open) == (2, None)
    widget.show([{"id": 1, "name": "group 1", "n_clips": 2, "is_settled": False}], n_groups=100_000, n_open=7)
    assert (widget.n_groups, widget.n_open) == (100_000, 7)


def test_decision_is_taken_back_in_its_own_group(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = compared(monkeypatch)
    widget.on_undo(lambda: TakenBack(clip_id=11, decision=None, group=group(2, state="copy")))
    widget._handle_custom_msg({"type": "undo"}, [])
    assert widget.group["id"] == 2
    assert sent == [{"type": "undone", "clip_id": 11, "decision": None}]


def test_nothing_to_take_back_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = compared(monkeypatch)

    def undo() -> TakenBack:
        raise NotFound("nothing to undo")

    widget.on_undo(undo)
    widget._handle_custom_msg({"type": "undo"}, [])
    assert sent == [{"type": "error", "message": "nothing to undo"}]
