"""Stopping: how good the rest would be if people stopped now, and what another hundred answers would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pipeline.catalog import annotations, audit, embeddings
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.permissions import demand
from pipeline.core.types import Vote
from pipeline.curation.consensus import consensus
from pipeline.curation.lot import audit_order
from pipeline.curation.stopping import take_slice
from pipeline.curation.stopping_words import GOAL
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, operation, silent
from pipeline.workflows.stop_report import NO_LABEL, Pool, StopReport, report_from, report_of


@dataclass(frozen=True, kw_only=True)
class MadeReport:
    """The latest report, when it was made, and how many answers came since."""

    report: StopReport
    made_at: datetime
    n_answers_since: int


def estimate_stopping(
    conn: Conn, project: Project, *, goal: float = GOAL, seed: int = 0, on_progress: OnProgress = silent
) -> StopReport:
    """The report as of now, kept in the operation log for the screens. Same answers, same report.

    What people answered of the clips drawn by lot says how often the model, or the label that a clip came with, is
    right; see ``curation/stopping.py``. Raises NotFound before the first embed.
    """
    spec = {"goal": goal, "seed": seed}
    with operation(conn, project, "quality", spec, on_progress=on_progress) as run:
        run.begin_stage("reading")
        pool = read_pool(conn, project)
        run.begin_stage("judging", n_total=len(pool.clip_ids))
        run.stop_if_asked()
        report = report_of(pool, goal=goal, seed=seed)
        run.n_done = len(pool.clip_ids)
        run.detail |= {"n_drawn": report.drawn.n_drawn, "advice": report.advice.sentence, "report": asdict(report)}
    return report


def latest_report(conn: Conn, project: Project) -> MadeReport | None:
    """The report made last, None before the first. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "quality", actor=conn.info.user, project=project.name)
    made = audit.latest_estimate(conn, project.project_id)
    if made is None:
        return None
    return MadeReport(report=report_from(made.detail), made_at=made.made_at, n_answers_since=made.n_answers_since)


def read_pool(conn: Conn, project: Project) -> Pool:
    """What stands in the project just now. Raises NotFound before the first embed."""
    found = embeddings.read_vectors(conn, project.project_id, current_encoder(conn, project), with_redundant=False)
    row_of = {clip_id: row for row, clip_id in enumerate(found.clip_ids)}
    votes = annotations.read_votes(conn, project.project_id)
    answered = [clip for clip in audit.answered_clips(conn, project.project_id) if clip.clip_id in row_of]
    truth_of: dict[int, str] = {}
    passed_over = audit.skipped_clips(conn, project.project_id)
    for clip in answered:
        truth = _truth(votes.get(clip.clip_id, ()))
        if truth is None:
            passed_over.add(clip.clip_id)
        else:
            truth_of[row_of[clip.clip_id]] = truth
    judged = {found.clip_ids[row] for row in truth_of}
    lot = take_slice(audit_order(project.project_id, found.clip_ids), judged, passed_over)
    given_of = {row_of[i]: label for i, said in votes.items() if i in row_of and (label := _given(said)) is not None}
    return Pool(
        clip_ids=found.clip_ids,
        vectors=found.vectors,
        truth_of=truth_of,
        given_of=given_of,
        lot=lot,
        row_of=row_of,
        unjudged={row_of[clip_id] for clip_id in passed_over - judged if clip_id in row_of},
        chosen_in_grid={row_of[c.clip_id] for c in answered if c.is_from_grid} - {row_of[i] for i in lot.clip_ids},
    )


def _truth(votes: Sequence[Vote]) -> str | None:
    """What people say a clip is; None if they disagree or cannot tell."""
    settled = consensus([vote for vote in votes if vote.source == "human"])
    if settled is None or settled.is_disputed or settled.answer not in ("label", "none_of_these"):
        return None
    return settled.label or NO_LABEL


def _given(votes: Sequence[Vote]) -> str | None:
    """The label that a clip came with, from files or functions; a model's guess is none."""
    settled = consensus([vote for vote in votes if vote.source not in ("human", "model")])
    return None if settled is None else settled.label
