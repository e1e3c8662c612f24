"""Which clip represents others: by stated preference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pipeline.core.types import Preference


class Candidate(Protocol):
    """What the preferences read of a clip; properties of a frozen row will do."""

    @property
    def is_labelled(self) -> bool: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def rate_hz(self) -> int: ...
    @property
    def clipped_ratio(self) -> float | None: ...


def ranks(clips: Sequence[Candidate], prefer: Sequence[Preference]) -> list[int]:
    """How much each clip is preferred, 0 the most, by the first word that tells them apart; equal where none does."""
    keys = [tuple(_KEYS[word](clip) for word in prefer) for clip in clips]
    place = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return [place[key] for key in keys]


_KEYS: Mapping[Preference, Callable[[Candidate], float]] = {
    "labelled": lambda clip: not clip.is_labelled,
    "longest": lambda clip: -clip.duration_s,
    "highest rate": lambda clip: -clip.rate_hz,
    "least clipped": lambda clip: clip.clipped_ratio or 0.0,
}
