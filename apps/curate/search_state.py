"""Search by sound: what is searched by, and what was found. No widgets and no SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.curate.state import CurateState
from pipeline.catalog.clips import ClipCard
from pipeline.catalog.search import FoundClip
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.search import search_by, search_unlike
from pipeline.workflows.search_query import Query, shown_bytes, sound_of_bytes

N_FIRST = 24
N_MOST = 192


@dataclass(frozen=True, kw_only=True)
class Found:
    """Clips with a card each, best first; ``has_more`` says that a longer list may be asked for."""

    clips: list[FoundClip]
    cards: dict[int, ClipCard]
    has_more: bool


class SearchState:
    """One person's search. ``query`` is None before the first and for what is unlike anything."""

    def __init__(self, state: CurateState) -> None:
        self._curate = state
        session = state.session
        self._project, self._store = session.project, session.workspace.store
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self.query: Query | None = None
        self._n = N_FIRST

    def by_bytes(self, data: bytes, name: str) -> ClipBytes:
        """Search by a sound that the browser sent; gives it back as it is searched by. Raises AudioError."""
        sound = sound_of_bytes(data, name, self._project.recipe.audio_format)
        self.query, self._n = Query(like=sound), N_FIRST
        return ClipBytes(data=shown_bytes(sound), mime="audio/flac", rate_hz=sound.rate_hz)

    def by_clip(self, clip_id: int) -> ClipBytes:
        """Search by a clip; gives its sound. Raises NotFound, StorageError."""
        sound = self._curate.read_clip(clip_id)
        self.query, self._n = Query(like=clip_id), N_FIRST
        return sound

    def by_region(
        self, *, start_s: float | None, stop_s: float | None, low_hz: float | None, high_hz: float | None
    ) -> bool:
        """Search by this part of what is searched by; gives whether there is something to take a part of."""
        if self.query is None:
            return False
        region = {"start_s": start_s, "stop_s": stop_s, "low_hz": low_hz, "high_hz": high_hz}
        self.query, self._n = replace(self.query, **region), N_FIRST
        return True

    def by_nothing(self) -> None:
        """Search for what is unlike anything."""
        self.query, self._n = None, N_FIRST

    def longer(self) -> None:
        """Ask for a longer list of the same."""
        self._n = min(2 * self._n, N_MOST)

    def find(self) -> Found:
        """What is found now. Raises AudioError for a region that holds nothing, NotFound before the first embed."""
        query, n = self.query, self._n
        if query is None:
            clips = self._line.do(lambda conn: search_unlike(conn, self._project, n=n + 1))
        else:
            clips = self._line.do(lambda conn: search_by(conn, self._project, self._store, query, n=n + 1))
        has_more, clips = len(clips) > n and n < N_MOST, clips[:n]
        cards = self._curate.cards([clip.clip_id for clip in clips])
        return Found(clips=clips, cards={card.clip_id: card for card in cards}, has_more=has_more)

    def card(self, clip_id: int) -> ClipCard | None:
        """The clip as lists show it."""
        return next(iter(self._curate.cards([clip_id])), None)
