"""Augment: make other clips of clips, kept as rows that rebuild them bit for bit; files only when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from pipeline.catalog import augmentations, clips, datasets, selections
from pipeline.catalog.failures import resolve_failures
from pipeline.catalog.projects import Project
from pipeline.compute import Result, parallel_map
from pipeline.core import registry
from pipeline.core.errors import NotFound, PluginError, SettingsError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Failure, Outcome, Workers
from pipeline.storage import Store
from pipeline.workflows.augmented_audio import CopySpec, copy_seed, render, render_again, render_copy
from pipeline.workflows.operation import Conn, OnProgress, Run, in_batches, operation, silent

__all__ = ["augment", "render", "write_augmented"]

T = TypeVar("T")

N_BACKGROUNDS_A_COPY = 4
_BACKGROUND_STREAM = 1
_STAGE = "augment"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One copy that is to be made."""

    parent: clips.ClipSound
    position: int
    spec: CopySpec
    seed: int


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An augmented clip that is to be written, and its parent's sound."""

    clip: augmentations.AugmentedClip
    parent: clips.ClipSound


def augment(
    conn: Conn,
    project: Project,
    store: Store,
    name: str,
    chain: Sequence[PluginSpec],
    *,
    n_copies: int = 1,
    seed: int = 0,
    dataset: str | None = None,
    selection: str | None = None,
    backgrounds: str | None = None,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Make ``n_copies`` of each parent through the chain, as rows without files; the same again makes what is missing.

    Parents are the train items of the latest version of ``dataset``, or the clips of ``selection``, or all active
    clips that are not redundant. ``backgrounds`` names the selection that background_mix or impulse_response draw
    from; each copy keeps the few that were drawn for it. What is tied to validation or test of ``dataset`` is no
    background. Copies in = done + failed. Raises PluginError for a chain that cannot be, SettingsError for
    parameters out of range, NotFound if nothing is to be augmented, CatalogError if the name has another spec.
    """
    full = _full_chain(chain, backgrounds)
    _demand_settings(n_copies=n_copies, seed=seed, dataset=dataset, selection=selection)
    spec: dict[str, Any] = {
        "chain": [step.to_json() for step in full],
        "n_copies": n_copies,
        "seed": seed,
        "dataset": dataset,
        "selection": selection,
        "backgrounds": backgrounds,
    }
    with operation(conn, project, _STAGE, {"name": name, **spec}, on_progress=on_progress) as run:
        parents, elsewhere = _parents(conn, project, dataset=dataset, selection=selection)
        pool = _background_sounds(conn, project, backgrounds, without=elsewhere)
        with run.transaction():
            augmentation_id = augmentations.use_augmentation(
                conn, project.project_id, name, spec=spec, operation_id=run.operation_id
            )
        made = augmentations.made_already(conn, augmentation_id)
        planner = _Planner(project=project, chain=full, seed=seed, pool=pool)
        wanted = [(parent, position) for parent in parents for position in range(n_copies)]
        todo = [planner.copy(*one) for one in wanted if (one[0].clip_id, one[1]) not in made]
        run.n_done = run.n_unchanged = len(wanted) - len(todo)
        run.detail["n_parents"] = len(parents)
        run.begin_stage("augmenting", n_total=len(wanted))

        def save(done: Sequence[tuple[Copy, augmentations.NewAugmentedClip]]) -> None:
            augmentations.save_augmented(conn, project.project_id, augmentation_id, [row for _, row in done])

        _carry(run, partial(make_copy, store=store), todo, workers=workers, item=partial(_item_of, name), save=save)
    return run.outcome


def write_augmented(
    conn: Conn,
    project: Project,
    store: Store,
    name: str,
    *,
    workers: Workers = 1,
    on_progress: OnProgress = silent,
) -> Outcome:
    """Put the files of an augmentation into the store, each rendered again and proven by its hash.

    One that comes out otherwise is a failure that says so. Those that lie there already are not rendered.
    Raises NotFound for an unknown name.
    """
    with operation(conn, project, _STAGE, {"name": name, "write": True}, on_progress=on_progress) as run:
        augmentations.find_augmentation(conn, project.project_id, name)
        rows = augmentations.augmented_clips(conn, project.project_id, name)
        sounds = _sounds_by_id(conn, project, [row.clip_id for row in rows])
        todo = [
            Kept(clip=row, parent=sounds[row.clip_id])
            for row in rows
            if row.object_key is None or not store.exists(row.object_key)
        ]
        run.n_done = run.n_unchanged = len(rows) - len(todo)
        run.begin_stage("writing", n_total=len(rows))

        def save(done: Sequence[tuple[Kept, str]]) -> None:
            augmentations.note_written(conn, [(kept.clip.augmented_clip_id, key) for kept, key in done])

        _carry(run, partial(write_copy, store=store), todo, workers=workers, item=_item_of_kept, save=save)
    return run.outcome


def make_copy(copy: Copy, *, store: Store) -> augmentations.NewAugmentedClip:
    """One copy, rendered and hashed, its bytes let go. Raises AudioError or StorageError."""
    made = render_copy(store, copy.parent, copy.spec, seed=copy.seed)
    return augmentations.NewAugmentedClip(
        clip_id=copy.parent.clip_id,
        position=copy.position,
        spec=copy.spec.to_json(),
        seed=copy.seed,
        sha256=made.sha256,
        rate_hz=made.audio.rate_hz,
        n_channels=made.audio.n_channels,
        n_samples=made.audio.n_samples,
    )


def write_copy(kept: Kept, *, store: Store) -> str:
    """The key in the store of one augmented clip, its bytes there before this returns.

    Raises AudioError if it comes out otherwise, StorageError.
    """
    container = CopySpec.from_json(kept.clip.spec).audio_format.container
    return store.put(render_again(kept.clip, kept.parent, store=store), suffix=f".{container.lower()}")


@dataclass(frozen=True, kw_only=True)
class _Planner:
    """Says of each copy how it is to be made."""

    project: Project
    chain: tuple[PluginSpec, ...]
    seed: int
    pool: Sequence[clips.ClipSound]

    def copy(self, parent: clips.ClipSound, position: int) -> Copy:
        seed = copy_seed(self.seed, parent.sha256, position, self.chain)
        spec = CopySpec(
            chain=self.chain,
            backgrounds=self._drawn(parent, seed),
            audio_format=self.project.recipe.audio_format,
        )
        return Copy(parent=parent, position=position, spec=spec, seed=seed)

    def _drawn(self, parent: clips.ClipSound, seed: int) -> tuple[clips.ClipSound, ...]:
        if not self.pool:
            return ()
        # A stream of its own, so that what an augmenter draws does not hang on how many there are to draw from.
        rng = np.random.default_rng([_BACKGROUND_STREAM, seed])
        drawn = rng.choice(len(self.pool), min(N_BACKGROUNDS_A_COPY + 1, len(self.pool)), replace=False)
        others = [self.pool[i] for i in drawn.tolist() if self.pool[i].clip_id != parent.clip_id]
        return tuple(others[:N_BACKGROUNDS_A_COPY])


def _full_chain(chain: Sequence[PluginSpec], backgrounds: str | None) -> tuple[PluginSpec, ...]:
    if not chain:
        raise PluginError("nothing is to be done to the clips", expected="one augmenter or more", got="none")
    plugins = [(step.name, registry.create("augmenter", step)) for step in chain]
    needing = list(dict.fromkeys(name for name, plugin in plugins if plugin.needs_backgrounds))
    if needing and backgrounds is None:
        raise PluginError(f"{needing[0]} needs backgrounds", got="none", do="name a selection of clips, --backgrounds")
    if backgrounds is not None and not needing:
        raise PluginError("no augmenter of this chain takes backgrounds", which=backgrounds, do="leave them away")
    if len(needing) > 1:
        raise PluginError(
            "one selection cannot serve two kinds of backgrounds",
            which=" and ".join(needing),
            expected="one of them a chain",
        )
    return tuple(registry.spec_of(name, plugin) for name, plugin in plugins)


def _demand_settings(*, n_copies: int, seed: int, dataset: str | None, selection: str | None) -> None:
    if n_copies < 1:
        raise SettingsError("n_copies out of range", expected="1 or more", got=n_copies)
    if seed < 0:
        raise SettingsError("seed out of range", expected="0 or more", got=seed)
    if dataset is not None and selection is not None:
        raise SettingsError(
            "parents come from one place", expected="a dataset or a selection", got=f"{dataset} and {selection}"
        )


def _parents(
    conn: Conn, project: Project, *, dataset: str | None, selection: str | None
) -> tuple[list[clips.ClipSound], set[int]]:
    """The clips to be augmented, and those that must not be heard in them."""
    elsewhere: set[int] = set()
    if dataset is not None:
        version = datasets.find_version(conn, project.project_id, dataset, None)
        items = datasets.read_items(conn, project.project_id, version.dataset_version_id)
        ids = [item.clip_id for item in items if item.split == "train"]
        others = [item.clip_id for item in items if item.split != "train"]
        elsewhere = augmentations.tied_clips(conn, project.project_id, others)
    elif selection is not None:
        ids = _selected(conn, project, selection)
    else:
        ids = augmentations.clips_to_augment(conn, project.project_id)
    if not ids:
        where = "no train clip in the dataset" if dataset else "no active clip that is not redundant"
        raise NotFound(where, which=dataset or project.name, do="ingest and cut first" if not dataset else None)
    return clips.clip_sounds(conn, project.project_id, ids), elsewhere


def _selected(conn: Conn, project: Project, selection: str) -> list[int]:
    ids = selections.selected_clips(conn, project.project_id, selection)
    if not ids:
        names = ", ".join(row.name for row in selections.list_selections(conn, project.project_id))
        raise NotFound(
            "no clips in a selection of this name",
            which=selection,
            expected=f"one of {names}" if names else "a selection",
            do="make it by `earmark select`, or on the map of the curate dashboard",
        )
    return ids


def _background_sounds(
    conn: Conn, project: Project, selection: str | None, *, without: set[int]
) -> list[clips.ClipSound]:
    if selection is None:
        return []
    ids = [clip_id for clip_id in _selected(conn, project, selection) if clip_id not in without]
    if not ids:
        raise NotFound(
            "every background is tied to a clip of validation or test",
            which=selection,
            do="choose backgrounds from other recordings",
        )
    return clips.clip_sounds(conn, project.project_id, ids)


def _sounds_by_id(conn: Conn, project: Project, clip_ids: Sequence[int]) -> dict[int, clips.ClipSound]:
    found = clips.clip_sounds(conn, project.project_id, list(dict.fromkeys(clip_ids)))
    return {sound.clip_id: sound for sound in found}


def _item_of(name: str, copy: Copy) -> str:
    return f"{name}/{copy.parent.clip_id}/{copy.position}"


def _item_of_kept(kept: Kept) -> str:
    return f"{kept.clip.augmentation}/{kept.clip.clip_id}/{kept.clip.position}"


R = TypeVar("R")


def _carry(
    run: Run,
    work: Callable[[T], R],
    todo: Sequence[T],
    *,
    workers: Workers,
    item: Callable[[T], str],
    save: Callable[[Sequence[tuple[T, R]]], None],
) -> None:
    """Do the work of each, save it batch by batch, and note what failed."""

    def take(batch: Sequence[Result[R]]) -> None:
        done = [(todo[r.index], r.value) for r in batch if r.value is not None]
        save(done)
        resolve_failures(run.conn, run.project.project_id, _STAGE, [item(one) for one, _ in done])
        run.fail(
            Failure(item=item(todo[r.index]), error=r.failure.error, message=r.failure.message)
            for r in batch
            if r.failure is not None
        )
        run.n_done += len(done)

    for batch in in_batches(parallel_map(work, todo, workers=workers)):
        with run.transaction():
            take(batch)
        run.report()
        run.stop_if_asked()
