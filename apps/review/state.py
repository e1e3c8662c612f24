"""Review: which clips this person is asked about, what they said, how far the queue is. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from apps.jobs import Job
from apps.session import PAGES_OF_DUTY, Session
from pipeline.catalog import annotations, counts, operations, own_answers, reviews, selections
from pipeline.catalog.labels import list_labels
from pipeline.catalog.operations import OperationState
from pipeline.catalog.reviews import ClaimedClip
from pipeline.core import registry
from pipeline.core.errors import EarmarkError
from pipeline.core.permissions import MAY
from pipeline.core.types import AnswerGiven
from pipeline.widgets.clip_deck import AnsweredElsewhere
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows import annotate, queue
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn

N_CLAIMED = 12
_MIN_FOR_PACE, _N_FOR_PACE = 3, 20
_N_LATEST = 10
_LONGEST_PAUSE_MS = 60_000


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
        self._held: set[int] = set()
        self._response_ms: dict[UUID, int] = {}
        self._known: dict[int, UUID | None] = {}  # this person's answer about each clip, as this page knows it
        self.storage_key = _storage_key(session)
        self.may_build = "queue.build" in self._may()

    def labels(self) -> list[str]:
        """The label set in the order of its keys."""
        return self._line.do(lambda conn: [x.name for x in list_labels(conn, self._project_id)])

    def read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip. Raises NotFound, StorageError, DatabaseUnavailable."""
        store = self.session.workspace.store
        data, mime, rate_hz = self._line.do(lambda conn: clip_bytes(conn, self._project, store, clip_id))
        return ClipBytes(data=data, mime=mime, rate_hz=rate_hz)

    # ------------------------------------------------------------------------------------------ the queue

    def claim(self, have: Sequence[int] | None = None) -> Claim:
        """The next clips for this person, besides those that the screen has (all that were given out, if None)."""
        without = self._held if have is None else set(have)
        clips = self._line.do(lambda conn: queue.claim_clips(conn, self._project, N_CLAIMED, have=sorted(without)))
        clip_ids = [clip.clip_id for clip in clips]
        self._held = without | set(clip_ids)
        stands = self._stands(clip_ids)
        self._known |= {clip_id: stands.get(clip_id) for clip_id in clip_ids}
        figures = self.figures()
        return Claim(clips=clips, n_total=figures.n_answers_today + figures.n_waiting, n_done=figures.n_answers_today)

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

    def start_building(self, strategy: str, *, n_clips: int | None, selection: str | None) -> Job:
        """Start ordering what waits, by a worker, so that labelling goes on meanwhile."""
        words = [] if strategy == self._project.recipe.query_strategy.name else [f"--strategy={strategy}"]
        words += [] if n_clips is None else [f"--n={n_clips}"]
        words += [] if selection is None else [f"--selection={selection}"]
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


def _storage_key(session: Session) -> str:
    """The same for this person in this project for ever, also when the database comes back at another port."""
    workspace, info = session.workspace, session.workspace.conn.info
    return f"{workspace.settings.workspace}:{info.host}/{info.dbname}/{session.project.project_id}/{session.person}"


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
