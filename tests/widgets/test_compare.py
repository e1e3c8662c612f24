"""ClipCompare, kernel side."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import AudioError, NotPermitted
from pipeline.widgets.clip_compare import ClipCompare, ComparedGroup, Decision
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
