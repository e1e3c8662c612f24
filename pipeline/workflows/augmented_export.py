"""Augmented copies beside an exported dataset version: in their parent's split and label, in a list of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.catalog import augmentations, clips
from pipeline.catalog.projects import Project
from pipeline.core.types import ReleaseItem
from pipeline.plugins.exporters.augmented import AugmentedItem, augmented_paths, write_list
from pipeline.plugins.exporters.layout import write_file
from pipeline.storage import Store
from pipeline.workflows.augmented_audio import CopySpec, augmented_bytes
from pipeline.workflows.operation import Conn, Run


@dataclass(frozen=True, kw_only=True)
class CopiesOfVersion:
    """The copies that go beside a version: each with its parent's sound, and where it is written."""

    clips: tuple[augmentations.AugmentedClip, ...]
    items: tuple[AugmentedItem, ...]
    paths: tuple[str, ...]
    n_left_out: int


def copies_of_version(
    conn: Conn, project: Project, items: Sequence[ReleaseItem], names: Sequence[str]
) -> CopiesOfVersion:
    """The copies, by these augmentations, of the clips of a version.

    Left out is a copy whose parent is not in the version, and one in which a background sounds that is tied to
    a clip of another split. Raises NotFound for an unknown augmentation.
    """
    by_clip = {item.clip_id: item for item in items}
    found: list[augmentations.AugmentedClip] = []
    for name in dict.fromkeys(names):
        augmentations.find_augmentation(conn, project.project_id, name)
        found += augmentations.augmented_clips(conn, project.project_id, name)
    specs = [CopySpec.from_json(clip.spec) for clip in found]
    tied = _tied_by_split(conn, project, items) if any(spec.backgrounds for spec in specs) else {}
    taken = [
        (clip, spec)
        for clip, spec in zip(found, specs, strict=True)
        if clip.clip_id in by_clip and not _leaks(spec, by_clip[clip.clip_id].split, tied)
    ]
    copies = tuple(_item(clip, spec, by_clip[clip.clip_id]) for clip, spec in taken)
    return CopiesOfVersion(
        clips=tuple(clip for clip, _ in taken),
        items=copies,
        paths=tuple(augmented_paths(items, copies)),
        n_left_out=len(found) - len(taken),
    )


def write_copies(run: Run, store: Store, copies: CopiesOfVersion, folder: Path) -> list[Path]:
    """The files of the copies and, last, their list; those that are not in the store are rendered.

    Raises AudioError if one comes out otherwise than it was made, StorageError if it cannot be read or written.
    """
    parent_ids = list(dict.fromkeys(clip.clip_id for clip in copies.clips))
    sounds = {s.clip_id: s for s in clips.clip_sounds(run.conn, run.project.project_id, parent_ids)}
    files = [
        write_file(folder / path, augmented_bytes(store, clip, sounds[clip.clip_id]))
        for clip, path in zip(copies.clips, copies.paths, strict=True)
    ]
    return [*files, write_list(folder, copies.items, copies.paths)]


def _tied_by_split(conn: Conn, project: Project, items: Sequence[ReleaseItem]) -> dict[str, set[int]]:
    return {
        split: augmentations.tied_clips(
            conn, project.project_id, [item.clip_id for item in items if item.split == split]
        )
        for split in sorted({item.split for item in items})
    }


def _leaks(spec: CopySpec, split: str, tied: dict[str, set[int]]) -> bool:
    others = (ids for other, ids in tied.items() if other != split)
    mixed_in = {sound.clip_id for sound in spec.backgrounds}
    return any(mixed_in & ids for ids in others)


def _item(clip: augmentations.AugmentedClip, spec: CopySpec, parent: ReleaseItem) -> AugmentedItem:
    return AugmentedItem(
        parent=parent,
        augmentation=clip.augmentation,
        position=clip.position,
        seed=clip.seed,
        spec=clip.spec,
        sha256=clip.sha256,
        rate_hz=clip.rate_hz,
        n_channels=clip.n_channels,
        n_samples=clip.n_samples,
        suffix=f".{spec.audio_format.container.lower()}",
    )
