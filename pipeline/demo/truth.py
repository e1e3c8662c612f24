"""What a demo corpus knows about itself, and how much of it the pipeline found.

Every path is relative to the corpus and has forward slashes. Nothing here reads sound.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pipeline.core.errors import StorageError
from pipeline.core.types import ProblemKind

TRUTH_FILE = "truth.json"

HowCopied = Literal["exact", "rewrapped", "transcoded", "gain", "trimmed", "shifted"]
"""exact: the same bytes; rewrapped: the same samples in another container; the rest: the same sound, other samples."""


class PlantedCopy(NamedTuple):
    """A second recording of the same sound as ``original``."""

    copy: str
    original: str
    how: HowCopied


class WrongLabel(NamedTuple):
    """The label that the folder says, and the one that the ear says."""

    given: str
    true: str


class PlantedSpan(NamedTuple):
    """Where a sound is loud enough to be heard in a long recording."""

    start_s: float
    stop_s: float
    label: str


@dataclass(frozen=True, kw_only=True)
class PlantedTruth:
    """All that was planted in a corpus.

    ``sounds`` gives the true label of every recording that holds one sound; ``spans`` those of the
    long recordings, sorted by time. ``problems`` names the one problem that a recording was made to have.
    """

    seed: int
    n_sounds: int
    labels: tuple[str, ...]
    sounds: Mapping[str, str]
    spans: Mapping[str, tuple[PlantedSpan, ...]]
    copies: tuple[PlantedCopy, ...]
    wrong_labels: Mapping[str, WrongLabel]
    problems: Mapping[str, ProblemKind]
    unreadable: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many of the planted things were found, and how many findings are none."""

    n_planted: int
    n_found: int
    n_false: int

    @property
    def share(self) -> float | None:
        """Found of planted, 0 to 1; None if nothing was planted."""
        return self.n_found / self.n_planted if self.n_planted else None


def read_truth(path: Path) -> PlantedTruth:
    """The truth in a truth.json, or in the corpus folder that holds one. Raises StorageError."""
    file = path / TRUTH_FILE if path.is_dir() else path
    try:
        value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return _truth_from(value)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            "cannot read the planted truth", which=file, got=str(error), do="make the demo corpus anew"
        ) from error


def write_truth(truth: PlantedTruth, path: Path) -> None:
    """Write the truth as JSON: all of it or, if the process dies, nothing."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(_json_of(truth), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(path)


def score_copies(truth: PlantedTruth, found_groups: Sequence[Sequence[str]]) -> Found:
    """How many planted pairs lie in one group.

    ``n_false`` counts the recordings that share a group with one that is no copy of theirs; two
    copies of one original are copies of each other.
    """
    groups = [set(group) for group in found_groups]
    original = {planted.copy: planted.original for planted in truth.copies}
    n_found = sum(any({p.copy, p.original} <= group for group in groups) for p in truth.copies)
    false: set[str] = set()
    for group in groups:
        if len({original.get(path, path) for path in group}) > 1:
            false |= group
    return Found(n_planted=len(truth.copies), n_found=n_found, n_false=len(false))


def score_problems(truth: PlantedTruth, found: Mapping[str, Sequence[str]]) -> Found:
    """How many planted problems were named, by recording; problems are values of ProblemKind.

    ``n_false`` counts problems of the sound itself (silent, clipped, truncated ...) where none was
    planted. A rate, a depth or a length is wrong only for the format demanded: those are never false.
    """
    n_found = sum(kind in found.get(path, ()) for path, kind in truth.problems.items())
    false = {
        (path, kind)
        for path, kinds in found.items()
        for kind in kinds
        if kind in _OF_THE_SOUND and truth.problems.get(path) != kind
    }
    return Found(n_planted=len(truth.problems), n_found=n_found, n_false=len(false))


def score_failures(truth: PlantedTruth, found: Sequence[str]) -> Found:
    """How many unreadable files were reported as failures; ``n_false`` counts readable ones among them."""
    failed = set(found)
    planted = set(truth.unreadable)
    return Found(n_planted=len(planted), n_found=len(failed & planted), n_false=len(failed - planted))


def score_spans(truth: PlantedTruth, found: Mapping[str, Sequence[tuple[float, float]]]) -> Found:
    """How many planted spans are covered to at least one half, by recording.

    ``n_false`` counts found spans of long recordings that touch no planted one.
    """
    n_found = n_false = 0
    for path, planted in truth.spans.items():
        spans = sorted((float(start_s), float(stop_s)) for start_s, stop_s in found.get(path, ()))
        n_found += sum(_covered_s(span, spans) >= 0.5 * (span.stop_s - span.start_s) for span in planted)
        n_false += sum(not any(_overlap_s(span, one) > 0 for span in planted) for one in spans)
    return Found(n_planted=sum(map(len, truth.spans.values())), n_found=n_found, n_false=n_false)


def score_labels(truth: PlantedTruth, labels: Mapping[str, str]) -> Found:
    """How many of the labels given are true; recordings whose label the truth does not know are left out."""
    known = {path: label for path, label in labels.items() if path in truth.sounds}
    n_right = sum(truth.sounds[path] == label for path, label in known.items())
    return Found(n_planted=len(known), n_found=n_right, n_false=len(known) - n_right)


def score_suspects(truth: PlantedTruth, suspects: Sequence[str]) -> Found:
    """How many of the wrong labels come among the first suspects, twice as many as there are wrong labels.

    ``suspects`` come with the most suspicious first; ``n_false`` counts those whose label is right.
    """
    first = set(list(dict.fromkeys(suspects))[: 2 * len(truth.wrong_labels)])
    n_found = len(first & set(truth.wrong_labels))
    return Found(n_planted=len(truth.wrong_labels), n_found=n_found, n_false=len(first) - n_found)


_OF_THE_SOUND = frozenset(
    (ProblemKind.SILENT, ProblemKind.CLIPPED, ProblemKind.DC_OFFSET, ProblemKind.TRUNCATED, ProblemKind.NOT_FINITE)
)


def _overlap_s(span: PlantedSpan, other: tuple[float, float]) -> float:
    return max(0.0, min(span.stop_s, other[1]) - max(span.start_s, other[0]))


def _covered_s(span: PlantedSpan, spans: Sequence[tuple[float, float]]) -> float:
    """Seconds of the span inside any of the sorted spans, each second counted once."""
    covered_s, reached_s = 0.0, span.start_s
    for start_s, stop_s in spans:
        covered_s += _overlap_s(span, (max(start_s, reached_s), stop_s))
        reached_s = max(reached_s, stop_s)
    return covered_s


def _json_of(truth: PlantedTruth) -> dict[str, Any]:
    return {
        "seed": truth.seed,
        "n_sounds": truth.n_sounds,
        "labels": list(truth.labels),
        "copies": [planted._asdict() for planted in truth.copies],
        "wrong_labels": {path: wrong._asdict() for path, wrong in truth.wrong_labels.items()},
        "problems": {path: kind.value for path, kind in truth.problems.items()},
        "unreadable": dict(truth.unreadable),
        "sounds": dict(truth.sounds),
        "spans": {path: [span._asdict() for span in spans] for path, spans in truth.spans.items()},
    }


def _truth_from(value: dict[str, Any]) -> PlantedTruth:
    return PlantedTruth(
        seed=int(value["seed"]),
        n_sounds=int(value["n_sounds"]),
        labels=tuple(value["labels"]),
        sounds=dict(value["sounds"]),
        spans={path: tuple(PlantedSpan(**span) for span in spans) for path, spans in value["spans"].items()},
        copies=tuple(PlantedCopy(**copy) for copy in value["copies"]),
        wrong_labels={path: WrongLabel(**wrong) for path, wrong in value["wrong_labels"].items()},
        problems={path: ProblemKind(kind) for path, kind in value["problems"].items()},
        unreadable=dict(value["unreadable"]),
    )
