"""Hear them together: chosen clips in a grid, and one label for all that are not struck."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.curate.state import CurateState
from apps.curate.words import clip_name
from pipeline.catalog.clips import ClipCard
from pipeline.widgets.buttons import Buttons
from pipeline.widgets.clip_grid import N_MOST, ClipGrid, GridBatch, GridClip
from pipeline.widgets.layout import stack

HEAR = {
    "key": "hear",
    "label": "Hear them together",
    "title": "In a grid: taste, strike the odd ones out, give the rest one label",
}


class HearPanel:
    """The grid in place of what it was opened from; ``on_close()`` brings that back.

    The clips come in batches, in the order in which they were chosen. Nothing is claimed: who may curate may answer
    about any clip.
    """

    def __init__(self, state: CurateState, *, on_close: Callable[[], None]) -> None:
        self._state, self._on_close = state, on_close
        self._left: list[int] = []
        self._label = ""
        self._back = Buttons([{"key": "back", "label": "Back"}])
        self._back.on_press(lambda _key: self.close())
        self._grid: ClipGrid | None = None
        self.root = stack(self._back)
        self.root.layout.display = "none"

    @property
    def is_open(self) -> bool:
        """Whether the grid is what the person sees."""
        return self._grid is not None

    def open(self, clip_ids: Sequence[int], *, label: str = "") -> None:
        """Show these clips, ``label`` proposed for them. Raises EarmarkError."""
        labels = self._state.labels()
        self._label = label if label in labels else ""
        self._left = list(clip_ids)
        self._grid = ClipGrid(
            read_clip=self._state.read_clip,
            on_answer=self._state.save,
            on_settled=lambda settled: self._next() if settled.is_more_wanted else None,
            labels=[{"name": name} for name in labels],
            storage_key=self._state.session.storage_key,
            screen="map",
            can_choose=True,
            picture=self._state.session.project.recipe.picture,
        )
        self._grid.show(self._next())
        self.root.children = (self._back, self._grid)
        self.root.layout.display = None

    def close(self) -> None:
        """Bring back what the grid was opened from. What is not sent yet, the next grid or deck sends."""
        grid, self._grid = self._grid, None
        self.root.layout.display = "none"
        self.root.children = (self._back,)
        if grid is not None:
            grid.close()
            self._on_close()

    def _next(self) -> GridBatch:
        shown, self._left = self._left[:N_MOST], self._left[N_MOST:]
        cards = {card.clip_id: card for card in self._state.cards(shown)}
        tiles = [_tile(cards[clip_id]) for clip_id in shown if clip_id in cards]
        return {"label": self._label, "clips": tiles, "n_left": len(self._left)}


def _tile(card: ClipCard) -> GridClip:
    said = ", ".join(card.labels) or "no label"
    copy = " · redundant copy" if card.is_redundant else ""
    return {"id": card.clip_id, "name": clip_name(card), "sub": f"{said}{copy} · {card.duration_s:.2f} s"}
