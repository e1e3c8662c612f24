"""Augmented copies of a dataset version's clips, beside it in a tree and a list of their own.

The version's own files stay what was frozen: whoever measures on audio/test meets no copy there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.types import ReleaseItem
from pipeline.plugins.exporters.layout import demand_no_others, label_folders, safe_name, write_file

LIST_NAME = "augmented.jsonl"
_FOLDER = "augmented"


@dataclass(frozen=True, kw_only=True)
class AugmentedItem:
    """An augmented copy of a clip of the version, whose split, label and group it has."""

    parent: ReleaseItem
    augmentation: str
    position: int
    seed: int
    spec: Mapping[str, Any]
    sha256: bytes
    rate_hz: int
    n_channels: int
    n_samples: int
    suffix: str


def augmented_paths(items: Sequence[ReleaseItem], copies: Sequence[AugmentedItem]) -> list[str]:
    """Each copy's path under the folder, as in ``augmented/train/dog/clip_000123_NAME_0.wav``.

    ``items`` are all of the version, so that a label's folder is named as that of its clips.
    """
    folders = label_folders(item.label for item in items)
    return [
        f"{_FOLDER}/{safe_name(copy.parent.split)}/{folders[copy.parent.label]}/"
        f"clip_{copy.parent.clip_id:06d}_{copy.augmentation}_{copy.position}{copy.suffix}"
        for copy in copies
    ]


def demand_no_other_copies(folder: Path, paths: Sequence[str]) -> None:
    """Return if no other copies lie in the folder than these. Raises StorageError."""
    demand_no_others(folder, _FOLDER, paths, found="augmented sounds that are not of this export")


def augmented_jsonl(copies: Sequence[AugmentedItem], paths: Sequence[str]) -> bytes:
    """The bytes of augmented.jsonl, UTF-8: one row a copy, with all that rebuilds it."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in _rows(copies, paths))
    return "".join(lines).encode()


def write_list(folder: Path, copies: Sequence[AugmentedItem], paths: Sequence[str]) -> Path:
    """The list of the copies, written. Raises StorageError."""
    return write_file(folder / LIST_NAME, augmented_jsonl(copies, paths))


def _rows(copies: Sequence[AugmentedItem], paths: Sequence[str]) -> Iterator[dict[str, Any]]:
    for copy, file in zip(copies, paths, strict=True):
        yield {
            "parent_clip_id": copy.parent.clip_id,
            "parent_sha256": copy.parent.sha256.hex(),
            "augmentation": copy.augmentation,
            "position": copy.position,
            "seed": copy.seed,
            "split": copy.parent.split,
            "label": copy.parent.label,
            "group": copy.parent.group,
            "file": file,
            "sha256": copy.sha256.hex(),
            "rate_hz": copy.rate_hz,
            "n_channels": copy.n_channels,
            "n_samples": copy.n_samples,
            "duration_s": round(copy.n_samples / copy.rate_hz, 6),
            "spec": dict(copy.spec),
        }
