"""The slider of the near-duplicates tab: what would go because it sounds alike, to be heard before it is done."""

from __future__ import annotations

from collections.abc import Callable

from apps.curate.alike_words import alike_steps, alike_trouble
from apps.curate.state import CurateData, CurateState
from pipeline.widgets.alike_slider import AlikeSlider
from pipeline.widgets.layout import stack


class AlikePanel:
    """The slider with its consequences; ``on_started(words)`` is told that clips are grouped anew."""

    def __init__(self, state: CurateState, *, on_started: Callable[[str], None]) -> None:
        self._state = state
        self._on_started = on_started
        self._drawn: object = None
        self._slider = AlikeSlider(read_clip=state.read_clip)
        self._slider.on_apply(self._apply)
        self.root = stack(self._slider)

    def draw(self, what: CurateData) -> None:
        """Follow the latest search for near-duplicates; nothing is shown before the first."""
        self.root.layout.display = None if what.has_deduplicated and what.counts.n_embedded else "none"
        key = (what.alike, what.counts.n_clips, what.sound.all_s)
        if key == self._drawn:
            return
        self._drawn = key
        found = None if what.alike is None else what.alike.found
        self._slider.show(
            [] if what.alike is None else alike_steps(what.alike, all_s=what.sound.all_s, n_clips=what.counts.n_clips),
            applied=None if found is None else found["distance"],
            trouble=alike_trouble(what.alike),
            may_apply="deduplicate" in self._state.may,
        )

    def _apply(self, distance: float | None) -> None:
        self._state.remove_alike(distance)
        self._on_started("Grouping anew" if distance is None else "Looking for what sounds alike")
