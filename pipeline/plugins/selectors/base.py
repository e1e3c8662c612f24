"""What a selector is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipeline.core.types import Float32, Pick


class Selector(Protocol):
    """Chooses the clips that are worth keeping or labelling."""

    def select(self, vectors: Float32, budget: int, *, preselected: Sequence[int], seed: int) -> list[Pick]:
        """At most ``budget`` picks of the n clips, best first, none twice and none of ``preselected``.

        ``vectors`` float32 (n, d), rows of unit length. ``preselected`` are already chosen: the
        picks complement them. The same input and seed give the same picks.
        """
        ...
