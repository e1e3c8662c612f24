"""What is known of a project's clips, column by column: what a person may weigh, bound or balance by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pipeline.catalog import clip_columns
from pipeline.catalog.projects import Project, duty_of
from pipeline.catalog.selection_pool import pool_ids
from pipeline.core.permissions import demand
from pipeline.plugins.selectors.base import Column
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn

MOST_VALUES_N = 200
_FEW_NUMBERS_N = 20
"""So few different numbers are balanced one by one; more are balanced by stretches."""


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """One column over the clips that a selection chooses from.

    ``n_known`` clips have a value. Numbers go from ``low`` to ``high`` (None without any). ``values`` with how many
    clips have each, the most frequent first, at most ``MOST_VALUES_N`` of ``n_values``: of texts, and of numbers where
    there are few different ones.
    """

    name: str
    is_number: bool
    n_known: int
    low: float | None
    high: float | None
    values: list[tuple[str, int]]
    n_values: int


def column_facts(conn: Conn, project: Project) -> dict[str, ColumnFacts]:
    """The facts of every column there is. Raises NotPermitted as ``select`` does, NotFound before the first embed."""
    demand(duty_of(conn, project.project_id), "select", actor=conn.info.user, project=project.name)
    ids = pool_ids(conn, project.project_id, current_encoder(conn, project))
    columns = clip_columns.read_columns(conn, project.project_id, ids, clip_columns.COLUMNS)
    return {name: facts_of(name, column) for name, column in columns.items()}


def facts_of(name: str, column: Column) -> ColumnFacts:
    """The facts of one column (n,): numbers with NaN, or texts with None, where nothing is."""
    if column.dtype == object:
        texts = Counter(str(value) for value in column.tolist() if value is not None)
        return _facts(name, texts, low=None, high=None, is_number=False)
    numbers = np.asarray(column, dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    distinct, counts = np.unique(known, return_counts=True)
    low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
    if len(distinct) > _FEW_NUMBERS_N:
        return ColumnFacts(
            name=name, is_number=True, n_known=len(known), low=low, high=high, values=[], n_values=len(distinct)
        )
    found = Counter[str]()
    for value, n in zip(distinct.tolist(), counts.tolist(), strict=True):
        found[f"{value:g}"] += n
    return _facts(name, found, low=low, high=high, is_number=True)


def _facts(name: str, counted: Counter[str], *, low: float | None, high: float | None, is_number: bool) -> ColumnFacts:
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return ColumnFacts(
        name=name,
        is_number=is_number,
        n_known=counted.total(),
        low=low,
        high=high,
        values=ordered[:MOST_VALUES_N],
        n_values=len(ordered),
    )
