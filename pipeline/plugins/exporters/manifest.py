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
    turns labels such as "0" into numbers. Column ``file`` is where audio_folder puts the sound. Where a clip has
    further labels there is one more column, ``also``: a list, in the CSV written as JSON.
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
    writer = csv.DictWriter(text, _columns(items), lineterminator="\n")
    writer.writeheader()
    for row in _rows(items):
        if "also" in row:
            row["also"] = json.dumps(row["also"], ensure_ascii=False)
        writer.writerow(row)
    return text.getvalue().encode()


def _columns(items: Sequence[ReleaseItem]) -> list[str]:
    """Versions without further labels keep the bytes that they always had."""
    return [*COLUMNS, "also"] if any(item.also for item in items) else list(COLUMNS)


def _rows(items: Sequence[ReleaseItem]) -> Iterator[dict[str, Any]]:
    columns = _columns(items)
    ordered = sorted(items, key=lambda item: item.clip_id)
    for item, file in zip(ordered, audio_paths(ordered), strict=True):
        values = {
            "file": file,
            "sha256": item.sha256.hex(),
            "duration_s": round(item.n_samples / item.rate_hz, 6),
            "also": list(item.also),
        }
        yield {column: values[column] if column in values else getattr(item, column) for column in columns}
