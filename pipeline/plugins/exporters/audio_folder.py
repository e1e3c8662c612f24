"""The audio folder: every clip as a file, in folders by split and label."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import StorageError
from pipeline.core.types import DatasetVersion, ReleaseItem
from pipeline.plugins.exporters.base import ReadObject
from pipeline.plugins.exporters.layout import file_of, write_whole


@dataclass(frozen=True, kw_only=True)
class AudioFolder:
    """audio/SPLIT/LABEL/clip_ID.wav, each file's bytes held against the hash that was frozen."""

    def export(
        self, version: DatasetVersion, items: Sequence[ReleaseItem], *, folder: Path, read_object: ReadObject
    ) -> list[Path]:
        """One file a clip. Raises StorageError if the store gives other bytes than were released."""
        return [write_whole(folder / file_of(item), _proven(item, read_object)) for item in items]


def _proven(item: ReleaseItem, read_object: ReadObject) -> bytes:
    data = read_object(item.object_key)
    if hashlib.sha256(data).digest() != item.sha256:
        raise StorageError(
            "the store holds other bytes than were released",
            which=f"clip {item.clip_id}",
            expected=item.sha256.hex()[:16],
            got=hashlib.sha256(data).hexdigest()[:16],
            do="restore the store from a backup",
        )
    return data
