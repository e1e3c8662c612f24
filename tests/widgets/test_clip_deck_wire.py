"""What the clip deck says to the browser, message by message; the browser's side is in tests/browser."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from pipeline.core.errors import DatabaseUnavailable, EarmarkError, NotFound, NotPermitted
from pipeline.core.picture import PictureRecipe
from pipeline.core.types import AnswerGiven, Heard
from pipeline.widgets import assets
from pipeline.widgets.clip_deck import AnsweredElsewhere, ClipDeck, DeckClip, FlagGiven, MoreClips, SkipGiven
from pipeline.widgets.clip_source import ClipBytes

HEARD = {"n_plays": 2, "heard_s": 1.5, "response_ms": 900, "speed": 1, "share": 0.75}


class Desk:
    """A deck whose messages are kept instead of sent, and the callbacks that it calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[dict[str, Any]] = []
        self.buffers: list[Any] = []
        self.saved: list[AnswerGiven | SkipGiven | FlagGiven] = []
        self.have: list[int] = []
        self.fault: Exception | None = None
        monkeypatch.setattr(ClipDeck, "send", self._keep)
        self.deck = ClipDeck(
            read_clip=self._read,
            on_answer=self._save,
            on_skip=self._save,
            on_flag=self._save,
            on_more=self._more,
            labels=[{"name": "dog"}, {"name": "cat", "color": "#ff0000"}],
            first=MoreClips(clips=[_clip(1)], n_total=3, n_done=0),
            storage_key="test",
        )

    def says(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What the deck answers to a message of the browser."""
        self.sent.clear()
        self.deck._handle_custom_msg(message, [])
        return list(self.sent)

    def _keep(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append(content)
        self.buffers.append(buffers)

    def _save(self, given: AnswerGiven | SkipGiven | FlagGiven) -> None:
        if self.fault:
            raise self.fault
        self.saved.append(given)

    def _read(self, clip_id: int) -> ClipBytes:
        if clip_id == 9:
            raise NotFound("no such clip", which=9)
        if clip_id == 8:
            raise OSError("disk gone")
        return ClipBytes(data=b"RIFF", mime="audio/wav", rate_hz=8000)

    def _more(self, have: list[int]) -> MoreClips:
        if self.fault:
            raise self.fault
        self.have = have
        return MoreClips(clips=[_clip(2)], n_total=3, n_done=1)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_answer_reaches_the_callback_whole_and_is_confirmed(desk: Desk) -> None:
    event_id, earlier = uuid4(), uuid4()
    message = _answer(event_id, label="cat", supersedes=str(earlier), picture="0123456789abcdef")
    assert desk.says(message) == [{"type": "saved", "event_ids": [str(event_id)]}]
    heard = Heard(n_plays=2, heard_s=1.5, response_ms=900, speed=1.0, share=0.75)
    assert desk.saved == [
        AnswerGiven(
            annotation_id=event_id,
            clip_id=1,
            answer="label",
            label="cat",
            heard=heard,
            supersedes=earlier,
            screen="deck",
            picture="0123456789abcdef",
        )
    ]


def test_answer_that_an_older_page_kept_is_saved_without_share_and_picture(desk: Desk) -> None:
    older = {key: value for key, value in HEARD.items() if key != "share"}
    desk.says(_answer(uuid4(), heard=older))
    given = desk.saved[0]
    assert isinstance(given, AnswerGiven) and given.heard is not None
    assert (given.heard.share, given.picture) == (None, None)


def test_bad_audio_is_an_answer_without_label(desk: Desk) -> None:
    desk.says(_answer(uuid4(), answer="bad_audio", label=None))
    given = desk.saved[0]
    assert isinstance(given, AnswerGiven)
    assert (given.answer, given.label) == ("bad_audio", None)


def test_browser_gets_the_picture_recipe_with_its_hash(desk: Desk) -> None:
    assert desk.deck.picture == PictureRecipe().to_json() | {"hash": PictureRecipe().hash}
    other = PictureRecipe(scale="linear")
    desk.deck.draw_by(other)
    assert (desk.deck.picture["scale"], desk.deck.picture["hash"]) == ("linear", other.hash)


def test_withdrawal_carries_no_label_and_nothing_heard(desk: Desk) -> None:
    desk.says(_answer(uuid4(), answer="withdrawn", label=None, heard=None, supersedes=str(uuid4())))
    given = desk.saved[0]
    assert isinstance(given, AnswerGiven)
    assert (given.answer, given.label, given.heard) == ("withdrawn", None, None)


def test_skip_and_flag_reach_their_callbacks(desk: Desk) -> None:
    skip, flag = uuid4(), uuid4()
    desk.says({"type": "skip", "event_id": str(skip), "clip_id": 1})
    desk.says({"type": "flag", "event_id": str(flag), "clip_id": 1, "is_raised": True})
    assert desk.saved == [
        SkipGiven(event_id=skip, clip_id=1),
        FlagGiven(event_id=flag, clip_id=1, is_raised=True),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "horse"},
        {"label": None},
        {"answer": "perhaps"},
        {"answer": "unsure"},
        {"event_id": "no uuid"},
        {"clip_id": "1"},
        {"heard": {"n_plays": 1}},
        {"heard": HEARD | {"share": 1.5}},
        {"heard": HEARD | {"share": float("nan")}},
        {"picture": 7},
        {"picture": "f" * 65},
        {"answer": "bad_audio"},
        {"supersedes": "no uuid"},
    ],
)
def test_malformed_answer_is_refused_and_never_saved(desk: Desk, wrong: dict[str, Any]) -> None:
    (reply,) = desk.says(_answer(uuid4()) | wrong)
    assert reply["type"] == "refused" and reply["message"]
    assert desk.saved == []


@pytest.mark.parametrize("kind", [NotPermitted, AnsweredElsewhere])
def test_refusal_carries_the_errors_sentence_and_whether_the_clip_is_settled(
    desk: Desk, kind: type[EarmarkError]
) -> None:
    desk.fault = kind("not saved", do="ask the admin")
    event_id = uuid4()
    refusal = {"type": "refused", "event_id": str(event_id), "message": "not saved; ask the admin"}
    assert desk.says(_answer(event_id)) == [refusal | {"is_settled": kind is AnsweredElsewhere}]


@pytest.mark.parametrize("fault", [DatabaseUnavailable("no connection"), RuntimeError("a bug")])
def test_answer_is_postponed_and_not_lost_when_it_cannot_be_saved_now(desk: Desk, fault: Exception) -> None:
    desk.fault = fault
    (reply,) = desk.says(_answer(uuid4()))
    assert reply["type"] == "postponed" and str(fault) in reply["message"]


def test_clips_travel_one_a_message_and_missing_ones_say_why(desk: Desk) -> None:
    replies = desk.says({"type": "fetch", "ids": [1, 9, 8]})
    assert replies[0] == {"type": "clip", "id": 1, "mime": "audio/wav", "rate_hz": 8000}
    assert replies[1] == {"type": "missing", "id": 9, "message": "no such clip: 9"}
    assert replies[2]["type"] == "missing" and "disk gone" in replies[2]["message"]
    assert [bytes(buffers[0]) for buffers in desk.buffers if buffers] == [b"RIFF"]


def test_more_appends_by_message_and_leaves_the_trait_alone(desk: Desk) -> None:
    replies = desk.says({"type": "more", "have": [1]})
    assert replies == [{"type": "queue", "clips": [dict(_clip(2))], "total": 3, "done": 1}]
    assert desk.have == [1]
    assert [clip["id"] for clip in desk.deck.queue] == [1]


def test_queue_that_cannot_go_on_says_why(desk: Desk) -> None:
    desk.fault = DatabaseUnavailable("no connection")
    assert desk.says({"type": "more", "have": []}) == [{"type": "no_more", "message": "no connection"}]


def test_module_exports_once_and_fetches_nothing_from_elsewhere() -> None:
    module = ClipDeck._esm if isinstance(ClipDeck._esm, str) else str(ClipDeck._esm)
    assert module.count("export default") == 1
    assert "import " not in module.replace("important", "")
    assert "https://" not in module and "http://" not in module.replace("http://www.w3.org/2000/svg", "")


def test_style_begins_with_the_tokens() -> None:
    assert assets.style("clip_deck.css").startswith(assets.style())


def _clip(clip_id: int) -> DeckClip:
    return {"id": clip_id, "name": f"clip {clip_id}", "rate_hz": 8000, "duration_s": 1.0}


def _answer(event_id: UUID, **changed: Any) -> dict[str, Any]:
    message = {"type": "answer", "event_id": str(event_id), "clip_id": 1, "answer": "label", "label": "dog"}
    return message | {"supersedes": None, "heard": HEARD} | changed
