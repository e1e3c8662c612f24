"""Reading the labels that files carry: in their folders, in their names, in a CSV beside them. Pure."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pipeline.catalog.labels import objection_to
from pipeline.core.errors import SettingsError

_MAX_S = 1e9


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
        if self.rules.from_folder and path.parent.name.strip():
            labels.append(FileLabel(label=path.parent.name, source="folder"))
        if self.pattern is not None and (match := self.pattern.fullmatch(path.name)):
            found = match.groupdict()
            group = found.get("group")
            if found.get("label", "").strip():
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

    def count_absent(self, names: Sequence[str]) -> int:
        """How many files of the table are not among these names.

        Raises SettingsError if a file of the table, given without its folder, may be any of several.
        """
        tails = Counter(PurePosixPath(name).name for name in names)
        for name in names:
            tail = PurePosixPath(name).name
            if name not in self.table and tail in self.table and tails[tail] > 1:
                raise SettingsError(
                    "the table of labels does not say which file it means",
                    which=tail,
                    got=f"{tails[tail]} files of that name, {name} among them",
                    do="write the path below the source folder into column file",
                )
        return len(self.table.keys() - tails.keys() - set(names))


def label_reader(rules: LabelRules) -> LabelReader:
    """The rules made ready. Raises SettingsError for a pattern or a table that cannot be used."""
    pattern = compile_pattern(rules.name_pattern) if rules.name_pattern else None
    table = _read_table(Path(rules.csv_path)) if rules.csv_path else {}
    return LabelReader(rules=rules, pattern=pattern, table=table)


def compile_pattern(text: str) -> re.Pattern[str]:
    """The file-name pattern as a regular expression. Raises SettingsError."""
    pieces = re.split(r"(\{[A-Za-z_]\w*\})", text)
    fields = [piece[1:-1] for piece in pieces if piece.startswith("{")]
    is_stray = any("{" in piece or "}" in piece for piece in pieces[::2])
    if is_stray or not {"label", "group"} & set(fields) or len(set(fields)) != len(fields):
        raise SettingsError(
            "cannot use the file-name pattern",
            which=text,
            expected="{label} or {group} in it, no field twice, no brace alone",
            do="write it like {label}_{group}_{take}.wav",
        )
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
        raise SettingsError(
            "cannot read the table of labels",
            which=path,
            got=error.strerror if isinstance(error, OSError) else str(error),
            do="save it as CSV with commas, in UTF-8",
        ) from error


def _by_file(path: Path, rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    table: dict[str, list[dict[str, str]]] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{path} line {number}"
        if row.get("label") and (objection := objection_to(row["label"])) is not None:
            raise _unusable(f"{where}, column label", "a label", objection)
        if not (row.get("group") or "-").isprintable():
            raise _unusable(f"{where}, column group", "a name", "a character that no screen shows")
        if _seconds(row, "start_s", where, absent=0.0) >= _seconds(row, "stop_s", where, absent=math.inf):
            raise _unusable(where, "start_s before stop_s", f"{row.get('start_s') or 0} and {row['stop_s']}")
        table.setdefault(row["file"], []).append(row)
    return table


def _seconds(row: Mapping[str, str], key: str, where: str, *, absent: float) -> float:
    text = row.get(key)
    try:
        value = float(text) if text else None
    except ValueError:
        value = -1.0
    if value is not None and not 0 <= value <= _MAX_S:
        raise _unusable(f"{where}, column {key}", "seconds from 0 on, with a point", text)
    return absent if value is None else value


def _unusable(which: str, expected: str, got: object) -> SettingsError:
    return SettingsError("cannot use the table of labels", which=which, expected=expected, got=got)
