"""Deduplicate: group the clips that hold the same sound, mark all but one of each; nothing is deleted."""

from __future__ import annotations

from pipeline.catalog import duplicates, embeddings
from pipeline.catalog.clips import clip_sounds
from pipeline.catalog.projects import Project, duty_of
from pipeline.core import registry
from pipeline.core.errors import NotFound
from pipeline.core.permissions import demand
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Audio, Outcome
from pipeline.storage import Store
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.operation import Conn, OnProgress, operation, silent


def deduplicate(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    deduplicator: PluginSpec | None = None,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Find the near-duplicate groups among the embedded clips anew; people's earlier decisions are applied again.

    ``detail`` says how many groups there are and how many clips are redundant.
    Raises NotFound before the first embed, PluginError for a wrong spec.
    """
    given = deduplicator or project.recipe.deduplicator
    plugin = registry.create("deduplicator", given)
    full = registry.spec_of(given.name, plugin)
    spec = {"deduplicator": full.to_json()}
    with operation(conn, project, "deduplicate", spec, on_progress=on_progress) as run:
        found = embeddings.read_vectors(conn, project.project_id, current_encoder(conn, project))
        sounds = clip_sounds(conn, project.project_id, found.clip_ids)
        run.begin_stage("comparing", n_total=len(sounds))

        def read(index: int) -> Audio:
            return read_clip(store, sounds[index])

        groups = plugin.group(
            found.vectors,
            pcm_sha256=[sound.sha256 for sound in sounds],
            duration_s=[sound.duration_s for sound in sounds],
            read_clip=read,
        )
        new = [
            (
                found.clip_ids[group.representative],
                [
                    duplicates.NewDuplicate(
                        clip_id=found.clip_ids[m.index], distance=m.distance, reason=m.reason, lag_s=m.lag_s
                    )
                    for m in group.members
                ],
            )
            for group in groups
        ]
        with conn.transaction():
            duplicates.replace_groups(conn, project.project_id, new, operation_id=run.operation_id)
        run.n_done = len(sounds)
        run.detail |= {"n_groups": len(groups), "n_redundant": sum(len(g.members) - 1 for g in groups)}
    return run.outcome


def decide(conn: Conn, project: Project, clip_id: int, decision: duplicates.Decision) -> list[duplicates.GroupMember]:
    """Restore a redundant clip, mark it again, or let it represent its group; gives the group as it is now.

    Raises NotPermitted, or NotFound if the clip is in no group.
    """
    demand(duty_of(conn, project.project_id), "deduplicate", actor=conn.info.user, project=project.name)
    with conn.transaction():
        group_id = duplicates.decide(conn, project.project_id, clip_id, decision)
    return duplicates.read_group(conn, project.project_id, group_id)


def current_encoder(conn: Conn, project: Project) -> int:
    """The encoder whose embeddings serve. Raises NotFound before the first embed."""
    encoder_id = embeddings.current_encoder(conn, project.project_id)
    if encoder_id is None:
        raise NotFound("no embeddings in this project yet", which=project.name, do="run `earmark embed` first")
    return encoder_id
