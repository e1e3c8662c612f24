"""What a selector is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.core.types import Float32, Pick

Column = NDArray[np.float64] | NDArray[np.object_]
"""One value a clip (n,): numbers, NaN where there is none, or texts, None where there is none."""


class Selector(Protocol):
    """Chooses the clips that are worth keeping or labelling."""

    def select(self, vectors: Float32, budget: int, *, preselected: Sequence[int], seed: int) -> list[Pick]:
        """At most ``budget`` picks of the n clips, best first, none twice and none of ``preselected``.

        ``vectors`` float32 (n, d), rows of unit length. ``preselected`` are already chosen: the
        picks complement them. The same input and seed give the same picks.
        """
        ...


class ColumnSelector(Protocol):
    """A selector that also reads what is known of the clips, and example clips."""

    strategies: Sequence[Mapping[str, Any]]

    def select(
        self,
        vectors: Float32,
        budget: int,
        *,
        preselected: Sequence[int],
        seed: int,
        columns: Mapping[str, Column],
        examples: Sequence[Float32],
    ) -> list[Pick]:
        """As ``Selector.select``; a column has one value for each row of ``vectors``, by its name.

        ``examples[i]`` float32 (m, d), rows of unit length, are what the i-th strategy SIMILARITY compares with.
        """
        ...
