"""Select: choose the clips that say most, as a named selection with the reason for each."""

from __future__ import annotations

from pipeline.catalog import embeddings, selections
from pipeline.catalog.projects import Project
from pipeline.core import registry
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
        with conn.transaction():
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
