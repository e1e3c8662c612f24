"""Live: while people answer, a head is fitted anew and the queue put in order again; nobody waits for it.

A worker looks again and again (``LiveQueues.rank_due``). For each project with a live plan and enough new answers it
opens a sitting: a connection of its own that acts as the plan's author, the embeddings in memory, and one row in the
operation log, from the first ranking until no answers have come for a while. A ranking moves the best few hundred
clips to the front and touches no other row.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

import numpy as np
import psycopg
from threadpoolctl import threadpool_limits

from pipeline.catalog import embeddings, queue_plan, reviews
from pipeline.catalog.connect import act_as, connect
from pipeline.catalog.projects import Project, get_project
from pipeline.catalog.queue_plan import DuePlan, QueuePlan
from pipeline.catalog.reviews import EVERYBODY, OpenReview
from pipeline.core.errors import Cancelled, EarmarkError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.curation.lot import audit_order
from pipeline.workflows.knowledge import Knowledge, Model, hear_again, learn
from pipeline.workflows.operation import Conn, Run, operation
from pipeline.workflows.ranking import Streams, entries, in_turn, rank

N_NEW, N_FRONT = 3, 300
"""So many new answers bring a new ranking, and so many clips it puts in front."""
SITTING_ENDS_S, _TRY_AGAIN_S = 60.0, 30.0
_N_RENEWED, _RENEWED_FROM = 500, 0.1
_COMMITTED_WITHIN = timedelta(seconds=30)  # an answer is stamped when it is sent, and seen when it is committed
_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class _Sitting:
    """One project while people answer."""

    stack: ExitStack
    conn: Conn
    project: Project
    run: Run
    plan_id: int
    knowledge: Knowledge
    lot: list[int]
    heard_at: datetime
    ranked_at_s: float


@dataclass(kw_only=True)
class LiveQueues:
    """The live queues of one database, looked after by one thread at a time. ``close`` when it is over.

    ``url`` must belong to a login that may act for others: the owner's, as a worker has it.
    """

    url: str = field(repr=False)
    clock: Callable[[], float] = time.monotonic
    _conn: Conn | None = None
    _sittings: dict[int, _Sitting] = field(default_factory=dict[int, _Sitting])
    _not_before: dict[int, float] = field(default_factory=dict[int, float])

    @property
    def is_sitting(self) -> bool:
        """Whether people have answered in the last minute."""
        return bool(self._sittings)

    def rank_due(self) -> int:
        """Count of projects whose queue was ranked now. What goes wrong is logged, and tried again after a while."""
        try:
            if self._conn is None or self._conn.closed:
                self._conn = connect(self.url, application_name="earmark live")
            due = queue_plan.due_plans(self._conn, n_new=N_NEW)
        except (psycopg.Error, EarmarkError) as error:
            _log.warning("the live queues cannot be looked at: %s", error)
            self._leave()
            return 0
        n_ranked = 0
        for plan in due:
            if self.clock() >= self._not_before.get(plan.project_id, 0.0):
                n_ranked += self._rank(plan)
        for project_id, sitting in list(self._sittings.items()):
            if self.clock() - sitting.ranked_at_s > SITTING_ENDS_S:
                self._end(project_id)
        return n_ranked

    def close(self) -> None:
        """End every sitting, and leave the database."""
        for project_id in list(self._sittings):
            self._end(project_id)
        self._leave()

    def _rank(self, due: DuePlan) -> bool:
        try:
            sitting = self._sitting(due)
            if sitting is None:
                return False
            with threadpool_limits(1):
                _rank_again(sitting)
            sitting.ranked_at_s = self.clock()
        except Cancelled as error:
            self._end(due.project_id, error)
        except Exception as error:
            # The outermost edge: a fault of one project's queue ends neither the worker nor the others' queues.
            _log.warning("the queue of project %s is not ranked anew: %s", due.project, error, exc_info=error)
            self._not_before[due.project_id] = self.clock() + _TRY_AGAIN_S
            self._end(due.project_id, error)
        else:
            return True
        return False

    def _sitting(self, due: DuePlan) -> _Sitting | None:
        """The project's sitting, begun if there is none; None if another worker sits there or nothing is live."""
        sitting = self._sittings.get(due.project_id)
        if sitting is not None and not _is_current(sitting):
            self._end(due.project_id)
            sitting = None
        if sitting is None:
            sitting = _begin(self.url, due, now_s=self.clock())
            if sitting is not None:
                self._sittings[due.project_id] = sitting
        return sitting

    def _end(self, project_id: int, error: BaseException | None = None) -> None:
        sitting = self._sittings.pop(project_id, None)
        if sitting is None:
            return
        try:
            if isinstance(error, Cancelled):
                # Who stops it does not want it to begin again with the next answer.
                queue_plan.end_live(sitting.conn, project_id)
            sitting.stack.__exit__(*((None, None, None) if error is None else (type(error), error, None)))
        except Exception as ending:
            if ending is not error:
                _log.warning("a sitting of project %s could not be ended: %s", sitting.project.name, ending)

    def _leave(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def _begin(url: str, due: DuePlan, *, now_s: float) -> _Sitting | None:
    """A new sitting: rights and log row of the plan's author. Raises EarmarkError."""
    with ExitStack() as opening:
        conn = opening.enter_context(closing(connect(url, application_name="earmark live")))
        if not queue_plan.hold_sitting(conn, due.project_id):
            return None
        act_as(conn, due.author)
        project = get_project(conn, due.project)
        plan = queue_plan.read_plan(conn, due.project_id)
        if plan is None or not plan.is_live:
            return None
        heard_at = queue_plan.clock(conn)
        spec = {"strategy": dict(plan.strategy), "selection": plan.selection, "built_by": plan.operation_id}
        run = opening.enter_context(operation(conn, project, "queue.rank", spec))
        run.begin_stage("learning")
        knowledge = learn(conn, project)
        run.begin_stage("ranking")
        return _Sitting(
            stack=opening.pop_all(),
            conn=conn,
            project=project,
            run=run,
            plan_id=plan.operation_id,
            knowledge=knowledge,
            lot=audit_order(due.project_id, knowledge.clip_ids),
            heard_at=heard_at,
            ranked_at_s=now_s,
        )


def _is_current(sitting: _Sitting) -> bool:
    """Whether neither a new queue nor another encoder came meanwhile."""
    project_id = sitting.project.project_id
    plan = queue_plan.read_plan(sitting.conn, project_id)
    encoder_id = embeddings.current_encoder(sitting.conn, project_id)
    return plan is not None and (plan.operation_id, encoder_id) == (sitting.plan_id, sitting.knowledge.encoder_id)


def _rank_again(sitting: _Sitting) -> None:
    """Hear what is new, fit, and put the best in front. Raises Cancelled when a person asked to stop."""
    conn, project_id, knowledge = sitting.conn, sitting.project.project_id, sitting.knowledge
    plan = queue_plan.read_plan(conn, project_id)
    if plan is None:
        return
    heard_at = queue_plan.clock(conn)
    new = queue_plan.newly_answered(conn, project_id, since=sitting.heard_at - _COMMITTED_WITHIN)
    hear_again(conn, sitting.project, knowledge, new)
    sitting.heard_at = heard_at
    waiting = [row for row in reviews.read_open(conn, project_id) if row.clip_id in knowledge.row_of]
    front, renewed = _front(plan, knowledge, sitting.lot, waiting)
    with sitting.run.transaction():
        now = queue_plan.read_plan(conn, project_id)
        if now is None or now.operation_id != sitting.plan_id:
            return  # built anew in this moment: the next look begins from there
        sitting.run.n_done += reviews.put_in_front(conn, project_id, front)
        reviews.renew_proposals(conn, project_id, renewed)
        queue_plan.note_ranked(conn, project_id, at=heard_at)
    sitting.run.detail["n_rankings"] = sitting.run.detail.get("n_rankings", 0) + 1
    sitting.run.report()
    sitting.run.stop_if_asked()


def _front(
    plan: QueuePlan, knowledge: Knowledge, lot: Sequence[int], waiting: Sequence[OpenReview]
) -> tuple[list[reviews.QueueEntry], list[tuple[int, int, float]]]:
    """What to ask next, in order, and what the model now proposes for other clips."""
    spec = PluginSpec.from_json(dict(plan.strategy))
    new = [row for row in waiting if row.n_answered == 0 and row.n_wanted < EVERYBODY]
    new_ids = [row.clip_id for row in new]
    # Another seed for each ranking, the same for the same answers.
    seed = sum(knowledge.n_people.values())
    ranking = rank(new_ids, knowledge, spec, seed=seed)
    streams = Streams(
        lot=list(islice(filter(set(new_ids).__contains__, lot), N_FRONT)),
        gold=[row.clip_id for row in waiting if row.n_wanted == EVERYBODY],
        again=[row.clip_id for row in waiting if row.n_answered > 0 and row.n_wanted < EVERYBODY],
    )
    rng = np.random.default_rng((seed, plan.project_id))
    order = in_turn(ranking, streams, n=N_FRONT, audit_share=plan.audit_share, rng=rng)
    wanted = {row.clip_id: row.n_wanted for row in waiting}
    front = entries(order, ranking, knowledge, n_wanted=wanted, disputed=knowledge.disputed)
    in_front = set(order)
    return front, _renewed(ranking.model, knowledge, [row for row in new if row.clip_id not in in_front])


def _renewed(model: Model, knowledge: Knowledge, waiting: Sequence[OpenReview]) -> list[tuple[int, int, float]]:
    """The proposals that are no longer what the model thinks, the surest first, some at a time."""
    asked = [row for row in waiting if row.clip_id not in knowledge.label_of]
    if not asked or (probabilities := model.probabilities(knowledge.rows([row.clip_id for row in asked]))) is None:
        return []
    label_ids = np.array([knowledge.label_ids[label] for label in model.labels])
    best = label_ids[probabilities.argmax(axis=1)]
    sure = probabilities.max(axis=1)
    stood = np.array([row.proposed_label_id or 0 for row in asked])
    was = np.array([row.proposed_confidence or 0.0 for row in asked])
    is_other = (best != stood) | (np.abs(sure - was) >= _RENEWED_FROM)
    chosen = np.flatnonzero(is_other)
    chosen = chosen[np.argsort(-sure[chosen], kind="stable")][:_N_RENEWED]
    return [(asked[i].clip_id, int(best[i]), float(sure[i])) for i in chosen.tolist()]
