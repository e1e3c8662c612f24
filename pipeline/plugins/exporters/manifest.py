"""Exporter manifest: the list of a dataset version's clips, as JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.types import DatasetVersion, ReleaseItem
from pipeline.plugins.exporters.base import ReadObject
from pipeline.plugins.exporters.layout import audio_paths, write_file

COLUMNS: tuple[str, ...] = (
    "clip_id",
    "split",
    "label",
    "confidence",
    "n_votes",
    "file",
    "sha256",
    "rate_hz",
    "n_channels",
    "n_samples",
    "duration_s",
    "recording_uri",
    "start_sample",
    "stop_sample",
    "group",
)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Writes manifest.jsonl and manifest.csv: one row a clip, sorted by clip_id, the same columns in both.

    ``pandas.read_json(path, lines=True, dtype={"label": str})`` reads it; without dtype pandas
    turns labels such as "0" into numbers. Column ``file`` is where audio_folder puts the sound.
    """

    def export(
        self, version: DatasetVersion, items: Sequence[ReleaseItem], *, folder: Path, read_object: ReadObject
    ) -> list[Path]:
        """The two files. Raises StorageError if one cannot be written."""
        return [
            write_file(folder / "manifest.jsonl", manifest_jsonl(items)),
            write_file(folder / "manifest.csv", manifest_csv(items)),
        ]


def manifest_jsonl(items: Sequence[ReleaseItem]) -> bytes:
    """The bytes of manifest.jsonl, UTF-8: the same items, the same bytes, in whatever order they come."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in _rows(items))
    return "".join(lines).encode()


def manifest_csv(items: Sequence[ReleaseItem]) -> bytes:
    """The bytes of manifest.csv, UTF-8, with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(items))
    return text.getvalue().encode()


def _rows(items: Sequence[ReleaseItem]) -> Iterator[dict[str, Any]]:
    ordered = sorted(items, key=lambda item: item.clip_id)
    for item, file in zip(ordered, audio_paths(ordered), strict=True):
        values = {
            "file": file,
            "sha256": item.sha256.hex(),
            "duration_s": round(item.n_samples / item.rate_hz, 6),
        }
        yield {column: values[column] if column in values else getattr(item, column) for column in COLUMNS}
