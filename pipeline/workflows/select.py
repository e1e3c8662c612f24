"""Select: choose the clips that say most, as a named selection with the reason for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from pipeline.catalog import clip_columns, clips, embeddings, selections
from pipeline.catalog.projects import Project
from pipeline.core import registry
from pipeline.core.errors import NotFound
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32, Outcome, Pick
from pipeline.curation.coverage import coverage_curve, gain
from pipeline.curation.selection import SelectionSpec, Similarity, strategy_json
from pipeline.plugins.selectors.base import Column, ColumnSelector
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, Run, operation, silent

N_MORE = 100
"""The coverage curve goes on beyond the selection by so many clips."""
_DURATION = "duration_s"


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """What a selector chooses from: the clips that are not redundant; ``kept`` are row numbers that stay in."""

    clip_ids: list[int]
    vectors: Float32
    columns: dict[str, Column]
    examples: list[Float32]
    kept: list[int]


def select(
    conn: Conn,
    project: Project,
    name: str,
    *,
    n_clips: int,
    selector: PluginSpec | None = None,
    seed: int = 0,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Choose ``n_clips`` of the clips that are not redundant, and keep them as the selection ``name``.

    Raises NotFound before the first embed, PluginError for a wrong spec.
    """
    given = selector or project.recipe.selector
    plugin = registry.create("selector", given)
    full = registry.spec_of(given.name, plugin)
    spec = {"selector": full.to_json(), "name": name, "n_clips": n_clips, "seed": seed}
    with operation(conn, project, "select", spec, on_progress=on_progress) as run:
        encoder_id = current_encoder(conn, project)
        found = embeddings.read_vectors(conn, project.project_id, encoder_id, with_redundant=False)
        run.begin_stage("choosing", n_total=len(found.clip_ids))
        picks: list[Pick] = plugin.select(found.vectors, n_clips + N_MORE, preselected=(), seed=seed)
        _tell_coverage(run, found.vectors, [pick.index for pick in picks], n_selected=min(n_clips, len(picks)))
        _save(run, name, full, [(found.clip_ids[pick.index], pick.reason) for pick in picks[:n_clips]])
        run.n_done = len(found.clip_ids)
    return run.outcome


def select_by(
    conn: Conn, project: Project, name: str, spec: SelectionSpec, *, on_progress: OnProgress = silent
) -> Outcome:
    """Choose by a selection spec, and keep what it keeps and what was chosen as the selection ``name``.

    Redundant clips are never in, also not those that a kept selection holds. Raises NotFound before the first embed,
    for an unknown column, and when a selection or an example that the spec names is not there.
    """
    given = PluginSpec(name="strategies", params={"strategies": [strategy_json(one) for one in spec.strategies]})
    plugin: ColumnSelector = registry.create("selector", given)
    full = registry.spec_of(given.name, plugin)
    logged = {"selector": full.to_json(), "name": name, **spec.to_json()}
    with operation(conn, project, "select", logged, on_progress=on_progress) as run:
        run.begin_stage("reading")
        pool = _read_pool(conn, project, spec)
        durations_s = np.asarray(pool.columns[_DURATION], dtype=np.float64)
        n_most = spec.budget.most_clips(np.delete(durations_s, pool.kept))
        run.begin_stage("choosing", n_total=len(pool.clip_ids))
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
        order = [*pool.kept, *_in_order(picks, chosen)]
        _tell_coverage(run, pool.vectors, order, n_selected=len(pool.kept) + len(fitting))
        kept = [(pool.clip_ids[row], f"kept from “{spec.keep}”") for row in pool.kept]
        _save(run, name, full, kept + [(pool.clip_ids[pick.index], pick.reason) for pick in fitting])
        run.detail["n_kept"] = len(pool.kept)
        run.detail["selected_s"] = round(float(durations_s[order[: len(kept) + len(fitting)]].sum()), 3)
        run.n_done = len(pool.clip_ids)
    return run.outcome


def save_chosen(conn: Conn, project: Project, name: str, clip_ids: Sequence[int]) -> Outcome:
    """Keep the clips that a person chose by hand as the selection ``name``, in the order given, none twice.

    Raises NotFound if no clip is given, or one that this project does not hold; then nothing is saved.
    """
    chosen = list(dict.fromkeys(clip_ids))
    if not chosen:
        raise NotFound("no clip was chosen", which=name, do="draw a line around some points of the map")
    by_hand = PluginSpec(name="by_hand")
    spec = {"selector": by_hand.to_json(), "name": name, "n_clips": len(chosen)}
    with operation(conn, project, "select", spec) as run:
        run.begin_stage("saving", n_total=len(chosen))
        with run.transaction():
            strangers = set(chosen) - set(clips.clip_paths(conn, project.project_id, chosen))
            if strangers:
                raise NotFound("no such clip in this project", which=min(strangers), do="reload the page")
            selections.save_selection(
                conn,
                project.project_id,
                name,
                spec=by_hand,
                picks=[(clip_id, "chosen by hand") for clip_id in chosen],
                operation_id=run.operation_id,
            )
        run.n_done = len(chosen)
        run.detail["n_selected"] = len(chosen)
    return run.outcome


def _read_pool(conn: Conn, project: Project, spec: SelectionSpec) -> _Pool:
    encoder_id = current_encoder(conn, project)
    found = embeddings.read_vectors(conn, project.project_id, encoder_id, with_redundant=False)
    names = dict.fromkeys((*spec.columns, _DURATION))
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
    return _Pool(
        clip_ids=found.clip_ids,
        vectors=found.vectors,
        columns=clip_columns.read_columns(conn, project.project_id, found.clip_ids, list(names)),
        examples=examples,
        kept=[row_of[clip_id] for clip_id in kept if clip_id in row_of],
    )


def _clips_of(conn: Conn, project: Project, name: str) -> list[int]:
    ids = selections.selected_clips(conn, project.project_id, name)
    if not ids:
        raise NotFound("no such selection, or nothing in it", which=name, do="check the spelling")
    return ids


def _in_order(picks: Sequence[Pick], chosen: set[int]) -> list[int]:
    """The row numbers of the picks: those in the selection, then at most ``N_MORE`` of those that would follow."""
    rest = [pick.index for pick in picks if pick.index not in chosen]
    return [pick.index for pick in picks if pick.index in chosen] + rest[:N_MORE]


def _tell_coverage(run: Run, vectors: Float32, order: Sequence[int], *, n_selected: int) -> None:
    """Write how the picks cover the pool; the curve has a point where the selection ends and one beyond."""
    run.begin_stage("measuring coverage")
    curve = coverage_curve(vectors, order, also=[n_selected])
    run.detail["n_selected"] = n_selected
    run.detail["coverage"] = [asdict(point) for point in curve]
    more = gain(curve, n_selected)
    run.detail["n_more"] = max(0, len(order) - n_selected)
    run.detail["gain_of_more"] = None if more is None else round(more, 4)


def _save(run: Run, name: str, spec: PluginSpec, picks: Sequence[tuple[int, str]]) -> None:
    with run.transaction():
        selections.save_selection(
            run.conn, run.project.project_id, name, spec=spec, picks=picks, operation_id=run.operation_id
        )
