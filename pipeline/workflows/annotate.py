"""Annotate: keep what people say about clips; nothing is lost, nothing is saved twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from pipeline.catalog import annotations, reviews
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.permissions import demand
from pipeline.core.types import AnswerGiven
from pipeline.workflows.operation import Conn


@dataclass(frozen=True, kw_only=True)
class SaveReport:
    """Which answers stand in the database now, and why others do not, by annotation id."""

    saved: list[UUID]
    refused: dict[UUID, str]


def save_answers(conn: Conn, project: Project, answers: Sequence[AnswerGiven]) -> SaveReport:
    """Keep the answers, each in its own transaction and in the order given.

    An id that was saved before counts as saved. Taking an answer back reopens the clip for this person.
    Raises NotPermitted, psycopg.OperationalError when the database is gone (send the same answers again).
    """
    demand(duty_of(conn, project.project_id), "annotate", actor=conn.info.user, project=project.name)
    label_ids = {label.name: label.label_id for label in list_labels(conn, project.project_id)}
    report = SaveReport(saved=[], refused={})
    for given in answers:
        said = (() if given.label is None else (given.label,)) + given.also
        if unknown := [label for label in said if label not in label_ids]:
            report.refused[given.annotation_id] = f"{unknown[0]!r} is not in the label set; reload the page"
            continue
        try:
            with conn.transaction():
                annotations.save_answers(conn, project.project_id, [given], label_ids=label_ids)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            report.refused[given.annotation_id] = error.diag.message_primary or str(error)
            continue
        if annotations.saved_ids(conn, project.project_id, [given.annotation_id]):
            report.saved.append(given.annotation_id)
        else:
            report.refused[given.annotation_id] = f"clip {given.clip_id} is not in this project; reload the page"
    return report


def skip_clip(conn: Conn, project: Project, clip_id: int) -> None:
    """Leave a clip to others. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "queue.claim", actor=conn.info.user, project=project.name)
    with conn.transaction():
        reviews.skip(conn, project.project_id, clip_id)


def release_clips(conn: Conn, project: Project, clip_ids: Sequence[int]) -> int:
    """Count of these clips that this person held and now leaves in the queue, for anybody. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "queue.claim", actor=conn.info.user, project=project.name)
    with conn.transaction():
        return reviews.release_claims(conn, project.project_id, clip_ids)


def flag_clip(conn: Conn, project: Project, flag_id: UUID, clip_id: int, *, is_raised: bool) -> None:
    """Keep a doubt about a clip, or that it is gone; the same id is saved once. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "flag", actor=conn.info.user, project=project.name)
    with conn.transaction():
        annotations.save_flag(conn, project.project_id, flag_id, clip_id, is_raised=is_raised)
