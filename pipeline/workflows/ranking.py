"""Ranking: which clips to ask about next, what to say about each, and what runs beside the strategy's own choice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.catalog.reviews import EVERYBODY, QueueEntry
from pipeline.core import registry
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32
from pipeline.curation.queue_mix import mix
from pipeline.curation.reasons import Question, questions, reason
from pipeline.plugins.query_strategies.base import Fact, Known
from pipeline.workflows.knowledge import Knowledge, Model, fit, learned_from

GOLD_SHARE, AGAIN_SHARE = 0.05, 0.15
"""Of the questions at most: gold clips, and clips that somebody has answered and others are asked about as well."""
FALLBACK = "diversity"
_N_UNLIKE, _N_USUAL, _UNLIKE_SHARE = 2_000, 500, 0.25


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Clips in the order in which to ask, by the strategy that was really used, and the model that it went by."""

    clip_ids: list[int]
    strategy: str
    explains: tuple[Fact, ...]
    model: Model


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The clips that come beside the strategy's own: drawn by lot, gold, and asked again of other people."""

    lot: Sequence[int]
    gold: Sequence[int]
    again: Sequence[int]

    def of(self, n: int, *, audit_share: float) -> list[tuple[Sequence[int], float]]:
        """As many of each as n questions hold, with their shares."""
        return [
            (self.lot[: int(np.ceil(audit_share * n))], audit_share),
            (self.gold[: int(np.ceil(GOLD_SHARE * n))], GOLD_SHARE),
            (self.again[: int(np.ceil(AGAIN_SHARE * n))], AGAIN_SHARE),
        ]


def rank(waiting: Sequence[int], knowledge: Knowledge, spec: PluginSpec, *, seed: int) -> Ranking:
    """The waiting clips by the strategy; by FALLBACK where it needs a model and there are not two labels to learn from.

    Raises PluginError.
    """
    strategy = registry.create("query_strategy", spec)
    model = fit(knowledge, n_heads=strategy.n_heads, seed=seed)
    if strategy.needs_probabilities and model.head is None:
        spec = PluginSpec(name=FALLBACK)
        strategy = registry.create("query_strategy", spec)
    ranked: list[int] = []
    if waiting:
        vectors = knowledge.rows(waiting)
        asked = set(waiting)
        others = [clip_id for clip_id in learned_from(knowledge, seed=seed) if clip_id not in asked]
        known = Known(
            labels=model.labels,
            probabilities=model.probabilities(vectors),
            opinions=model.opinions(vectors),
            labelled=knowledge.rows(others) if others else np.zeros((0, vectors.shape[1]), dtype=np.float32),
            answers=tuple(knowledge.label_of[clip_id] for clip_id in others),
        )
        scores = strategy.score(vectors, known, rng=np.random.default_rng(seed))
        ranked = [waiting[i] for i in np.argsort(-scores, kind="stable").tolist()]
    return Ranking(clip_ids=ranked, strategy=spec.name, explains=strategy.explains, model=model)


def in_turn(ranking: Ranking, streams: Streams, *, n: int, audit_share: float, rng: np.random.Generator) -> list[int]:
    """The next n clips to ask about, or all there are: the ranking with what runs beside it."""
    if n < len(ranking.clip_ids):
        return mix(ranking.clip_ids[:n], streams.of(n, audit_share=audit_share), rng=rng)[:n]
    # Every clip is asked: what finds no place evenly comes last.
    lot = streams.lot[: int(np.ceil(audit_share * len(ranking.clip_ids)))]
    beside = [(lot, audit_share), (streams.gold, GOLD_SHARE), (streams.again, AGAIN_SHARE)]
    return mix(ranking.clip_ids, beside, rng=rng)[:n]


def entries(
    clip_ids: Sequence[int],
    ranking: Ranking,
    knowledge: Knowledge,
    *,
    n_wanted: dict[int, int],
    disputed: Collection[int] = (),
) -> list[QueueEntry]:
    """The clips with a reason and a proposal each: the label that they came with, else the model's best guess.

    ``n_wanted`` says for how many people a clip is meant, 1 where it says nothing. What several are asked about is
    explained without naming a label, and a gold clip has no proposal.
    """
    if not clip_ids:
        return []
    vectors = knowledge.rows(clip_ids)
    carried = [
        knowledge.label_of.get(clip_id) if knowledge.n_people.get(clip_id, 0) == 0 else None for clip_id in clip_ids
    ]
    asked = questions(ranking.model.labels, ranking.model.probabilities(vectors), carried)
    is_unlike = _unlike(vectors[:_N_UNLIKE], knowledge)
    n_labelled = len(knowledge.label_of)
    made: list[QueueEntry] = []
    for i, (clip_id, question) in enumerate(zip(clip_ids, asked, strict=True)):
        wanted = n_wanted.get(clip_id, 1)
        told = replace(
            question,
            is_unlike=i < len(is_unlike) and bool(is_unlike[i]),
            is_disputed=clip_id in disputed,
            is_blind=wanted > 1,
        )
        label, confidence = _proposal(question) if wanted < EVERYBODY else (None, None)
        made.append(
            QueueEntry(
                clip_id=clip_id,
                reason=reason(told, ranking.explains, n_labelled=n_labelled),
                proposed_label_id=None if label is None else knowledge.label_ids[label],
                proposed_confidence=confidence,
                n_wanted=wanted,
            )
        )
    return made


def _proposal(question: Question) -> tuple[str | None, float | None]:
    if question.carried is not None:
        return question.carried, None
    return (None, None) if question.guess is None else question.guess


def _unlike(vectors: Float32, knowledge: Knowledge) -> np.ndarray:
    """Which rows are farther from all that is labelled than three in four of the project's clips: bool (n,)."""
    labelled = learned_from(knowledge, seed=0)
    if not labelled or len(vectors) == 0:
        return np.zeros(len(vectors), dtype=bool)
    known = knowledge.rows(labelled)
    open_rows = np.array([row for clip_id, row in knowledge.row_of.items() if clip_id not in knowledge.label_of])
    if len(open_rows) == 0:
        return np.zeros(len(vectors), dtype=bool)
    some = knowledge.vectors[open_rows[:: max(1, len(open_rows) // _N_USUAL)]]
    usual = np.quantile((some @ known.T).max(axis=1), _UNLIKE_SHARE)
    return (vectors @ known.T).max(axis=1) < usual
