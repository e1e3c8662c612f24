"""Segmenter fixed: spans of one length, one after the other or overlapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal, get_args

from pipeline.core.types import Segment, Sound

Tail = Literal["drop", "keep", "shift"]


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """Proposes spans of ``length_s``, one every ``hop_s`` (None: one after the other).

    ``tail`` says what becomes of the end that no full span covers: drop leaves it out, keep gives
    a shorter last span, shift moves the last span back so that it is full. A recording shorter
    than ``length_s`` gives one short span for keep and shift, none for drop.
    """

    length_s: float = 5.0
    hop_s: float | None = None
    tail: Tail = "drop"

    def __post_init__(self) -> None:
        if not 0.001 <= self.length_s <= 86_400:
            raise ValueError(f"length_s is 0.001 to 86400, not {self.length_s}")
        if self.hop_s is not None and not 0.001 <= self.hop_s <= 86_400:
            raise ValueError(f"hop_s is 0.001 to 86400 or None, not {self.hop_s}")
        if self.tail not in get_args(Tail):
            raise ValueError(f"tail is one of {', '.join(get_args(Tail))}, not {self.tail!r}")

    def segment(self, sound: Sound) -> list[Segment]:
        """The spans, sorted; reads no sound, only its length."""
        return list(self._spans(sound.n_samples, sound.rate_hz))

    def _spans(self, n_samples: int, rate_hz: int) -> Iterator[Segment]:
        length = max(1, round(self.length_s * rate_hz))
        hop = max(1.0, (self.length_s if self.hop_s is None else self.hop_s) * rate_hz)
        start = stop = 0
        for index in count():
            start = round(index * hop)
            if start + length > n_samples:
                break
            stop = start + length
            yield Segment(start=start, stop=stop)
        if self.tail == "drop" or stop >= n_samples or start >= n_samples:
            return
        if self.tail == "shift":
            start = max(0, n_samples - length)
        yield Segment(start=start, stop=n_samples)
