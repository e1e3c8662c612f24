"""Curate: the map, the near-duplicate groups and the selections of a project, and what can be done with them.

No widgets and no SQL: this module knows the choices of the page and calls the verbs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.jobs import Job
from apps.main_job import action_words, running_now
from apps.session import Session
from pipeline.catalog import clip_columns, curation_lists, duplicates, embeddings, operations, reviews, selections
from pipeline.catalog.clips import ClipCard, clip_cards
from pipeline.catalog.connect import connect
from pipeline.catalog.counts import Counts, count_all
from pipeline.catalog.curation_lists import GroupCounts, GroupEntry, GroupFilter, SelectionItem, SoundSeconds, Standing
from pipeline.catalog.duplicates import Decision, GroupMember
from pipeline.catalog.embeddings import MapPoints
from pipeline.catalog.labels import list_labels
from pipeline.catalog.map_values import MapColouring, map_values
from pipeline.catalog.operations import OperationState
from pipeline.catalog.projects import duty_of
from pipeline.catalog.selections import SelectionRow
from pipeline.core import registry
from pipeline.core.errors import ComputeError, EarmarkError, NotFound, StorageError
from pipeline.core.permissions import MAY, Duty
from pipeline.core.types import AnswerGiven
from pipeline.curation.selection import SelectionSpec
from pipeline.widgets.clip_source import ClipBytes
from pipeline.workflows.annotate import save_answers
from pipeline.workflows.clip_audio import clip_bytes
from pipeline.workflows.deduplicate import decide
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn
from pipeline.workflows.select import save_chosen

_N_LATEST = 30
_OTHER: Mapping[Decision, Decision] = {"mark": "restore", "restore": "mark", "represent": "represent"}


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Of the copies planted in a demo corpus: how many were found, and how many clips were grouped in error.

    ``trouble`` says why that cannot be told.
    """

    n_planted: int = 0
    n_found: int = 0
    n_false: int = 0
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class AlikeCosts:
    """What removing the clips that sound alike would cost, as the latest search for near-duplicates found it.

    ``found`` is None where there were no embeddings then; else as ``earmark deduplicate`` writes it, with ``cards`` of
    the clips that it names, by clip id.
    """

    operation_id: int
    found: Mapping[str, Any] | None
    cards: Mapping[int, ClipCard]


@dataclass(frozen=True, kw_only=True)
class Undone:
    """A decision taken back: the clip, what was decided instead, and its group as it is now.

    ``decision`` is None where the one taken back had changed nothing but that the clip was judged.
    """

    clip_id: int
    decision: Decision | None
    group: OpenGroup


@dataclass(frozen=True, kw_only=True)
class CurateData:
    """All that the page shows except the map. ``copies`` is None where the project holds no demo corpus.

    ``groups_mark`` differs when the groups do; ``alike`` is None before near-duplicates were looked for. ``n_decided``
    counts this page's decisions when it was read: older data are not shown over newer ones.
    """

    counts: Counts
    sound: SoundSeconds
    groups: GroupCounts
    groups_mark: tuple[int, int]
    alike: AlikeCosts | None
    selections: list[SelectionRow]
    operations: list[OperationState]
    copies: Copies | None
    n_decided: int

    @property
    def n_groups_open(self) -> int:
        """How many groups have a member that nobody has judged."""
        return self.groups.n_open

    @property
    def has_deduplicated(self) -> bool:
        """Whether near-duplicates were ever looked for."""
        return self.groups.n_groups > 0 or self.alike is not None

    @property
    def map_key(self) -> tuple[int, ...]:
        """Differs when the map, drawn anew, would most likely look different."""
        made = (run.operation_id for run in self.operations if run.action in ("cut", "embed") and run.status == "done")
        now = self.counts
        return (now.n_clips, now.n_embedded, now.n_redundant, now.n_answered, now.n_carried, max(made, default=0))


@dataclass(frozen=True, kw_only=True)
class OpenGroup:
    """One near-duplicate group: its members, what people said of them, and a card of each, by clip id."""

    members: list[GroupMember]
    decisions: dict[int, Decision]
    cards: dict[int, ClipCard]


class CurateState:
    """One person curating a project."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.job: Job | None = None
        self.chosen_name = ""
        self._project = session.project
        self._project_id = session.project.project_id
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._n_decided = 0
        self._groups: tuple[tuple[int, int], GroupCounts] | None = None
        self._alike: AlikeCosts | None = None
        self._undos: list[tuple[int, Decision, Standing]] = []
        self._copies: tuple[int, Copies | None] | None = None
        duty: Duty | None = self._line.do(lambda conn: duty_of(conn, self._project_id))
        self.may = frozenset[str]() if duty is None else MAY[duty]

    # -------------------------------------------------------------------------------------------- looking

    def read(self, conn: Conn) -> CurateData:
        """The page as it is now, by a connection that may be a thread's own. Raises EarmarkError."""
        n_decided = self._n_decided
        mark = curation_lists.groups_mark(conn, self._project_id)
        if self._groups is None or self._groups[0] != mark:
            self._groups = (mark, curation_lists.count_groups(conn, self._project_id))
        if self._copies is None or self._copies[0] != mark[0]:
            self._copies = (mark[0], self._planted_copies(conn))
        return CurateData(
            counts=count_all(conn, self._project_id),
            sound=curation_lists.sound_seconds(conn, self._project_id),
            groups=self._groups[1],
            groups_mark=mark,
            alike=self._read_alike(conn),
            selections=selections.list_selections(conn, self._project_id),
            operations=operations.list_operations(conn, self._project_id, limit=_N_LATEST),
            copies=self._copies[1],
            n_decided=n_decided,
        )

    def read_now(self) -> CurateData:
        """The same after a click, by the page's own connection."""
        return self._line.do(self.read)

    def is_newest(self, what: CurateData) -> bool:
        """Whether nothing was decided here since this was read."""
        return what.n_decided == self._n_decided

    def read_map(self) -> tuple[MapPoints, list[str]]:
        """The map and the label set, by a connection of its own: made to run in a thread. Raises EarmarkError."""
        with connect(self.session.workspace.url, application_name="earmark map") as conn:
            labels = [label.name for label in list_labels(conn, self._project_id)]
            return embeddings.read_map(conn, self._project_id), labels

    def read_clip(self, clip_id: int) -> ClipBytes:
        """The sound of a clip. Raises NotFound, StorageError, DatabaseUnavailable."""
        store = self.session.workspace.store
        data, mime, rate_hz = self._line.do(lambda conn: clip_bytes(conn, self._project, store, clip_id))
        return ClipBytes(data=data, mime=mime, rate_hz=rate_hz)

    def cards(self, clip_ids: Sequence[int]) -> list[ClipCard]:
        """The clips as lists show them, in this order."""
        return self._line.do(lambda conn: clip_cards(conn, self._project_id, clip_ids))

    def groups(
        self, *, shown: GroupFilter, kept: Collection[int] = (), after: GroupEntry | None = None, limit: int
    ) -> list[GroupEntry]:
        """A page of the near-duplicate groups, the most doubtful first."""
        return self._line.do(
            lambda conn: curation_lists.list_groups(
                conn, self._project_id, shown=shown, kept=kept, after=after, limit=limit
            )
        )

    def group(self, group_id: int) -> OpenGroup:
        """A near-duplicate group as it is now. Raises NotFound when groups were found anew since."""
        return self._line.do(lambda conn: self._read_group(conn, group_id))

    def items(self, name: str) -> list[SelectionItem]:
        """A selection's clips with their reasons, best first."""
        return self._line.do(lambda conn: curation_lists.selection_items(conn, self._project_id, name))

    def coverage(self, name: str) -> dict[str, Any]:
        """What the run that chose this selection measured of its coverage; empty for one chosen by hand."""
        return self._line.do(lambda conn: clip_columns.selection_detail(conn, self._project_id, name))

    def selectors(self) -> list[str]:
        """The selectors there are, the project's own first."""
        own = self._project.recipe.selector.name
        return sorted(registry.names("selector"), key=lambda name: (name != own, name))

    def labels(self) -> list[str]:
        """The label set in the order of its keys."""
        return self._line.do(lambda conn: [label.name for label in list_labels(conn, self._project_id)])

    def map_values(self, by: MapColouring) -> dict[int, str | float]:
        """What colours each clip on the map, by a connection of its own: made to run in a thread too."""
        with connect(self.session.workspace.url, application_name="earmark map") as conn:
            return map_values(conn, self._project_id, by)

    # ---------------------------------------------------------------------------------------------- doing

    def save(self, given: AnswerGiven) -> None:
        """Keep one answer; the same id is saved once. Raises EarmarkError with the reason of a refusal."""
        report = self._line.do(lambda conn: save_answers(conn, self._project, [given]))
        if given.annotation_id in report.refused:
            raise EarmarkError(report.refused[given.annotation_id])

    def decide(self, clip_id: int, decision: Decision) -> OpenGroup:
        """Keep as a copy, restore, or make representative; gives the group as it is now. Raises EarmarkError."""
        before = self._line.do(lambda conn: curation_lists.standing(conn, self._project_id, clip_id))
        group = self._decide(clip_id, decision)
        if before is not None:
            self._undos.append((clip_id, decision, before))
        return group

    def undo(self) -> Undone:
        """Decide so that the last decision here has no effect any more; both stay in the history.

        Raises NotFound if there is none.
        """
        if not self._undos:
            raise NotFound("nothing to undo: nothing was decided on this page yet")
        clip_id, decided, before = self._undos[-1]
        if decided == "represent":
            clip_id = before.representative_clip_id
            is_needed, decision = clip_id != self._undos[-1][0], "represent"
        else:
            is_needed, decision = before.is_restored != (decided == "restore"), _OTHER[decided]
        group = self._decide(clip_id, decision) if is_needed else self.group(before.duplicate_group_id)
        self._undos.pop()
        return Undone(clip_id=clip_id, decision=decision if is_needed else None, group=group)

    def save_chosen(self, name: str, clip_ids: Sequence[int]) -> int:
        """Keep clips chosen by hand as a selection; gives how many. Raises EarmarkError."""
        return self._line.do(lambda conn: save_chosen(conn, self._project, name, clip_ids)).n_done

    def find_duplicates(self) -> None:
        """Start to look for near-duplicates anew. Raises ComputeError while something runs."""
        self._start("deduplicate", [])

    def remove_alike(self, distance: float | None) -> None:
        """Start to group anew, with clips that sound alike within this distance (None: none are).

        Raises ComputeError while something runs.
        """
        self._start("deduplicate", [f"--alike={'off' if distance is None else distance}"])

    def choose(self, name: str, *, n_clips: int, selector: str, seed: int) -> None:
        """Start to choose clips. Raises ComputeError while something runs."""
        words = [f"--n={n_clips}", f"--seed={seed}"]
        words += [] if selector == self._project.recipe.selector.name else [f"--selector={selector}"]
        # After "--" a name may begin with a dash.
        self._start("select", [*words, "--", name])
        self.chosen_name = name

    def choose_by(self, name: str, spec: SelectionSpec) -> None:
        """Start to choose clips by a spec. Raises ComputeError while something runs."""
        self._start("select", [f"--spec={json.dumps(spec.to_json())}", "--", name])
        self.chosen_name = name

    def queue(self, name: str) -> int:
        """Start to put a selection into the review queue, in place of what waits; gives how many clips that is.

        Raises NotFound if none of it waits for an answer (it would empty the queue), ComputeError while something runs.
        """
        n_waiting = self._line.do(lambda conn: self._count_waiting(conn, name))
        if n_waiting == 0:
            why = "every clip of it is answered, redundant or gone"
            raise NotFound("nothing of this selection waits for an answer", which=name, got=why, do="choose others")
        self._start("queue", [f"--selection={name}"])
        return n_waiting

    def free_name(self, stem: str) -> str:
        """A name for a selection that is not taken."""
        taken = {row.name for row in self._line.do(lambda conn: selections.list_selections(conn, self._project_id))}
        return next(name for n in range(1, len(taken) + 2) if (name := f"{stem} {n}") not in taken)

    def objection_to(self, name: str) -> str | None:
        """Why a selection cannot have this name, None if it can; one's own is replaced, another person's is not."""
        rows = self._line.do(lambda conn: selections.list_selections(conn, self._project_id))
        owner = next((row.author for row in rows if row.name == name), None)
        if owner is None or owner == self.session.person:
            return None
        return f"{owner} has a selection of this name: take another."

    # -------------------------------------------------------------------------------------------- helpers

    def _start(self, verb: str, words: list[str]) -> None:
        now = self._line.do(self._look_for_run)
        if now is not None or (self.job is not None and self.job.is_running):
            what = "the last order" if now is None else f"{action_words(now.action)} (started by {now.author})"
            raise ComputeError(f"{what} still runs", do="wait until it has ended")
        self.job = self.session.submit(verb, words)

    def _look_for_run(self, conn: Conn) -> OperationState | None:
        operations.sweep_dead(conn, self._project_id)
        return running_now(operations.list_operations(conn, self._project_id, limit=_N_LATEST))

    def _decide(self, clip_id: int, decision: Decision) -> OpenGroup:
        members = self._line.do(lambda conn: decide(conn, self._project, clip_id, decision))
        self._n_decided += 1
        return self.group(members[0].duplicate_group_id)

    def _read_alike(self, conn: Conn) -> AlikeCosts | None:
        latest = curation_lists.alike_costs(conn, self._project_id)
        if latest is None:
            return None
        operation_id, found = latest
        if self._alike is None or self._alike.operation_id != operation_id:
            named = {
                clip_id
                for step in (found or {}).get("steps", [])
                for pair in step["borderline"]
                for clip_id in pair[:2]
            }
            cards = clip_cards(conn, self._project_id, sorted(named))
            self._alike = AlikeCosts(
                operation_id=operation_id, found=found, cards={card.clip_id: card for card in cards}
            )
        return self._alike

    def _read_group(self, conn: Conn, group_id: int) -> OpenGroup:
        members = duplicates.read_group(conn, self._project_id, group_id)
        if not members:
            raise NotFound("this group is gone: near-duplicates were found anew", do="choose another in the list")
        cards = clip_cards(conn, self._project_id, [member.clip_id for member in members])
        return OpenGroup(
            members=members,
            decisions=curation_lists.read_decisions(conn, self._project_id, group_id),
            cards={card.clip_id: card for card in cards},
        )

    def _count_waiting(self, conn: Conn, name: str) -> int:
        chosen = selections.selected_clips(conn, self._project_id, name)
        return len(set(chosen) & set(reviews.candidates(conn, self._project_id)))

    def _planted_copies(self, conn: Conn) -> Copies | None:
        if self._project.truth_uri is None:
            return None
        from pipeline.workflows.planted import compare_with_truth

        try:
            found = compare_with_truth(conn, self._project)
        except StorageError as error:
            return Copies(trouble=str(error))
        score = None if found is None else found["copies grouped"]
        if score is None:
            return None
        return Copies(n_planted=score.n_planted, n_found=score.n_found, n_false=score.n_false)
