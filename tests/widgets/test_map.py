"""ClipMap, kernel side: points travel once, as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.core.errors import AudioError
from pipeline.widgets.clip_map import Category, ClipMap
from pipeline.widgets.clip_source import ClipBytes

LABELS: list[Category] = [{"name": "rain"}, {"name": "dog"}]


def no_sound(clip_id: int) -> ClipBytes:
    raise AudioError("no such clip", which=clip_id)


def recorded(monkeypatch: pytest.MonkeyPatch) -> tuple[ClipMap, list[tuple[dict[str, Any], list[bytes]]]]:
    widget = ClipMap(read_clip=no_sound)
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, list(buffers or ()))))
    return widget, sent


def test_points_are_sent_when_asked_for_in_the_layout_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = recorded(monkeypatch)
    xy = np.array([[0.5, -1.0], [2.0, 3.0]])
    widget.show(xy, np.array([1, 0]), ids=np.array([70, 80]), categories=LABELS, names=["a\0b", "ü"])
    assert sent == []
    widget._handle_custom_msg({"type": "points"}, [])
    [(content, buffers)] = sent
    assert content == {"type": "points"}
    assert np.frombuffer(buffers[0], "<f4").tolist() == [0.5, -1.0, 2.0, 3.0]
    assert np.frombuffer(buffers[1], "<u2").tolist() == [1, 0]
    assert np.frombuffer(buffers[2], "<i4").tolist() == [70, 80]
    assert buffers[3].decode().split("\0") == ["a b", "ü"]


def test_new_points_follow_at_once_where_the_map_is_on_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = recorded(monkeypatch)
    widget._handle_custom_msg({"type": "points"}, [])
    widget.show(np.zeros((1, 2)), np.array([0]), ids=np.array([1]), categories=LABELS)
    assert [len(buffers[2]) for _, buffers in sent] == [0, 4]


@pytest.mark.parametrize(
    ("xy", "category", "words"),
    [
        (np.zeros((2, 3)), np.array([0, 0]), "xy"),
        (np.zeros((2, 2)), np.array([0]), "category"),
        (np.zeros((2, 2)), np.array([0, 2]), "2 names"),
        (np.array([[0, 0], [np.nan, 0]]), np.array([0, 0]), "finite"),
    ],
)
def test_points_that_do_not_fit_are_refused(xy: Any, category: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ClipMap(read_clip=no_sound).show(xy, category, ids=np.array([1, 2]), categories=LABELS)


def test_no_points_at_all_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = recorded(monkeypatch)
    widget.show(np.zeros((0, 2)), np.zeros(0, int), ids=np.zeros(0, int), categories=[])
    widget._handle_custom_msg({"type": "points"}, [])
    assert sent[0][1] == [b"", b"", b"", b""]


def test_selection_calls_back_and_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    widget, sent = recorded(monkeypatch)
    widget.on_selected(lambda ids: f"{len(ids)} clips")
    widget._handle_custom_msg({"type": "selected", "ids": [3, 4]}, [])
    assert [content for content, _ in sent] == [{"type": "told", "message": "2 clips"}]


def test_points_that_are_only_coloured_anew_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = ClipMap(read_clip=no_sound)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget._handle_custom_msg({"type": "points"}, [])
    for is_view_kept in (False, True):
        widget.show(
            np.zeros((1, 2)), np.array([0]), ids=np.array([7]), categories=[{"name": "a"}], is_view_kept=is_view_kept
        )
    assert sent[1:] == [{"type": "points"}, {"type": "points", "is_view_kept": True}]
