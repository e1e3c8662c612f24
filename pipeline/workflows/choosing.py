"""Choosing by a selection spec, without a word to the database: what `select` saves and what its preview shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.catalog import clip_columns, embeddings, selections
from pipeline.catalog.embeddings import ClipVectors
from pipeline.catalog.projects import Project
from pipeline.core import registry
from pipeline.core.errors import NotFound
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32, Pick
from pipeline.curation.coverage import coverage_curve, gain
from pipeline.curation.selection import SelectionSpec, Similarity, strategy_json
from pipeline.plugins.selectors.base import Column, ColumnSelector
from pipeline.workflows.operation import Conn

N_MORE = 100
"""The coverage curve goes on beyond the selection by so many clips."""
DURATION = "duration_s"


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What a selector chooses from: the clips that are not redundant; ``kept`` are row numbers that stay in."""

    clip_ids: list[int]
    vectors: Float32
    columns: dict[str, Column]
    examples: list[Float32]
    kept: list[int]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen of a pool: ``picks`` fit the budget, best first; ``order`` are the row numbers of the kept ones,
    of the picks, and of those that would follow.
    """

    picks: list[Pick]
    order: list[int]
    n_kept: int

    @property
    def rows(self) -> list[int]:
        """The row numbers of the selection: what is kept, then the picks."""
        return self.order[: self.n_kept + len(self.picks)]


def selector_of(spec: SelectionSpec) -> tuple[ColumnSelector, PluginSpec]:
    """The plug-in that chooses by the strategies, and its full spec. Raises PluginError."""
    given = PluginSpec(name="strategies", params={"strategies": [strategy_json(one) for one in spec.strategies]})
    plugin: ColumnSelector = registry.create("selector", given)
    return plugin, registry.spec_of(given.name, plugin)


def read_pool(
    conn: Conn,
    project: Project,
    spec: SelectionSpec,
    *,
    encoder_id: int,
    found: ClipVectors | None = None,
    more_columns: Sequence[str] = (),
) -> Pool:
    """The pool with the columns that the spec reads and ``more_columns``; ``found`` are its vectors if read before.

    Raises NotFound for an unknown column, and when a selection or an example that the spec names is not there.
    """
    if found is None:
        found = embeddings.read_vectors(conn, project.project_id, encoder_id, with_redundant=False)
    names = dict.fromkeys((*spec.columns, DURATION, *more_columns))
    examples: list[Float32] = []
    for one in spec.strategies:
        if isinstance(one, Similarity):
            ids = _clips_of(conn, project, one.to) if isinstance(one.to, str) else one.to
            vectors = clip_columns.read_some_vectors(conn, project.project_id, encoder_id, ids)
            if not len(vectors):
                raise NotFound("none of the example clips has an embedding", which=one.to, do="choose other examples")
            examples.append(vectors)
    row_of = {clip_id: row for row, clip_id in enumerate(found.clip_ids)}
    kept = () if spec.keep is None else _clips_of(conn, project, spec.keep)
    return Pool(
        clip_ids=found.clip_ids,
        vectors=found.vectors,
        columns=clip_columns.read_columns(conn, project.project_id, found.clip_ids, list(names)),
        examples=examples,
        kept=[row_of[clip_id] for clip_id in kept if clip_id in row_of],
    )


def n_affordable(pool: Pool, spec: SelectionSpec) -> int:
    """The largest number of clips, beyond those that are kept, that the budget can buy."""
    return spec.budget.most_clips(np.delete(np.asarray(pool.columns[DURATION], dtype=np.float64), pool.kept))


def choose_from(pool: Pool, spec: SelectionSpec, plugin: ColumnSelector) -> Choice:
    """The picks that fit the budget, and at most ``N_MORE`` that would follow. Raises PluginError."""
    durations_s = np.asarray(pool.columns[DURATION], dtype=np.float64)
    n_most = n_affordable(pool, spec)
    picks = plugin.select(
        pool.vectors,
        n_most + N_MORE,
        preselected=pool.kept,
        seed=spec.seed,
        columns=pool.columns,
        examples=pool.examples,
    )
    fitting = [picks[place] for place in spec.budget.affordable(durations_s[[p.index for p in picks]])][:n_most]
    chosen = {pick.index for pick in fitting}
    return Choice(picks=fitting, order=[*pool.kept, *_in_order(picks, chosen)], n_kept=len(pool.kept))


def items_of(pool: Pool, spec: SelectionSpec, choice: Choice) -> list[tuple[int, str]]:
    """The selection's clips with their reasons, what is kept first."""
    kept = [(pool.clip_ids[row], f"kept from “{spec.keep}”") for row in pool.kept]
    return kept + [(pool.clip_ids[pick.index], pick.reason) for pick in choice.picks]


def selected_s(pool: Pool, choice: Choice) -> float:
    """How many seconds of sound the selection holds."""
    return round(float(np.asarray(pool.columns[DURATION], dtype=np.float64)[choice.rows].sum()), 3)


def coverage_detail(vectors: Float32, order: Sequence[int], *, n_selected: int) -> dict[str, Any]:
    """How the first ``n_selected`` of ``order`` cover the pool, as plain values.

    ``coverage`` has a point where the selection ends and one beyond; ``gain_of_more`` is None where there is no more.
    """
    curve = coverage_curve(vectors, order, also=[n_selected])
    more = gain(curve, n_selected)
    return {
        "n_selected": n_selected,
        "coverage": [asdict(point) for point in curve],
        "n_more": max(0, len(order) - n_selected),
        "gain_of_more": None if more is None else round(more, 4),
    }


def _clips_of(conn: Conn, project: Project, name: str) -> list[int]:
    ids = selections.selected_clips(conn, project.project_id, name)
    if not ids:
        raise NotFound("no such selection, or nothing in it", which=name, do="check the spelling")
    return ids


def _in_order(picks: Sequence[Pick], chosen: set[int]) -> list[int]:
    """The row numbers of the picks: those in the selection, then at most ``N_MORE`` of those that would follow."""
    rest = [pick.index for pick in picks if pick.index not in chosen]
    return [pick.index for pick in picks if pick.index in chosen] + rest[:N_MORE]
