"""AlikeSlider, kernel side."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import AudioError, ComputeError
from pipeline.widgets.alike_slider import AlikeSlider
from pipeline.widgets.clip_source import ClipBytes


def no_sound(clip_id: int) -> ClipBytes:
    raise AudioError("no such clip", which=clip_id)


def slider(monkeypatch: pytest.MonkeyPatch) -> tuple[AlikeSlider, list[dict[str, Any]]]:
    widget = AlikeSlider(read_clip=no_sound)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget.show([{"distance": 0.02, "share": 0.1, "words": "1 clip goes", "pairs": []}], applied=None)
    return widget, sent


def test_distance_and_off_reach_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = slider(monkeypatch)
    asked: list[float | None] = []
    widget.on_apply(asked.append)
    for distance in (0.02, None):
        widget._handle_custom_msg({"type": "apply", "distance": distance}, [])
    assert asked == [0.02, None]
    assert sent == [{"type": "applied"}, {"type": "applied"}]


def test_refusal_is_said_and_nothing_counts_as_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = slider(monkeypatch)

    def refuse(_distance: float | None) -> None:
        raise ComputeError("the last order still runs", do="wait until it has ended")

    widget.on_apply(refuse)
    widget._handle_custom_msg({"type": "apply", "distance": 0.02}, [])
    assert sent == [{"type": "error", "message": "the last order still runs; wait until it has ended"}]
    assert widget.applied is None


def test_lost_clip_of_a_pair_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = slider(monkeypatch)
    widget._handle_custom_msg({"type": "fetch", "ids": [7]}, [])
    assert [(message["type"], message["id"]) for message in sent] == [("missing", 7)]
