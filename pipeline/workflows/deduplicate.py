"""Deduplicate: group the clips that hold the same sound, mark all but one of each; nothing is deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.catalog import duplicates, embeddings, fingerprints
from pipeline.catalog.fingerprints import ComparedClip
from pipeline.catalog.projects import Project, duty_of, get_project, set_recipe
from pipeline.core import registry
from pipeline.core.errors import NotFound, SettingsError
from pipeline.core.permissions import demand
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import FARTHEST_ALIKE
from pipeline.core.types import Audio, DuplicateGroup, Outcome, Workers
from pipeline.curation.representative import ranks
from pipeline.storage import Store
from pipeline.workflows.alike import AlikePool
from pipeline.workflows.clip_audio import read_clip
from pipeline.workflows.fingerprints import marks_of
from pipeline.workflows.operation import Conn, OnProgress, Run, operation, silent


def deduplicate(
    conn: Conn,
    project: Project,
    store: Store,
    *,
    deduplicator: PluginSpec | None = None,
    is_approximate: bool = False,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Find the near-duplicate groups among the active clips anew; people's earlier decisions are applied again.

    Active clips in = done + failed. One recording is known by its marks; where there are embeddings, clips nearer than
    the recipe's ``alike_distance`` are redundant too, exactly all of them unless ``is_approximate``. ``detail`` says
    how many groups there are, how many clips are redundant by which finding, and under ``alike`` what other distances
    would cost. Raises PluginError for a wrong spec.
    """
    given = deduplicator or project.recipe.deduplicator
    plugin = registry.create("deduplicator", given)
    full = registry.spec_of(given.name, plugin)
    recipe = project.recipe
    spec = {"deduplicator": full.to_json(), "prefer": list(recipe.prefer), "alike_distance": recipe.alike_distance}
    with operation(conn, project, "deduplicate", spec, on_progress=on_progress) as run:
        clips = fingerprints.compared_clips(conn, project.project_id)
        marks = marks_of(run, store, full, [clip.sound for clip in clips], workers=workers, is_kept=True)
        clips = [clip for clip in clips if clip.clip_id in marks]
        rank = ranks(clips, recipe.prefer)
        groups = _same_recording(run, store, plugin, clips, [marks[clip.clip_id] for clip in clips], rank)
        pool = AlikePool(run, clips, rank, groups)
        if pool.places:
            run.begin_stage("comparing embeddings")
            pairs = pool.pairs(is_approximate=is_approximate)
            run.detail["alike"] = pool.costs(pairs)
            groups = pool.joined(groups, pairs)
        run.begin_stage("saving")
        with run.transaction():
            duplicates.replace_groups(conn, project.project_id, _named(groups, clips), operation_id=run.operation_id)
        run.n_done = len(clips)
        run.detail |= _counts(groups)
    return run.outcome


def prefer_distance(conn: Conn, project: Project, distance: float | None) -> Project:
    """Let clips that sound alike within this cosine distance be redundant from the next run on (None: none are).

    Gives the project as it is then. Raises NotPermitted, SettingsError for a distance that is out of range.
    """
    demand(duty_of(conn, project.project_id), "deduplicate", actor=conn.info.user, project=project.name)
    if distance is not None and not 0 < distance <= FARTHEST_ALIKE:
        raise SettingsError("the distance is out of range", expected=f"above 0, up to {FARTHEST_ALIKE}", got=distance)
    with conn.transaction():
        latest = get_project(conn, project.name)
        set_recipe(conn, project.project_id, replace(latest.recipe, alike_distance=distance))
    return get_project(conn, project.name)


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


def _same_recording(
    run: Run, store: Store, plugin: Any, clips: Sequence[ComparedClip], marks: Sequence[bytes], rank: Sequence[int]
) -> list[DuplicateGroup]:
    """Groups of clips by their place in ``clips``."""
    run.begin_stage("comparing")

    def read(place: int) -> Audio:
        return read_clip(store, clips[place].sound)

    def tell(n_done: int, n_total: int) -> None:
        run.n_done, run.n_total = n_done, n_total
        run.report()
        run.stop_if_asked()

    return plugin.group(marks, pcm_sha256=[clip.sha256 for clip in clips], rank=rank, read_clip=read, on_pairs=tell)


def _named(
    groups: Sequence[DuplicateGroup], clips: Sequence[ComparedClip]
) -> list[tuple[int, list[duplicates.NewDuplicate]]]:
    """The groups by clip ids, as they are saved."""
    return [
        (
            clips[group.representative].clip_id,
            [
                duplicates.NewDuplicate(
                    clip_id=clips[member.index].clip_id,
                    finding=member.finding,
                    distance=member.distance,
                    reason=member.reason,
                    lag_s=member.lag_s,
                    overlap_s=member.overlap_s,
                )
                for member in group.members
            ],
        )
        for group in groups
    ]


def _counts(groups: Sequence[DuplicateGroup]) -> Mapping[str, Any]:
    n_by_finding = Counter(
        member.finding for group in groups for member in group.members if member.index != group.representative
    )
    return {
        "n_groups": len(groups),
        "n_redundant": n_by_finding.total(),
        "n_by_finding": dict(sorted(n_by_finding.items())),
    }
