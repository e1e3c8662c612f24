"""Preview: what a selection spec would choose, by the same code as `select`. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.catalog import clip_columns, embeddings, selections
from pipeline.catalog.embeddings import ClipVectors
from pipeline.catalog.projects import Project, duty_of
from pipeline.catalog.selection_pool import PoolMark, pool_ids, pool_mark
from pipeline.core.errors import Cancelled
from pipeline.core.permissions import demand
from pipeline.curation.selection import Budget, Diversity, SelectionSpec, Threshold, Typicality, strategy_json
from pipeline.plugins.selectors.base import Column
from pipeline.workflows.choosing import (
    DURATION,
    N_MORE,
    Choice,
    Pool,
    choose_from,
    coverage_detail,
    items_of,
    n_affordable,
    read_pool,
    selected_s,
    selector_of,
)
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn

_LONGEST_S = 5.0
_MOST_READ_N = 100_000
_LEAST_SAMPLE_N = 500
_SAMPLE_SEED = 0
# Measured on one core with a margin of a half: what lightly_mundig takes for a pair of clip and pick, and typicality
# for a pair of clips, by the dimensions of the embeddings.
_PAIR_NS, _PAIR_DIM_NS, _TYPICAL_DIM_NS = 50.0, 0.4, 0.25


@dataclass(frozen=True, kw_only=True)
class SelectionPreview:
    """What would be saved: ``kept`` and ``picks`` are clip ids with reasons, best first.

    ``n_pool`` clips with ``pool_s`` of sound can be chosen from; ``n_looked_at`` of them were looked at: fewer are a
    sample drawn by lot, and then the counts are estimates for the whole pool, while ``kept``, ``picks`` and ``labels``
    are of the sample. ``n_chosen`` and ``chosen_s`` hold what is kept too. ``labels`` counts the chosen by label
    (None: no label). ``let_through`` is how many clips each THRESHOLD lets through, ``n_allowed`` how many all of them
    do. ``n_kept_asked`` clips stand in the kept selection. ``coverage`` is what ``coverage_detail`` gives.
    """

    kept: list[tuple[int, str]]
    picks: list[tuple[int, str]]
    n_chosen: int
    chosen_s: float
    n_pool: int
    pool_s: float
    n_looked_at: int
    n_kept: int
    n_kept_asked: int
    n_allowed: int
    let_through: tuple[int, ...]
    labels: Mapping[str | None, int]
    coverage: Mapping[str, Any]

    @property
    def items(self) -> list[tuple[int, str]]:
        """What is kept and what is chosen, in the order in which it is saved."""
        return [*self.kept, *self.picks]

    @property
    def is_sample(self) -> bool:
        """Whether only a part of the pool was looked at."""
        return self.n_looked_at < self.n_pool


class HeldVectors:
    """The pool's vectors, read once and kept while neither the encoder nor the pool changes. For one thread at a time.

    Of more than ``most_n`` clips a sample of so many, drawn by lot, is read.
    """

    def __init__(self, *, most_n: int = _MOST_READ_N) -> None:
        self.n_read = 0
        self._most_n = most_n
        self._mark: PoolMark | None = None
        self._found = ClipVectors(clip_ids=[], vectors=np.zeros((0, 0), np.float32))

    def read(self, conn: Conn, project: Project, encoder_id: int) -> tuple[ClipVectors, int]:
        """The vectors, and how many clips the whole pool has."""
        mark = pool_mark(conn, project.project_id, encoder_id)
        if mark != self._mark:
            self._mark = None
            self._found = self._read(conn, project, encoder_id)
            self._mark, self.n_read = mark, self.n_read + 1
        return self._found, mark.n_clips

    def _read(self, conn: Conn, project: Project, encoder_id: int) -> ClipVectors:
        ids = pool_ids(conn, project.project_id, encoder_id)
        if len(ids) <= self._most_n:
            return embeddings.read_vectors(conn, project.project_id, encoder_id, with_redundant=False)
        drawn = [ids[row] for row in _drawn(len(ids), self._most_n)]
        return ClipVectors(
            clip_ids=drawn, vectors=clip_columns.read_some_vectors(conn, project.project_id, encoder_id, drawn)
        )


def preview(
    conn: Conn,
    project: Project,
    spec: SelectionSpec,
    *,
    held: HeldVectors | None = None,
    longest_s: float = _LONGEST_S,
    is_overtaken: Callable[[], bool] = lambda: False,
) -> SelectionPreview:
    """What ``select_by`` would save by this spec now; of a sample where that would take more than ``longest_s``.

    Raises NotPermitted as ``select_by`` does, NotFound and PluginError for what it would refuse, and Cancelled between
    two steps once ``is_overtaken``.
    """
    from pipeline.plugins.selectors.strategies_terms import lets_through

    demand(duty_of(conn, project.project_id), "select", actor=conn.info.user, project=project.name)
    plugin, _ = selector_of(spec)
    encoder_id = current_encoder(conn, project)
    found, n_pool = (held or HeldVectors()).read(conn, project, encoder_id)
    _stop_if(is_overtaken)
    pool = read_pool(conn, project, spec, encoder_id=encoder_id, found=found, more_columns=[clip_columns.LABEL])
    asked, pool_s = spec, _sum_s(pool) * n_pool / max(1, len(pool.clip_ids))
    if (n_sample := _affordable_sample(pool, spec, longest_s)) < len(pool.clip_ids):
        pool = _sample(pool, n_sample)
    share = len(pool.clip_ids) / n_pool if n_pool else 1.0
    if share < 1:
        spec = replace(spec, budget=_budget_of_sample(spec.budget, share, len(pool.clip_ids)))
    _stop_if(is_overtaken)
    choice = choose_from(pool, spec, plugin)
    _stop_if(is_overtaken)
    items = items_of(pool, spec, choice)
    n_chosen, chosen_s = _for_whole(pool, choice, spec, asked, share)
    thresholds = [
        lets_through(pool.columns, strategy_json(one)) for one in spec.strategies if isinstance(one, Threshold)
    ]
    allowed = np.logical_and.reduce([np.ones(len(pool.clip_ids), dtype=bool), *thresholds])
    return SelectionPreview(
        kept=items[: choice.n_kept],
        picks=items[choice.n_kept :],
        n_chosen=n_chosen,
        chosen_s=chosen_s,
        n_pool=n_pool,
        pool_s=pool_s,
        n_looked_at=len(pool.clip_ids),
        n_kept=round(choice.n_kept / share),
        n_kept_asked=0 if spec.keep is None else len(selections.selected_clips(conn, project.project_id, spec.keep)),
        n_allowed=round(allowed.sum() / share),
        let_through=tuple(round(one.sum() / share) for one in thresholds),
        labels=Counter(pool.columns[clip_columns.LABEL][choice.rows].tolist()),
        coverage=coverage_detail(pool.vectors, choice.order, n_selected=len(choice.rows)),
    )


def _stop_if(is_overtaken: Callable[[], bool]) -> None:
    if is_overtaken():
        raise Cancelled("the preview was overtaken by another")


def _sum_s(pool: Pool) -> float:
    return float(np.asarray(pool.columns[DURATION], dtype=np.float64).sum())


def _drawn(n: int, n_wanted: int) -> list[int]:
    """So many row numbers by lot, in order: the same for the same n."""
    return np.sort(np.random.default_rng(_SAMPLE_SEED).permutation(n)[:n_wanted]).tolist()


def _seconds(n: int, n_picks: int, n_dims: int, spec: SelectionSpec) -> float:
    """About how long it takes to choose so many of n clips."""
    n_pairs = n * n_picks * (_PAIR_NS + _PAIR_DIM_NS * n_dims)
    # With a minimum distance beside other strategies, lightly_mundig is run again and again.
    is_repeated = len(spec.strategies) > 1 and any(
        isinstance(one, Diversity) and one.minimum_distance is not None for one in spec.strategies
    )
    n_typical = n * n * _TYPICAL_DIM_NS * n_dims * sum(isinstance(one, Typicality) for one in spec.strategies)
    return 1e-9 * (n_pairs * (3 if is_repeated else 1) + n_typical)


def _affordable_sample(pool: Pool, spec: SelectionSpec, longest_s: float) -> int:
    """How many clips of the pool can be looked at within the time."""
    n_all, n_dims = len(pool.clip_ids), pool.vectors.shape[1] if len(pool.vectors) else 0
    n_most = n_affordable(pool, spec)
    n = n_all
    while n > _LEAST_SAMPLE_N:
        budget = n_most if n == n_all else _n_of_sample(n_most, n / n_all, n)
        if _seconds(n, len(pool.kept) * n // n_all + budget + N_MORE, n_dims, spec) <= longest_s:
            return n
        n = max(_LEAST_SAMPLE_N, int(0.8 * n))
    return n


def _n_of_sample(n_clips: int, share: float, n_sample: int) -> int:
    """How many clips to choose of a sample: as many as asked if it is large enough for them, else its share of them."""
    return min(n_clips, max(round(share * n_clips), n_sample // 10, 1))


def _budget_of_sample(budget: Budget, share: float, n_sample: int) -> Budget:
    if budget.n_clips is not None:
        return Budget(n_clips=_n_of_sample(budget.n_clips, share, n_sample))
    return budget if budget.hours is None else Budget(hours=budget.hours * share)


def _sample(pool: Pool, n: int) -> Pool:
    """n clips of the pool by lot, with what is known of them."""
    rows = _drawn(len(pool.clip_ids), n)
    place_of = {row: place for place, row in enumerate(rows)}
    columns: dict[str, Column] = {name: column[rows] for name, column in pool.columns.items()}
    return Pool(
        clip_ids=[pool.clip_ids[row] for row in rows],
        vectors=pool.vectors[rows],
        columns=columns,
        examples=pool.examples,
        kept=[place_of[row] for row in pool.kept if row in place_of],
    )


def _for_whole(
    pool: Pool, choice: Choice, spec: SelectionSpec, asked: SelectionSpec, share: float
) -> tuple[int, float]:
    """How many clips and seconds would be chosen of the whole pool; of a sample this is estimated."""
    n, seconds = len(choice.rows), selected_s(pool, choice)
    if share >= 1 or not n:
        return n, seconds
    n_free = len(choice.picks) / share
    if asked.budget.n_clips is not None and spec.budget.n_clips is not None:
        # What was reached of the sample's budget is taken to be reached of the whole one.
        n_free = asked.budget.n_clips * len(choice.picks) / spec.budget.n_clips
    n_whole = round(n_free + choice.n_kept / share)
    return n_whole, seconds * n_whole / n
