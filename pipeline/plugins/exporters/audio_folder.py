"""Exporter audio_folder: the sounds themselves, a folder a split and label, as most trainers read them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import StorageError
from pipeline.core.types import DatasetVersion, ReleaseItem
from pipeline.plugins.exporters.base import ReadObject
from pipeline.plugins.exporters.layout import audio_paths, demand_no_others, write_file


@dataclass(frozen=True, kw_only=True)
class AudioFolder:
    """Writes audio/SPLIT/LABEL/clip_ID.EXT, byte for byte as in the store."""

    def export(
        self, version: DatasetVersion, items: Sequence[ReleaseItem], *, folder: Path, read_object: ReadObject
    ) -> list[Path]:
        """One file a clip. Raises StorageError if one cannot be read or written, or is not what was released.

        Also if other sounds lie there, of another version perhaps: whoever reads the folder would take them along.
        """
        paths = audio_paths(items)
        demand_no_others(folder, "audio", paths, found="sounds that are not of this version")
        return [
            write_file(folder / path, _released_bytes(item, read_object))
            for item, path in zip(items, paths, strict=True)
        ]


def _released_bytes(item: ReleaseItem, read_object: ReadObject) -> bytes:
    data = read_object(item.object_key)
    found = hashlib.sha256(data).digest()
    if found != item.sha256:
        raise StorageError(
            "an object is not what was released",
            which=f"clip {item.clip_id} ({item.object_key})",
            expected=f"sha256 {item.sha256.hex()[:12]}",
            got=found.hex()[:12],
            do="restore the store from its backup",
        )
    return data
