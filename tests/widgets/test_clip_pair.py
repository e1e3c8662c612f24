"""ClipPair, kernel side."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import NotFound
from pipeline.widgets.clip_pair import ClipPair, PairOfClips
from pipeline.widgets.clip_source import ClipBytes

PAIR: PairOfClips = {
    "first": {"clip_id": 1, "name": "a", "side": "train"},
    "second": {"clip_id": 2, "name": "b", "side": "test"},
    "title": "Same recording in train and test",
    "about": "",
    "lag_s": 0.5,
}


def read_clip(clip_id: int) -> ClipBytes:
    if clip_id != 1:
        raise NotFound("no such clip in this project", which=clip_id)
    return ClipBytes(data=b"sound", mime="audio/wav", rate_hz=8_000)


def test_pair_is_shown_and_taken_away() -> None:
    widget = ClipPair(read_clip=read_clip)
    assert widget.pair == {}
    widget.show(PAIR)
    assert (widget.pair["first"]["clip_id"], widget.pair["lag_s"]) == (1, 0.5)
    widget.show(None)
    assert widget.pair == {}


def test_each_clip_that_is_asked_for_comes_or_is_told_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = ClipPair(read_clip=read_clip)
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=(): sent.append((content, list(buffers))))
    widget._handle_custom_msg({"type": "fetch", "ids": [1, 2]}, [])
    (clip, buffers), (missing, _) = sent
    assert (clip["type"], clip["id"], buffers) == ("clip", 1, [b"sound"])
    assert (missing["type"], missing["id"]) == ("missing", 2)
    assert "no such clip" in missing["message"]
