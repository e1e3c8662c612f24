"""What a segmenter is."""

from __future__ import annotations

from typing import Protocol

from pipeline.core.types import Segment, Sound


class Segmenter(Protocol):
    """Proposes the spans of a recording that become clips."""

    def segment(self, sound: Sound) -> list[Segment]:
        """Spans in samples of the recording's own rate: sorted, not empty, inside the recording; maybe none.

        Reads by ``sound.blocks()`` and holds no more than a block at a time, so that
        a ten-hour recording costs no more memory than a short one.
        """
        ...
