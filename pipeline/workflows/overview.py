"""What screens and the command line read: everything here is looked up, nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.catalog import annotations, counts, datasets, operations, reviews
from pipeline.catalog.annotations import PersonProgress
from pipeline.catalog.counts import Counts
from pipeline.catalog.operations import OperationState
from pipeline.catalog.projects import Project
from pipeline.core.types import DatasetVersion
from pipeline.workflows.operation import Conn


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A project at a glance, for the person of this connection."""

    counts: Counts
    person: PersonProgress
    n_waiting: int
    labels: list[tuple[str, int, int]]
    operations: list[OperationState]
    versions: list[DatasetVersion]


def read_overview(conn: Conn, project: Project) -> Overview:
    """The project's numbers, its last runs and what waits for this person, now."""
    operations.sweep_dead(conn, project.project_id)
    return Overview(
        counts=counts.count_all(conn, project.project_id),
        person=annotations.person_progress(conn, project.project_id),
        n_waiting=reviews.count_open(conn, project.project_id),
        labels=counts.count_labels(conn, project.project_id),
        operations=operations.list_operations(conn, project.project_id),
        versions=datasets.list_versions(conn, project.project_id),
    )
