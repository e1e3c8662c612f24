"""What the home page tells: how far the main job is, what waits for this person, what ran last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.main_job import action_words, duration_words, outcome_words, when_words
from apps.session import Session
from pipeline.catalog.annotations import PersonProgress
from pipeline.catalog.operations import OperationState
from pipeline.catalog.projects import Project
from pipeline.core.errors import StorageError
from pipeline.workflows.operation import Conn
from pipeline.workflows.overview import Overview, read_overview

STATUS_TONES = {"running": "accent", "done": "ok", "failed": "bad", "cancelled": "warn"}
MAX_LABELS = 14


@dataclass(frozen=True, kw_only=True)
class TruthLine:
    """One kind of planted thing: how many there are, how many were found, and how many findings are none."""

    kind: str
    n_planted: int
    n_found: int
    n_false: int


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What was found of a demo corpus' planted truth; ``trouble`` says why that cannot be told."""

    lines: tuple[TruthLine, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class HomeData:
    """All that the page shows; ``truth`` is None where the project holds no demo corpus."""

    overview: Overview
    truth: Truth | None

    @property
    def is_fresh_project(self) -> bool:
        """Whether nothing was ever brought in."""
        return self.overview.counts.n_recordings == 0 and not self.overview.operations


class HomeState:
    """Reads the page's data; the planted truth only when something ran since."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._truth: Truth | None = None
        self._truth_of: tuple[object, ...] | None = None

    def read(self, conn: Conn) -> HomeData:
        """The project as it is now. Raises EarmarkError."""
        overview = read_overview(conn, self._project)
        latest = tuple((run.operation_id, run.status) for run in overview.operations)
        if latest != self._truth_of:
            self._truth = _read_truth(conn, self._project)
            self._truth_of = latest
        return HomeData(overview=overview, truth=self._truth)


@dataclass(frozen=True, kw_only=True)
class ForYou:
    """What this person could do next, in words, and the page where it is done; None where others must do it."""

    title: str
    text: str
    action: str = ""
    page: str | None = None


def links_of(session: Session) -> dict[str, str]:
    """The pages that this person may open, with the address of each."""
    return {str(entry["name"]).lower(): str(entry["href"]) for entry in session.nav("home")}


def for_you(overview: Overview, pages: Collection[str]) -> ForYou:
    """The one next thing to do: answer what waits, else the first stage that is not done. ``pages`` may be opened."""
    found = _next_thing(overview)
    if found.page in pages:
        return found
    who = "A researcher of this project takes the next step."
    return ForYou(title=found.title, text=f"{found.text} {who}" if found.page == "recordings" else who)


def welcome(pages: Collection[str]) -> ForYou:
    """What stands on the page of a project that holds nothing yet."""
    if "recordings" not in pages:
        text = "A researcher brings recordings in; then clips come here for your ear."
        return ForYou(title="This project holds nothing yet", text=text)
    return ForYou(
        title="Bring in your first recordings",
        text="Name a folder or a store with sound of any format. Nothing in it is altered; "
        "what cannot be read is listed with its reason.",
        action="Bring in recordings",
        page="recordings",
    )


def open_steps(steps: list[dict[str, Any]], links: Mapping[str, str]) -> list[dict[str, Any]]:
    """The steps, each with a link if this person may open its page; what others must do does not wait for them."""
    opened: list[dict[str, Any]] = []
    for step in steps:
        href = links.get(str(step["href"]).removesuffix(".ipynb"), "")
        is_others = not href and step["state"] == "waiting"
        opened.append({**step, "href": href, "state": "todo" if is_others else step["state"]})
    return opened


def _next_thing(overview: Overview) -> ForYou:
    counts, person = overview.counts, overview.person
    if overview.n_waiting:
        clips = "1 clip waits" if overview.n_waiting == 1 else f"{overview.n_waiting:,} clips wait"
        return ForYou(title=f"{clips} for your ear", text=own_work(overview.person), action="Review", page="review")
    if counts.n_recordings == 0:
        return ForYou(
            title="Nothing is brought in yet",
            text="Files that could not be read are listed with their reasons.",
            action="Recordings",
            page="recordings",
        )
    if counts.n_clips == 0 or counts.n_embedded < counts.n_clips:
        what = "cut into clips" if counts.n_clips == 0 else "embedded"
        return ForYou(
            title="No clip waits yet",
            text=f"What was brought in is not {what} yet; the queue comes after that.",
            action="Go on in Recordings",
            page="recordings",
        )
    if counts.n_in_queue == 0 and person.n_answers == 0:
        return ForYou(
            title="The queue is not built yet",
            text="The clips are ready; build the queue and they come to your ear in order.",
            action="Review",
            page="review",
        )
    return ForYou(
        title="Nothing waits for you",
        text=own_work(overview.person) + " Build the queue anew, or release what is settled.",
        action="Releases",
        page="releases",
    )


def kpis(overview: Overview) -> list[dict[str, Any]]:
    """The key figures of the project."""
    counts = overview.counts
    n_unique = counts.n_clips - counts.n_redundant
    return [
        {
            "label": "Recordings",
            "value": counts.n_recordings,
            "note": _counted(counts.n_failures, "failure") if counts.n_failures else "no failure",
            "tone": "bad" if counts.n_failures else "muted",
        },
        {
            "label": "Sound",
            **_sound(counts.duration_s),
            "note": f"{counts.n_with_problems:,} with problems" if counts.n_with_problems else "without problems",
            "tone": "warn" if counts.n_with_problems else "muted",
        },
        {"label": "Clips", "value": counts.n_clips, "note": f"{counts.n_embedded:,} embedded"},
        {"label": "Redundant", "value": counts.n_redundant, "note": f"in {_counted(counts.n_groups, 'group')}"},
        {
            "label": "Answered",
            "value": counts.n_answered,
            "unit": f"/ {n_unique:,}" if n_unique else "",
            "note": f"{counts.n_carried:,} came with a label",
        },
        {
            "label": "In the queue",
            "value": counts.n_in_queue,
            "note": f"{counts.n_flagged:,} flagged" if counts.n_flagged else "nothing flagged",
        },
        {"label": "Releases", "value": counts.n_versions, "note": _latest_version(overview)},
    ]


@dataclass(frozen=True, kw_only=True)
class LabelBalance:
    """Bars of clips by label, the most frequent MAX_LABELS: by people once their answers are the greater part."""

    bars: tuple[dict[str, Any], ...]
    note: str


def label_balance(overview: Overview) -> LabelBalance:
    """How many clips each label has, from the files and from people."""
    n_people = sum(n for _, n, _ in overview.labels)
    n_carried = sum(n for _, _, n in overview.labels)
    if n_people + n_carried == 0:
        return LabelBalance(bars=(), note="")
    is_by_people = n_people >= n_carried
    counted = [
        (index, name, *((by_people, carried) if is_by_people else (carried, by_people)))
        for index, (name, by_people, carried) in enumerate(overview.labels)
    ]
    most = sorted(counted, key=lambda entry: -entry[2])[:MAX_LABELS]
    other = "with the files" if is_by_people else "by people"
    bars = tuple(
        {"label": name, "value": n, "colour_index": index, "note": f"{n_other:,} {other}"}
        for index, name, n, n_other in sorted(most)
    )
    what = "Bars: clips that people answered" if is_by_people else "Bars: clips that came with the label"
    n_left = len(counted) - len(most)
    return LabelBalance(bars=bars, note=f"{what}; {n_left:,} rarer labels are not shown." if n_left else f"{what}.")


def operation_rows(operations: list[OperationState], *, now: datetime, n: int = 12) -> list[dict[str, Any]]:
    """The last runs as rows of a table."""
    return [
        {
            "id": run.operation_id,
            "what": action_words(run.action),
            "who": run.author,
            "when": when_words(run.began_at, now=now),
            "took": _took(run),
            "status": {"text": run.status, "tone": STATUS_TONES[run.status]},
            "outcome": outcome_words(run),
        }
        for run in operations[:n]
    ]


def _read_truth(conn: Conn, project: Project) -> Truth | None:
    if project.truth_uri is None:
        return None
    from pipeline.workflows.planted import compare_with_truth

    try:
        found = compare_with_truth(conn, project)
    except StorageError as error:
        return Truth(trouble=str(error))
    return None if found is None else Truth(lines=_lines(found))


def _lines(found: Mapping[str, Any]) -> tuple[TruthLine, ...]:
    return tuple(
        TruthLine(kind=kind, n_planted=score.n_planted, n_found=score.n_found, n_false=score.n_false)
        for kind, score in found.items()
    )


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def own_work(person: PersonProgress) -> str:
    """What this person has done, as a sentence."""
    if person.n_answers == 0:
        return "You have not answered any clip yet."
    words = f"You answered {person.n_answers_today:,} today, {person.n_answers:,} in all"
    if person.median_response_ms is not None:
        words += f", half of them within {duration_words(person.median_response_ms / 1000)}"
    return f"{words}."


def _sound(duration_s: float) -> dict[str, Any]:
    if duration_s < 60:
        return {"value": round(duration_s, 1), "unit": "s"}
    if duration_s < 3600:
        return {"value": round(duration_s / 60, 1), "unit": "min"}
    return {"value": round(duration_s / 3600, 1), "unit": "h"}


def _latest_version(overview: Overview) -> str:
    if not overview.versions:
        return "none yet"
    latest = overview.versions[0]
    return f"{latest.dataset} version {latest.version}, {latest.n_items:,} clips"


def _took(run: OperationState) -> str:
    # A running one is not counted up: an idle page must send nothing, or its kernel is never culled.
    if run.status == "running" or run.updated_at is None:
        return ""
    return duration_words((run.updated_at - run.began_at).total_seconds())
