"""Who stuffs the ballot, holds the whole queue, ends a run that lives, or makes a worker do what is no job."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from pipeline.catalog.reviews import QueueEntry, candidates, replace_queue
from pipeline.workflows.jobs import VERBS
from tests.catalog.attacks import ANSWER, INSIDERS, LABEL, Ground, attempt, ground


@pytest.fixture(scope="module")
def field(database_url: str, template_database: str) -> Iterator[Ground]:
    with ground(database_url, template_database) as made:
        yield made


@pytest.fixture
def scratch(database_url: str, template_database: str) -> Iterator[Ground]:
    """A ground of its own, for what may change something."""
    with ground(database_url, template_database) as made:
        yield made


def test_two_answers_at_once_leave_one_current_answer(scratch: Ground) -> None:
    facts, n_rounds, n_tabs = scratch.facts, 20, 4
    gate = threading.Barrier(n_tabs)

    def answer() -> None:
        with scratch.login("annotator") as conn:
            for _ in range(n_rounds):
                gate.wait(30)
                conn.execute(f"{ANSWER}({LABEL})".format(**facts).encode())

    tabs = [threading.Thread(target=answer) for _ in range(n_tabs)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    mine = "FROM {} WHERE author = %s"
    counts = [
        scratch.owner.execute(f"SELECT count(*) {mine.format(name)}".encode(), (facts["annotator"],)).fetchone()
        for name in ("annotation", "current_annotation")
    ]
    assert counts == [(n_rounds * n_tabs,), (1,)]


def test_one_statement_with_many_answers_leaves_one_current_answer(scratch: Ground) -> None:
    with scratch.login("annotator") as conn:
        rows = ", ".join([f"({LABEL})"] * 5)
        conn.execute(f"{ANSWER}{rows}".format(**scratch.facts).encode())
        assert attempt(conn, "SELECT count(*) FROM current_annotation") == [(1,)]
        # A branch from an answer that was superseded long ago joins the end of the chain.
        first = conn.execute("SELECT annotation_id FROM annotation WHERE supersedes IS NULL").fetchone()
        conn.execute(
            "INSERT INTO annotation (annotation_id, project_id, clip_id, source, answer, supersedes) "
            "VALUES (%s, %s, %s, 'human', 'unsure', %s)",
            (uuid.uuid4(), scratch.facts["ours"], scratch.facts["clip_mine"], first and first[0]),
        )
        assert attempt(conn, "SELECT count(*) FROM current_annotation") == [(1,)]


def test_sweeping_leaves_a_run_that_lives(scratch: Ground) -> None:
    facts = scratch.facts
    unended = f"SELECT count(*) FROM operation_outcome WHERE operation_id = {facts['operation_ours']}".encode()
    with scratch.login("colleague") as runner, scratch.login("annotator") as sweeper:
        runner.execute("SELECT hold_run(%s)", (facts["operation_ours"],))
        assert sweeper.execute("SELECT sweep_dead(%s)", (facts["ours"],)).fetchone() == (0,)
        # Nobody else lets go of the lock, nor holds it in the other's place.
        assert attempt(sweeper, f"SELECT release_run({facts['operation_ours']}) WHERE false") == []
        assert attempt(sweeper, f"SELECT hold_run({facts['operation_ours']})") == []
        assert sweeper.execute("SELECT sweep_dead(%s)", (facts["ours"],)).fetchone() == (0,)
        assert scratch.owner.execute(unended).fetchone() == (0,)
    with scratch.login("annotator") as sweeper:
        _wait_until_gone(scratch, "colleague")
        assert sweeper.execute("SELECT sweep_dead(%s)", (facts["ours"],)).fetchone() == (1,)


def _wait_until_gone(ground: Ground, who: str) -> None:
    for _ in range(200):
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        if ground.owner.execute(query, (ground.people[who],)).fetchone() == (0,):
            return
        threading.Event().wait(0.05)
    raise AssertionError("the connection is not gone")


def test_nobody_holds_the_whole_queue_by_one_claim(scratch: Ground) -> None:
    facts = scratch.facts
    scratch.owner.execute(
        """
        WITH made AS (
          INSERT INTO clip (project_id, recording_id, cut_id, start_sample, stop_sample, object_key, sha256, rate_hz,
            n_channels, n_samples, thumbnail)
          SELECT project_id, recording_id, cut_id, 1000 + i, 2000 + i, 'k', sha256, 1, 1, 1, ''
          FROM clip, generate_series(1, 300) i WHERE clip_id = %s RETURNING clip_id)
        INSERT INTO review (project_id, clip_id, position, reason, operation_id)
        SELECT %s, clip_id, 9, 'x', %s FROM made
        """,
        (facts["clip_free"], facts["ours"], facts["ended_ours"]),
    )
    with scratch.login("annotator") as conn:
        claimed = attempt(conn, f"SELECT * FROM claim_reviews({facts['ours']}, 2147483647, NULL, 2147483647)")
    assert len(claimed) == 200
    row = scratch.owner.execute(
        "SELECT max(claimed_until) < now() + interval '5 hours' FROM review WHERE claimed_by = %s",
        (facts["annotator"],),
    ).fetchone()
    assert row == (True,)


def test_late_answer_on_a_clip_once_held_counts_but_moves_no_claim_to_the_author(scratch: Ground) -> None:
    facts = scratch.facts
    with scratch.login("annotator") as conn:
        conn.execute("SELECT skip_review(%s, %s)", (facts["ours"], facts["clip_mine"]))
        assert attempt(conn, "SELECT review_id FROM review") == []
        conn.execute(f"{ANSWER}({LABEL})".format(**facts).encode())
    row = scratch.owner.execute("SELECT state, claimed_by FROM review WHERE clip_id = %s", (facts["clip_mine"],))
    assert row.fetchone() == ("answered", None)


def test_clip_answered_while_the_queue_was_thought_out_is_not_asked_again(scratch: Ground) -> None:
    facts = scratch.facts
    with scratch.login("annotator") as annotator, scratch.login("colleague") as builder:
        waiting = candidates(builder, facts["ours"])
        assert {facts["clip_mine"], facts["clip_free"]} <= set(waiting)
        annotator.execute(f"{ANSWER}({LABEL})".format(**facts).encode())
        entries = [QueueEntry(clip_id=clip_id, reason="x") for clip_id in reversed(waiting)]
        with builder.transaction():
            replace_queue(builder, facts["ours"], entries, operation_id=facts["operation_ours"])
        states = dict(builder.execute("SELECT clip_id, state FROM review").fetchall())
    assert (states[facts["clip_mine"]], states[facts["clip_free"]]) == ("answered", "open")


_NO_JOB = (
    '[["user", "add", "mallory"]]',
    '[["backup", "/tmp/x"]]',
    '[["serve"]]',
    '[["cut", "--workspace", "/tmp"]]',
    '[["cut", "--workspace=/tmp"]]',
    '[["cut", "-w/tmp"]]',
    '[["cut", "-p", "theirs"]]',
    '[["cut"], ["embed", "--project=theirs"]]',
    '[["cut", 1]]',
    '[["cut", ["-w"]]]',
    '[["cut", null]]',
    "[[]]",
    '["cut"]',
    '[["cut"], "embed"]',
    '[{"cut": 1}]',
    '[["--workspace=/tmp", "cut"]]',
)


@pytest.mark.parametrize("verbs", _NO_JOB)
def test_no_row_makes_a_worker_run_what_is_no_job(field: Ground, verbs: str) -> None:
    before = field.state()
    for who in INSIDERS:
        with field.login(who) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("INSERT INTO job (project_id, verbs) VALUES (%s, %s)", (field.facts["ours"], verbs))
    assert field.state() == before


def test_every_verb_that_may_be_a_job_can_be_asked_for(field: Ground) -> None:
    with field.login("reviewer") as conn, conn.transaction(force_rollback=True):
        for verb in VERBS:
            lines = f'[["{verb}", "--x=-w", "weights", "/nas/-p"]]'
            conn.execute("INSERT INTO job (project_id, verbs) VALUES (%s, %s)", (field.facts["ours"], lines))
