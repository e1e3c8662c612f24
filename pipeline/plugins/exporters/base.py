"""What an exporter is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pipeline.core.types import DatasetVersion, ReleaseItem

ReadObject = Callable[[str], bytes]
"""Gives the bytes of an object of the store by its key."""


class Exporter(Protocol):
    """Writes a dataset version as files that others can open."""

    def export(
        self, version: DatasetVersion, items: Sequence[ReleaseItem], *, folder: Path, read_object: ReadObject
    ) -> list[Path]:
        """The files written under ``folder``, in order. The same version gives the same bytes.

        ``items`` come sorted by clip_id. Raises StorageError if a file cannot be written.
        """
        ...
