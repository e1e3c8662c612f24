"""Stopping: how good the rest would be if people stopped now, and what another hundred answers would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.catalog import annotations, audit, embeddings
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.permissions import demand
from pipeline.core.types import Float32, Vote
from pipeline.curation.consensus import consensus
from pipeline.curation.learning_curve import CurvePoint, LearningCurve, curve_sizes, learning_curve
from pipeline.curation.lot import audit_order
from pipeline.curation.score_thresholds import LabelThresholds, ScorePoint, Threshold, score_thresholds
from pipeline.curation.stopping import Drawn, Estimate, Slice, expected_share, share_right_left, take_slice, wrong_left
from pipeline.curation.stopping_words import GOAL, Advice, advise
from pipeline.training.judging import Judged, judge, right_by_size
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, operation, silent

N_MORE = 100
_NO_LABEL = ""


@dataclass(frozen=True, kw_only=True)
class StopReport:
    """What is estimated of the clips that nobody has answered, and what to do.

    ``model_right``: the share of them that the model would label rightly; ``given_wrong``: how many of those that came
    with a label have a wrong one. ``drawn`` counts the model's guesses, ``given_drawn`` the labels that clips came
    with. ``n_passed_over`` were drawn by lot and could not be judged. None: nothing to say it by.
    """

    drawn: Drawn
    n_passed_over: int
    model_right: Estimate | None
    given_drawn: Drawn | None
    given_wrong: Estimate | None
    curve: LearningCurve | None
    thresholds: list[LabelThresholds]
    advice: Advice
    goal: float


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
        pool = _read_pool(conn, project)
        run.begin_stage("judging", n_total=len(pool.clip_ids))
        run.stop_if_asked()
        # Matrices this small are many times slower on several BLAS threads than on one.
        with threadpool_limits(1, user_api="blas"):
            judged = judge(pool.vectors, pool.taught, pool.taught_labels, seed=seed)
            run.begin_stage("learning curve")
            run.stop_if_asked()
            curve = _curve(pool, seed) if judged is not None else None
        report = _report(pool, judged, curve, goal)
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


def report_from(detail: Mapping[str, Any]) -> StopReport:
    """The report of plain values, as the operation log holds it."""
    curve = detail["curve"]
    return StopReport(
        drawn=Drawn(**detail["drawn"]),
        n_passed_over=detail["n_passed_over"],
        model_right=_estimate(detail["model_right"]),
        given_drawn=None if detail["given_drawn"] is None else Drawn(**detail["given_drawn"]),
        given_wrong=_estimate(detail["given_wrong"]),
        curve=None
        if curve is None
        else LearningCurve(
            points=[CurvePoint(**point) for point in curve["points"]],
            n_more=curve["n_more"],
            gain=Estimate(**curve["gain"]),
        ),
        thresholds=[_thresholds(entry) for entry in detail["thresholds"]],
        advice=Advice(**detail["advice"]),
        goal=detail["goal"],
    )


def _estimate(value: Mapping[str, float] | None) -> Estimate | None:
    return None if value is None else Estimate(**value)


def _thresholds(entry: Mapping[str, Any]) -> LabelThresholds:
    return LabelThresholds(
        label=entry["label"],
        n_judged=entry["n_judged"],
        n_right=entry["n_right"],
        points=[ScorePoint(**point) for point in entry["points"]],
        thresholds=[Threshold(**threshold) for threshold in entry["thresholds"]],
    )


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """The clips and what stands about them; rows are places in ``clip_ids`` and ``vectors`` float32 (n, d).

    ``truth_of``: what people say of a row (_NO_LABEL: none of the labels), in the order in which they said it first.
    ``given_of``: the label that a row came with. ``unjudged``: rows that people were asked about without an answer that
    judges. ``chosen_in_grid`` were heard because the model was sure.
    """

    clip_ids: list[int]
    vectors: Float32
    truth_of: dict[int, str]
    given_of: dict[int, str]
    lot: Slice
    row_of: Mapping[int, int]
    unjudged: set[int]
    chosen_in_grid: set[int]

    @property
    def taught(self) -> list[int]:
        """The rows that teach: those with a person's label, then those that came with one."""
        people = [row for row, label in self.truth_of.items() if label != _NO_LABEL]
        return people + [row for row in self.given_of if row not in self.truth_of]

    @property
    def taught_labels(self) -> list[str]:
        return [self.truth_of.get(row) or self.given_of[row] for row in self.taught]

    @property
    def drawn_rows(self) -> list[int]:
        return [self.row_of[clip_id] for clip_id in self.lot.clip_ids]


def _read_pool(conn: Conn, project: Project) -> _Pool:
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
    given_of = {
        row_of[clip_id]: label
        for clip_id, said in votes.items()
        if clip_id in row_of and (label := _given(said)) is not None
    }
    judged = {found.clip_ids[row] for row in truth_of}
    lot = take_slice(audit_order(project.project_id, found.clip_ids), judged, passed_over)
    return _Pool(
        clip_ids=found.clip_ids,
        vectors=found.vectors,
        truth_of=truth_of,
        given_of=given_of,
        lot=lot,
        row_of=row_of,
        unjudged={row_of[clip_id] for clip_id in passed_over if clip_id in row_of and clip_id not in judged},
        chosen_in_grid={row_of[c.clip_id] for c in answered if c.is_from_grid} - {row_of[i] for i in lot.clip_ids},
    )


def _truth(votes: Sequence[Vote]) -> str | None:
    """What people say a clip is; None if they disagree or cannot tell."""
    settled = consensus([vote for vote in votes if vote.source == "human"])
    if settled is None or settled.is_disputed or settled.answer not in ("label", "none_of_these"):
        return None
    return settled.label or _NO_LABEL


def _given(votes: Sequence[Vote]) -> str | None:
    """The label that a clip came with, from files or functions; a model's guess is none."""
    settled = consensus([vote for vote in votes if vote.source not in ("human", "model")])
    return None if settled is None else settled.label


def _curve(pool: _Pool, seed: int) -> LearningCurve | None:
    """What people's answers alone taught, in the order in which they came; None where most labels came otherwise."""
    people = [(row, label) for row, label in pool.truth_of.items() if label != _NO_LABEL]
    if len(pool.given_of) > len(people):
        return None
    sizes = curve_sizes(len(people))
    drawn = pool.drawn_rows
    is_right = right_by_size(
        pool.vectors,
        [row for row, _ in people],
        [label for _, label in people],
        drawn=drawn,
        truths=[pool.truth_of[row] or None for row in drawn],
        sizes=sizes,
        seed=seed,
    )
    return learning_curve(sizes, is_right, n_more=N_MORE, seed=seed)


def _report(pool: _Pool, judged: Judged | None, curve: LearningCurve | None, goal: float) -> StopReport:
    guesses = None if judged is None else judged.words()
    drawn = _count(pool, set(range(len(pool.clip_ids))), dict(enumerate(guesses or ())))
    right = None
    thresholds: list[LabelThresholds] = []
    if judged is not None and guesses is not None:
        rows = np.array([row for row in pool.truth_of if row not in pool.chosen_in_grid], dtype=np.int64)
        left = np.array(sorted(set(range(len(pool.clip_ids))) - pool.truth_of.keys() - pool.unjudged), dtype=np.int64)
        is_right = np.array([guesses[row] == pool.truth_of[row] for row in rows.tolist()], dtype=np.bool_)
        expected = expected_share(judged.scores[rows], is_right, judged.scores[left])
        right = share_right_left(drawn, expected=expected)
        thresholds = score_thresholds(
            judged.labels,
            judged.guesses[rows],
            judged.scores[rows],
            is_right,
            left_guesses=judged.guesses[left],
            left_scores=judged.scores[left],
        )
    given_drawn = _count(pool, set(pool.given_of), pool.given_of) if pool.given_of else None
    is_of_model = given_drawn is None or 2 * given_drawn.n_left < drawn.n_left
    at_stake = drawn if is_of_model or given_drawn is None else given_drawn
    return StopReport(
        drawn=drawn,
        n_passed_over=len(pool.lot.passed_over),
        model_right=right,
        given_drawn=given_drawn,
        given_wrong=None if given_drawn is None else wrong_left(given_drawn),
        curve=curve,
        thresholds=thresholds,
        advice=advise(
            at_stake,
            right if is_of_model else share_right_left(at_stake),
            None if curve is None or not is_of_model else curve.gain,
            is_of_model=is_of_model,
            n_more=N_MORE,
            goal=goal,
        ),
        goal=goal,
    )


def _count(pool: _Pool, among: set[int], said: Mapping[int, str]) -> Drawn:
    """How often ``said`` (by row) is not what people say, of the rows ``among`` that can be judged."""
    known = pool.truth_of.keys() & among
    wrong = {row for row in known if said.get(row) != pool.truth_of[row]}
    drawn = set(pool.drawn_rows) & known
    return Drawn(
        n_all=len(among - pool.unjudged),
        n_known=len(known),
        n_wrong_known=len(wrong),
        n_drawn=len(drawn),
        n_wrong_drawn=len(drawn & wrong),
    )
