"""Fifty people claim and label at once: no clip is claimed by two, none is forgotten, whoever dies in between.

EARMARK_CLAIM_CLIPS=20000 makes it as long as a project of that size.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any
from uuid import uuid4

import psycopg

from pipeline.catalog import annotations, counts, reviews
from pipeline.catalog.connect import connect
from pipeline.catalog.labels import list_labels
from pipeline.core.errors import DatabaseUnavailable
from pipeline.core.types import AnswerGiven, Heard
from tests.catalog.made_rows import fill, make_project, people

Conn = psycopg.Connection[Any]

N_PEOPLE = 50
IS_TIMED = "EARMARK_CLAIM_CLIPS" in os.environ
N_CLIPS = int(os.environ.get("EARMARK_CLAIM_CLIPS", "1000"))
N_CLIPS_A_CLAIM = 5
N_KILLED = 10
MOST_P95_MS = 30.0


@dataclass(kw_only=True)
class Shift:
    """What happened, as the people saw it."""

    project_id: int
    label_ids: dict[str, int]
    claimed: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    answered: Counter[int] = field(default_factory=Counter[int])
    claim_ms: list[float] = field(default_factory=list[float])
    append_ms: list[float] = field(default_factory=list[float])
    errors: list[str] = field(default_factory=list[str])
    n_deaths: int = 0


def test_no_clip_is_claimed_twice_and_none_forgotten_by_many_people(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    ids = fill(conn, project_id, operation_id, n_recordings=N_CLIPS // 100, n_clips_each=100)
    entries = [reviews.QueueEntry(clip_id=clip_id, reason="made") for clip_id in ids]
    reviews.replace_queue(conn, project_id, entries, operation_id=operation_id)
    conn.execute("ANALYZE")
    label_ids = {label.name: label.label_id for label in list_labels(conn, project_id)}
    shift = Shift(project_id=project_id, label_ids=label_ids)
    with people(conn, project_id, ["annotator"] * N_PEOPLE) as urls:
        work = [threading.Thread(target=_work, args=(url, i, shift)) for i, url in enumerate(urls)]
        for thread in work:
            thread.start()
        _kill_some(conn, work)
        for thread in work:
            thread.join()
        held = conn.execute("SELECT count(*) FROM review WHERE state = 'open'").fetchone()
    assert shift.errors == []
    assert held == (0,)
    assert shift.n_deaths > 0, "nobody was killed in the middle of it"
    holders: dict[int, set[str]] = {}
    for person, clip_id in shift.claimed:
        holders.setdefault(clip_id, set()).add(person)
    assert [clip_id for clip_id, persons in holders.items() if len(persons) > 1] == []
    assert sorted(shift.answered) == ids
    rows = conn.execute("SELECT clip_id, count(*) FROM current_annotation GROUP BY clip_id ORDER BY clip_id").fetchall()
    assert rows == [(clip_id, 1) for clip_id in ids]
    assert counts.recount(conn, project_id) == []
    claim_ms, append_ms = (quantiles(ms, n=20)[-1] for ms in (shift.claim_ms, shift.append_ms))
    print(f"{N_PEOPLE} people, {N_CLIPS} clips: p95 of a claim {claim_ms:.1f} ms, of an answer {append_ms:.1f} ms, "
          f"{shift.n_deaths} connections killed")  # fmt: skip
    assert claim_ms < MOST_P95_MS or not IS_TIMED


def _work(url: str, number: int, shift: Shift) -> None:
    """Claim and answer until nothing is left; a connection that dies is opened again, as a browser does."""
    chance = random.Random(number)
    unsent: list[AnswerGiven] = []
    while True:
        try:
            with connect(url, application_name="annotator") as conn:
                if _answer_all(conn, shift, chance, unsent):
                    return
        except (psycopg.errors.AdminShutdown, DatabaseUnavailable):
            shift.n_deaths += 1
        except psycopg.OperationalError as error:
            if "closed" not in str(error) and "terminat" not in str(error):
                shift.errors.append(str(error))
                return
            shift.n_deaths += 1
        except Exception as error:
            shift.errors.append(repr(error))
            return


def _answer_all(conn: Conn, shift: Shift, chance: random.Random, unsent: list[AnswerGiven]) -> bool:
    """True when the queue is empty for this person. ``unsent`` outlives the connection, as the outbox of a browser."""
    while True:
        _send(conn, shift, unsent)
        began = time.perf_counter()
        with conn.transaction():
            held = reviews.claim(conn, shift.project_id, N_CLIPS_A_CLAIM)
        shift.claim_ms.append((time.perf_counter() - began) * 1000)
        if not held:
            return True
        for clip in held:
            shift.claimed.append((conn.info.user, clip.clip_id))
            time.sleep(chance.uniform(0.1, 0.9) if IS_TIMED else chance.uniform(0.0, 0.1))  # hearing it
            unsent.append(
                AnswerGiven(annotation_id=uuid4(), clip_id=clip.clip_id, answer="label", label=chance.choice("abc"),
                            heard=Heard(n_plays=1, heard_s=1.0, response_ms=900))
            )  # fmt: skip
            _send(conn, shift, unsent)


def _send(conn: Conn, shift: Shift, unsent: list[AnswerGiven]) -> None:
    while unsent:
        began = time.perf_counter()
        with conn.transaction():
            annotations.save_answers(conn, shift.project_id, unsent[:1], label_ids=shift.label_ids)
        shift.append_ms.append((time.perf_counter() - began) * 1000)
        shift.answered[unsent.pop(0).clip_id] += 1


def _kill_some(conn: Conn, work: Sequence[threading.Thread]) -> None:
    """End connections of people while they work, as often as there are clips left to work on."""
    for _ in range(N_KILLED):
        time.sleep(0.05 + N_CLIPS / 20_000)
        if not any(thread.is_alive() for thread in work):
            return
        conn.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'annotator' ORDER BY random() LIMIT 2
            """
        )
