"""Segmenter whole: every recording is one clip."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.types import Segment, Sound


@dataclass(frozen=True, kw_only=True)
class Whole:
    """Proposes the whole recording, for corpora that were cut before they came."""

    def segment(self, sound: Sound) -> list[Segment]:
        """One span from the first sample to the last; none for a recording without samples."""
        return [Segment(start=0, stop=sound.n_samples)] if sound.n_samples > 0 else []
