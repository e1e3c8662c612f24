"""Find mislabels: rank the clips whose label the other clips doubt, for a reviewer to hear on the page flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from pipeline.catalog import annotations, doubts, embeddings
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project
from pipeline.catalog.suspects import NewSuspect, replace_suspects
from pipeline.core.errors import NotFound
from pipeline.core.types import Float32, Outcome
from pipeline.curation.consensus import consensus
from pipeline.curation.mislabels import Suspect, margins, rank_suspects
from pipeline.training.out_of_fold import out_of_fold
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, operation, silent

Apart = Literal["recording", "source"]
"""Whose clips never speak for each other: those of one recording with one label, or those of one source group."""


@dataclass(frozen=True, kw_only=True)
class SuspectClip:
    """A clip whose label is in doubt, the two clips to hear beside it, and why; see ``Suspect``."""

    clip_id: int
    score: float
    given: str
    suggested: str
    given_probability: float
    suggested_probability: float
    nearest_given: int | None
    nearest_suggested: int | None
    n_near: int
    n_near_given: int
    n_near_suggested: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class MislabelReport:
    """The suspects, the most suspicious first, and what became of the labelled clips."""

    suspects: list[SuspectClip]
    outcome: Outcome


def find_mislabels(
    conn: Conn,
    project: Project,
    *,
    n_clips: int = 200,
    apart: Apart = "recording",
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> MislabelReport:
    """At most ``n_clips`` suspects by the current encoder's embeddings, in place of those of the search before.

    Every labelled clip that is not redundant speaks for others: people's consensus, else what came with the files. A
    clip that people settled (catalog/doubts.py) is no suspect; nor is one whose label no other clip has:
    ``detail`` counts both, and how many suspects there are. Raises NotFound before the first embed, and while fewer
    than two labels are given.
    """
    spec = {"n_clips": n_clips, "apart": apart, "seed": seed}
    with operation(conn, project, "mislabels", spec, on_progress=on_progress) as run:
        run.begin_stage("reading")
        pool = _read_pool(conn, project, apart)
        run.begin_stage("judging", n_total=len(pool.clip_ids))
        run.stop_if_asked()
        judged = out_of_fold(pool.vectors, pool.labels, groups=pool.groups, seed=seed)
        if judged is None:
            raise _too_few_labels(project, pool.labels)
        run.begin_stage("ranking")
        run.stop_if_asked()
        settled = doubts.settled_clips(conn, project.project_id)
        is_settled = np.array([clip_id in settled for clip_id in pool.clip_ids])
        may_ask = judged.is_judged & ~is_settled
        ranked = rank_suspects(
            judged.probabilities,
            judged.given,
            judged.labels,
            pool.vectors,
            n_most=n_clips,
            groups=pool.groups,
            may_ask=may_ask,
        )
        suspects = [_of_clip(suspect, pool.clip_ids) for suspect in ranked]
        label_ids = {label.name: label.label_id for label in list_labels(conn, project.project_id)}
        with run.transaction():
            rows = [_row(suspect, label_ids) for suspect in suspects]
            replace_suspects(conn, project.project_id, rows, operation_id=run.operation_id)
        run.n_done = len(pool.clip_ids)
        run.detail |= {
            "n_suspects": int((may_ask & (margins(judged.probabilities, judged.given)[0] > 0)).sum()),
            "n_listed": len(suspects),
            "n_settled": int(is_settled.sum()),
            "n_not_judged": int((~judged.is_judged).sum()),
        }
    return MislabelReport(suspects=suspects, outcome=run.outcome)


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """The labelled clips: row i of ``vectors`` float32 (n, d) and entry i of every list belong together."""

    clip_ids: list[int]
    vectors: Float32
    labels: list[str]
    groups: list[str]


def _read_pool(conn: Conn, project: Project, apart: Apart) -> _Pool:
    found = embeddings.read_vectors(conn, project.project_id, current_encoder(conn, project), with_redundant=False)
    votes = annotations.read_votes(conn, project.project_id)
    label_of = {
        clip_id: settled.label
        for clip_id, given in votes.items()
        if (settled := consensus(given)) is not None and settled.label is not None
    }
    rows = [row for row, clip_id in enumerate(found.clip_ids) if clip_id in label_of]
    clip_ids = [found.clip_ids[row] for row in rows]
    labels = [label_of[clip_id] for clip_id in clip_ids]
    of_clips = doubts.origins(conn, project.project_id, clip_ids)
    groups = [_group(origin, label, apart) for origin, label in zip(of_clips, labels, strict=True)]
    return _Pool(clip_ids=clip_ids, vectors=found.vectors[rows], labels=labels, groups=groups)


def _group(origin: doubts.Origin, label: str, apart: Apart) -> str:
    """A file's label was said once for all its clips; another label in the same file was said by itself."""
    if apart == "source" and origin.source_group is not None:
        return f"source {origin.source_group}"
    return f"recording {origin.recording_id} {label}"


def _too_few_labels(project: Project, labels: Sequence[str]) -> NotFound:
    return NotFound(
        "no labels to compare in this project",
        which=project.name,
        expected="embedded clips of at least two labels",
        got=f"{len(set(labels))} labels on {len(labels)} clips",
        do="label some clips, or ingest with --labels folder, --pattern or --table",
    )


def _of_clip(suspect: Suspect, clip_ids: Sequence[int]) -> SuspectClip:
    return SuspectClip(
        clip_id=clip_ids[suspect.index],
        score=suspect.score,
        given=suspect.given,
        suggested=suspect.suggested,
        given_probability=suspect.given_probability,
        suggested_probability=suspect.suggested_probability,
        nearest_given=None if suspect.nearest_given is None else clip_ids[suspect.nearest_given],
        nearest_suggested=None if suspect.nearest_suggested is None else clip_ids[suspect.nearest_suggested],
        n_near=suspect.n_near,
        n_near_given=suspect.n_near_given,
        n_near_suggested=suspect.n_near_suggested,
        reason=suspect.reason,
    )


def _row(suspect: SuspectClip, label_ids: Mapping[str, int]) -> NewSuspect:
    same = {
        name.name: getattr(suspect, name.name) for name in fields(suspect) if name.name not in ("given", "suggested")
    }
    return NewSuspect(given_label_id=label_ids[suspect.given], suggested_label_id=label_ids[suspect.suggested], **same)
