"""Review: which clips this person is asked about, what they said, how far the queue is. No widgets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from apps.jobs import Job
from apps.session import PAGES_OF_DUTY, Session
from pipeline.catalog import annotations, counts, operations, own_answers, reviews, selections
from pipeline.catalog.clips import ClipSound, clip_sound
from pipeline.catalog.labels import list_labels
from pipeline.catalog.operations import OperationState
from pipeline.catalog.projects import get_project
from pipeline.catalog.reviews import ClaimedClip, WaitingLabel
from pipeline.core import registry
from pipeline.core.errors import EarmarkError
from pipeline.core.permissions import MAY
from pipeline.core.picture import PictureRecipe
from pipeline.core.settings import LabelsPerClip
from pipeline.core.types import AnswerGiven
from pipeline.widgets.clip_deck import AnsweredElsewhere
from pipeline.widgets.clip_source import ClipBytes, ClipOutline
from pipeline.workflows import annotate, queue
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.jobs import see_to_live
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.long_clips import LONGEST_WHOLE_S, PART_S, LongClips
from pipeline.workflows.operation import Conn
from pipeline.workflows.picture import set_picture

N_CLAIMED, _N_MORE = 8, 2
"""So many clips the deck holds, and so many come at least when it asks for more: few, to follow a live queue."""
_MIN_FOR_PACE, _N_FOR_PACE = 3, 20
_N_LATEST = 10
_LONGEST_PAUSE_MS = 60_000
_LIVE_EVERY_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Clips that this person holds now; of ``n_total`` for them today, ``n_done`` are answered."""

    clips: list[ClaimedClip]
    n_total: int
    n_done: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What this person has done and what waits for them. ``pace`` is in answers a minute, None until it is known.

    ``building`` is the run that puts the queue in order just now.
    """

    n_answers: int
    n_answers_today: int
    n_flags: int
    n_waiting: int
    pace: float | None
    building: OperationState | None

    @property
    def left_min(self) -> float | None:
        """Minutes until nothing waits, at this pace."""
        return None if self.pace is None else self.n_waiting / self.pace


@dataclass(frozen=True, kw_only=True)
class NothingWaits:
    """Why nothing waits for this person, and where to go.

    ``is_queue_wanted``: a new queue would bring clips; ``is_early``: nothing is there yet that a queue could hold.
    """

    title: str
    text: str
    page: str | None = None
    action: str = "Look again"
    is_queue_wanted: bool = False
    is_early: bool = False


class ReviewState:
    """One person at the review queue."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._project = session.project
        self._project_id = session.project.project_id
        self._long_clips = LongClips(session.workspace.store)
        self._held: set[int] = set()
        self._live_until_s = 0.0
        self._response_ms: dict[UUID, int] = {}
        self._known: dict[int, UUID | None] = {}  # this person's answer about each clip, as this page knows it
        self.storage_key = session.storage_key
        self.may_build = "queue.build" in self._may()
        self.may_change_picture = "picture" in self._may()

    def labels(self) -> list[str]:
        """The label set in the order of its keys."""
        return self._line.do(lambda conn: [x.name for x in list_labels(conn, self._project_id)])

    def picture(self) -> PictureRecipe:
        """How spectrograms are drawn in this project now."""
        return self._line.do(lambda conn: get_project(conn, self._project.name)).recipe.picture

    def set_picture(self, changes: Mapping[str, Any]) -> PictureRecipe:
        """Change how spectrograms are drawn for everyone. Raises SettingsError, NotPermitted, DatabaseUnavailable."""
        return self._line.do(lambda conn: set_picture(conn, self._project, changes))

    @property
    def labels_per_clip(self) -> LabelsPerClip:
        """How many labels a clip may have."""
        return self._project.recipe.labels_per_clip

    def guided(self) -> str | None:
        """Whom the deck teaches its keys: this person, as long as they have answered nothing."""
        return None if self.figures().n_answers else self.session.person

    def read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip. Raises NotFound, StorageError, DatabaseUnavailable."""
        store = self.session.workspace.store
        data, mime, rate_hz = self._line.do(lambda conn: clip_bytes(conn, self._project, store, clip_id))
        return ClipBytes(data=data, mime=mime, rate_hz=rate_hz)

    def open_clip(self, clip_id: int) -> ClipBytes | ClipOutline:
        """The sound of a clip, the outline of a long one. Raises as ``read_clip``."""
        sound = self._line.do(lambda conn: clip_sound(conn, self._project_id, clip_id))
        if sound is None or sound.duration_s <= LONGEST_WHOLE_S:
            return self.read_clip(clip_id)
        outline = self._long_clips.outline(sound)
        return ClipOutline(
            peaks=outline.peaks.tobytes(),
            rate_hz=outline.rate_hz,
            n_channels=outline.n_channels,
            duration_s=outline.n_samples / outline.rate_hz,
            part_s=PART_S,
        )

    def read_part(self, clip_id: int, number: int) -> ClipBytes:
        """A part of a long clip. Raises NotFound, StorageError, DatabaseUnavailable."""

        def find() -> ClipSound | None:
            return self._line.do(lambda conn: clip_sound(conn, self._project_id, clip_id))

        data, rate_hz = self._long_clips.part(find, clip_id, number)
        return ClipBytes(data=data, mime="audio/wav", rate_hz=rate_hz)

    # ------------------------------------------------------------------------------------------ the queue

    def claim(self, have: Sequence[int] | None = None) -> Claim:
        """The next clips for this person, besides those that the screen has (all that were given out, if None)."""
        without = self._held if have is None else set(have)
        n = max(_N_MORE, N_CLAIMED - len(without))
        clips = self._line.do(lambda conn: queue.claim_clips(conn, self._project, n, have=sorted(without)))
        clip_ids = [clip.clip_id for clip in clips]
        self._held = without | set(clip_ids)
        stands = self._stands(clip_ids)
        self._known |= {clip_id: stands.get(clip_id) for clip_id in clip_ids}
        figures = self.figures()
        return Claim(clips=clips, n_total=figures.n_answers_today + figures.n_waiting, n_done=figures.n_answers_today)

    def claim_together(self, label_id: int, n: int, *, without: Sequence[int]) -> list[ClaimedClip]:
        """At most n clips for which this label is proposed, the surest first, to be heard together."""
        clips = self._line.do(
            lambda conn: queue.claim_clips(conn, self._project, n, have=sorted(without), label_id=label_id)
        )
        clip_ids = [clip.clip_id for clip in clips]
        stands = self._stands(clip_ids)
        self._known |= {clip_id: stands.get(clip_id) for clip_id in clip_ids}
        return clips

    def labels_together(self) -> list[WaitingLabel]:
        """The labels that are proposed for clips that wait, the most frequent first."""
        return self._line.do(lambda conn: reviews.waiting_by_proposal(conn, self._project_id))

    def release(self, clip_ids: Sequence[int] | None = None) -> None:
        """Hold these clips no longer (None: all that the deck was given); they wait for anybody."""
        let_go = sorted(self._held) if clip_ids is None else list(clip_ids)
        self._line.do(lambda conn: annotate.release_clips(conn, self._project, let_go))
        self._held -= set(let_go)

    def keep_live(self) -> None:
        """See, now and then while answers come, that a worker is there to rank a live queue anew."""
        now_s = time.monotonic()
        if not self.may_build or now_s < self._live_until_s or not self.session.workspace.is_embedded:
            return
        self._live_until_s = now_s + _LIVE_EVERY_S
        self._line.do(lambda conn: see_to_live(replace(self.session.workspace, conn=conn), self._project))

    def figures(self) -> Figures:
        """The numbers of the page, now."""
        return self._line.do(self.read)

    def read(self, conn: Conn) -> Figures:
        """The numbers of the page by this connection, which may be a thread's own."""
        done = annotations.person_progress(conn, self._project_id)
        operations_now = operations.list_operations(conn, self._project_id, limit=_N_LATEST)
        return Figures(
            n_answers=done.n_answers,
            n_answers_today=done.n_answers_today,
            n_flags=done.n_flags,
            n_waiting=reviews.count_open(conn, self._project_id),
            pace=self._pace(usual_ms=done.median_response_ms),
            building=next((o for o in operations_now if (o.action, o.status) == ("queue.build", "running")), None),
        )

    def nothing_waits(self) -> NothingWaits:
        """Why the queue has nothing for this person; an annotator sees no counts, and is told none."""
        if self.session.duty == "annotator":
            return _nothing_for_annotator(self.figures())
        now = self._line.do(lambda conn: counts.count_all(conn, self._project_id))
        at_recordings = partial(NothingWaits, is_early=True)
        if self._may_open("recordings"):
            at_recordings = partial(at_recordings, page="recordings", action="Go to recordings")
        if now.n_recordings == 0:
            return at_recordings(title="No recordings yet", text="Bring some in, cut them, then come back.")
        if now.n_clips == 0:
            return at_recordings(title="No clips yet", text="There are recordings, but nothing is cut.")
        if now.n_embedded == 0:
            text = "The queue orders clips by how they sound, and the clips have no embeddings yet: run embed."
            return at_recordings(title="Not ready to ask", text=text)
        if now.n_in_queue > 0:
            return _held_by_others(now.n_in_queue)
        n = len(self._line.do(lambda conn: reviews.candidates(conn, self._project_id)))
        if n == 0:
            title = "Every clip has an answer"
            if not self._may_open("releases"):
                return NothingWaits(title=title, text="Nothing is left to ask. A researcher can release it now.")
            text = "Nothing is left to ask. Freeze what people said as a dataset version."
            return NothingWaits(title=title, text=text, page="releases", action="Go to releases")
        how = "Build the queue below." if self.may_build else "Ask a reviewer of this project to build the queue."
        text = f"{n:,} clips wait for a person's ear, but no queue puts them in order. {how}"
        return NothingWaits(title="The queue is empty", text=text, is_queue_wanted=True)

    # ------------------------------------------------------------------------------------------ what a person says

    def save(self, given: AnswerGiven) -> None:
        """Keep one answer; it is committed on return. The same id may come twice.

        Raises EarmarkError with the reason of a refusal, AnsweredElsewhere for a clip that this person answered on
        another page meanwhile, DatabaseUnavailable (send it again later).
        """
        self._refuse_second(given)
        report = self._line.do(lambda conn: annotate.save_answers(conn, self._project, [given]))
        if given.annotation_id in report.refused:
            raise EarmarkError(report.refused[given.annotation_id])
        self._known[given.clip_id] = None if given.answer == "withdrawn" else given.annotation_id
        if given.answer == "withdrawn":
            self._held.add(given.clip_id)
            return
        self._held.discard(given.clip_id)
        if given.heard is not None:
            # A new dict each time: the thread that keeps the page fresh may be reading the old one.
            known = {**self._response_ms, given.annotation_id: given.heard.response_ms}
            self._response_ms = dict(list(known.items())[-_N_FOR_PACE:])

    def skip(self, clip_id: int) -> None:
        """Leave a clip to others. Raises NotPermitted, DatabaseUnavailable."""
        self._line.do(lambda conn: annotate.skip_clip(conn, self._project, clip_id))

    def flag(self, flag_id: UUID, clip_id: int, *, is_raised: bool) -> None:
        """Keep a doubt about a clip, or that it is gone. Raises NotPermitted, DatabaseUnavailable."""
        self._line.do(lambda conn: annotate.flag_clip(conn, self._project, flag_id, clip_id, is_raised=is_raised))

    # ------------------------------------------------------------------------------------------ building the queue

    def strategies(self) -> list[str]:
        """The query strategies there are, the project's own first."""
        own = self._project.recipe.query_strategy.name
        return sorted(registry.names("query_strategy"), key=lambda name: (name != own, name))

    def selections(self) -> list[str]:
        """The names of the project's selections, newest first."""
        return self._line.do(lambda conn: [x.name for x in selections.list_selections(conn, self._project_id)])

    def start_building(self, words: Sequence[str]) -> Job:
        """Start ordering what waits, by a worker, so that labelling goes on meanwhile; words of ``earmark queue``."""
        return self.session.submit("queue", words)

    # ------------------------------------------------------------------------------------------ helpers

    def _refuse_second(self, given: AnswerGiven) -> None:
        """A page that was left open must not decide what the person has decided meanwhile on another one."""
        if given.supersedes is not None or given.clip_id not in self._known:
            return
        stands = self._stands([given.clip_id]).get(given.clip_id)
        if stands not in (None, self._known[given.clip_id], given.annotation_id):
            raise AnsweredElsewhere("you answered this clip meanwhile on another page, and that answer stays")

    def _stands(self, clip_ids: Sequence[int]) -> dict[int, UUID]:
        return self._line.do(lambda conn: own_answers.own_answer_ids(conn, self._project_id, clip_ids))

    def _may_open(self, page: str) -> bool:
        duty = self.session.duty
        return duty is not None and page in PAGES_OF_DUTY[duty]

    def _may(self) -> frozenset[str]:
        duty = self.session.duty
        return frozenset[str]() if duty is None else MAY[duty]

    def _pace(self, *, usual_ms: float | None) -> float | None:
        """By the time each clip was on stage, so that answers that arrive late, all at once, do not distort it.

        Until there are three answers in this sitting it is the pace that this person usually has.
        """
        late = [ms for ms in self._response_ms.values() if 0 < ms < _LONGEST_PAUSE_MS]
        if len(late) >= _MIN_FOR_PACE:
            return 60_000 * len(late) / sum(late)
        return 60_000 / usual_ms if usual_ms else None


def _nothing_for_annotator(figures: Figures) -> NothingWaits:
    done = "You answered everything that was yours today" if figures.n_answers_today else "No clip waits for you"
    text = (
        f"{done}; others may hold what is left. New clips come by themselves when the queue is built anew. "
        "Ask a reviewer of this project if you expected some."
    )
    return NothingWaits(title="Nothing waits for you just now", text=text)


def _held_by_others(n_in_queue: int) -> NothingWaits:
    clips = "1 clip" if n_in_queue == 1 else f"{n_in_queue:,} clips"
    text = (
        f"{clips} of the queue are held by others or were skipped by you. What somebody leaves lying "
        f"comes back after {reviews.CLAIM_MINUTES} minutes."
    )
    return NothingWaits(title="Nothing waits for you just now", text=text)
