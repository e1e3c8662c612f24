"""Reading the labels that files carry: in their folders, in their names, in a CSV beside them. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pipeline.core.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class FileLabel:
    """One label that a file came with; the span in seconds, stop None = to the end."""

    label: str
    source: Literal["folder", "file_name", "csv"]
    start_s: float = 0.0
    stop_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What a file's place and name say about its sound."""

    labels: tuple[FileLabel, ...] = ()
    source_group: str | None = None


@dataclass(frozen=True, kw_only=True)
class LabelRules:
    """Where labels and source groups are to be found.

    ``from_folder``: the name of the file's own folder is its label. ``name_pattern``: a file name with
    fields in braces, as in ``{label}_{group}_{take}.wav``; ``label`` and ``group`` are read, other fields
    are passed over. ``csv_path``: a table with the columns file, label and maybe group, start_s, stop_s.
    """

    from_folder: bool = False
    name_pattern: str | None = None
    csv_path: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The rules as plain JSON values, for the operation log."""
        return {"from_folder": self.from_folder, "name_pattern": self.name_pattern, "csv_path": self.csv_path}


@dataclass(frozen=True, kw_only=True)
class LabelReader:
    """Rules made ready: the pattern compiled, the CSV read."""

    rules: LabelRules
    pattern: re.Pattern[str] | None = None
    table: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])

    def read(self, name: str) -> FileFacts:
        """What is said of the file with this name (its path below the source folder, with slashes)."""
        path = PurePosixPath(name)
        labels: list[FileLabel] = []
        group: str | None = None
        if self.rules.from_folder and path.parent.name:
            labels.append(FileLabel(label=path.parent.name, source="folder"))
        if self.pattern is not None and (match := self.pattern.fullmatch(path.name)):
            found = match.groupdict()
            group = found.get("group")
            if found.get("label"):
                labels.append(FileLabel(label=found["label"], source="file_name"))
        for row in self.table.get(name, self.table.get(path.name, ())):
            group = row.get("group") or group
            if row.get("label"):
                stop = row.get("stop_s")
                labels.append(
                    FileLabel(
                        label=row["label"],
                        source="csv",
                        start_s=float(row.get("start_s") or 0.0),
                        stop_s=float(stop) if stop else None,
                    )
                )
        return FileFacts(labels=tuple(labels), source_group=group)


def label_reader(rules: LabelRules) -> LabelReader:
    """The rules made ready. Raises SettingsError for a pattern or a table that cannot be used."""
    pattern = compile_pattern(rules.name_pattern) if rules.name_pattern else None
    table = _read_table(Path(rules.csv_path)) if rules.csv_path else {}
    return LabelReader(rules=rules, pattern=pattern, table=table)


def compile_pattern(text: str) -> re.Pattern[str]:
    """The file-name pattern as a regular expression. Raises SettingsError."""
    fields = re.findall(r"\{(\w*)\}", text)
    if not {"label", "group"} & set(fields) or len(set(fields)) != len(fields):
        raise SettingsError(
            "cannot use the file-name pattern",
            which=text,
            expected="{label} or {group} in it, and no field twice",
            do="write it like {label}_{group}_{take}.wav",
        )
    pieces = re.split(r"(\{\w+\})", text)
    expression = "".join(f"(?P<{p[1:-1]}>.+?)" if p.startswith("{") else re.escape(p) for p in pieces if p)
    return re.compile(expression, re.DOTALL)


def _read_table(path: Path) -> dict[str, list[dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            columns = {name.strip().lower() for name in reader.fieldnames or ()}
            if not {"file", "label"} <= columns:
                raise SettingsError(
                    "cannot use the table of labels",
                    which=path,
                    expected="the columns file and label",
                    got=", ".join(sorted(columns)) or "no header",
                )
            return _by_file(
                path, ({k.strip().lower(): (v or "").strip() for k, v in row.items() if k} for row in reader)
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError("cannot read the table of labels", which=path, got=str(error)) from error


def _by_file(path: Path, rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    table: dict[str, list[dict[str, str]]] = {}
    for number, row in enumerate(rows, start=2):
        for key in ("start_s", "stop_s"):
            try:
                float(row.get(key) or 0)
            except ValueError:
                raise SettingsError(
                    "cannot use the table of labels",
                    which=f"{path} line {number}, column {key}",
                    expected="seconds",
                    got=row[key],
                ) from None
        table.setdefault(row["file"], []).append(row)
    return table
