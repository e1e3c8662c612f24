"""Gold: clips whose answer is certain, mixed into everybody's queue, so that people can be measured by them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.catalog import gold, queue_plan
from pipeline.catalog.gold import GoldClip
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import Project, duty_of
from pipeline.core.errors import NotFound, SettingsError
from pipeline.core.permissions import demand
from pipeline.curation.consensus import consensus
from pipeline.workflows.operation import Conn

NONE_OF_THESE = "none of these"


def add_gold(conn: Conn, project: Project, clip_ids: Sequence[int], *, label: str | None = None) -> int:
    """Count of clips that are gold now: with this label, or NONE_OF_THESE, else with what people say of each.

    The next queue asks everybody about them. Raises NotPermitted, NotFound for a clip that this project has not,
    SettingsError for an unknown label, and for a clip of which people say nothing, or not the same.
    """
    demand(duty_of(conn, project.project_id), "gold", actor=conn.info.user, project=project.name)
    label_ids = {entry.name: entry.label_id for entry in list_labels(conn, project.project_id)}
    if label is not None and label != NONE_OF_THESE and label not in label_ids:
        raise SettingsError("no such label", which=label, expected=f"one of {', '.join([*label_ids, NONE_OF_THESE])}")
    if label is None:
        answer_of = _by_people(conn, project, clip_ids)
    else:
        answer_of = dict.fromkeys(clip_ids, None if label == NONE_OF_THESE else label)
    with conn.transaction():
        n = gold.add_gold(conn, project.project_id, answer_of, label_ids=label_ids)
        if n < len(answer_of):
            raise NotFound(
                "not every clip is of this project", which=project.name, expected=f"{len(answer_of)} clips", got=n
            )
    return n


def remove_gold(conn: Conn, project: Project, clip_ids: Sequence[int]) -> int:
    """Count of clips that were gold and are no longer. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "gold", actor=conn.info.user, project=project.name)
    with conn.transaction():
        return gold.remove_gold(conn, project.project_id, clip_ids)


def list_gold(conn: Conn, project: Project) -> list[GoldClip]:
    """The gold clips with how many people met them, the newest first. Raises NotPermitted."""
    demand(duty_of(conn, project.project_id), "gold", actor=conn.info.user, project=project.name)
    return gold.list_gold(conn, project.project_id)


def _by_people(conn: Conn, project: Project, clip_ids: Sequence[int]) -> dict[int, str | None]:
    votes = queue_plan.read_votes_on(conn, project.project_id, clip_ids)
    answer_of: dict[int, str | None] = {}
    for clip_id in clip_ids:
        settled = consensus([vote for vote in votes.get(clip_id, ()) if vote.source == "human"])
        if settled is None or settled.is_disputed or settled.answer not in ("label", "none_of_these"):
            raise SettingsError(
                "nobody has said for sure what this clip is", which=f"clip {clip_id}", do="name its label"
            )
        answer_of[clip_id] = settled.label
    return answer_of
