"""A project whose clips lie in heaps, one for each label: the true answers are known, and no sound is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg

from pipeline.catalog import embeddings, labels, projects
from pipeline.catalog.projects import Project
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe
from pipeline.core.types import AnswerGiven
from pipeline.workflows.annotate import SaveReport, save_answers
from pipeline.workflows.queue import claim_clips
from tests.catalog import made_rows
from tests.contracts.sounds import unit_rows

Conn = psycopg.Connection[Any]
LABELS = ("dog", "cat", "rain")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The project, and what each of its clips holds."""

    project: Project
    truth: dict[int, str]

    def answer(self, conn: Conn, clip_id: int, label: str | None = None, *, settles: bool = False) -> SaveReport:
        """Say what the clip holds, or something else, as who is logged in."""
        given = AnswerGiven(
            annotation_id=uuid4(),
            clip_id=clip_id,
            answer="label",
            label=label or self.truth[clip_id],
            heard=None,
            settles=settles,
        )
        return save_answers(conn, self.project, [given])

    def answer_next(self, conn: Conn, n: int) -> list[int]:
        """Claim and answer n clips one by one, truly; their ids."""
        said: list[int] = []
        while len(said) < n:
            (clip,) = claim_clips(conn, self.project, 1)
            self.answer(conn, clip.clip_id)
            said.append(clip.clip_id)
        return said


def make(conn: Conn, *, n_each: int = 40, name: str = "made", spread: float = 2.0) -> Asked:
    """So many clips of each label, embedded in 16 dimensions; ``spread`` says how much the heaps overlap."""
    project = projects.create_project(conn, name, load_recipe())
    labels.add_labels(conn, project.project_id, LABELS)
    operation_id = conn.execute(
        "INSERT INTO operation (project_id, action, spec) VALUES (%s, 'ingest', '{}') RETURNING operation_id",
        (project.project_id,),
    ).fetchall()[0][0]
    n = n_each * len(LABELS)
    clip_ids = made_rows.fill(conn, project.project_id, operation_id, n_recordings=n, n_clips_each=1)
    heap = np.arange(n) % len(LABELS)
    vectors = unit_rows(len(LABELS), 16, seed=1)[heap] + spread * unit_rows(n, 16, seed=2)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    encoder_id = embeddings.use_encoder(conn, project.project_id, PluginSpec(name="instant"), n_dims=16)
    embeddings.save_embeddings(conn, project.project_id, encoder_id, list(zip(clip_ids, vectors, strict=True)))
    embeddings.set_current(conn, project.project_id, encoder_id)
    truth = {clip_id: LABELS[k] for clip_id, k in zip(clip_ids, heap.tolist(), strict=True)}
    return Asked(project=project, truth=truth)
