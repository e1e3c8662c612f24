"""Select: choose the clips that say most, as a named selection with the reason for each."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.catalog import clips, embeddings, selections
from pipeline.catalog.projects import Project
from pipeline.core import registry
from pipeline.core.errors import NotFound
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Float32, Outcome, Pick
from pipeline.curation.selection import SelectionSpec
from pipeline.workflows.choosing import (
    N_MORE,
    choose_from,
    coverage_detail,
    items_of,
    read_pool,
    selected_s,
    selector_of,
)
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, Run, operation, silent


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
    plugin, full = selector_of(spec)
    logged = {"selector": full.to_json(), "name": name, **spec.to_json()}
    with operation(conn, project, "select", logged, on_progress=on_progress) as run:
        run.begin_stage("reading")
        pool = read_pool(conn, project, spec, encoder_id=current_encoder(conn, project))
        run.begin_stage("choosing", n_total=len(pool.clip_ids))
        choice = choose_from(pool, spec, plugin)
        _tell_coverage(run, pool.vectors, choice.order, n_selected=len(choice.rows))
        _save(run, name, full, items_of(pool, spec, choice))
        run.detail["n_kept"] = choice.n_kept
        run.detail["selected_s"] = selected_s(pool, choice)
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


def _tell_coverage(run: Run, vectors: Float32, order: Sequence[int], *, n_selected: int) -> None:
    """Write how the picks cover the pool."""
    run.begin_stage("measuring coverage")
    run.detail.update(coverage_detail(vectors, order, n_selected=n_selected))


def _save(run: Run, name: str, spec: PluginSpec, picks: Sequence[tuple[int, str]]) -> None:
    with run.transaction():
        selections.save_selection(
            run.conn, run.project.project_id, name, spec=spec, picks=picks, operation_id=run.operation_id
        )
