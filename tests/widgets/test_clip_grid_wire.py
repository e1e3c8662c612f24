"""What the clip grid says to the browser, message by message; the browser's side is in tests/browser."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from pipeline.core.errors import AudioError, DatabaseUnavailable, NotPermitted
from pipeline.core.types import AnswerGiven
from pipeline.widgets.clip_deck import FlagGiven, SkipGiven
from pipeline.widgets.clip_grid import N_MOST, ClipGrid, GridBatch, Settled
from pipeline.widgets.clip_source import ClipBytes

HEARD = {"n_plays": 2, "heard_s": 1.5, "response_ms": 900, "speed": 1, "share": 0.75}


class Desk:
    """A grid whose messages are kept instead of sent, and the callbacks that it calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[dict[str, Any]] = []
        self.saved: list[AnswerGiven | SkipGiven | FlagGiven] = []
        self.settled: list[Settled] = []
        self.fault: Exception | None = None
        self.grid = ClipGrid(
            read_clip=self._read,
            on_answer=self._save,
            on_skip=self._save,
            on_flag=self._save,
            on_settled=self._settle,
            labels=[{"name": "dog"}, {"name": "cat"}],
            storage_key="test",
        )
        monkeypatch.setattr(self.grid, "send", lambda content, buffers=None: self.sent.append(content))

    def says(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What the grid answers to a message of the browser."""
        self.sent.clear()
        self.grid._handle_custom_msg(message, [])
        return list(self.sent)

    def _read(self, clip_id: int) -> ClipBytes:
        raise AudioError("no sound", which=clip_id)

    def _save(self, given: AnswerGiven | SkipGiven | FlagGiven) -> None:
        if self.fault:
            raise self.fault
        self.saved.append(given)

    def _settle(self, settled: Settled) -> GridBatch | None:
        if self.fault:
            raise self.fault
        self.settled.append(settled)
        return batch(10 * len(self.settled), 2) if settled.is_more_wanted else None


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def batch(first: int, n: int) -> GridBatch:
    return {"label": "dog", "clips": [{"id": first + i, "name": "a"} for i in range(n)], "n_left": 0}


def answer(**changes: Any) -> dict[str, Any]:
    usual = {"type": "answer", "event_id": str(uuid4()), "clip_id": 1, "answer": "label", "label": "dog"}
    return usual | {"supersedes": None, "screen": "grid", "heard": HEARD} | changes


def after(turn: str, *, is_more_wanted: bool = True) -> dict[str, Any]:
    return {"type": "next", "turn": turn, "confirmed": [1, 2], "struck": [3], "is_more_wanted": is_more_wanted}


def test_confirmed_clip_is_saved_with_what_was_heard_of_it(desk: Desk) -> None:
    message = answer()
    assert desk.says(message) == [{"type": "saved", "event_ids": [message["event_id"]]}]
    given = desk.saved[0]
    assert isinstance(given, AnswerGiven) and given.heard is not None
    assert (given.clip_id, given.answer, given.label, given.screen) == (1, "label", "dog", "grid")
    assert (given.heard.share, given.heard.n_plays, given.heard.response_ms) == (0.75, 2, 900)


def test_answers_that_a_deck_left_behind_keep_their_screen_and_are_saved(desk: Desk) -> None:
    desk.says(answer(screen=None, answer="unsure", label=None))
    desk.says(answer(screen=None, also=["cat"]))
    desk.says({"type": "skip", "event_id": str(uuid4()), "clip_id": 2})
    desk.says({"type": "flag", "event_id": str(uuid4()), "clip_id": 3, "is_raised": True})
    unsure, many, skip, flag = desk.saved
    assert isinstance(unsure, AnswerGiven) and isinstance(many, AnswerGiven)
    assert (unsure.answer, unsure.screen) == ("unsure", "deck")
    assert (many.label, many.also, many.screen) == ("dog", ("cat",), "deck")
    assert isinstance(skip, SkipGiven) and isinstance(flag, FlagGiven) and flag.is_raised


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": "maybe"},
        {"label": "cow"},
        {"label": None},
        {"event_id": "7"},
        {"clip_id": "1"},
        {"heard": {"n_plays": 1}},
        {"heard": HEARD | {"share": 1.2}},
        {"picture": ""},
    ],
)
def test_message_that_is_no_answer_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    (said,) = desk.says(answer(**changes))
    assert said["type"] == "refused"
    assert desk.saved == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (NotPermitted("anna may not annotate"), "refused"),
        (DatabaseUnavailable("no database"), "postponed"),
        (RuntimeError("our own fault"), "postponed"),
    ],
)
def test_fault_keeps_the_answer_in_the_browser_unless_it_is_refused(desk: Desk, fault: Exception, said: str) -> None:
    desk.fault = fault
    assert [message["type"] for message in desk.says(answer())] == [said]


def test_batch_that_is_asked_for_twice_is_settled_once(desk: Desk) -> None:
    first = desk.says(after("a"))
    assert first == [{"type": "batch", "turn": "a", "batch": batch(10, 2)}]
    assert desk.says(after("a")) == first
    assert desk.settled == [Settled(confirmed=[1, 2], struck=[3], is_more_wanted=True)]
    assert desk.says(after("b", is_more_wanted=False)) == [{"type": "batch", "turn": "b", "batch": None}]


def test_batch_that_failed_is_settled_when_it_is_asked_for_again(desk: Desk) -> None:
    desk.fault = DatabaseUnavailable("no database")
    (said,) = desk.says(after("a"))
    assert said["type"] == "error" and "no database" in said["message"]
    desk.fault = None
    assert desk.says(after("a"))[0]["type"] == "batch"


def test_grid_refuses_more_clips_than_it_holds(desk: Desk) -> None:
    desk.grid.show(batch(0, N_MOST))
    with pytest.raises(ValueError, match="60 clips at most"):
        desk.grid.show(batch(0, N_MOST + 1))


def test_same_clips_shown_again_are_told_to_the_browser(desk: Desk) -> None:
    desk.grid.show(batch(0, 2))
    before = desk.grid.batch
    desk.grid.show(batch(0, 2))
    assert desk.grid.batch != before


def test_clip_without_sound_is_said(desk: Desk) -> None:
    (said,) = desk.says({"type": "fetch", "ids": [4]})
    assert (said["type"], said["id"]) == ("missing", 4) and "no sound" in said["message"]
