"""Who represents a group is told by words, the first first."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.curation.representative import ranks


@dataclass(frozen=True, kw_only=True)
class Clip:
    is_labelled: bool = False
    duration_s: float = 1.0
    rate_hz: int = 16_000
    clipped_ratio: float | None = None


def test_each_word_prefers_what_it_says() -> None:
    assert ranks([Clip(), Clip(is_labelled=True)], ["labelled"]) == [1, 0]
    assert ranks([Clip(duration_s=2), Clip(duration_s=3), Clip(duration_s=2)], ["longest"]) == [1, 0, 1]
    assert ranks([Clip(rate_hz=8_000), Clip(rate_hz=48_000)], ["highest rate"]) == [1, 0]
    assert ranks([Clip(clipped_ratio=0.1), Clip(clipped_ratio=0.0), Clip()], ["least clipped"]) == [1, 0, 0]


def test_the_next_word_is_asked_where_the_first_does_not_tell() -> None:
    clips = [Clip(duration_s=9), Clip(is_labelled=True, duration_s=1), Clip(is_labelled=True, duration_s=2)]
    assert ranks(clips, ["labelled", "longest"]) == [2, 1, 0]
    assert ranks(clips, ["longest", "labelled"]) == [0, 2, 1]


def test_without_a_word_all_are_equal() -> None:
    assert ranks([Clip(), Clip(is_labelled=True)], []) == [0, 0]
    assert ranks([], ["longest"]) == []
