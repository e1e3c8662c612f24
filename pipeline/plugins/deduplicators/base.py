"""What a deduplicator is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pipeline.core.types import Audio, DuplicateGroup

ReadClip = Callable[[int], Audio]
"""Gives the sound of clip i of the call, for proof by ear of the machine."""
OnPairs = Callable[[int, int], None]
"""Told how many pairs of how many are compared; what it raises ends the search."""


class Deduplicator(Protocol):
    """Finds the clips that hold the same sound.

    ``method`` names what ``marks`` makes, version and all: marks are kept under it, and read again.
    """

    @property
    def method(self) -> str: ...

    def marks(self, audio: Audio) -> bytes:
        """What is kept of a clip so that it is known again. The same sound gives the same bytes."""
        ...

    def group(
        self,
        marks: Sequence[bytes],
        *,
        pcm_sha256: Sequence[bytes],
        rank: Sequence[int],
        read_clip: ReadClip,
        on_pairs: OnPairs = lambda n_done, n_total: None,
    ) -> list[DuplicateGroup]:
        """Disjoint groups of two or more of the n clips, by index, each with a representative.

        ``marks`` are each clip's own, ``pcm_sha256`` the hash of its samples, ``rank`` how much it is preferred as
        representative: 0 the most, equal where it does not matter. Every member carries what was found, its distance
        to the representative and the reason in words. read_clip's errors pass through.
        """
        ...
