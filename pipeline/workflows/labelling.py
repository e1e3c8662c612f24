"""Keeping the labels and source groups that recordings came with, batch by batch, as their files are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.catalog import annotations, recordings
from pipeline.catalog.labels import add_labels
from pipeline.workflows.carried_labels import FileFacts, LabelReader
from pipeline.workflows.operation import Run, in_batches

_BATCH_N = 2_000


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A recording whose labels are to be kept; ``name`` is its path below the source."""

    name: str
    recording_id: int
    rate_hz: int
    n_samples: int


@dataclass(kw_only=True)
class Labelling:
    """Lets labels and source groups follow the rules of one run. Call begin, then keep as often as needed, then end."""

    run: Run
    reader: LabelReader
    label_ids: dict[str, int] = field(default_factory=dict[str, int])
    n_carried: int = 0
    n_beyond: int = 0

    def begin(self, names: Iterable[str]) -> None:
        """Add the labels of all these files, in the order of their names: keys follow it."""
        found = sorted({label.label for name in names for label in self.reader.read(name).labels})
        with self.run.transaction():
            self.label_ids = add_labels(self.run.conn, self.run.project.project_id, found)

    def keep(self, items: Sequence[Labelled]) -> None:
        """Keep what is said of these recordings; belongs into the transaction that saves them."""
        facts = [(item, self.reader.read(item.name)) for item in items]
        groups = [(item.recording_id, fact.source_group) for item, fact in facts if fact.source_group is not None]
        if groups:
            recordings.set_source_groups(self.run.conn, groups)
        carried = [label for item, fact in facts for label in self._spans(item, fact)]
        if carried:
            recordings.save_carried_labels(self.run.conn, self.run.project.project_id, carried)
        self.n_carried += len(carried)

    def keep_all(self, items: Iterable[Labelled]) -> None:
        """Keep what is said of recordings that stand already, in transactions of their own."""
        self.run.begin_stage("labels")
        for batch in in_batches(items, max_n=_BATCH_N):
            with self.run.transaction():
                self.keep(batch)

    def end(self) -> None:
        """Hand the labels on to clips that are cut already, and count them in the outcome."""
        if self.n_carried:
            with self.run.transaction():
                annotations.carry_labels(self.run.conn, self.run.project.project_id)
        self.run.detail["n_labels_carried"] = self.n_carried
        if self.n_beyond:
            self.run.detail["n_labels_beyond_the_end"] = self.n_beyond

    def _spans(self, item: Labelled, fact: FileFacts) -> Iterable[recordings.CarriedLabel]:
        for label in fact.labels:
            start = round(label.start_s * item.rate_hz)
            if start >= item.n_samples:
                self.n_beyond += 1
                continue
            stop = None if label.stop_s is None else max(start + 1, round(label.stop_s * item.rate_hz))
            yield recordings.CarriedLabel(
                recording_id=item.recording_id,
                label_id=self.label_ids[label.label],
                source=label.source,
                start_sample=start,
                stop_sample=stop,
            )
