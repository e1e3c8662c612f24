"""What to bring in, as the form gives it: checked before anything starts, and what its label rules read from names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.core.errors import EarmarkError, SettingsError
from pipeline.core.types import Failure
from pipeline.storage import is_local, path_of, scan
from pipeline.workflows.carried_labels import LabelRules, label_reader

N_NAMES_READ = 200
N_NAMES_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class BringIn:
    """The form's values: where the files are, and where their labels."""

    source: str
    rules: LabelRules

    def words(self) -> list[str]:
        """The same as words for ``earmark ingest``."""
        rules = self.rules
        words = ["--labels=folder" if rules.from_folder else "--labels=none"]
        words += [f"--pattern={rules.name_pattern}"] if rules.name_pattern else []
        words += [f"--table={rules.csv_path}"] if rules.csv_path else []
        return [*words, "--", self.source]


@dataclass(frozen=True, kw_only=True)
class NamePreview:
    """What the rules read from the first names: rows of name, labels and source group, and how many they fit."""

    rows: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    is_fitting: bool = True


def bring_in_from(values: Mapping[str, Any]) -> BringIn:
    """The form's values, made ready: a path on this machine whole, without blanks around."""
    source = str(values.get("source") or "").strip()
    if source and is_local(source) and not source.startswith("file:"):
        source = str(Path(source).expanduser())
    table = str(values.get("table") or "").strip()
    return BringIn(
        source=source,
        rules=LabelRules(
            from_folder=values.get("from_folder") is True,
            name_pattern=str(values.get("pattern") or "").strip() or None,
            csv_path=str(Path(table).expanduser()) if table else None,
        ),
    )


def errors_in(given: BringIn) -> dict[str, str]:
    """A sentence for each field that cannot be used; a remote store is looked at only when the work starts."""
    errors: dict[str, str] = {}
    if not given.source:
        errors["source"] = "This is needed."
    elif is_local(given.source):
        if not given.source.startswith("file:") and not Path(given.source).is_absolute():
            errors["source"] = "Give the whole path from the root on, such as /data/field-recordings."
        elif not Path(path_of(given.source)).exists():
            errors["source"] = "There is no such folder on this machine; check that it is mounted."
    for key, rules in (
        ("pattern", LabelRules(name_pattern=given.rules.name_pattern)),
        ("table", LabelRules(csv_path=given.rules.csv_path)),
    ):
        try:
            label_reader(rules)
        except SettingsError as error:
            errors[key] = str(error)
    return errors


def preview_names(given: BringIn) -> NamePreview:
    """What the rules read from the first names of the folder. Raises nothing that the form's fields already tell."""
    if not given.source:
        return NamePreview(note="Name a folder, and its first files show here what is read from them.")
    if not is_local(given.source):
        return NamePreview(note="Names in a remote store are read when the work starts.")
    errors = errors_in(given)
    if "source" in errors:
        return NamePreview(note=errors["source"], is_fitting=False)
    try:
        found = [file.name for file in islice(scan(given.source), N_NAMES_READ) if not isinstance(file, Failure)]
        reader = label_reader(given.rules)
    except EarmarkError as error:
        return NamePreview(note=str(error), is_fitting=False)
    if not found:
        return NamePreview(note="There is no file in this folder.", is_fitting=False)
    facts = [reader.read(name) for name in found]
    n_fitting = sum(bool(fact.labels or fact.source_group) for fact in facts)
    picks = [round(i * (len(found) - 1) / max(1, N_NAMES_SHOWN - 1)) for i in range(N_NAMES_SHOWN)]
    rows = [
        (found[i], ", ".join(dict.fromkeys(label.label for label in facts[i].labels)), facts[i].source_group or "")
        for i in dict.fromkeys(picks)
    ]
    return NamePreview(rows=tuple(rows), **_verdict(given.rules, n_fitting, len(found)))


def _verdict(rules: LabelRules, n_fitting: int, n_read: int) -> dict[str, Any]:
    seen = f"the first {n_read:,} names" if n_read == N_NAMES_READ else f"the {n_read:,} names"
    if rules == LabelRules():
        return {"note": "No label is read: the clips will come without one."}
    if n_fitting == n_read:
        return {"note": f"Read from all of {seen}."}
    return {"note": f"Read from {n_fitting:,} of {seen}.", "is_fitting": n_fitting > 0}
