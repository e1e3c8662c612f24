"""Where a released clip lies in the folder that is written, and what its row in the manifest says."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.core.errors import StorageError
from pipeline.core.types import ReleaseItem


def file_of(item: ReleaseItem) -> str:
    """The clip's path below the folder, with slashes: audio/SPLIT/LABEL/clip_ID.ending."""
    label = re.sub(r"[^\w .-]+", "_", item.label).strip(" .") or "_"
    ending = PurePosixPath(item.object_key).suffix
    return f"audio/{item.split}/{label}/clip_{item.clip_id:06d}{ending}"


def row_of(item: ReleaseItem) -> Mapping[str, Any]:
    """The clip's row, its keys in the order of the columns."""
    return {
        "clip_id": item.clip_id,
        "split": item.split,
        "label": item.label,
        "confidence": round(item.confidence, 6),
        "n_votes": item.n_votes,
        "file": file_of(item),
        "sha256": item.sha256.hex(),
        "rate_hz": item.rate_hz,
        "n_channels": item.n_channels,
        "n_samples": item.n_samples,
        "duration_s": round(item.n_samples / item.rate_hz, 6),
        "recording_uri": item.recording_uri,
        "start_sample": item.start_sample,
        "stop_sample": item.stop_sample,
        "group": item.group,
    }


def write_whole(path: Path, data: bytes) -> Path:
    """Write the file, all of it or nothing. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.part")
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(
            "cannot write the export", which=path, got=error.strerror or str(error), do="choose another folder"
        ) from error
    return path
