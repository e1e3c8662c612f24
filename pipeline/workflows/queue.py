"""Queue: put the clips that are worth a person's ear in order, and hand them out, each to one person at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.catalog import queue_plan, reviews, selections
from pipeline.catalog.projects import Project, duty_of
from pipeline.catalog.queue_plan import QueuePlan
from pipeline.core import registry
from pipeline.core.errors import NotFound, SettingsError
from pipeline.core.permissions import demand
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Outcome
from pipeline.curation.lot import audit_order
from pipeline.curation.queue_mix import of_several
from pipeline.workflows.knowledge import Knowledge, learn
from pipeline.workflows.operation import Conn, OnProgress, operation, silent
from pipeline.workflows.ranking import Streams, entries, in_turn, rank

Only = Literal["disputed"]
_AUDIT_SHARE, _OVERLAP_SHARE, _N_PEOPLE = 0.1, 0.0, 2


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How questions are shared out; None leaves it as it was (at first a tenth by lot, nothing asked of several).

    ``audit_share`` of the questions are drawn by lot, and ``n_people`` people are asked about ``overlap_share`` of
    the clips.
    """

    audit_share: float | None = None
    overlap_share: float | None = None
    n_people: int | None = None

    def __post_init__(self) -> None:
        for name, share in (("audit_share", self.audit_share), ("overlap_share", self.overlap_share)):
            if share is not None and not 0 <= share <= 1:
                raise SettingsError(f"{name} is a share", expected="0 to 1", got=share)
        if self.n_people is not None and not 2 <= self.n_people <= 20:
            raise SettingsError("several people are asked", expected="2 to 20", got=self.n_people)


@dataclass(frozen=True, kw_only=True)
class _Shares:
    audit_share: float
    overlap_share: float
    n_people: int


def build_queue(
    conn: Conn,
    project: Project,
    *,
    strategy: PluginSpec | None = None,
    selection: str | None = None,
    only: Only | None = None,
    n_clips: int | None = None,
    sharing: Sharing | None = None,
    is_live: bool = True,
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Order what waits for an answer by the query strategy, at most ``n_clips`` of it, maybe from a selection only.

    Clips that are disputed ask one person more, ``only="disputed"`` takes nothing else. Into every queue run clips
    drawn by lot and gold clips. ``is_live``: a worker ranks the queue anew while people answer.
    A strategy that needs a model's opinion falls back to ``diversity`` while there are not two labels to
    learn from; ``detail`` then says so. What people hold just now stays theirs.
    Raises NotFound before the first embed or for an unknown selection, PluginError for a wrong spec.
    """
    given = strategy or project.recipe.query_strategy
    registry.create("query_strategy", given)
    spec = {"strategy": given.to_json(), "selection": selection, "n_clips": n_clips, "seed": seed, "is_live": is_live}
    with operation(conn, project, "queue.build", spec | {"only": only}, on_progress=on_progress) as run:
        shares = _shares(sharing or Sharing(), queue_plan.read_plan(conn, project.project_id))
        knowledge = learn(conn, project)
        asked = set(knowledge.clip_ids) if selection is None else _chosen(conn, project, selection)
        gold = [] if only else queue_plan.gold_clips(conn, project.project_id)
        wanted = _n_wanted(project.project_id, knowledge, shares, gold=gold)
        waiting = [
            clip_id
            for clip_id in knowledge.clip_ids
            if clip_id in asked
            and clip_id not in knowledge.settled
            and knowledge.n_people.get(clip_id, 0) < wanted.get(clip_id, 1)
            and (only is None or clip_id in knowledge.disputed)
        ]
        run.begin_stage("ranking", n_total=len(waiting))
        ranking = rank(waiting, knowledge, given, seed=seed)
        streams = _streams(project.project_id, knowledge, waiting, gold=gold) if only is None else _NO_STREAMS
        n = len(waiting) if n_clips is None else n_clips
        rng = np.random.default_rng((seed, project.project_id))
        order = in_turn(ranking, streams, n=n, audit_share=shares.audit_share, rng=rng)
        made = entries(order, ranking, knowledge, n_wanted=wanted, disputed=knowledge.disputed)
        with run.transaction():
            reviews.replace_queue(conn, project.project_id, made, operation_id=run.operation_id)
            queue_plan.save_plan(
                conn,
                project.project_id,
                strategy=given.to_json(),
                selection=selection,
                is_live=is_live and only is None,
                audit_share=shares.audit_share,
                overlap_share=shares.overlap_share,
                n_people=shares.n_people,
                operation_id=run.operation_id,
            )
        run.n_done = len(waiting)
        run.detail |= {"n_queued": len(made), "strategy": ranking.strategy}
    return run.outcome


def claim_clips(
    conn: Conn, project: Project, n: int, *, have: Sequence[int] = (), label_id: int | None = None
) -> list[reviews.ClaimedClip]:
    """At most n clips for this person to answer next, and nobody else's meanwhile; see ``reviews.claim``.

    Raises NotPermitted.
    """
    demand(duty_of(conn, project.project_id), "queue.claim", actor=conn.info.user, project=project.name)
    with conn.transaction():
        return reviews.claim(conn, project.project_id, n, have=have, label_id=label_id)


def only_of(word: str | None) -> Only | None:
    """What a person's word restricts the queue to. Raises SettingsError."""
    if word is None or word == "disputed":
        return word
    raise SettingsError("the queue cannot be restricted so", expected="disputed", got=word)


_NO_STREAMS = Streams(lot=(), gold=(), again=())


def _shares(sharing: Sharing, before: QueuePlan | None) -> _Shares:
    """What is asked for, else what was, else what is usual."""
    if before is not None:
        usual = _Shares(audit_share=before.audit_share, overlap_share=before.overlap_share, n_people=before.n_people)
    else:
        usual = _Shares(audit_share=_AUDIT_SHARE, overlap_share=_OVERLAP_SHARE, n_people=_N_PEOPLE)
    return _Shares(
        audit_share=usual.audit_share if sharing.audit_share is None else sharing.audit_share,
        overlap_share=usual.overlap_share if sharing.overlap_share is None else sharing.overlap_share,
        n_people=usual.n_people if sharing.n_people is None else sharing.n_people,
    )


def _chosen(conn: Conn, project: Project, selection: str) -> set[int]:
    chosen = set(selections.selected_clips(conn, project.project_id, selection))
    if not chosen:
        raise NotFound("no such selection", which=selection, do="make it by `earmark select`")
    return chosen


def _n_wanted(project_id: int, knowledge: Knowledge, shares: _Shares, *, gold: Collection[int]) -> dict[int, int]:
    """How many people are wanted for each clip that wants more than one."""
    wanted = dict.fromkeys(of_several(project_id, knowledge.clip_ids, shares.overlap_share), shares.n_people)
    for clip_id in knowledge.disputed:
        wanted[clip_id] = max(wanted.get(clip_id, 1), knowledge.n_people[clip_id] + 1)
    return wanted | dict.fromkeys(gold, reviews.EVERYBODY)


def _streams(project_id: int, knowledge: Knowledge, waiting: Sequence[int], *, gold: Collection[int]) -> Streams:
    among, golden = set(waiting), set(gold)
    is_new = {clip_id for clip_id in waiting if knowledge.n_people.get(clip_id, 0) == 0}
    again = [clip_id for clip_id in waiting if knowledge.n_people.get(clip_id, 0) > 0 and clip_id not in golden]
    return Streams(
        lot=[clip_id for clip_id in audit_order(project_id, knowledge.clip_ids) if clip_id in is_new],
        gold=[clip_id for clip_id in gold if clip_id in among],
        again=again,
    )
