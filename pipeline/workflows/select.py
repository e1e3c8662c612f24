"""Select: choose the clips that say most, as a named selection with the reason for each."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.catalog import clips, embeddings, selections
from pipeline.catalog.projects import Project
from pipeline.core import registry
from pipeline.core.errors import NotFound
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Outcome
from pipeline.workflows.deduplicate import current_encoder
from pipeline.workflows.operation import Conn, OnProgress, operation, silent


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
        picks = plugin.select(found.vectors, n_clips, preselected=(), seed=seed)
        with run.transaction():
            selections.save_selection(
                conn,
                project.project_id,
                name,
                spec=full,
                picks=[(found.clip_ids[pick.index], pick.reason) for pick in picks],
                operation_id=run.operation_id,
            )
        run.n_done = len(found.clip_ids)
        run.detail["n_selected"] = len(picks)
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
