"""What an annotator's home page tells: their own work and what waits for them, nothing of the project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from apps.home.state import ForYou, own_work
from apps.main_job import duration_words, when_words
from apps.session import Session
from pipeline.catalog import annotations, own_answers, reviews
from pipeline.catalog.annotations import PersonProgress
from pipeline.catalog.own_answers import AnswerKey, OwnAnswer, OwnStanding
from pipeline.workflows.lifeline import Lifeline
from pipeline.workflows.operation import Conn

N_ANSWERS = 10
LEAST_COMPARED_N = 5
_WORDS = {"unsure": "unsure", "none_of_these": "none of these", "bad_audio": "bad audio"}


@dataclass(frozen=True, kw_only=True)
class OwnData:
    """What the page shows, for the page of answers that begins after the last of ``keys``."""

    person: PersonProgress
    standing: OwnStanding
    n_waiting: int
    answers: list[OwnAnswer]
    has_more: bool
    keys: tuple[AnswerKey, ...]


class OwnState:
    """One annotator and where they are in the list of their answers."""

    def __init__(self, session: Session) -> None:
        self._line = Lifeline(session.workspace.conn, session.workspace.url)
        self._project_id = session.project.project_id
        self.keys: tuple[AnswerKey, ...] = ()

    def read_now(self) -> OwnData:
        """The page as it is now. Raises EarmarkError."""
        return self._line.do(self.read)

    def read(self, conn: Conn) -> OwnData:
        """The page as it is now, by this connection, which may be a thread's own."""
        keys, project_id = self.keys, self._project_id
        before = keys[-1] if keys else None
        found = own_answers.list_own_answers(conn, project_id, before=before, limit=N_ANSWERS + 1)
        return OwnData(
            person=annotations.person_progress(conn, project_id),
            standing=own_answers.own_standing(conn, project_id),
            n_waiting=reviews.count_open(conn, project_id),
            answers=found[:N_ANSWERS],
            has_more=len(found) > N_ANSWERS,
            keys=keys,
        )

    def turn(self, to: Literal["previous", "next"], shown: OwnData) -> None:
        """The next older or newer page of answers."""
        if to == "previous":
            self.keys = self.keys[:-1]
        elif shown.answers:
            last = shown.answers[-1]
            self.keys = (*shown.keys, (last.created_at, last.annotation_id))


def own_next(what: OwnData) -> ForYou:
    """What this person could do next."""
    n = what.n_waiting
    if n == 0:
        text = f"{own_work(what.person)} New clips come by themselves when a reviewer builds the queue."
        return ForYou(title="Nothing waits for you just now", text=text)
    title = "1 clip waits for your ear" if n == 1 else f"{n:,} clips wait for your ear"
    return ForYou(title=title, text=own_work(what.person), action="Review", page="review")


def own_kpis(what: OwnData) -> list[dict[str, Any]]:
    """The key figures of one person's work."""
    person, pace_ms = what.person, what.person.median_response_ms
    return [
        {"label": "Today", "value": person.n_answers_today, "note": _streak(what.standing.n_days)},
        {"label": "In all", "value": person.n_answers, "note": "answers in this project"},
        {
            "label": "Pace",
            "value": duration_words(pace_ms / 1000) if pace_ms else "–",
            "note": "half of your answers are faster" if pace_ms else "known after an answer",
        },
        *_standing(what.standing),
        {"label": "Flagged", "value": person.n_flags, "note": "by you"},
        {"label": "Waiting", "value": what.n_waiting, "note": "for you"},
    ]


def _streak(n_days: int) -> str:
    return "answers" if n_days < 2 else f"answers, {n_days} days in a row"


def _standing(standing: OwnStanding) -> list[dict[str, Any]]:
    """How often others say the same, and the gold; nothing below LEAST_COMPARED_N clips.

    Of two or three clips a person could guess whose answer differed.
    """
    items: list[dict[str, Any]] = []
    if standing.n_compared >= LEAST_COMPARED_N:
        share = 100 * standing.n_agreed / standing.n_compared
        note = f"on {standing.n_compared:,} clips that others answered too"
        items.append({"label": "Others agree", "value": f"{share:.0f}", "unit": "%", "note": note})
    if standing.n_gold >= LEAST_COMPARED_N:
        share = 100 * standing.n_gold_met / standing.n_gold
        note = f"of {standing.n_gold:,} clips whose answer was known"
        items.append({"label": "Known clips met", "value": f"{share:.0f}", "unit": "%", "note": note})
    return items


def answer_rows(what: OwnData, *, now: datetime) -> list[dict[str, Any]]:
    """The answers as rows of a table; each can be heard again."""
    return [
        {
            "id": str(given.annotation_id),
            "play": given.clip_id,
            "name": f"clip {given.clip_id}",
            "answer": given.label or _WORDS.get(given.answer, given.answer),
            "duration_s": given.duration_s,
            "when": when_words(given.created_at, now=now),
        }
        for given in what.answers
    ]
