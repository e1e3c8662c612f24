"""Queue: put the clips that are worth a person's ear in order, and hand them out, each to one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.catalog import annotations, embeddings, reviews, selections
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, duty_of
from pipeline.core import registry
from pipeline.core.errors import NotFound
from pipeline.core.permissions import demand
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32, Outcome
from pipeline.curation.consensus import consensus
from pipeline.training.linear_head import LinearHead, fit_linear_head
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, operation, silent


def build_queue(
    conn: Conn,
    project: Project,
    *,
    strategy: PluginSpec | None = None,
    selection: str | None = None,
    n_clips: int | None = None,
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Order what waits for an answer by the query strategy, at most ``n_clips`` of it, maybe from a selection only.

    A strategy that needs a model's opinion falls back to ``diversity`` while there are not two labels to
    learn from; ``detail`` then says so. What people hold just now stays theirs.
    Raises NotFound before the first embed or for an unknown selection, PluginError for a wrong spec.
    """
    given = strategy or project.recipe.query_strategy
    registry.create("query_strategy", given)
    spec = {"strategy": given.to_json(), "selection": selection, "n_clips": n_clips, "seed": seed}
    with operation(conn, project, "queue.build", spec, on_progress=on_progress) as run:
        knowledge = _learn(conn, project, seed=seed)
        waiting = [c for c in reviews.candidates(conn, project.project_id) if c in knowledge.row_of]
        if selection is not None:
            chosen = _chosen(conn, project, selection)
            waiting = [clip_id for clip_id in waiting if clip_id in chosen]
        run.begin_stage("ranking", n_total=len(waiting))
        ranking = _rank(waiting, knowledge, given, seed=seed)
        entries = _entries(ranking.clip_ids[:n_clips], ranking.reason, knowledge)
        with run.transaction():
            reviews.replace_queue(conn, project.project_id, entries, operation_id=run.operation_id)
        run.n_done = len(waiting)
        run.detail |= {"n_queued": len(entries), "strategy": ranking.strategy}
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


@dataclass(frozen=True, kw_only=True)
class _Knowledge:
    """What is known before anybody is asked: embeddings, the labels so far, and a head that learned them."""

    vectors: Float32
    row_of: Mapping[int, int]
    label_of: Mapping[int, str]
    label_ids: Mapping[str, int]
    head: LinearHead | None

    def rows(self, clip_ids: Sequence[int]) -> Float32:
        """The embeddings of some clips, float32 (len(clip_ids), d)."""
        return self.vectors[[self.row_of[clip_id] for clip_id in clip_ids]]


@dataclass(frozen=True, kw_only=True)
class _Ranking:
    """The clips in the order in which to ask, the strategy that was really used, and its reason."""

    clip_ids: list[int]
    strategy: str
    reason: str


def _learn(conn: Conn, project: Project, *, seed: int) -> _Knowledge:
    found = embeddings.read_vectors(conn, project.project_id, current_encoder(conn, project), with_redundant=False)
    row_of = {clip_id: row for row, clip_id in enumerate(found.clip_ids)}
    votes = annotations.read_votes(conn, project.project_id)
    label_of = {
        clip_id: settled.label
        for clip_id, given in votes.items()
        if clip_id in row_of and (settled := consensus(given)) is not None and settled.label is not None
    }
    labelled = [row_of[clip_id] for clip_id in label_of]
    return _Knowledge(
        vectors=found.vectors,
        row_of=row_of,
        label_of=label_of,
        label_ids={label.name: label.label_id for label in list_labels(conn, project.project_id)},
        head=fit_linear_head(found.vectors[labelled], list(label_of.values()), seed=seed) if labelled else None,
    )


def _chosen(conn: Conn, project: Project, selection: str) -> set[int]:
    chosen = set(selections.selected_clips(conn, project.project_id, selection))
    if not chosen:
        raise NotFound("no such selection", which=selection, do="make it by `earmark select`")
    return chosen


def _rank(waiting: Sequence[int], knowledge: _Knowledge, spec: PluginSpec, *, seed: int) -> _Ranking:
    strategy = registry.create("query_strategy", spec)
    if strategy.needs_probabilities and knowledge.head is None:
        spec = PluginSpec(name="diversity")
        strategy = registry.create("query_strategy", spec)
    if not waiting:
        return _Ranking(clip_ids=[], strategy=spec.name, reason=strategy.reason)
    vectors = knowledge.rows(waiting)
    scores = strategy.score(
        vectors,
        probabilities=None if knowledge.head is None else knowledge.head.probabilities(vectors),
        labelled=knowledge.rows(sorted(set(knowledge.label_of) - set(waiting))),
        rng=np.random.default_rng(seed),
    )
    order = np.argsort(-scores, kind="stable")
    return _Ranking(clip_ids=[waiting[i] for i in order], strategy=spec.name, reason=strategy.reason)


def _entries(clip_ids: Sequence[int], reason: str, knowledge: _Knowledge) -> list[reviews.QueueEntry]:
    """The clips with a proposal each: the label that they came with, else the model's best."""
    if not clip_ids:
        return []
    guesses = None if knowledge.head is None else knowledge.head.probabilities(knowledge.rows(clip_ids))
    entries: list[reviews.QueueEntry] = []
    for i, clip_id in enumerate(clip_ids):
        label, confidence = knowledge.label_of.get(clip_id), None
        if label is None and knowledge.head is not None and guesses is not None:
            best = int(np.argmax(guesses[i]))
            label, confidence = knowledge.head.labels[best], float(guesses[i, best])
        entries.append(
            reviews.QueueEntry(
                clip_id=clip_id,
                reason=reason,
                proposed_label_id=None if label is None else knowledge.label_ids[label],
                proposed_confidence=confidence,
            )
        )
    return entries
