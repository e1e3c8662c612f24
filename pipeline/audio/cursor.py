"""A place in a recording that can only be decoded forwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.core.types import Float32


class Cursor:
    """Decodes on from the last span, so that spans in rising order, also overlapping ones, cost one pass.

    Holds what it decoded from the start of the last span on. Not for several threads; a copy or a pickle
    starts anew.
    """

    def __init__(self) -> None:
        self._blocks: Iterator[Float32] | None = None
        self._kept: list[Float32] = []
        self._kept_start = 0
        self._kept_stop = 0

    def __reduce__(self) -> tuple[type[Cursor], tuple[()]]:
        return (Cursor, ())

    @property
    def is_open(self) -> bool:
        return self._blocks is not None

    def take(self, start: int, stop: int, *, restart: Callable[[], Iterator[Float32]]) -> Float32:
        """Samples float32 (stop - start, channels). ``restart`` gives the blocks from the first sample on.

        Lets through what the blocks raise, and is then closed.
        """
        blocks = self._blocks
        if blocks is None or start < self._kept_start:
            blocks = restart()
            self._kept, self._kept_start, self._kept_stop = [], 0, 0
        # Open again only once the blocks have answered: a generator that raised is dead.
        self._blocks = None
        while True:
            while self._kept and self._kept_start + len(self._kept[0]) <= start:
                self._kept_start += len(self._kept.pop(0))
            if self._kept_stop >= stop:
                break
            block = next(blocks)
            self._kept.append(block)
            self._kept_stop += len(block)
        self._blocks = blocks
        samples = np.concatenate(self._kept)
        return samples[start - self._kept_start : stop - self._kept_start]
