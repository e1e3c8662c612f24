"""The manifest: a dataset version's clips as JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.types import DatasetVersion, ReleaseItem
from pipeline.plugins.exporters.base import ReadObject
from pipeline.plugins.exporters.layout import row_of, write_whole


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """manifest.jsonl (``pandas.read_json(lines=True)`` opens it) and manifest.csv, one row a clip."""

    def export(
        self, version: DatasetVersion, items: Sequence[ReleaseItem], *, folder: Path, read_object: ReadObject
    ) -> list[Path]:
        """Both files. Their bytes follow from the items alone."""
        return [
            write_whole(folder / "manifest.jsonl", jsonl_bytes(items)),
            write_whole(folder / "manifest.csv", csv_bytes(items)),
        ]


def jsonl_bytes(items: Sequence[ReleaseItem]) -> bytes:
    """One JSON object a line, UTF-8."""
    return "".join(json.dumps(row_of(item), ensure_ascii=False) + "\n" for item in items).encode()


def csv_bytes(items: Sequence[ReleaseItem]) -> bytes:
    """Comma-separated with a header, UTF-8, lines ended by a line feed."""
    text = io.StringIO(newline="")
    rows = [row_of(item) for item in items]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["clip_id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
