"""SoundQuery, kernel side: what comes in parts is one file, what is wrong is told, ticks outlive a longer list."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.errors import AudioError, NotPermitted
from pipeline.widgets.clip_source import ClipBytes
from pipeline.widgets.sound_query import MAX_BYTES, Region, Result, SoundQuery


def no_sound(clip_id: int) -> ClipBytes:
    raise AudioError("no such clip", which=clip_id)


class Asked:
    """A SoundQuery, what it was asked, and what it sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = SoundQuery(read_clip=no_sound)
        self.sent: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self.sounds: list[tuple[bytes, str]] = []
        monkeypatch.setattr(self.widget, "send", self._send)
        self.widget.on_sound(lambda data, name: self.sounds.append((data, name)))

    def _send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append(content)
        self.buffers += buffers or []

    def say(self, _type: str, *buffers: bytes, **message: Any) -> None:
        self.widget._handle_custom_msg({"type": _type, **message}, list(buffers))

    def part(self, data: bytes, *, n_bytes: int, is_first: bool = False, upload: str = "a") -> None:
        self.say("part", data, upload=upload, n_bytes=n_bytes, name="x.wav", is_first=is_first)

    @property
    def errors(self) -> list[str]:
        return [message["message"] for message in self.sent if message["type"] == "error"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


def results(*clip_ids: int) -> list[Result]:
    return [{"clip_id": clip_id, "name": f"{clip_id}.wav", "similarity": 0.5} for clip_id in clip_ids]


def test_parts_make_one_file_once_they_are_all_there(asked: Asked) -> None:
    asked.part(b"ab", n_bytes=5, is_first=True)
    asked.part(b"cd", n_bytes=5)
    assert asked.sounds == []
    asked.part(b"e", n_bytes=5)
    assert asked.sounds == [(b"abcde", "x.wav")]
    assert asked.sent == [{"type": "done"}]


def test_later_upload_takes_the_place_of_an_unfinished_one(asked: Asked) -> None:
    asked.part(b"ab", n_bytes=4, is_first=True, upload="a")
    asked.part(b"yz", n_bytes=2, is_first=True, upload="b")
    asked.part(b"cd", n_bytes=4, upload="a")
    assert [data for data, _ in asked.sounds] == [b"yz"]


def test_too_large_a_file_is_refused_by_its_word_and_by_its_bytes(asked: Asked) -> None:
    asked.part(b"ab", n_bytes=MAX_BYTES + 1, is_first=True)
    asked.part(b"abc", n_bytes=2, is_first=True, upload="b")
    assert asked.sounds == []
    assert len(asked.errors) == 2 and "at most 32 MB" in asked.errors[0]


def test_file_that_cannot_be_used_ends_in_its_sentence(asked: Asked) -> None:
    def refuse(_data: bytes, name: str) -> None:
        raise AudioError("no decoder reads the file", which=name)

    asked.widget.on_sound(refuse)
    asked.part(b"ab", n_bytes=2, is_first=True)
    assert asked.sent == [{"type": "error", "message": "no decoder reads the file: x.wav"}]


def test_region_arrives_in_numbers_and_anything_else_is_refused(asked: Asked) -> None:
    regions: list[Region] = []
    asked.widget.on_region(regions.append)
    asked.say("region", start_s=0.5, stop_s=None, low_hz=200, high_hz=4000)
    asked.say("region")
    assert regions == [Region(start_s=0.5, low_hz=200, high_hz=4000), Region()]
    asked.say("region", start_s="0; drop")
    assert len(regions) == 2 and asked.errors == ["not a region; expected numbers, got ['0; drop', None, None, None]"]


def test_sound_of_the_query_follows_its_name(asked: Asked) -> None:
    asked.widget.show_query("a.wav", ClipBytes(data=b"RIFF", mime="audio/wav", rate_hz=8_000), clip_id=3)
    asked.widget.show_query("", None)
    assert asked.sent == [{"type": "sound", "query_id": 1, "mime": "audio/wav", "rate_hz": 8_000}]
    assert asked.buffers == [b"RIFF"] and asked.widget.query["id"] == 2


def test_ticks_stay_for_clips_that_are_still_found(asked: Asked) -> None:
    asked.widget.show_results(results(1, 2, 3), heading="3 clips")
    asked.widget.ticked = [1, 3]
    asked.widget.show_results(results(3, 4), heading="2 clips")
    assert asked.widget.ticked == [3]


def test_save_ends_in_its_sentence_or_in_the_one_of_its_error(asked: Asked) -> None:
    def save(name: str) -> str:
        if name == "taken":
            raise NotPermitted("anna has a selection of this name: take another.")
        return f"kept as {name}"

    asked.widget.on_save(save)
    asked.say("save", name=" mine ")
    asked.say("save", name="taken")
    assert asked.sent == [
        {"type": "saved", "message": "kept as mine"},
        {"type": "error", "message": "anna has a selection of this name: take another.", "of": "save"},
    ]
