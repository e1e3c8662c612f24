"""The search of the curate page: by a file, the microphone, a clip or a region of one; what was found is kept."""

from __future__ import annotations

from collections.abc import Callable

from apps.curate.search_state import Found, SearchState
from apps.curate.state import CurateState
from apps.curate.words import clips
from pipeline.catalog.clips import ClipCard
from pipeline.catalog.search import FoundClip
from pipeline.core.errors import NotFound, NotPermitted
from pipeline.widgets.sound_query import Region, Result, SoundQuery


class SearchTab:
    """One box to search by sound. ``on_saved(name)`` is told of a new selection."""

    def __init__(self, state: CurateState, *, on_saved: Callable[[str], None]) -> None:
        self._state, self._on_saved = state, on_saved
        self._search = SearchState(state)
        self._box = SoundQuery(read_clip=state.read_clip, is_tickable="select" in state.may)
        self._box.on_sound(self._by_sound)
        self._box.on_like(self.like)
        self._box.on_region(self._by_region)
        self._box.on_unlike(self._unlike)
        self._box.on_more(self._more)
        self._box.on_save(self._save)
        self._box.observe(self._propose_name, names=["ticked"])
        self.root = self._box

    def like(self, clip_id: int) -> None:
        """More like this clip. Raises EarmarkError."""
        sound = self._search.by_clip(clip_id)
        card = self._search.card(clip_id)
        name = f"clip {clip_id}" if card is None else card.recording_name
        self._box.show_query(name, sound, detail="" if card is None else _detail(card), clip_id=clip_id)
        self._find()

    def _by_sound(self, data: bytes, name: str) -> None:
        sound = self._search.by_bytes(data, name)
        self._box.show_query(name, sound)
        self._find()

    def _by_region(self, region: Region) -> None:
        has_query = self._search.by_region(
            start_s=region.start_s, stop_s=region.stop_s, low_hz=region.low_hz, high_hz=region.high_hz
        )
        if not has_query:
            raise NotFound("there is no sound to take a part of", do="choose a file, record, or take a clip")
        self._find()

    def _unlike(self) -> None:
        self._search.by_nothing()
        self._box.show_query("", None)
        self._find()

    def _more(self) -> None:
        self._search.longer()
        self._find()

    def _find(self) -> None:
        found = self._search.find()
        query = self._search.query
        by_what = "most like this" if query is None or query.is_whole else "most like this region"
        n = clips(len(found.clips))
        if query is None:
            heading, similarity = f"{n} unlike anything, the loneliest first", "similarity to the nearest other clip"
        else:
            heading, similarity = f"{n} {by_what}, the nearest first", "similarity"
        self._box.show_results(_results(found), heading=heading, similarity_words=similarity, has_more=found.has_more)

    # ---------------------------------------------------------------------------------------------- keeping

    def _propose_name(self, _change: object = None) -> None:
        if self._box.ticked and not self._box.save_name:
            self._box.save_name = self._state.free_name("found")

    def _save(self, name: str) -> str:
        if (objection := self._state.objection_to(name)) is not None:
            raise NotPermitted(objection)
        n = self._state.save_chosen(name, self._box.ticked)
        self._on_saved(name)
        return f"{clips(n)} kept as “{name}”."


def _results(found: Found) -> list[Result]:
    return [_result(clip, found.cards.get(clip.clip_id)) for clip in found.clips]


def _result(clip: FoundClip, card: ClipCard | None) -> Result:
    result: Result = {"clip_id": clip.clip_id, "name": clip.recording_name, "similarity": clip.cosine}
    if card is not None:
        result["detail"] = _detail(card)
        if card.labels:
            result["label"] = card.labels[0]
    return result


def _detail(card: ClipCard) -> str:
    length = f"{card.duration_s:.2f} s"
    return f"{length} from {card.start_s:.1f} s" if card.start_s else length
