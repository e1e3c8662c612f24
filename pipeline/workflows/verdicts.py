"""Settle: keep what a reviewer decides about a doubtful clip, together with the label that it makes."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from pipeline.catalog import annotations, doubts, own_answers, verdicts
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.errors import CatalogError, NotFound
from pipeline.core.permissions import demand
from pipeline.core.verdicts import SettledMeanwhile, VerdictGiven
from pipeline.curation.consensus import consensus
from pipeline.workflows.operation import Conn


def settle(conn: Conn, project: Project, given: VerdictGiven) -> None:
    """Keep a verdict and the annotation that goes with it, both or none; an id that was saved before is done.

    Unsure is remembered, and the clip keeps its label. Withdrawn takes verdict and annotation back: what the person had
    said of the clip before stands again. Raises NotPermitted, SettledMeanwhile, NotFound for a clip or a label that
    is not there, CatalogError for what the database refuses, psycopg.OperationalError when it is gone (send again).
    """
    demand(duty_of(conn, project.project_id), "flag.settle", actor=conn.info.user, project=project.name)
    labels = {label.name: label.label_id for label in list_labels(conn, project.project_id)}
    for name in (given.given, given.suggested, given.label):
        if name is not None and name not in labels:
            raise NotFound("no such label in this project", which=name, do="reload the page")
    try:
        with conn.transaction():
            if verdicts.saved(conn, project.project_id, given.verdict_id) is not None:
                return
            if given.supersedes is None:
                _refuse_second(conn, project, given)
            verdicts.save_verdict(conn, project.project_id, given, label_ids=labels)
            if verdicts.saved(conn, project.project_id, given.verdict_id) is None:
                raise NotFound("no such clip in this project", which=given.clip_id, do="reload the page")
            _annotate(conn, project, given, labels)
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise CatalogError(error.diag.message_primary or str(error), which=f"clip {given.clip_id}") from error


def _refuse_second(conn: Conn, project: Project, given: VerdictGiven) -> None:
    stands = verdicts.standing(conn, project.project_id, [given.clip_id]).get(given.clip_id)
    if stands is None:
        return
    # A flag that was raised since the verdict asks for another.
    is_open = given.doubt == "flagged" and given.clip_id in {
        flagged.clip_id for flagged in doubts.list_flagged(conn, project.project_id)
    }
    if not is_open:
        raise SettledMeanwhile(
            f"{stands.author} settled this clip meanwhile ({stands.verdict.replace('_', ' ')}), and that verdict stays"
        )


def _annotate(conn: Conn, project: Project, given: VerdictGiven, labels: dict[str, int]) -> None:
    answer = given.annotation
    if answer is None:
        return
    if given.supersedes is not None:
        stands = own_answers.own_answer_ids(conn, project.project_id, [given.clip_id]).get(given.clip_id)
        if stands != given.supersedes:
            # Unsure made none, or the person has answered anew since: nothing of this verdict is left to take back.
            return
        before = verdicts.answer_before(conn, project.project_id, given.supersedes)
        if before is not None:
            answer = replace(before, annotation_id=given.verdict_id, supersedes=given.supersedes, heard=None)
    elif given.verdict == "confirmed":
        # Where clips have many labels, the others stand as they were.
        stood = consensus(doubts.votes_of(conn, project.project_id, [given.clip_id]).get(given.clip_id, []))
        if stood is not None and stood.label == given.label:
            answer = replace(answer, also=stood.also)
    annotations.save_answers(conn, project.project_id, [answer], label_ids=labels)
    mine = own_answers.own_answer_ids(conn, project.project_id, [given.clip_id]).get(given.clip_id)
    if answer.answer != "withdrawn" and mine != given.verdict_id:
        raise CatalogError("this verdict's id belongs to another answer", which=given.verdict_id, do="reload the page")
