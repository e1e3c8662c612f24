"""Tallies are what a fresh count gives, whatever was done and by whom, and who counts does not scan."""

from __future__ import annotations

import dataclasses
import random
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from pipeline.catalog import annotations, counts, datasets, duplicates, embeddings, failures, recordings, reviews
from pipeline.catalog.labels import list_labels
from pipeline.catalog.projects import create_project
from pipeline.catalog.selections import list_selections, save_selection
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.settings import load_recipe
from pipeline.core.types import AnswerGiven, Failure, Problem, ProblemKind, ReleaseItem
from tests.catalog.made_rows import clip, clip_ids, fill, logged_in, make_project, people, recording, save_cuts, sha256

Conn = psycopg.Connection[Any]


@dataclass(kw_only=True)
class Player:
    """Does things at random to a project, by the functions that the product uses."""

    conn: Conn
    persons: list[Conn]
    project_id: int
    operation_id: int
    chance: random.Random
    said: list[tuple[Conn, int, UUID]]

    def step(self) -> str:
        acts = [self.ingest, self.cut, self.carry, self.answer, self.answer, self.answer, self.withdraw, self.flag,
                self.deduplicate, self.decide, self.queue, self.claim, self.fail, self.embed, self.select,
                self.release]  # fmt: skip
        act = self.chance.choice(acts)
        with self.conn.transaction():
            act()
        return act.__name__

    def some(self, n: int) -> list[int]:
        ids = clip_ids(self.conn, self.project_id)
        return self.chance.sample(ids, min(n, len(ids)))

    def ingest(self) -> None:
        names = self.chance.sample(range(8), 4)
        mended = Problem(kind=ProblemKind.WRONG_RATE, message="8000 Hz", fix="resampled")
        broken = Problem(kind=ProblemKind.TRUNCATED, message="it ends too soon")
        kinds = self.chance.choice([(), (mended,), (broken,), (mended, broken)])
        found = [recording(f"{i}.wav", take=self.chance.randrange(3), sound=self.chance.randrange(6), problems=kinds)
                 for i in names]  # fmt: skip
        ids = recordings.save_recordings(self.conn, self.project_id, found, operation_id=self.operation_id)
        label_ids = [label.label_id for label in list_labels(self.conn, self.project_id)]
        carried = [recordings.CarriedLabel(recording_id=i, label_id=self.chance.choice(label_ids), source="folder")
                   for i in ids if self.chance.random() < 0.5]  # fmt: skip
        recordings.save_carried_labels(self.conn, self.project_id, carried)

    def cut(self) -> None:
        rows = self.conn.execute(
            "SELECT recording_id FROM recording WHERE project_id = %s AND superseded_at IS NULL", (self.project_id,)
        ).fetchall()
        spec = self.chance.choice(["first", "second"])
        n = {"first": 3, "second": 2}[spec]
        made = {row[0]: [clip(k, length_s=4 / n, is_silent=k == 1) for k in range(n)] for row in rows[:4]}
        save_cuts(self.conn, self.project_id, self.operation_id, made, spec)

    def carry(self) -> None:
        annotations.carry_labels(self.conn, self.project_id)

    def answer(self) -> None:
        label_ids = {label.name: label.label_id for label in list_labels(self.conn, self.project_id)}
        for clip_id in self.some(2):
            person = self.chance.choice(self.persons)
            label = self.chance.choice(["a", "b", "c", None])
            given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label" if label else "unsure",
                                label=label, heard=None)  # fmt: skip
            self.save(person, given, label_ids)
            self.said.append((person, clip_id, given.annotation_id))

    def withdraw(self) -> None:
        if self.said:
            person, clip_id, former = self.said.pop(self.chance.randrange(len(self.said)))
            given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="withdrawn", label=None, heard=None,
                                supersedes=former)  # fmt: skip
            self.save(person, given, {})

    def save(self, person: Conn, given: AnswerGiven, label_ids: dict[str, int]) -> None:
        with person.transaction():
            annotations.save_answers(person, self.project_id, [given], label_ids=label_ids)

    def flag(self) -> None:
        for clip_id in self.some(2):
            annotations.save_flag(self.conn, self.project_id, uuid4(), clip_id, is_raised=self.chance.random() < 0.6)

    def deduplicate(self) -> None:
        members = self.some(4)
        if len(members) == 4:
            groups = [(pair[0], [duplicates.NewDuplicate(clip_id=c, distance=0.1, finding="sounds alike",
                                                        reason="alike") for c in pair])
                      for pair in (members[:2], members[2:])]  # fmt: skip
            duplicates.replace_groups(self.conn, self.project_id, groups, operation_id=self.operation_id)

    def decide(self) -> None:
        rows = self.conn.execute("SELECT clip_id FROM duplicate WHERE project_id = %s", (self.project_id,)).fetchall()
        if rows:
            duplicates.decide(
                self.conn,
                self.project_id,
                self.chance.choice(rows)[0],
                self.chance.choice(["restore", "mark", "represent"]),
            )

    def queue(self) -> None:
        entries = [reviews.QueueEntry(clip_id=c, reason="made") for c in self.some(5)]
        reviews.replace_queue(self.conn, self.project_id, entries, operation_id=self.operation_id)

    def claim(self) -> None:
        held = reviews.claim(self.conn, self.project_id, 2)
        if held:
            reviews.skip(self.conn, self.project_id, held[0].clip_id)

    def fail(self) -> None:
        items = [str(i) for i in self.chance.sample(range(5), 2)]
        failed = [
            Failure(item=i, error=self.chance.choice(["NotSound", "UnreadableAudio"]), message="no") for i in items
        ]
        failures.save_failures(self.conn, self.project_id, "ingest", failed, operation_id=self.operation_id)
        failures.resolve_failures(self.conn, self.project_id, "ingest", [str(self.chance.randrange(5))])

    def embed(self) -> None:
        spec = PluginSpec(name="mel_stats", params={"n": self.chance.randrange(2)})
        encoder_id = embeddings.use_encoder(self.conn, self.project_id, spec, n_dims=4)
        vectors = [(c, np.ones(4, np.float32)) for c in self.some(4)]
        embeddings.save_embeddings(self.conn, self.project_id, encoder_id, vectors)
        embeddings.set_current(self.conn, self.project_id, encoder_id)

    def select(self) -> None:
        name = self.chance.choice(["one", "two"])
        picks = [(c, "because") for c in self.some(3)]
        spec = PluginSpec(name="random")
        save_selection(self.conn, self.project_id, name, spec=spec, picks=picks, operation_id=self.operation_id)

    def release(self) -> None:
        items = [_item(c) for c in self.some(2)]
        if items:
            dataset_id, version = datasets.next_version(self.conn, self.project_id, "set")
            datasets.freeze_version(
                self.conn,
                self.project_id,
                dataset_id=dataset_id,
                version=version,
                spec={},
                items=items,
                manifest_sha256=sha256(version),
                operation_id=self.operation_id,
            )


def _item(clip_id: int) -> ReleaseItem:
    return ReleaseItem(
        clip_id=clip_id,
        split="train",
        label="a",
        confidence=1.0,
        n_votes=1,
        object_key="k",
        sha256=sha256(clip_id),
        rate_hz=16_000,
        n_channels=1,
        n_samples=10,
        recording_uri="file:///x",
        start_sample=0,
        stop_sample=10,
        group="g",
    )


@pytest.mark.parametrize("seed", range(4))
def test_tallies_are_what_a_fresh_count_gives_after_whatever_is_done(conn: Conn, seed: int) -> None:
    project_id, operation_id = make_project(conn)
    with people(conn, project_id, ["reviewer", "researcher"]) as urls, logged_in(urls) as persons:
        player = Player(conn=conn, persons=[conn], project_id=project_id, operation_id=operation_id,
                        chance=random.Random(seed), said=[])  # fmt: skip
        player.ingest()
        player.cut()
        player.persons += persons
        done: list[str] = []
        for _ in range(60):
            done.append(player.step())
            assert counts.recount(conn, project_id) == [], f"after {done}"
            assert counts.count_all(conn, project_id) == _count_by_scan(conn, project_id), f"after {done}"
        sizes = dict(
            conn.execute(
                "SELECT name, count(clip_id) FROM selection LEFT JOIN selection_item USING (selection_id) GROUP BY name"
            ).fetchall()
        )
        assert {row.name: row.n_clips for row in list_selections(conn, project_id)} == sizes
        assert counts.count_labels(conn, project_id) == _labels_by_scan(conn, project_id)
        assert recordings.count_problems(conn, project_id) == _problems_by_scan(conn, project_id)


def test_recount_finds_what_is_wrong_and_sets_it_right(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    fill(conn, project_id, operation_id, n_recordings=2, n_clips_each=3)
    conn.execute("UPDATE tally SET n = n + 5 WHERE facet = 'clip'")
    conn.execute("DELETE FROM tally WHERE facet = 'cut'")
    found = {drift.facet: (drift.n_was, drift.n_is) for drift in counts.recount(conn, project_id)}
    assert found == {"clip": (11, 6), "cut": (0, 2)}
    assert counts.recount(conn, project_id) == []
    assert counts.count_all(conn, project_id).n_clips == 6


def test_answers_at_the_same_moment_are_each_counted_once(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    ids = fill(conn, project_id, operation_id, n_recordings=2, n_clips_each=10)
    label_ids = {label.name: label.label_id for label in list_labels(conn, project_id)}

    def answer_all(person: Conn, seed: int) -> None:
        chance = random.Random(seed)
        for clip_id in chance.sample(ids, len(ids)):
            given = AnswerGiven(annotation_id=uuid4(), clip_id=clip_id, answer="label",
                                label=chance.choice(["a", "b"]), heard=None)  # fmt: skip
            with person.transaction():
                annotations.save_answers(person, project_id, [given], label_ids=label_ids)

    def cut_to_and_fro() -> None:
        recording_ids = [row[0] for row in conn.execute("SELECT recording_id FROM recording").fetchall()]
        for k in range(6):
            with conn.transaction():
                made = {i: [clip(p) for p in range(10)] for i in recording_ids}
                save_cuts(conn, project_id, operation_id, made, ["second", "first"][k % 2])

    with people(conn, project_id, ["reviewer"] * 6) as urls, logged_in(urls) as persons:
        work = [threading.Thread(target=answer_all, args=(p, i)) for i, p in enumerate(persons)]
        work.append(threading.Thread(target=cut_to_and_fro))
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(60)
        assert counts.recount(conn, project_id) == []
        assert counts.count_all(conn, project_id).n_answered == 20


def test_an_answer_waits_for_no_run_that_writes_at_the_same_time(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    ids = fill(conn, project_id, operation_id, n_recordings=1, n_clips_each=3)
    label_ids = {label.name: label.label_id for label in list_labels(conn, project_id)}
    with people(conn, project_id, ["reviewer"]) as urls, logged_in(urls) as (person,), conn.transaction():
        entries = [reviews.QueueEntry(clip_id=ids[0], reason="made")]
        reviews.replace_queue(conn, project_id, entries, operation_id=operation_id)
        given = AnswerGiven(annotation_id=uuid4(), clip_id=ids[0], answer="label", label="a", heard=None)
        mine = AnswerGiven(annotation_id=uuid4(), clip_id=ids[1], answer="label", label="a", heard=None)
        annotations.save_answers(conn, project_id, [mine], label_ids=label_ids)
        person.execute("SET lock_timeout = '2s'")
        with person.transaction():
            annotations.save_answers(person, project_id, [given], label_ids=label_ids)
    assert counts.recount(conn, project_id) == []


def test_tallies_are_read_by_reviewers_of_the_project_and_written_by_nobody(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    fill(conn, project_id, operation_id, n_recordings=1, n_clips_each=3)
    other_id = create_project(conn, "another", load_recipe()).project_id
    with (
        people(conn, project_id, ["annotator", "reviewer", "researcher"]) as urls,
        people(conn, other_id, ["researcher"]) as strange,
        logged_in([*urls, *strange]) as (annotator, reviewer, researcher, stranger),
    ):
        assert counts.count_all(reviewer, project_id) == counts.count_all(conn, project_id)
        assert counts.read_tallies(stranger, project_id, ["clip"]) == []
        for person, statement in [
            (annotator, "SELECT FROM tally"),
            (researcher, "UPDATE tally SET n = 0"),
            (researcher, "DELETE FROM tally"),
            (researcher, "INSERT INTO tally (project_id, facet, key, n, duration_us) VALUES (1, 'clip', '', 1, 0)"),
            (researcher, f"SELECT add_tally({project_id}, 'clip', '', 1, 0)"),
            (researcher, f"SELECT * FROM fresh_tallies({project_id})"),
            (reviewer, f"SELECT * FROM recount({project_id})"),
            (stranger, f"SELECT * FROM recount({project_id})"),
        ]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                person.execute(statement.encode())
        assert counts.recount(researcher, project_id) == []


def test_an_erased_project_leaves_no_tally(conn: Conn) -> None:
    project_id, operation_id = make_project(conn, name="gone")
    ids = fill(conn, project_id, operation_id, n_recordings=2, n_clips_each=3)
    entries = [reviews.QueueEntry(clip_id=c, reason="made") for c in ids]
    reviews.replace_queue(conn, project_id, entries, operation_id=operation_id)
    conn.execute("SELECT erase_project(%s, 'gone')", (project_id,))
    assert conn.execute("SELECT count(*) FROM tally").fetchone() == (0,)


def _count_by_scan(conn: Conn, project_id: int) -> counts.Counts:
    """The same numbers, counted row by row by a statement of its own."""
    row = conn.execute(
        """
        SELECT
          (SELECT count(*) FROM recording WHERE project_id = %(p)s AND superseded_at IS NULL),
          (SELECT coalesce(sum(duration_s), 0) FROM recording WHERE project_id = %(p)s AND superseded_at IS NULL),
          (SELECT count(DISTINCT p.recording_id) FROM problem p JOIN recording r USING (recording_id)
           WHERE p.project_id = %(p)s AND p.clip_id IS NULL AND p.fix IS NULL AND r.superseded_at IS NULL),
          (SELECT count(*) FROM failure WHERE project_id = %(p)s AND resolved_at IS NULL AND error <> 'NotSound'),
          (SELECT count(*) FROM recording r WHERE project_id = %(p)s AND superseded_at IS NULL
           AND NOT EXISTS (SELECT FROM cut c WHERE c.recording_id = r.recording_id AND c.is_active)),
          (SELECT count(*) FROM clip WHERE project_id = %(p)s AND is_active),
          (SELECT count(*) FROM embedding e JOIN encoder n USING (encoder_id) JOIN clip c USING (clip_id)
           WHERE n.project_id = %(p)s AND n.is_current AND c.is_active),
          (SELECT count(*) FROM duplicate_group WHERE project_id = %(p)s),
          (SELECT count(*) FROM clip WHERE project_id = %(p)s AND is_active AND is_redundant),
          (SELECT count(*) FROM review WHERE project_id = %(p)s AND state = 'open'),
          (SELECT count(DISTINCT a.clip_id) FROM current_annotation a JOIN clip c USING (clip_id)
           WHERE a.project_id = %(p)s AND a.source = 'human' AND c.is_active),
          (SELECT count(DISTINCT a.clip_id) FROM current_annotation a JOIN clip c USING (clip_id)
           WHERE a.project_id = %(p)s AND a.source <> 'human' AND c.is_active),
          (SELECT count(*) FROM (SELECT DISTINCT ON (clip_id, author) is_raised FROM flag
           WHERE project_id = %(p)s ORDER BY clip_id, author, created_at DESC) f WHERE is_raised),
          (SELECT count(*) FROM dataset_version WHERE project_id = %(p)s)
        """,
        {"p": project_id},
    ).fetchone()
    assert row is not None
    names = [field.name for field in dataclasses.fields(counts.Counts)]
    return counts.Counts(**dict(zip(names, row, strict=True)))


def _labels_by_scan(conn: Conn, project_id: int) -> list[tuple[str, int, int]]:
    return conn.execute(
        """
        SELECT l.name, count(DISTINCT c.clip_id) FILTER (WHERE a.source = 'human'),
          count(DISTINCT c.clip_id) FILTER (WHERE a.source <> 'human')
        FROM label l LEFT JOIN current_annotation a USING (label_id)
        LEFT JOIN clip c ON c.clip_id = a.clip_id AND c.is_active
        WHERE l.project_id = %s GROUP BY l.label_id ORDER BY l.position, l.label_id
        """,
        (project_id,),
    ).fetchall()


def _problems_by_scan(conn: Conn, project_id: int) -> dict[str, int]:
    rows = conn.execute(
        """
        SELECT p.kind, count(*) FROM problem p JOIN recording r USING (recording_id)
        WHERE p.project_id = %s AND p.clip_id IS NULL AND r.superseded_at IS NULL GROUP BY p.kind
        """,
        (project_id,),
    )
    return dict(rows.fetchall())
