"""What a deduplicator is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pipeline.core.types import Audio, DuplicateGroup, Float32

ReadClip = Callable[[int], Audio]
"""Gives the sound of clip i of the call, for proof by ear of the machine."""


class Deduplicator(Protocol):
    """Finds the clips that hold the same sound."""

    def group(
        self, vectors: Float32, *, pcm_sha256: Sequence[bytes], duration_s: Sequence[float], read_clip: ReadClip
    ) -> list[DuplicateGroup]:
        """Disjoint groups of two or more of the n clips, by index, each with a representative.

        ``vectors`` float32 (n, d), rows of unit length; ``pcm_sha256`` the hash of each clip's samples.
        Every member carries its distance to the representative and the reason in words.
        """
        ...
