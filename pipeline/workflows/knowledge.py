"""What is known of a project's clips before anybody is asked: embeddings, what people said, and a model of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.catalog import annotations, embeddings, queue_plan
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project
from pipeline.core.types import Float32, Vote
from pipeline.curation.consensus import consensus
from pipeline.training.ensemble import fit_ensemble, opinions
from pipeline.training.linear_head import LinearHead, fit_linear_head
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn

_MOST_LEARNED = 4_000
"""A head learns from so many clips at most, people's first, then carried labels: it is fitted every few answers."""


@dataclass(kw_only=True)
class Knowledge:
    """The clips that may be asked about (active, not redundant, embedded) and what stands about them.

    Row i of ``vectors`` float32 (n, d) belongs to ``clip_ids[i]``. ``label_of`` holds the labels that stand, carried
    ones too, without disputed ones. ``n_people`` counts who has answered a clip, ``settled`` and ``disputed`` are of
    those answers.
    """

    encoder_id: int
    clip_ids: list[int]
    vectors: Float32
    label_ids: Mapping[str, int]
    label_of: dict[int, str] = field(default_factory=dict[int, str])
    n_people: dict[int, int] = field(default_factory=dict[int, int])
    settled: set[int] = field(default_factory=set[int])
    disputed: set[int] = field(default_factory=set[int])
    row_of: dict[int, int] = field(default_factory=dict[int, int])

    def __post_init__(self) -> None:
        self.row_of = {clip_id: row for row, clip_id in enumerate(self.clip_ids)}

    def rows(self, clip_ids: Sequence[int]) -> Float32:
        """The embeddings of some clips, float32 (len(clip_ids), d)."""
        return self.vectors[[self.row_of[clip_id] for clip_id in clip_ids]]

    def hear(self, clip_ids: Collection[int], votes: Mapping[int, Sequence[Vote]]) -> None:
        """Learn what stands about these clips now: ``votes`` holds all that is said of them, oldest first."""
        for clip_id in clip_ids:
            if clip_id not in self.row_of:
                continue
            said = votes.get(clip_id, ())
            people = [vote for vote in said if vote.source == "human"]
            stands = consensus(said)
            for group in (self.settled, self.disputed):
                group.discard(clip_id)
            self.label_of.pop(clip_id, None)
            self.n_people[clip_id] = len({vote.author for vote in people})
            if any(vote.settles for vote in people):
                self.settled.add(clip_id)
            if stands is None:
                continue
            if stands.is_disputed:
                if people:
                    self.disputed.add(clip_id)
            elif stands.label is not None:
                self.label_of[clip_id] = stands.label


@dataclass(frozen=True, kw_only=True)
class Model:
    """What was learned from the labels that stand: a head, None below two labels, and an ensemble if one was wanted."""

    head: LinearHead | None
    heads: tuple[LinearHead, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        return () if self.head is None else self.head.labels

    def probabilities(self, vectors: Float32) -> Float32 | None:
        """The chance of each label, float32 (n, k); None without a head."""
        return None if self.head is None else self.head.probabilities(vectors)

    def opinions(self, vectors: Float32) -> Float32 | None:
        """What each head of the ensemble believes, float32 (h, n, k); None without one."""
        return opinions(self.heads, vectors) if self.heads else None


def learn(conn: Conn, project: Project) -> Knowledge:
    """All that is known just now. Raises NotFound before the first embed."""
    encoder_id = current_encoder(conn, project)
    found = embeddings.read_vectors(conn, project.project_id, encoder_id, with_redundant=False)
    knowledge = Knowledge(
        encoder_id=encoder_id,
        clip_ids=found.clip_ids,
        vectors=found.vectors,
        label_ids={label.name: label.label_id for label in list_labels(conn, project.project_id)},
    )
    votes = annotations.read_votes(conn, project.project_id)
    knowledge.hear(votes.keys(), votes)
    return knowledge


def hear_again(conn: Conn, project: Project, knowledge: Knowledge, clip_ids: Sequence[int]) -> None:
    """Bring up to date what stands about these clips."""
    knowledge.label_ids = {label.name: label.label_id for label in list_labels(conn, project.project_id)}
    knowledge.hear(clip_ids, queue_plan.read_votes_on(conn, project.project_id, clip_ids))


def fit(knowledge: Knowledge, *, n_heads: int, seed: int) -> Model:
    """A model of the labels that stand; ``n_heads`` above 0 brings an ensemble too."""
    learned = learned_from(knowledge, seed=seed)
    if not learned:
        return Model(head=None)
    vectors, labels = knowledge.rows(learned), [knowledge.label_of[clip_id] for clip_id in learned]
    head = fit_linear_head(vectors, labels, seed=seed)
    if head is None or n_heads == 0:
        return Model(head=head)
    return Model(head=head, heads=fit_ensemble(vectors, labels, n_heads=n_heads, seed=seed))


def learned_from(knowledge: Knowledge, *, seed: int) -> list[int]:
    """The labelled clips that a model learns from, by id: all, or some where there are very many."""
    labelled = sorted(knowledge.label_of)
    if len(labelled) <= _MOST_LEARNED:
        return labelled
    drawn = np.random.default_rng(seed).permutation(len(labelled)).tolist()
    by_people_first = sorted(drawn, key=lambda i: knowledge.n_people.get(labelled[i], 0) == 0)
    return sorted(labelled[i] for i in by_people_first[:_MOST_LEARNED])
