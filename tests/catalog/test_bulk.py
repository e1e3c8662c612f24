"""Whole columns arrive as they were sent, and rows written many at a time are the rows written one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import pytest

from pipeline.catalog import annotations, columns, datasets, embeddings, failures, recordings, reviews, selections
from pipeline.core.errors import CatalogError
from pipeline.core.plugin_spec import PluginSpec
from pipeline.core.types import Consensus, Failure, Problem, ProblemKind, ReleaseItem
from tests.catalog.made_rows import clip, clip_ids, fill, logged_in, make_project, people, recording, save_cuts, sha256

Conn = psycopg.Connection[Any]


@pytest.mark.parametrize(
    "column, kind, values",
    [
        (columns.ints, "bigint", [1, -(2**62), None, 0]),
        (columns.ints, "bigint", []),
        (columns.ints, "bigint", [None, None]),
        (columns.floats, "float8", [0.0, -1.5, None, 1e300]),
        (columns.texts, "text", ["", "ü/\"'{},\\ \n", None, "NULL"]),
        (columns.texts, "text", ["abc", "def"]),
        (columns.texts, "text", [""]),
        (columns.blobs, "bytea", [b"\x00\xff", b"", None]),
        (columns.blobs, "bytea", [bytes(32), b"x" * 32]),
    ],
)
def test_columns_arrive_as_they_were_sent(conn: Conn, column: Any, kind: str, values: list[Any]) -> None:
    statement = f"SELECT x FROM unnest(%(x)s::{kind}[]) WITH ORDINALITY u (x, i) ORDER BY i"
    assert [row[0] for row in columns.execute(conn, statement, {"x": column(values)})] == values


def test_text_that_the_database_cannot_hold_is_refused(conn: Conn) -> None:
    with pytest.raises(psycopg.DataError):
        columns.execute(conn, "SELECT unnest(%(x)s::text[])", {"x": columns.texts(["a\x00b"])})


def test_vectors_arrive_in_half_precision(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    ids = fill(conn, project_id, operation_id, n_recordings=1, n_clips_each=3)
    encoder_id = embeddings.use_encoder(conn, project_id, PluginSpec(name="mel_stats"), n_dims=3)
    vectors = np.eye(3, dtype=np.float32)
    embeddings.save_embeddings(conn, project_id, encoder_id, list(zip(ids, vectors, strict=True)))
    embeddings.save_embeddings(conn, project_id, encoder_id, [(ids[0], np.zeros(3, np.float32))])
    found = embeddings.read_vectors(conn, project_id, encoder_id)
    assert found.clip_ids == ids
    np.testing.assert_array_equal(found.vectors, vectors)
    with pytest.raises(CatalogError, match="halfvec"):
        embeddings.save_embeddings(conn, project_id, encoder_id, [(ids[0], np.full(3, np.inf, np.float32))])


def test_recordings_of_one_batch_know_each_other_by_their_sound(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    short = Problem(kind=ProblemKind.TOO_SHORT, message="0.1 s")
    found = [recording("a.wav", sound="x", problems=[short]), recording("b.wav", sound="x"), recording("c.wav")]
    ids = recordings.save_recordings(conn, project_id, found, operation_id=operation_id)
    assert recordings.save_recordings(conn, project_id, found, operation_id=operation_id) == ids
    rows = recordings.page_recordings(conn, project_id)
    assert [(row.recording_id, row.problems) for row in rows] == [
        (ids[0], ["too short"]), (ids[1], ["duplicate file"]), (ids[2], [])]  # fmt: skip
    changed = recordings.save_recordings(
        conn, project_id, [recording("a.wav", take=1), recording("d.wav", sound="x")], operation_id=operation_id
    )
    rows = {row.recording_id: row.problems for row in recordings.page_recordings(conn, project_id)}
    assert rows == {ids[1]: [], ids[2]: [], changed[0]: [], changed[1]: ["duplicate file"]}


def test_a_cut_that_was_made_before_is_taken_up_again_beside_new_ones(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    ids = recordings.save_recordings(
        conn, project_id, [recording("a.wav"), recording("b.wav")], operation_id=operation_id
    )
    first = {ids[0]: [clip(0, is_silent=True), clip(2)]}
    save_cuts(conn, project_id, operation_id, first, "first")
    made = clip_ids(conn, project_id)
    save_cuts(conn, project_id, operation_id, {ids[0]: [clip(5)]}, "second")
    save_cuts(conn, project_id, operation_id, {ids[0]: [], ids[1]: [clip(1)]}, "first")
    now = clip_ids(conn, project_id)
    assert now[:2] == made and len(now) == 3
    assert conn.execute("SELECT clip_id, kind FROM problem WHERE clip_id IS NOT NULL").fetchall() == [
        (made[0], "silent")
    ]


def test_a_researcher_writes_everything_in_bulk_under_row_level_security(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    with people(conn, project_id, ["researcher"]) as urls, logged_in(urls) as (person,):
        ids = fill(person, project_id, operation_id, n_recordings=2, n_clips_each=2)
        encoder_id = embeddings.use_encoder(person, project_id, PluginSpec(name="mel_stats"), n_dims=2)
        embeddings.save_embeddings(person, project_id, encoder_id, [(c, np.ones(2, np.float32)) for c in ids])
        embeddings.set_current(person, project_id, encoder_id)
        embeddings.save_map(person, project_id, encoder_id, ids, np.ones((4, 2), np.float32))
        failed = [Failure(item="x", error="E", message="no"), Failure(item="x", error="F", message="still no")]
        failures.save_failures(person, project_id, "cut", failed, operation_id=operation_id)
        entries = [reviews.QueueEntry(clip_id=c, reason="r", proposed_confidence=0.5) for c in reversed(ids)]
        reviews.replace_queue(person, project_id, entries, operation_id=operation_id)
        settled = Consensus(answer="unsure", label=None, confidence=1.0, n_votes=1, is_disputed=True)
        annotations.save_consensus(person, project_id, dict.fromkeys(ids, settled), label_ids={})
        selections.save_selection(person, project_id, "s", spec=PluginSpec(name="random"),
                                  picks=[(c, f"reason {c}") for c in ids], operation_id=operation_id)  # fmt: skip
        dataset_id, version = datasets.next_version(person, project_id, "d")
        items = [ReleaseItem(clip_id=c, split="test", label="a", confidence=0.5, n_votes=2, object_key=f"{c}.wav",
                             sha256=sha256(c), rate_hz=8000, n_channels=1, n_samples=5, recording_uri="file:///ü",
                             start_sample=1, stop_sample=6, group=f"g{c}") for c in ids]  # fmt: skip
        with person.transaction():
            frozen = datasets.freeze_version(
                person,
                project_id,
                dataset_id=dataset_id,
                version=version,
                spec={},
                items=items,
                manifest_sha256=sha256(1),
                operation_id=operation_id,
            )
        assert datasets.read_items(person, project_id, frozen.dataset_version_id) == items
        assert embeddings.read_map(person, project_id).clip_ids == ids
        assert selections.selected_clips(person, project_id, "s") == ids
        assert [row[0] for row in person.execute("SELECT clip_id FROM review ORDER BY position")] == ids[::-1]
        assert person.execute("SELECT count(*) FROM consensus WHERE is_disputed").fetchone() == (4,)
        assert [(f.error, f.n_attempts) for f in failures.page_failures(person, project_id)] == [("F", 1)]


def test_another_projects_clips_cannot_be_written(conn: Conn) -> None:
    project_id, operation_id = make_project(conn)
    ids = fill(conn, project_id, operation_id, n_recordings=1, n_clips_each=2)
    other_id, _ = make_project(conn, name="another")
    with people(conn, other_id, ["researcher"]) as urls, logged_in(urls) as (person,):
        with pytest.raises(psycopg.Error):
            fill(person, project_id, operation_id, n_recordings=1, n_clips_each=1)
        other_operation = conn.execute(
            "INSERT INTO operation (project_id, action, spec) VALUES (%s, 'x', '{}') RETURNING operation_id",
            (other_id,),
        ).fetchone()
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            entries = [reviews.QueueEntry(clip_id=c, reason="r") for c in ids]
            reviews.replace_queue(person, other_id, entries, operation_id=(other_operation or (0,))[0])
